"""Training: crops, text bank and loops. Models live in `vision` and `semantics`."""

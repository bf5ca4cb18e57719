"""Image towers: one forward pass over a picture, then any number of texts.

How to add one:
1. a class with `look`, and what `look` returns, as the protocols in `base.py` say;
2. a case in `base.tower_of` that knows its open_clip class;
3. in tests/vision/test_towers.py: `embedding` equals open_clip's, `relevancy` equals autograd.
"""

"""The project's figures. `python -m benchmarks NAME [--json]` makes one.

They all stand in docs/benchmarks.md.

How to add one: write `benchmarks/<name>.py` with a docstring that states the protocol and
`run() -> Report`, and name it in `__main__.NAMES`. Rivals are run in the same process, in the same
run, at their best. Bars are facts to be met, so they are written where the figure is made.
"""

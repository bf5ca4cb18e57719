"""Measures of how good a map is. Each docstring states its protocol.

To add one: write a pure function of arrays that returns a frozen dataclass of figures with units in
their names, say in its docstring what is compared and what is left out, and test it on numbers
computed by hand.
"""

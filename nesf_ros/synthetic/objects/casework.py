"""Furniture made of boards: a carcass that is filled with drawers, doors and open compartments."""

from __future__ import annotations

from collections.abc import Sequence

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.joinery import Space, carcass, inside, legs, split
from nesf_ros.synthetic.objects.openings import Fittings, door, drawer
from nesf_ros.synthetic.solids import ORIGIN, Point, Solid, box
from nesf_ros.synthetic.things import Part, Receptacle


class Casework:
    """One piece of furniture in the making."""

    def __init__(self, draw: Draw, size_m: Point, wood: Material, *, front: Material,
                 at: Point = ORIGIN, back: bool = True):  # fmt: skip
        """Begin with the boards around it.

        Args:
            draw: decides about handles, and what stands open.
            size_m: of the carcass alone.
            wood: of the boards.
            front: of doors and drawers.
            at: where its bottom face is centred.
            back: whether it has a back.
        """
        self._draw, self._wood = draw, wood
        self._board = draw.size(0.014, 0.024)
        self._fittings = Fittings.drawn(draw, front, self._board)
        boards, self.space = carcass(size_m, self._board, wood, at, back)
        self._body, self._shelves, self._handles = list(boards), list[Solid](), list[Solid]()
        self._fronts: list[Part] = []
        self.receptacles: list[Receptacle] = []

    def split(self, space: Space, axis: str, shares: Sequence[float]) -> tuple[Space, ...]:
        """Divide a space by boards along "x" (from right to left) or "z" (upwards)."""
        boards, spaces = split(space, axis, shares, self._board, self._wood)
        self._shelves += boards
        return spaces

    def compartment(self, space: Space, words: str, closed: bool = False) -> None:
        """Room for things between the boards."""
        self.receptacles.append(inside(space, words + "compartment", closed))

    def drawer(self, space: Space, words: str) -> None:
        """Fill a space with a drawer."""
        made = drawer(space, words + "drawer", opening(self._draw), self._fittings)
        self._fronts.append(Part(made.receptacle.name, made.solids))
        self._handles += made.handle
        self.receptacles.append(made.receptacle)

    def door(self, space: Space, hinge: str, words: str) -> bool:
        """Hang a door before a space, and say whether it is shut."""
        share = opening(self._draw)
        panel, handle = door(space, hinge, share, self._fittings)
        self._fronts.append(Part(words + "door", panel))
        self._handles += handle
        return share == 0

    def parts(self, *others: Part) -> tuple[Part, ...]:
        """All parts, with others; what has no solids is left out."""
        own = Part("body", tuple(self._body)), Part("shelves", tuple(self._shelves))
        every = (*own, *self._fronts, Part("handles", tuple(self._handles)), *others)
        return tuple(part for part in every if part.solids)


def opening(draw: Draw) -> float:
    """How far a door or drawer is open, 0 to 1: shut, ajar or open."""
    return draw.choice((0.0, 0.0, draw.size(0.12, 0.35), draw.size(0.5, 1.0)))


def place_words(row: int, rows: int, column: int = 0, columns: int = 1) -> str:
    """Which one of a grid it is, such as "top left "; rows from below, columns from the right."""
    heights: tuple[str, ...] = {1: ("",), 2: ("bottom ", "top ")}.get(rows, ("bottom ",))
    if rows > 2:
        ordinals = ("sixth ", "fifth ", "fourth ", "third ", "second ")
        between = ("middle ",) if rows == 3 else ordinals[-(rows - 2) :]
        heights = ("bottom ", *between, "top ")
    sides = {1: ("",), 2: ("right ", "left "), 3: ("right ", "center ", "left ")}[columns]
    return heights[row] + sides[column]


def merged(parts: Sequence[Part]) -> tuple[Part, ...]:
    """One part for each name, in the order in which the names first come."""
    solids: dict[str, tuple[Solid, ...]] = {}
    for part in parts:
        solids[part.name] = (*solids.get(part.name, ()), *part.solids)
    return tuple(Part(name, pieces) for name, pieces in solids.items() if pieces)


def footing(draw: Draw, width: float, depth: float, wood: Material) -> tuple[float, Part]:
    """What a piece stands on, and how high: a plinth, legs, or nothing but its own bottom."""
    kind = draw.choice(("plinth", "legs", "legs", "none"))
    if kind == "none":
        return 0.0, Part("legs", ())
    if kind == "plinth":
        height = draw.size(0.05, 0.1)
        return height, Part("base", (box((width - 0.04, depth - 0.05, height), wood),))
    height = draw.size(0.08, 0.2)
    material = wood if draw.chance(0.6) else draw.material("metal")
    return height, Part("legs", legs(draw, (width - 0.04, depth - 0.04, height), material, 0.04))

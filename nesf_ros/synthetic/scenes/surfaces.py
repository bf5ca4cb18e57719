"""Materials of a room's shell: floors, walls, ceiling, trim."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nesf_ros.synthetic.materials import Material, plain
from nesf_ros.synthetic.objects.draw import Draw


@dataclass(frozen=True)
class Surfaces:
    """What the shell is made of."""

    floor: Material
    wall: Material
    ceiling: Material
    trim: Material
    """Door, window frames and sills."""


def draw_surfaces(draw: Draw, floors: tuple[str, ...], walls: tuple[str, ...]) -> Surfaces:
    """Materials of a shell from kinds of floor and wall, keys of `_FLOORS` and `_WALLS`."""
    floor, wall = _FLOORS[draw.choice(floors)](draw), _WALLS[draw.choice(walls)](draw)
    if draw.novel:
        floor = replace(floor, pattern=draw.choice(("marble", "zigzag")))
        wall = replace(wall, pattern=draw.choice(("dots", "tartan", "zigzag")), scale_m=0.2)
    trim = draw.material("wood", "brown") if draw.chance(0.35) else plain((0.93, 0.92, 0.89))
    return Surfaces(floor, wall, plain((0.95, 0.95, 0.93)), replace(trim, kind="wood"))


def _planks(draw: Draw) -> Material:
    made = draw.material("wood", "brown", "beige", "beige", pattern="planks")
    return replace(made, scale_m=draw.size(0.09, 0.2))


def _carpet(draw: Draw) -> Material:
    made = draw.material("fabric", "grey", "beige", "brown", "blue", "green", pattern="fabric")
    return replace(made, scale_m=draw.size(0.05, 0.12))


def _tiles(draw: Draw) -> Material:
    made = draw.material("stone", "grey", "white", "beige", pattern="checker")
    red, green, blue = (c * draw.size(0.7, 0.9) for c in made.color)
    return replace(made, second=(red, green, blue), scale_m=draw.size(0.2, 0.45))


def _wall_tiles(draw: Draw) -> Material:
    """Small pale tiles, hardly different from each other."""
    base = _paint(draw)
    red, green, blue = (c * draw.size(0.9, 0.96) for c in base.color)
    scale = draw.size(0.1, 0.2)
    return replace(base, second=(red, green, blue), pattern="checker", scale_m=scale, gloss=0.3)


def _stone(draw: Draw) -> Material:
    return draw.material("stone", "grey", "white", "beige", pattern="speckle")


def _paint(draw: Draw) -> Material:
    """Pale paint of any colour."""
    red, green, blue = (0.74 + 0.22 * c for c in draw.color(draw.choice(_PAINTS)))
    shade = (0.96 * red, 0.96 * green, 0.96 * blue)
    return Material((red, green, blue), shade, "blotches", draw.size(0.1, 0.4))


def _wallpaper(draw: Draw) -> Material:
    """Pale stripes, bands or a weave."""
    base = _paint(draw)
    red, green, blue = (c * draw.size(0.86, 0.95) for c in base.color)
    pattern = draw.choice(("stripes", "checker", "fabric"))
    return replace(base, second=(red, green, blue), pattern=pattern, scale_m=draw.size(0.05, 0.25))


_PAINTS = ("white", "white", "beige", "grey", "yellow", "green", "blue", "pink", "orange")
_FLOORS = {"planks": _planks, "carpet": _carpet, "tiles": _tiles, "stone": _stone}
_WALLS = {"paint": _paint, "wallpaper": _wallpaper, "tiles": _wall_tiles}

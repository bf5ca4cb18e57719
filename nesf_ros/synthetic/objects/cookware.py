"""What people cook and prepare food with."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import arc, lying, oval
from nesf_ros.synthetic.objects.pottery import bent, dome, hollow, rim, settled, sideways
from nesf_ros.synthetic.solids import Solid, box, cylinder, extruded, revolved, tube
from nesf_ros.synthetic.things import ON, Model, Part, Receptacle, placement, turned

_ROOMS = ("kitchen",)
_HOLDS = ("food", "kitchenware")


def _iron(draw: Draw) -> Material:
    """What pots and pans are made of: steel, copper, black iron, enamel."""
    if draw.chance(0.6):
        return draw.material("metal", "grey", "grey", "black", "gold")
    return draw.material("metal", "red", "blue", "orange", "green", "white", pattern="blotches")


@object_class("pot", "kitchenware", size_m=((0.2, 0.48), (0.16, 0.34), (0.07, 0.32)),
              places=(SURFACE,), rooms=_ROOMS, aliases=("cooking pot", "saucepan", "stockpot"),
              holds=_HOLDS)  # fmt: skip
def pot(draw: Draw) -> Model:
    """Round and deep, with two ears or one long handle; its lid is on, ajar or elsewhere."""
    radius = draw.size(0.085, 0.13)
    height = radius * draw.size(0.85, 1.45)
    material = _iron(draw)
    outer = [(0.94 * radius, 0.0), (radius, 0.08 * height), (radius, height)]
    body, space = hollow(outer, 0.004, material)
    edge = rim(radius, 0.003, material, height - 0.005)
    dark = draw.choice((material, draw.material("plastic", "black")))
    grips = _ears(radius, 0.78 * height, dark)
    if radius < 0.105 and draw.chance(0.5):
        grips = _long_handle(radius, 0.85 * height, draw.size(0.13, 0.17), dark)
    parts = [Part("body", (body, edge)), Part("handle", grips)]
    lid = draw.choice(("on", "ajar", "off"))
    if lid != "off":
        pose = placement(0, 0)
        if lid == "ajar":  # it slid to one side and leans on the rim it left
            pose = placement(0, 0.5 * radius) @ turned("x", 0.12, (0, 0.5 * radius, height))
            pose[2, 3] += 0.014 + 0.012 * radius / 0.1
        solids = _lid(draw, radius, height + 0.001, material, dark)
        parts.append(Part("lid", tuple(solid.moved(pose) for solid in solids)))
    space = Receptacle(space.relation, space.lower, (*space.upper[:2], space.upper[2] - 0.004),
                       round=True, closed=lid == "on")  # fmt: skip
    return Model(tuple(parts), material, (space,))


def _ears(radius: float, z: float, material: Material) -> tuple[Solid, ...]:
    solids: list[Solid] = []
    for sign in (-1, 1):
        loop = arc(0.038, -80, 80, 6, (0.97 * radius, 0.0), 0.04)
        path = [(sign * x, sign * y, z) for x, y in loop]
        solids += bent(path, [(0.004, 0.007)] * len(path), material, across=(0, 0, 1))
    return tuple(solids)


def _long_handle(radius: float, z: float, length: float, material: Material) -> tuple[Solid, ...]:
    line = [(0.97 * radius, z), (radius + 0.03, z + 0.006), (radius + 0.97 * length, z + 0.02),
            (radius + length, z + 0.02)]  # fmt: skip
    half = [(0.008, 0.005), (0.008, 0.006), (0.0125, 0.008), (0.007, 0.005)]
    return bent(sideways(line), half, material)


def _lid(
    draw: Draw, radius: float, z: float, material: Material, knob: Material
) -> tuple[Solid, ...]:
    top = draw.size(0.12, 0.28) * radius
    plate = cylinder(radius + 0.005, 0.004, material, (0, 0, z), sides=24)
    roof = dome(radius - 0.003, top, material, (0, 0, z + 0.003))
    grip = revolved([(0.0, 0.0), (0.008, 0.0), (0.008, 0.012), (0.02, 0.018), (0.017, 0.027),
                     (0.0, 0.028)], knob, (0, 0, z + top), 12)  # fmt: skip
    return plate, roof, grip


@object_class("pan", "kitchenware", size_m=((0.33, 0.58), (0.2, 0.34), (0.05, 0.13)),
              places=(SURFACE,), rooms=_ROOMS, aliases=("frying pan", "frypan"),
              holds=_HOLDS)  # fmt: skip
def pan(draw: Draw) -> Model:
    """Wide, round and shallow, with one long handle."""
    radius, height = draw.size(0.105, 0.155), draw.size(0.04, 0.06)
    iron = draw.material("metal", "black", "black", "grey", "red", "green")
    foot = draw.size(0.75, 0.9)
    outer = [(foot * radius, 0.0), (0.5 * (foot + 1) * radius, 0.35 * height), (radius, height)]
    body, space = hollow(outer, 0.004, iron)
    grip = draw.material(draw.choice(("plastic", "wood")), "black", "brown", "red")
    grip = draw.choice((iron, grip))
    handle = _long_handle(0.97 * radius, 0.8 * height, draw.size(0.15, 0.2), grip)
    shift = placement(-0.04, 0.0)
    parts = (
        Part("body", (body.moved(shift),)),
        Part("handle", tuple(s.moved(shift) for s in handle)),
    )
    lower, upper = space.lower, space.upper
    moved = Receptacle(space.relation, (lower[0] - 0.04, *lower[1:]), (upper[0] - 0.04, *upper[1:]),
                       round=True)  # fmt: skip
    return Model(parts, iron, (moved,))


@object_class("cutting board", "kitchenware", size_m=((0.24, 0.52), (0.15, 0.36), (0.009, 0.035)),
              places=(SURFACE,), rooms=_ROOMS, aliases=("chopping board", "breadboard"),
              holds=_HOLDS)  # fmt: skip
def cutting_board(draw: Draw) -> Model:
    """A flat board: rectangular, with a paddle handle and its hole, or round."""
    width, depth = draw.size(0.24, 0.36), draw.size(0.16, 0.25)
    thick = draw.size(0.012, 0.025)
    woods, paints = ("wood", "brown", "beige"), ("plastic", "white", "green", "red", "black")
    material = draw.material(*draw.choice((woods, woods, woods, paints)))
    shape = draw.choice(("plain", "paddle", "paddle", "round"))
    corner = draw.size(0.012, 0.04)
    outline = [
        (sx * (width / 2 - corner) + x, sy * (depth / 2 - corner) + y)
        for sx, sy, start in ((1, 1, 0), (-1, 1, 90), (-1, -1, 180), (1, -1, 270))
        for x, y in arc(corner, start, start + 90, 4)
    ]
    if shape == "round":
        width = depth = max(depth, 0.2)
        outline = oval(width, depth, 32)
    if shape == "plain":
        feet = Part("feet", _feet(width, depth, draw.material("rubber")))
        board = Part("board", (extruded(outline, thick, material, (0, 0, 0.004)),))
        return Model((board, feet), material, (_above(width, depth, thick + 0.004),))
    board = Part("board", (extruded(outline, thick, material),))
    paddle = Part("handle", _paddle(draw, width / 2, thick, material))
    share = 0.68 if shape == "round" else 0.9
    return Model((board, paddle), material, (_above(share * width, share * depth, thick),))


def _above(width: float, depth: float, z: float) -> Receptacle:
    return Receptacle(ON, (-0.45 * width, -0.45 * depth, z), (0.45 * width, 0.45 * depth, z + 0.3))


def _feet(width: float, depth: float, rubber: Material) -> tuple[Solid, ...]:
    return tuple(
        cylinder(0.008, 0.006, rubber, (sx * 0.38 * width, sy * 0.36 * depth, 0.0), sides=10)
        for sx in (-1, 1)
        for sy in (-1, 1)
    )


def _paddle(draw: Draw, x: float, thick: float, wood: Material) -> tuple[Solid, ...]:
    """A short neck that ends in a ring to hang the board by."""
    length, half = draw.size(0.06, 0.1), draw.size(0.02, 0.027)
    profile = [(0.35 * half, 0.0), (half, 0.0), (half, thick), (0.35 * half, thick)]
    ring = revolved(profile, wood, (x + length, 0.0, 0.0), 20)
    neck = (length - 0.5 * half + 0.02, 1.5 * half, thick - 0.002)
    return box(neck, wood, (x - 0.02 + neck[0] / 2, 0.0, 0.001)), ring


@object_class("rolling pin", "kitchenware", size_m=((0.3, 0.55), (0.04, 0.08), (0.04, 0.08)),
              places=(SURFACE,), rooms=_ROOMS, aliases=("dough roller",))  # fmt: skip
def rolling_pin(draw: Draw) -> Model:
    """A thick roller that lies, with a slim handle at each end."""
    radius, half = draw.size(0.022, 0.036), draw.size(0.1, 0.15)
    reach = half + draw.size(0.07, 0.11)
    stone = draw.material("stone", "white", "grey")
    wood = draw.choice((stone, *[draw.material("wood", "beige", "brown")] * 4))
    grip = draw.choice((wood, draw.material("wood"), draw.material("plastic", "red", "black")))
    slim = draw.size(0.4, 0.55) * radius
    handles = []
    roller = lying(cylinder(radius, 2 * half, wood, sides=20), "x", (-half, 0.0, radius))
    knob = [(0.0, 0.0), (0.8 * slim, 0.0), (0.55 * slim, 0.015), (slim, 0.5 * (reach - half)),
            (0.8 * slim, reach - half - 0.004), (0.0, reach - half)]  # fmt: skip
    for angle in (0.0, np.pi):
        handle = lying(revolved(knob, grip, sides=12), "x", (half - 0.001, 0.0, radius))
        handles.append(handle.moved(turned("z", angle)))
    return Model((Part("roller", (roller,)), Part("handles", tuple(handles))), wood)


@object_class("spatula", "kitchenware", size_m=((0.24, 0.4), (0.05, 0.11), (0.015, 0.06)),
              places=(SURFACE,), rooms=_ROOMS, aliases=("turner", "slotted turner"))  # fmt: skip
def spatula(draw: Draw) -> Model:
    """A broad flat blade with slots, on a cranked handle."""
    steel = draw.material(draw.choice(("metal", "plastic", "wood")), "grey", "black", "red",
                          "brown", "green")  # fmt: skip
    half, long, slats = draw.size(0.032, 0.044), draw.size(0.075, 0.1), draw.choice((1, 3, 4))
    end = 0.5 * draw.size(0.29, 0.36)
    start, rise = -end, draw.size(0.02, 0.035)
    step = 2 * half / slats
    width = step if slats == 1 else 0.62 * step
    blade = [box((long, width, 0.002), steel, (start + long / 2, -half + (n + 0.5) * step, 0.0))
             for n in range(slats)]  # fmt: skip
    blade += [box((0.012, 2 * half - 0.4 * (step - width), 0.0024), steel, (x, 0.0, 0.0))
              for x in (start + 0.006, start + long - 0.006)]  # fmt: skip
    neck = [(start + long - 0.004, 0.003), (start + long + 0.03, rise), (0.25 * end, rise)]
    grip = draw.material(draw.choice(("plastic", "wood")), "black", "red", "brown", "blue")
    shaft = bent(sideways(neck), [(0.012, 0.0016), (0.006, 0.002), (0.005, 0.002)], steel, 6)
    tail = [(0.2 * end, rise), (0.3 * end, rise), (0.9 * end, 0.012), (end, 0.008)]
    handle = bent(sideways(tail), [0.005, (0.009, 0.007), (0.012, 0.009), (0.008, 0.007)], grip)
    return Model((Part("blade", tuple(blade)), Part("handle", (*shaft, *handle))), steel)


@object_class("ladle", "kitchenware", size_m=((0.22, 0.4), (0.06, 0.12), (0.035, 0.13)),
              places=(SURFACE,), rooms=_ROOMS, aliases=("soup ladle", "soup spoon"))  # fmt: skip
def ladle(draw: Draw) -> Model:
    """A deep round scoop on a long handle that rises from it and comes down again."""
    radius, end = draw.size(0.034, 0.048), draw.size(0.13, 0.17)
    deep = radius * draw.size(0.7, 0.9)
    steel = draw.material(draw.choice(("metal", "metal", "plastic", "wood")), "grey", "black",
                          "brown", "red")  # fmt: skip
    outer = arc(0.7 * radius, -90, 0, 6, (0.3 * radius, deep), deep)
    x = radius - end
    scoop = hollow(outer, 0.002, steel, sides=20)[0].moved(placement(x, 0.0))
    peak = deep + draw.size(0.02, 0.04)
    line = [(x + 0.97 * radius, 0.9 * deep), (x + 1.5 * radius, peak), (x + 2.2 * radius, peak),
            (0.5 * end, 0.5 * peak), (0.95 * end, 0.006), (end, 0.006)]  # fmt: skip
    half = [(0.009, 0.002), (0.008, 0.003), (0.006, 0.003), (0.007, 0.004), (0.011, 0.006),
            (0.007, 0.005)]  # fmt: skip
    parts = (Part("scoop", (scoop,)), Part("handle", bent(sideways(line), half, steel, 6)))
    return settled(parts, steel)


@object_class("whisk", "kitchenware", size_m=((0.19, 0.38), (0.03, 0.09), (0.035, 0.09)),
              places=(SURFACE,), rooms=_ROOMS, aliases=("egg whisk", "balloon whisk"))  # fmt: skip
def whisk(draw: Draw) -> Model:
    """A balloon of wire loops on a straight handle, lying."""
    wide, long = draw.size(0.024, 0.034), draw.size(0.1, 0.14)
    length = draw.size(0.1, 0.14)
    loops, steel = draw.choice((3, 4, 5)), draw.material("metal", "grey", "grey", "gold")
    grip = draw.choice((steel, draw.material(draw.choice(("wood", "plastic")))))
    turn = np.linspace(0.0, 2 * np.pi, 13)
    x, z = -long * (1 - np.cos(turn)) / 2, wide * np.sin(turn) * (0.8 - 0.35 * np.cos(turn))
    loop = tube([(float(a), 0.0, float(b)) for a, b in zip(x, z, strict=True)], 0.0013, steel, 4)
    wires = [s.moved(turned("x", np.pi * n / loops)) for n in range(loops) for s in loop]
    line = [(-0.01, 0.0), (0.02, 0.0), (0.9 * length, 0.0), (length, 0.0)]
    handle = bent(sideways(line), [0.006, 0.009, 0.012, 0.008], grip)
    # It lies on its lowest wire and on the end of its handle.
    lowest = int(np.argmin(z))
    tilt = turned("y", float(np.arctan2(-z[lowest] - 0.01, 0.95 * length - x[lowest])))
    pose = placement((long - length) / 2, 0.0) @ tilt
    parts = (Part("wires", tuple(wires)), Part("handle", handle))
    return settled([part.moved(pose) for part in parts], steel)

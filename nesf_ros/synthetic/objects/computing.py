"""What belongs to a computer: tower, keyboard, mouse, printer, router."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import Solids, face_up, row, shown, undecorated
from nesf_ros.synthetic.objects.pieces import arc, lying, profile
from nesf_ros.synthetic.objects.screens import digits, keys, text_page
from nesf_ros.synthetic.solids import Solid, box, cylinder, extruded, hull, rounded_box, tube
from nesf_ros.synthetic.things import Model, Part, turned

_WORK = ("office", "bedroom", "living room")


def _vents(
    draw: Draw, width: float, levels: tuple[float, float], front: float,
    colors: tuple[Material, Material],
) -> Solids:  # fmt: skip
    """Slots one above the other in a front at y = `front`, or a fan with shining blades."""
    (low, high), (dark, light) = levels, colors
    if draw.chance(0.5):
        heights = np.arange(low, high - 0.01, 0.018).tolist()
        return tuple(box((0.7 * width, 0.003, 0.007), dark, (0, front, z)) for z in heights)
    radius = min(0.4 * width, (high - low) / 2)
    at = (0, front - 0.003, low + radius)
    blade = box((1.8 * radius, 0.02, 0.009), light)
    return (
        lying(cylinder(radius, 0.006, dark, sides=20), "y", at),
        lying(cylinder(0.3 * radius, 0.012, light, sides=12), "y", at),
        *(lying(blade.moved(turned("z", angle)), "y", at) for angle in (0.3, 1.35, 2.4)),
    )


@object_class("desktop", "electronics", size_m=((0.15, 0.25), (0.32, 0.52), (0.32, 0.52)),
              places=(FLOOR, SURFACE), rooms=_WORK,
              aliases=("desktop pc", "pc tower"))  # fmt: skip
def desktop(draw: Draw) -> Model:
    """A tower: drive bays, a power button, vents or a fan in its front."""
    width, depth, height = draw.size(0.16, 0.23), draw.size(0.34, 0.48), draw.size(0.34, 0.48)
    case = draw.material("plastic", "black", "black", "grey", "beige", "white", "red", "blue")
    dark = draw.material("plastic", "black", "grey")
    shell = draw.choice((case, draw.material("metal", "grey")))
    front, foot = depth / 2, 0.012
    body = [
        box((width, depth - 0.03, height - foot), shell, (0, -0.015, foot)),
        rounded_box((width, 0.035, height - foot), 0.008, case, (0, front - 0.0175, foot), steps=1),
        *(box((0.03, 0.05, foot), dark, (x * 0.35 * width, y * 0.35 * depth, 0))
          for x in (-1, 1) for y in (-1, 1)),
    ]  # fmt: skip
    bays, grey = draw.count(1, 3), draw.material("plastic", "grey", "black", "white")
    drives: list[Solid] = []
    for number in range(bays):
        z = height - 0.065 - 0.05 * number
        drives.append(box((0.8 * width, 0.004, 0.04), grey, (0, front + 0.001, z)))
        drives.append(box((0.7 * width, 0.003, 0.004), dark, (0, front + 0.003, z + 0.024)))
        drives.append(box((0.014, 0.006, 0.006), dark, (-0.3 * width, front + 0.004, z + 0.008)))
    level = height - 0.065 - 0.05 * bays
    button = lying(cylinder(0.012, 0.008, grey, sides=14), "y", (0, front - 0.002, level))
    light = draw.material("plastic", "green", "blue", "orange")
    lamp = box((0.02, 0.003, 0.004), light, (0.25 * width, front + 0.0005, level - 0.002))
    span = (foot + 0.03, level - 0.03)
    vents = _vents(draw, width, span, front, (dark, light))
    return Model(
        (
            Part("case", tuple(body)),
            Part("drives", tuple(drives)),
            Part("power button", (button, lamp)),
            Part("vents", vents),
        ),
        case,
    )


@object_class("keyboard", "electronics", size_m=((0.26, 0.5), (0.1, 0.2), (0.01, 0.05)),
              places=(SURFACE,), rooms=_WORK,
              aliases=("typing keyboard", "pc keyboard"))  # fmt: skip
def keyboard(draw: Draw) -> Model:
    """Rows of keys on a flat case that rises to the back; number keys at one end of some."""
    full = draw.chance(0.5)
    width, depth = draw.size(0.4, 0.47) if full else draw.size(0.28, 0.33), draw.size(0.12, 0.16)
    case = draw.material("plastic", "black", "black", "white", "grey", "beige", "pink", "blue")
    low, rise = draw.size(0.008, 0.014), draw.size(0.003, 0.014)
    half = depth / 2
    body = profile([(half, 0.0), (half, low), (-half, low + rise), (-half, 0.0)], width, case)
    key = draw.color(draw.choice(("black", "white", "grey", "white")))
    ink = (0.05, 0.05, 0.05) if sum(key) > 1.2 else (0.95, 0.95, 0.95)
    rows = ("E1234567890<", "QWERTYUIOP[]", "ASDFGHJKL;'#", "ZXCVBNM,./^^", "CA_AF")
    numbers = ("/*-", "789", "456", "123", "0.=")
    board = [(rows, 0.72 if full else 0.96, 0.12 if full else 0.0)]
    board += [(numbers, 0.2, -0.365)] if full else []
    lean = turned("x", -np.arctan2(rise, depth), (0, half, low))
    caps = []
    for letters, share, shift in board:
        image = keys(letters, key, (0.15, 0.15, 0.15), ink)
        at = (shift * width, 0.0, low - 0.001)
        caps.append(face_up(image, (share * width, 0.86 * depth), case, at, 0.005).moved(lean))
    parts = [Part("case", (body,)), Part("keys", tuple(caps))]
    if draw.chance(0.4):
        side = draw.size(-0.1, 0.1)
        cord = [(side, -half + 0.005, 0.005), (side, -half - 0.02, 0.0035),
                (side + 0.04, -half - 0.03, 0.0035)]  # fmt: skip
        parts.append(Part("cord", tube(cord, 0.0025, case, 6)))
    return Model(tuple(parts), case)


@object_class("mouse", "electronics", size_m=((0.05, 0.09), (0.08, 0.2), (0.025, 0.05)),
              places=(SURFACE,), rooms=_WORK,
              aliases=("optical mouse", "wireless mouse"))  # fmt: skip
def mouse(draw: Draw) -> Model:
    """A rounded back for the palm; two keys and a wheel in front, a cord on some."""
    width, long, high = draw.size(0.056, 0.07), draw.size(0.1, 0.125), draw.size(0.026, 0.036)
    case = draw.material("plastic", "black", "white", "grey", "red", "blue", "pink", "turquoise")
    dark = draw.material("plastic", "black", "grey")
    peak = draw.size(0.05, 0.2)
    rings = ((1.0, 0.0), (1.0, 0.3), (0.85, 0.7), (0.6, 0.92), (0.3, 1.0))
    points = np.array([
        (0.5 * width * s * np.cos(a), long * (0.5 * s * np.sin(a) - peak * (1 - s)), high * z)
        for s, z in rings for a in np.linspace(0, 2 * np.pi, 18, endpoint=False)
    ])  # fmt: skip
    body = hull(points, case)
    # The keys cover the front half, a little raised; a groove parts them.
    grown = points * (1.02, 1.02, 1.03) + (0, 0, 0.0008)
    ahead = grown[grown[:, 1] > 0.06 * long]
    keys_ = hull(ahead, case if draw.chance(0.4) else draw.choice((dark, case)))
    groove = hull(ahead * (0.03, 1.003, 1.0) + (0, 0, 0.0008), dark)
    radius = draw.size(0.009, 0.012)
    wheel = lying(cylinder(radius, 0.009, draw.material("rubber"), sides=16), "x",
                  (-0.0045, 0.25 * long, 0.9 * high - 0.4 * radius))  # fmt: skip
    parts = [Part("body", (body,)), Part("buttons", (keys_, groove)), Part("wheel", (wheel,))]
    if draw.chance(0.5):
        side = draw.size(-0.02, 0.02)
        cord = [(0, 0.45 * long, 0.006), (0, 0.62 * long, 0.004), (side, 0.9 * long, 0.003)]
        parts.append(Part("cord", tube(cord, 0.0025, dark, 6)))
    return Model(tuple(parts), case)


@object_class("printer", "electronics", size_m=((0.34, 0.52), (0.34, 0.72), (0.14, 0.52)),
              places=(SURFACE, FLOOR), rooms=("office", "bedroom"),
              aliases=("inkjet printer", "laser printer", "office printer"))  # fmt: skip
def printer(draw: Draw) -> Model:
    """A case with paper standing behind and a printed sheet on its tray in front."""
    width, depth, height = draw.size(0.36, 0.48), draw.size(0.28, 0.38), draw.size(0.15, 0.26)
    case = draw.material("plastic", "white", "white", "black", "grey", "beige")
    dark, page = draw.material("plastic", "black", "grey"), undecorated(draw, "paper", "white")
    front, slot = depth / 2, 0.3 * height
    slope = [(front, 0.0), (front, 0.6 * height), (0.25 * front, height), (-front, height),
             (-front, 0.0)]  # fmt: skip
    sheet = 0.21
    body = [profile(slope, width, case)]
    mouth = box((sheet + 0.05, 0.004, 0.4 * slot), dark, (0, front, slot - 0.1 * slot))
    tray = box((sheet + 0.03, 0.14, 0.008), dark, (0, front + 0.068, 0.5 * slot))
    printed = face_up(text_page(draw), (sheet, 0.13), page, (0, front + 0.07, 0.5 * slot + 0.012))
    tilt = np.arctan2(0.4 * height, 0.75 * front)
    panel = shown(keys(("OK", "<>"), (0.3, 0.3, 0.32), (0.1, 0.1, 0.1), (1, 1, 1)), (0.06, 0.05),
                  dark, (-0.36 * width, 0.002, 0))  # fmt: skip
    clock = shown(digits("READY", draw.color("turquoise")), (0.08, 0.03), dark,
                  (-0.13 * width, 0.002, 0.01))  # fmt: skip
    pose = turned("x", np.pi / 2 - tilt, (0, 0, 0))
    pose[:3, 3] = 0, front - 0.15 * front, 0.6 * height + 0.08 * height + 0.001
    parts = [
        Part("body", tuple(body)),
        Part("slot", (mouth,)),
        Part("tray", (tray,)),
        Part("panel", (panel.moved(pose), clock.moved(pose))),
    ]
    papers = [printed]
    if draw.chance(0.7):
        back = turned("x", draw.size(0.2, 0.4), (0, -0.7 * front, height - 0.02))
        stack = box((sheet, 0.006, 0.24), page, (0, -0.7 * front, height - 0.02)).moved(back)
        rest = box((sheet + 0.04, 0.008, 0.16), dark, (0, -0.7 * front - 0.008, height - 0.02))
        papers.append(stack)
        parts.append(Part("feeder", (rest.moved(back),)))
    return Model((*parts, Part("paper", tuple(papers))), case)


@object_class("router", "electronics", size_m=((0.14, 0.3), (0.1, 0.24), (0.04, 0.28)),
              places=(SURFACE,),
              aliases=("wifi router", "wireless router", "internet box"))  # fmt: skip
def router(draw: Draw) -> Model:
    """A flat box with lights in front and antennas behind."""
    width, depth, height = draw.size(0.16, 0.26), draw.size(0.11, 0.17), draw.size(0.025, 0.04)
    case = draw.material("plastic", "black", "white", "white", "blue", "red")
    dark, antennas = draw.material("plastic", "black", "white"), draw.count(2, 4)
    if draw.chance(0.5):
        outline = [(-width / 2, -depth / 2), (width / 2, -depth / 2),
                   *arc(width / 2, 20, 160, 8, (0, 0.2 * depth), 0.3 * depth)]  # fmt: skip
        body = extruded(outline, height, case)
        front = depth / 2 - 0.004
    else:
        body, front = rounded_box((width, depth, height), 0.008, case, steps=2), depth / 2
    glow = draw.material("plastic", "green", "blue", "orange")
    lamps = [box((0.008, 0.004, 0.005), glow, (x, front, 0.45 * height))
             for x in row(draw.count(4, 7), 0.4 * width)]  # fmt: skip
    tall, spread = draw.size(0.1, 0.19), draw.size(0.0, 0.35)
    rods = []
    for x in row(antennas, 0.85 * width):
        at = (x, -depth / 2 - 0.006, 0.4 * height)
        rod = rounded_box((0.018, 0.009, tall), 0.004, dark, at, steps=1)
        rods.append(rod.moved(turned("y", spread * np.sign(x) * abs(x) / (width / 2), at)))
        rods.append(lying(cylinder(0.007, 0.02, dark, sides=10), "y",
                          (x, -depth / 2 - 0.012, 0.5 * height)))  # fmt: skip
    lines = [box((0.6 * width, 0.003, 0.0015), dark, (0, y, height))
             for y in (-0.2 * depth, -0.1 * depth, 0.0)]  # fmt: skip
    return Model(
        (
            Part("case", (body, *lines)),
            Part("lights", tuple(lamps)),
            Part("antennas", tuple(rods)),
        ),
        case,
    )

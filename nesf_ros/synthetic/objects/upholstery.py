"""Upholstered seats: sofas, arm chairs, ottomans."""

from __future__ import annotations

from dataclasses import dataclass

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.joinery import LEFT_ON_SEATS, legs, on_top, timber
from nesf_ros.synthetic.objects.pieces import arc, lying
from nesf_ros.synthetic.solids import Point, Solid, box, cylinder, extruded, revolved, rounded_box
from nesf_ros.synthetic.things import ON, Model, Part, Receptacle, turned


def cover(draw: Draw) -> Material:
    """What seats are covered with: mostly a plain cloth, some patterned, some leather."""
    kind = draw.choice(("fabric", "fabric", "leather"))
    plain = kind == "fabric" and not draw.novel and draw.chance(0.6)
    return draw.material(kind, pattern="fabric" if plain else "")


def padded(size_m: Point, material: Material, at: Point, soft: float = 0.3) -> Solid:
    """A box with rounded edges; `soft` is their radius as a share of its smallest side."""
    return rounded_box(size_m, soft * min(size_m), material, at, steps=2)


@dataclass(frozen=True)
class _Frame:
    """Measures of a sofa or arm chair, metres."""

    inner: float
    """Width between the arms."""
    arm: float
    depth: float
    low: float
    """Height of the lower edge of the body."""
    seat: float
    """Height of the seat."""
    top: float
    """Height of the back."""
    back: float
    """Thickness of the back without cushions."""
    cushion: float
    """Thickness of the seat's cushion."""

    @classmethod
    def drawn(cls, draw: Draw, inner: float) -> _Frame:
        """For seats of a total width."""
        seat = draw.size(0.38, 0.46)
        return cls(inner, draw.size(0.09, 0.24), draw.size(0.78, 0.98),
                   draw.choice((0.0, draw.size(0.05, 0.16))), seat,
                   seat + draw.size(0.28, 0.45), draw.size(0.12, 0.2),
                   draw.size(0.11, 0.18))  # fmt: skip

    @property
    def width(self) -> float:
        return self.inner + 2 * self.arm

    @property
    def base(self) -> float:
        """Where the cushion lies."""
        return self.seat - self.cushion


@object_class("sofa", "furniture", size_m=((1.2, 3.1), (0.75, 1.75), (0.6, 1.0)),
              places=(FLOOR,), rooms=("living room", "office", "hall"),
              aliases=("settee", "upholstered seat", "living room seat"),
              holds=LEFT_ON_SEATS)  # fmt: skip
def sofa(draw: Draw) -> Model:
    """Two to four seats between arms; some with a seat drawn out to lie on."""
    seats = draw.count(2, 4)
    frame = _Frame.drawn(draw, seats * draw.size(0.55, 0.68))
    made = _upholstered(draw, frame, seats)
    if draw.chance(0.25):
        return _with_chaise(made, frame, frame.inner / seats, draw.size(0.45, 0.7))
    return made


@object_class("arm chair", "furniture", size_m=((0.58, 1.25), (0.6, 1.05), (0.6, 1.25)),
              places=(FLOOR,), rooms=("living room", "bedroom", "office"),
              aliases=("armchair", "easy chair", "lounge chair"), holds=LEFT_ON_SEATS)  # fmt: skip
def arm_chair(draw: Draw) -> Model:
    """One seat: like a sofa, with wings, a round tub, or cushions in a wooden frame."""
    style = draw.choice(("club", "wings", "tub", "wooden"))
    if style == "tub":
        return _tub(draw)
    if style == "wooden":
        return _wooden(draw)
    frame = _Frame.drawn(draw, draw.size(0.5, 0.66))
    if style == "club":
        return _upholstered(draw, frame, 1)
    return _with_wings(_upholstered(draw, frame, 1), frame, draw.size(0.15, 0.3))


def _upholstered(draw: Draw, frame: _Frame, seats: int) -> Model:
    """Body, back, arms, cushions and feet."""
    stuff = cover(draw)
    soft = stuff if draw.chance(0.7) else cover(draw)
    rear = frame.back - frame.depth / 2
    body = box((frame.inner, frame.depth - 0.02, frame.base - frame.low), stuff, (0, 0, frame.low))
    back = padded((frame.inner + 0.02, frame.back, frame.top - frame.low), stuff,
                  (0, (frame.back - frame.depth) / 2, frame.low))  # fmt: skip
    wide = seats if draw.chance(0.75) else 1
    thick, tall = draw.size(0.12, 0.18), frame.top - frame.seat - draw.size(-0.06, 0.04)
    lean = turned("x", draw.size(0.06, 0.16), (0, rear, frame.seat))
    seat, leaning, side = [], [], frame.inner / wide
    for n in range(wide):
        x = (n + 0.5) * side - frame.inner / 2
        flat = (side - 0.006, frame.depth - frame.back, frame.cushion)
        seat.append(padded(flat, soft, (x, frame.back / 2, frame.base)))
        upright = padded((side - 0.01, thick, tall), soft, (x, rear + thick / 2, frame.seat))
        leaning.append(upright.moved(lean))
    parts = [Part("base", (body,)), Part("back", (back,)), Part("seat", tuple(seat)),
             Part("back pillows", tuple(leaning)),
             Part("arms", _arms(draw, frame, stuff))]  # fmt: skip
    if frame.low:
        size = (frame.width - 0.06, frame.depth - 0.06, frame.low)
        parts.append(Part("legs", legs(draw, size, timber(draw), 0.05)))
    half = frame.inner / 2 - 0.03
    room = _seat_room((-half, half), (rear + thick + 0.03, frame.depth / 2 - 0.06), frame.seat)
    return Model(tuple(parts), stuff, (room,))


def _with_chaise(sofa: Model, frame: _Frame, wide: float, reach: float) -> Model:
    """The same sofa with its left seat drawn out forwards, to lie on."""
    x, y = (frame.inner - wide) / 2, frame.depth / 2 + reach / 2 - 0.01
    stuff, base = sofa.main, frame.base
    body = [box((wide, reach, base - frame.low), stuff, (x, y, frame.low))]
    if frame.low:
        body.append(box((0.05, 0.05, frame.low), stuff, (x, y + reach / 2 - 0.06, 0)))
    pad = padded((wide, reach + 0.1, frame.cushion), stuff, (x, y - 0.04, base))
    half, front = wide / 2 - 0.05, frame.depth / 2
    room = _seat_room((x - half, x + half), (front + 0.02, front + reach - 0.1), frame.seat)
    parts = (*sofa.parts, Part("chaise", (*body, pad)))
    return Model(parts, stuff, (*sofa.receptacles, room))


def _seat_room(x: tuple[float, float], y: tuple[float, float], z: float) -> Receptacle:
    return Receptacle(ON, (x[0], y[0], z), (x[1], y[1], z + 0.4), name="seat")


def _arms(draw: Draw, frame: _Frame, stuff: Material) -> tuple[Solid, ...]:
    """Two arms: blocks with rounded edges, or slimmer ones with a roll on top."""
    height, x = frame.seat + draw.size(0.1, 0.24) - frame.low, (frame.inner + frame.arm) / 2
    rolled = frame.arm > 0.14 and draw.chance(0.4)
    out = []
    for side in (-x, x):
        if rolled:
            radius, slim = frame.arm / 2, 0.75 * frame.arm
            at = (side, -frame.depth / 2, frame.low + height - radius)
            out.append(lying(cylinder(radius, frame.depth, stuff, sides=16), "y", at))
            out.append(box((slim, frame.depth - 0.01, height - radius), stuff,
                           (side, 0, frame.low)))  # fmt: skip
        else:
            out.append(padded((frame.arm, frame.depth, height), stuff, (side, 0, frame.low)))
    return tuple(out)


def _with_wings(chair: Model, frame: _Frame, rise: float) -> Model:
    """The same chair with a higher back that has a wing at each side."""
    stuff, high = chair.main, frame.top + rise
    back = padded((frame.inner + 0.04, frame.back, high - frame.low), stuff,
                  (0, (frame.back - frame.depth) / 2, frame.low))  # fmt: skip
    size = (0.5 * frame.arm + 0.03, 0.4 * frame.depth, high - frame.seat - 0.02)
    y = (size[1] - frame.depth) / 2
    wings = [padded(size, stuff, (x, y, frame.seat)) for x in
             (-frame.inner / 2 - size[0] / 2, frame.inner / 2 + size[0] / 2)]  # fmt: skip
    kept = [part for part in chair.parts if part.name != "back"]
    parts = (*kept, Part("back", (back,)), Part("wings", tuple(wings)))
    return Model(parts, stuff, chair.receptacles)


def _tub(draw: Draw) -> Model:
    """A shell bent around a round seat, open at the front."""
    stuff, outer = cover(draw), draw.size(0.34, 0.42)
    low, seat, top = draw.size(0.06, 0.18), draw.size(0.38, 0.44), draw.size(0.64, 0.8)
    opening, inner = draw.size(30, 55), outer - draw.size(0.07, 0.11)
    bend = [*arc(outer, 90 + opening, 450 - opening, 18)]
    bend += arc(inner, 450 - opening, 90 + opening, 18)
    shell = extruded(bend, top - low, stuff, (0, 0, low))
    pad = revolved([(0, 0), (inner + 0.01, 0), (inner + 0.01, seat - low - 0.03),
                    (inner - 0.04, seat - low), (0, seat - low)],
                   stuff if draw.chance(0.6) else cover(draw), (0, 0, low), 24)  # fmt: skip
    feet = legs(draw, (1.35 * outer, 1.35 * outer, low), timber(draw), 0.04)
    half = inner - 0.06
    room = Receptacle(ON, (-half, -half, seat), (half, half, seat + 0.4), round=True, name="seat")
    parts = (Part("back", (shell,)), Part("seat", (pad,)), Part("legs", feet))
    return Model(parts, stuff, (room,))


def _wooden(draw: Draw) -> Model:
    """Two loose cushions in an open wooden frame with arm rests."""
    stuff, wood = cover(draw), timber(draw)
    width, depth, seat = draw.size(0.6, 0.74), draw.size(0.68, 0.82), draw.size(0.38, 0.44)
    arm, thick, pad = draw.size(0.55, 0.64), draw.size(0.03, 0.05), draw.size(0.09, 0.14)
    x, y, inner = (width - thick) / 2, depth / 2, width - 2 * thick
    frame, rests = [], []
    for side in (-x, x):
        frame += [box((thick, thick, arm), wood, (side, end, 0)) for end in (-y + 0.06, y - 0.06)]
        frame.append(box((thick, depth - 0.1, thick), wood, (side, 0, seat - pad - thick)))
        rests.append(box((1.8 * thick, depth, 0.025), wood, (side, 0, arm)))
    frame.append(box((inner, depth - 0.14, 0.03), wood, (0, 0, seat - pad - 0.03)))
    cushion = padded((inner - 0.01, depth - 0.1, pad), stuff, (0, 0.03, seat - pad))
    tall, lean = draw.size(0.4, 0.55), draw.size(0.15, 0.3)
    rear = -y + 0.14
    tilt = turned("x", lean, (0, rear, seat))
    back = padded((inner - 0.01, pad, tall), stuff, (0, rear + pad / 2, seat - 0.02)).moved(tilt)
    slats = tuple(box((inner, 0.018, 0.05), wood, (0, rear - 0.01, seat + share * tall)).moved(tilt)
                  for share in (0.15, 0.5, 0.85))  # fmt: skip
    half = inner / 2 - 0.05
    room = _seat_room((-half, half), (rear + pad + 0.03, y - 0.08), seat)
    parts = (Part("frame", tuple(frame)), Part("arms", tuple(rests)), Part("seat", (cushion,)),
             Part("back", (back, *slats)))  # fmt: skip
    return Model(parts, stuff, (room,))


@object_class("ottoman", "furniture", size_m=((0.35, 1.1), (0.35, 0.75), (0.28, 0.52)),
              places=(FLOOR,), rooms=("living room", "bedroom"),
              aliases=("pouf", "footstool", "hassock"),
              holds=LEFT_ON_SEATS)  # fmt: skip
def ottoman(draw: Draw) -> Model:
    """An upholstered block or drum without a back, on low feet or on the floor."""
    stuff, height, low = cover(draw), draw.size(0.3, 0.46), draw.choice((0.0, draw.size(0.04, 0.1)))
    lid = draw.size(0.08, 0.12)
    top = stuff if draw.chance(0.5) else cover(draw)
    body = height - low - lid
    if draw.chance(0.45):
        radius, waist = draw.size(0.2, 0.34), draw.choice((0.0, 0.015, 0.03))
        profile = [(0, 0), (radius - 0.03, 0), (radius + waist - 0.01, 0.4 * body),
                   (radius - 0.01, body), (0, body)]  # fmt: skip
        solids = [revolved(profile, stuff, (0, 0, low), 24)]
        rim = [(0, 0), (radius, 0), (radius + 0.01, lid / 2), (radius - 0.02, lid), (0, lid)]
        seat = revolved(rim, top, (0, 0, height - lid), 24)
        width = depth = 1.3 * radius
        half = radius - 0.035
        room = Receptacle(ON, (-half, -half, height), (half, half, height + 0.4), round=True)
    else:
        width = draw.size(0.4, 1.05)
        depth = min(width, draw.size(0.38, 0.68))
        solids = [box((width - 0.02, depth - 0.02, body), stuff, (0, 0, low))]
        seat = padded((width, depth, lid), top, (0, 0, height - lid), 0.25)
        room = on_top(width - 0.06, depth - 0.06, height)
    parts = [Part("body", tuple(solids)), Part("seat", (seat,))]
    if low:
        parts.append(
            Part("legs", legs(draw, (width - 0.04, depth - 0.04, low), timber(draw), 0.04))
        )
    return Model(tuple(parts), stuff, (room,))

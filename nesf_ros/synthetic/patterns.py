"""Warp functions of the procedural textures: how far a place is mixed towards the second colour.

A pattern is evaluated over the spot that a pixel covers: it blurs as the spot grows and fades to
its mean where the spot covers more than about half a period, so that nothing flickers at a
distance. Each has a plain twin in tests/synthetic/twins.py that serves as its oracle.
"""

# Warp reads annotations as types, so this module must not postpone their evaluation.
# mypy: disable-error-code="valid-type,attr-defined,operator,index,call-arg"
import numpy as np
import warp as wp

wp.config.log_level = wp.LOG_WARNING
wp.set_module_options({"enable_backward": False, "fast_math": True})

CELLS = 32
"""The noise repeats after this many of its cells."""

_CELLS = wp.constant(CELLS)
_ROW = wp.constant(CELLS + 1)
_OFF = wp.constant(0.137)
"""Keeps faces at round coordinates away from the border between two squares."""
_TURN = wp.constant(float(2 * np.pi))


def noise_table() -> np.ndarray:
    """Random values at the corners of the noise's cells, 0 to 1, flat."""
    table = np.random.default_rng(20240229).random((CELLS,) * 3, np.float32)
    # Padded by one cell, so that the upper neighbour of every cell is one step away in memory.
    return np.pad(table, ((0, 1),) * 3, mode="wrap").reshape(-1)


@wp.struct
class Spot:
    """What a pixel covers of a texture, in units of the material's scale."""

    p: wp.vec3
    """Its middle."""
    n: wp.vec3
    """The surface's unit normal in the frame of the texture."""
    w: wp.vec3
    """How wide it is along each axis."""


@wp.func
def noise(table: wp.array(dtype=float), p: wp.vec3):
    """Smooth value noise in [0, 1] with unit cells."""
    fx = wp.floor(p[0])
    fy = wp.floor(p[1])
    fz = wp.floor(p[2])
    x = p[0] - fx
    y = p[1] - fy
    z = p[2] - fz
    x = x * x * (3.0 - 2.0 * x)
    y = y * y * (3.0 - 2.0 * y)
    z = z * z * (3.0 - 2.0 * z)
    mask = _CELLS - 1
    i = ((int(fx) & mask) * _ROW + (int(fy) & mask)) * _ROW + (int(fz) & mask)
    j = i + _ROW * _ROW
    a = wp.lerp(table[i], table[i + 1], z)
    b = wp.lerp(table[i + _ROW], table[i + _ROW + 1], z)
    c = wp.lerp(table[j], table[j + 1], z)
    d = wp.lerp(table[j + _ROW], table[j + _ROW + 1], z)
    return wp.lerp(wp.lerp(a, b, y), wp.lerp(c, d, y), x)


@wp.func
def kept(periods: float):
    """How much contrast is left where a pixel covers this share of a period."""
    return wp.clamp(1.5 - 2.0 * periods, 0.0, 1.0)


@wp.func
def widest(w: wp.vec3):
    """The largest of three widths."""
    return wp.max(w[0], wp.max(w[1], w[2]))


@wp.func
def soft_noise(table: wp.array(dtype=float), spot: Spot, stretch: wp.vec3):
    """Noise with cells of 1/stretch that fades to its mean, 0.5."""
    share = kept(0.5 * widest(wp.cw_mul(spot.w, stretch)))
    if share == 0.0:
        return 0.5
    return 0.5 + share * (noise(table, wp.cw_mul(spot.p, stretch)) - 0.5)


@wp.func
def square(t: float, w: float):
    """A wave that is 1 in [0, 1) and −1 in [1, 2), averaged over a width w."""
    u = 0.5 * (t + 1.5)
    edge = wp.abs(2.0 * (u - wp.floor(u)) - 1.0) - 0.5  # distance to the nearest step, signed
    slope = 2.0 / wp.clamp(w, 1.0e-6, 1.0)
    return wp.clamp(edge * slope, -1.0, 1.0) * wp.clamp(2.0 / wp.max(w, 1.0) - 1.0, 0.0, 1.0)


@wp.func
def pulse(t: float, duty: float, w: float):
    """A wave of period 1 that is 1 in [0, duty) and else 0, averaged over a width w."""
    u = t - 0.5 * duty + 0.5
    away = wp.abs(u - wp.floor(u) - 0.5)
    half = 0.5 * wp.max(w, 1.0e-5)
    overlap = wp.min(0.5 * duty, away + half) - wp.max(-0.5 * duty, away - half)
    return wp.lerp(duty, wp.max(overlap, 0.0) / (2.0 * half), wp.clamp(2.0 - 2.0 * w, 0.0, 1.0))


@wp.func
def above(value: float, limit: float, w: float):
    """1 where a noise value exceeds a limit, with an edge as soft as a width of w cells asks."""
    # The noise rises by half from one cell to the next, or so.
    return wp.clamp((value - limit) / wp.max(0.5 * w, 1.0e-3) + 0.5, 0.0, 1.0)


@wp.func
def across(v: wp.vec3, n: wp.vec3):
    """The two of three components that lie most nearly in the surface."""
    a = wp.vec3(wp.abs(n[0]), wp.abs(n[1]), wp.abs(n[2]))
    if a[2] >= a[0] and a[2] >= a[1]:
        return wp.vec2(v[0], v[1])
    if a[1] >= a[0]:
        return wp.vec2(v[0], v[2])
    return wp.vec2(v[1], v[2])


@wp.func
def fabric(table: wp.array(dtype=float), spot: Spot):
    """A fine weave over broad blotches."""
    weave = float(0.0)
    for axis in range(3):
        share = kept(40.0 / _TURN * spot.w[axis])
        if share > 0.0:
            lying = 1.0 - spot.n[axis] * spot.n[axis]
            weave += share * lying * wp.sin(40.0 * spot.p[axis])
    return 0.6 * soft_noise(table, spot, wp.vec3(1.0)) + 0.2 + 0.13 * weave


@wp.func
def wood(table: wp.array(dtype=float), spot: Spot):
    """Grain along x: year rings around a far heart, bent by noise, and fine fibres."""
    p = spot.p
    bend = noise(table, wp.vec3(0.11 * p[0], 0.35 * p[1], 0.35 * p[2]))
    y = p[1] + 2.3
    z = p[2] - 5.1 + 0.06 * p[0]
    ring = 0.8 * wp.sqrt(y * y + z * z) + 2.2 * bend
    rise = ring - wp.floor(ring)
    # Slowly darker through the summer, sharply pale again in spring.
    late = wp.where(rise < 0.85, rise * rise * 1.384, (1.0 - rise) * 6.667)
    late = 0.358 + kept(0.8 * wp.max(spot.w[1], spot.w[2])) * (late - 0.358)
    return 0.75 * late + 0.3 * soft_noise(table, spot, wp.vec3(0.6, 9.0, 9.0))


@wp.func
def planks(table: wp.array(dtype=float), spot: Spot):
    """Boards along y, one unit wide and eight long, each of its own tone, with dark seams."""
    board = wp.floor(spot.p[0])
    along = spot.p[1] / 8.0 + 0.37 * board
    wave = wp.abs(wp.sin(12.9898 * board + 78.233 * wp.floor(along))) * 43.758
    tone = 0.5 + kept(0.5 * spot.w[0]) * (wave - wp.floor(wave) - 0.5)
    grain = 0.65 * tone + 0.35 * soft_noise(table, spot, wp.vec3(5.0, 0.6, 1.0))
    seam = wp.max(pulse(spot.p[0], 0.03, spot.w[0]), pulse(along, 0.004, spot.w[1] / 8.0))
    return wp.lerp(grain, 1.6, seam)


@wp.func
def speckle(table: wp.array(dtype=float), spot: Spot):
    """Chips of two sizes, as in terrazzo."""
    w = widest(spot.w)
    large = above(noise(table, 1.7 * spot.p), 0.7, 1.7 * w)
    small = above(noise(table, 5.3 * spot.p), 0.72, 5.3 * w)
    large = 0.154 + kept(0.85 * w) * (large - 0.154)
    small = 0.129 + kept(2.65 * w) * (small - 0.129)
    return large + (1.0 - large) * 0.6 * small


@wp.func
def brushed(table: wp.array(dtype=float), spot: Spot):
    """Fine lines along x, as on brushed metal."""
    coarse = soft_noise(table, spot, wp.vec3(0.3, 17.0, 17.0))
    return 0.6 * coarse + 0.4 * soft_noise(table, spot, wp.vec3(0.7, 53.0, 53.0))


@wp.func
def dots(spot: Spot):
    """Round dots in staggered rows."""
    at = across(spot.p, spot.n)
    w = across(spot.w, spot.n)
    v = at[1] / 0.866 + _OFF
    row = wp.floor(v)
    u = at[0] + 0.5 * row + _OFF
    x = u - wp.floor(u) - 0.5
    y = 0.866 * (v - row - 0.5)
    width = wp.max(w[0], w[1])
    sharp = wp.clamp((0.3 - wp.sqrt(x * x + y * y)) / wp.max(width, 1.0e-3) + 0.5, 0.0, 1.0)
    return 0.326 + kept(width) * (sharp - 0.326)


@wp.func
def zigzag(spot: Spot):
    """Bands that go up and down."""
    at = across(spot.p, spot.n)
    w = across(spot.w, spot.n)
    wave = wp.abs(at[0] - 2.0 * wp.floor(0.5 * at[0]) - 1.0)
    return 0.5 - 0.5 * square(at[1] + wave + _OFF, w[0] + w[1])


@wp.func
def marble(table: wp.array(dtype=float), spot: Spot):
    """Thin dark veins of varying strength over faint clouds."""
    p = spot.p
    broad = widest(spot.w)
    cloud = noise(table, 0.6 * p)
    bend = 3.0 * cloud + 0.9 * noise(table, 1.9 * p)
    vein = wp.abs(wp.sin(0.5 * _TURN * (0.35 * (p[0] + p[1] + p[2]) + bend)))
    width = 0.18 + 2.0 * broad
    dark = wp.clamp(1.0 - vein / width, 0.0, 1.0) * 0.18 / width
    strength = noise(table, 0.45 * p + wp.vec3(7.3))
    marked = 0.25 * cloud + wp.clamp(2.4 * strength - 0.5, 0.0, 1.0) * dark
    return 0.161 + kept(0.3 * broad) * (marked - 0.161)


@wp.func
def tartan(spot: Spot):
    """Broad and narrow bands that cross, darker where they meet."""
    at = across(spot.p, spot.n)
    w = across(spot.w, spot.n)
    total = float(0.0)
    for axis in range(2):
        t = 0.25 * (at[axis] + _OFF)
        total += 0.42 * pulse(t, 0.4, 0.25 * w[axis])
        total += 0.3 * pulse(t - 0.65, 0.08, 0.25 * w[axis])
    return wp.min(total, 1.0)


@wp.func
def mixed(table: wp.array(dtype=float), pattern: int, spot: Spot):
    """How far, 0–1, a spot is mixed to the second colour (seams overshoot); see `PATTERNS`."""
    if pattern == 0:
        return soft_noise(table, spot, wp.vec3(1.0))
    if pattern == 1:
        return fabric(table, spot)
    if pattern == 2:
        return wood(table, spot)
    if pattern == 3:
        return planks(table, spot)
    if pattern == 4:
        sign = square(spot.p[0] + _OFF, spot.w[0]) * square(spot.p[1] + _OFF, spot.w[1])
        return 0.5 - 0.5 * sign * square(spot.p[2] + _OFF, spot.w[2])
    if pattern == 5:  # upright stripes that wrap around the object
        return 0.5 - 0.5 * square(spot.p[0] + spot.p[1] + _OFF, spot.w[0] + spot.w[1])
    if pattern == 6:  # level bands, one above the other
        return 0.5 - 0.5 * square(spot.p[2] + _OFF, spot.w[2])
    if pattern == 7:
        return speckle(table, spot)
    if pattern == 8:
        return brushed(table, spot)
    if pattern == 9:
        return dots(spot)
    if pattern == 10:
        return zigzag(spot)
    if pattern == 11:
        return marble(table, spot)
    return tartan(spot)

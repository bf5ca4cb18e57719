"""Warp functions for the colour of a scene's surfaces: patterns and pictures, without light."""

# Warp reads annotations as types, so this module must not postpone their evaluation.
# mypy: disable-error-code="valid-type,attr-defined,operator,index,call-arg"
import warp as wp

from nesf_ros.synthetic.patterns import Spot, mixed

wp.set_module_options({"enable_backward": False, "fast_math": True})

FRONT, TOP, ROUND = 0, 1, 2
"""How a picture lies on a solid, see `materials.Print`."""

_TOP = wp.constant(TOP)
_ROUND = wp.constant(ROUND)
_FACING = wp.constant(0.25)
"""A picture ends where the surface turns away from it by more than this cosine."""


@wp.struct
class Surface:
    """Looks and labels of one solid."""

    texture_R_world: wp.mat33
    """Takes world coordinates to the material's, in units of its scale ..."""
    texture_shift: wp.vec3
    """... with this."""
    color: wp.vec3
    second: wp.vec3
    pattern: int
    gloss: float
    metal: int
    """1 where mirrored light takes the colour of the surface."""
    picture: int
    """Index of its `Picture`, or −1."""
    instance: int
    part: int


@wp.struct
class Picture:
    """A print: where it lies, and its picture at full, half, quarter ... size, one by one."""

    made_R_world: wp.mat33
    made_shift: wp.vec3
    projection: int
    lower: wp.vec2
    upper: wp.vec2
    size: wp.vec2i
    """Width and height of the largest."""
    start: int
    """Where its first byte is among the texels."""
    levels: int


@wp.struct
class World:
    """All surfaces of a scene."""

    solid_of: wp.array(dtype=int)
    """By triangle."""
    normals: wp.array(dtype=wp.vec3)
    """Of the three corners of each triangle."""
    surfaces: wp.array(dtype=Surface)
    pictures: wp.array(dtype=Picture)
    texels: wp.array(dtype=wp.uint8)
    noise: wp.array(dtype=float)


@wp.func
def normal_at(world: World, triangle: int, u: float, v: float):
    """Normal for shading, between those of a triangle's corners."""
    i = 3 * triangle
    blend = (1.0 - u - v) * world.normals[i] + u * world.normals[i + 1] + v * world.normals[i + 2]
    return wp.normalize(blend)


@wp.func
def widths(turn: wp.mat33, normal: wp.vec3, radius: float):
    """Extents along the axes of another frame of a disc in a surface, given its radius."""
    out = wp.vec3()
    for axis in range(3):
        row = wp.vec3(turn[axis, 0], turn[axis, 1], turn[axis, 2])
        along = wp.dot(row, normal)
        out[axis] = radius * wp.sqrt(wp.max(wp.dot(row, row) - along * along, 0.0))
    return out


@wp.func
def texel(world: World, start: int, size: wp.vec2i, x: int, y: int):
    """One pixel of a picture, or the nearest one in it, 0–1."""
    column = wp.clamp(x, 0, size[0] - 1)
    i = start + 3 * (wp.clamp(y, 0, size[1] - 1) * size[0] + column)
    return (
        wp.vec3(float(world.texels[i]), float(world.texels[i + 1]), float(world.texels[i + 2]))
        / 255.0
    )


@wp.func
def printed(world: World, picture: Picture, at: wp.vec2, wide: wp.vec2):
    """The picture's colour at (u, v), each 0–1, over a spot that wide; bilinear in one level."""
    spread = wp.max(wide[0] * float(picture.size[0]), wide[1] * float(picture.size[1]))
    start = picture.start
    size = picture.size
    for _level in range(1, picture.levels):
        if spread < 1.5:
            break
        start += 3 * size[0] * size[1]
        size = wp.vec2i(wp.max(size[0] / 2, 1), wp.max(size[1] / 2, 1))
        spread *= 0.5
    x = at[0] * float(size[0]) - 0.5
    y = at[1] * float(size[1]) - 0.5
    left = wp.floor(x)
    top = wp.floor(y)
    i = int(left)
    j = int(top)
    a = texel(world, start, size, i, j)
    b = texel(world, start, size, i + 1, j)
    c = texel(world, start, size, i, j + 1)
    d = texel(world, start, size, i + 1, j + 1)
    upper = a + (x - left) * (b - a)
    lower = c + (x - left) * (d - c)
    return upper + (y - top) * (lower - upper)


@wp.func
def picture_color(world: World, picture: Picture, point: wp.vec3, normal: wp.vec3, radius: float):
    """Colour of a print on a spot of its solid, and 1; or, where there is none, a 0 at the end."""
    p = picture.made_R_world * point + picture.made_shift
    n = wp.normalize(picture.made_R_world * normal)
    w = 2.0 * widths(picture.made_R_world, normal, radius)
    # A face that looks backwards shows the picture too, the right way round.
    across = wp.where(n[1] < 0.0, p[0], -p[0]) - picture.lower[0]
    up = p[2]
    facing = wp.abs(n[1])
    spot = wp.vec2(w[0], w[2])
    if picture.projection == _TOP:
        across = wp.where(n[2] < 0.0, -p[0], p[0]) - picture.lower[0]
        up = p[1]
        facing = wp.abs(n[2])
        spot = wp.vec2(w[0], w[1])
    if picture.projection == _ROUND:
        turn = (wp.atan2(p[1], p[0]) - picture.lower[0]) / (2.0 * wp.pi)
        across = 2.0 * wp.pi * (turn - wp.floor(turn))
        facing = wp.sqrt(n[0] * n[0] + n[1] * n[1])
        spot[0] = wp.max(w[0], w[1]) / wp.max(wp.sqrt(p[0] * p[0] + p[1] * p[1]), 1.0e-4)
    size = picture.upper - picture.lower
    at = wp.vec2(across / size[0], (picture.upper[1] - up) / size[1])
    inside = at[0] >= 0.0 and at[0] < 1.0 and at[1] >= 0.0 and at[1] < 1.0
    if facing < _FACING or not inside:
        return wp.vec4()
    c = printed(world, picture, at, wp.cw_div(spot, size))
    return wp.vec4(c[0], c[1], c[2], 1.0)


@wp.func
def base_color(world: World, solid: int, point: wp.vec3, normal: wp.vec3, radius: float):
    """Colour without light of a spot of a solid (world frame, radius in metres)."""
    surface = world.surfaces[solid]
    if surface.picture >= 0:
        c = picture_color(world, world.pictures[surface.picture], point, normal, radius)
        if c[3] > 0.0:
            return wp.vec3(c[0], c[1], c[2])
    spot = Spot()
    spot.p = surface.texture_R_world * point + surface.texture_shift
    spot.n = wp.normalize(surface.texture_R_world * normal)
    spot.w = 2.0 * widths(surface.texture_R_world, normal, radius)
    share = mixed(world.noise, surface.pattern, spot)
    return surface.color + share * (surface.second - surface.color)


@wp.kernel
def paint(
    world: World,
    triangles: wp.array(dtype=int),
    weights: wp.array2d(dtype=float),
    points: wp.array2d(dtype=float),
    color: wp.array2d(dtype=float),
):
    """Base colours of points on triangles, as sharp as they are."""
    i = wp.tid()
    point = wp.vec3(points[i, 0], points[i, 1], points[i, 2])
    normal = normal_at(world, triangles[i], weights[i, 0], weights[i, 1])
    base = base_color(world, world.solid_of[triangles[i]], point, normal, 0.0)
    for channel in range(3):
        color[i, channel] = base[channel]

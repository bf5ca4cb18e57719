"""Warp kernels of the ray caster: what is met, which lamps may reach it, and its colour.

Light is reckoned in display values (brightness multiplies the colour as it is written to an
image), which is not physics but looks much like it and costs little. tests/synthetic/twins.py
holds a plain twin.
Run as a module to compile them ahead of time.
"""

# Warp reads annotations as types, so this module must not postpone their evaluation.
# mypy: disable-error-code="valid-type,attr-defined,operator,index,call-arg"
import warp as wp

from nesf_ros.synthetic.renderers.looks import World, base_color, normal_at

wp.set_module_options({"enable_backward": False, "fast_math": True})

_NOTHING = wp.constant(-1)
_OFFSET_M = wp.constant(2.0e-3)
"""How far shadow rays start off the surface."""
_KNEE = wp.constant(0.8)
"""Brighter values are compressed, so that no lamp bleaches a surface."""


@wp.struct
class Lamp:
    """One lamp."""

    position: wp.vec3
    light: wp.vec3
    """Colour times strength."""


@wp.struct
class Light:
    """All that lights a scene."""

    lamps: wp.array(dtype=Lamp)
    ambient: wp.vec3
    zenith: wp.vec3
    horizon: wp.vec3


@wp.struct
class Hits:
    """Where rays meet surfaces, as `scene.Hits`."""

    rays: wp.array2d(dtype=float)
    lengths: wp.array(dtype=float)
    triangles: wp.array(dtype=int)
    weights: wp.array2d(dtype=float)


@wp.func
def origin_of(hits: Hits, i: int):
    """Where ray i starts."""
    return wp.vec3(hits.rays[i, 0], hits.rays[i, 1], hits.rays[i, 2])


@wp.func
def direction_of(hits: Hits, i: int):
    """Where ray i goes."""
    return wp.vec3(hits.rays[i, 3], hits.rays[i, 4], hits.rays[i, 5])


@wp.kernel
def meet(
    world: World,
    light: Light,
    hits: Hits,
    depth: wp.array(dtype=float),
    instances: wp.array(dtype=int),
    parts: wp.array(dtype=int),
    normals: wp.array2d(dtype=float),
    segments: wp.array2d(dtype=float),
    slots: wp.array2d(dtype=int),
    count: wp.array(dtype=int),
):
    """Depth, labels and normals; and a segment to each lamp in front of the surface.

    `slots` says which of the segments, if any, leads from a pixel to a lamp.
    """
    i = wp.tid()
    length = hits.lengths[i]
    normal = wp.vec3()
    depth[i] = 0.0
    instances[i] = _NOTHING
    parts[i] = _NOTHING
    if wp.isfinite(length):
        triangle = hits.triangles[i]
        solid = world.solid_of[triangle]
        depth[i] = length
        instances[i] = world.surfaces[solid].instance
        parts[i] = world.surfaces[solid].part
        way = direction_of(hits, i)
        normal = normal_at(world, triangle, hits.weights[i, 0], hits.weights[i, 1])
        slope = wp.dot(normal, way)
        if slope > 0.0:  # smoothed past the silhouette
            normal = wp.normalize(normal - 1.001 * slope / wp.dot(way, way) * way)
        start = origin_of(hits, i) + length * way + _OFFSET_M * normal
        for lamp in range(light.lamps.shape[0]):
            ray = light.lamps[lamp].position - start
            slots[i, lamp] = -1
            if wp.dot(normal, ray) > 0.0:
                slot = wp.atomic_add(count, 0, 1)
                slots[i, lamp] = slot
                for axis in range(3):
                    segments[slot, axis] = start[axis]
                    segments[slot, 3 + axis] = ray[axis]
    for axis in range(3):
        normals[i, axis] = normal[axis]


@wp.func
def sky(light: Light, direction: wp.vec3):
    """What is seen where a ray leaves the scene."""
    up = direction[2] / wp.length(direction)
    if up > -0.05:
        return light.zenith + wp.vec3(0.2 * wp.clamp(0.25 - up, 0.0, 1.0))
    return light.horizon


@wp.func
def surroundings(direction: wp.vec3):
    """In place of true reflections: how bright a room is above, below and around."""
    around = 0.3 * wp.sin(4.0 * direction[0] + 1.0) * wp.sin(4.0 * direction[1] + 2.0)
    return 0.4 + 1.0 * wp.smoothstep(-0.3, 0.7, direction[2]) + around


@wp.func
def tone(value: float):
    """A display value as a byte; highlights are compressed."""
    v = value
    if v > _KNEE:
        v = 1.0 - (1.0 - _KNEE) * wp.exp((_KNEE - v) / (1.0 - _KNEE))
    return wp.uint8(255.0 * wp.max(v, 0.0) + 0.5)


@wp.func
def radius_of(hits: Hits, normal: wp.vec3, i: int, pixel: float):
    """Radius in metres of the spot that a pixel covers."""
    way = direction_of(hits, i)
    slope = wp.max(-wp.dot(normal, way) / wp.length(way), 0.05)
    # Between the spot's width and its length along the slope.
    return 0.5 * hits.lengths[i] * pixel / wp.sqrt(slope)


@wp.struct
class Shine:
    """What reaches the camera from a spot, before it takes the surface's colour."""

    scattered: wp.vec3
    mirrored: wp.vec3
    """Of the surroundings."""
    highlight: wp.vec3
    """Of the lamps."""


@wp.func
def shine_at(
    light: Light,
    i: int,
    point: wp.vec3,
    normal: wp.vec3,
    viewer: wp.vec3,
    gloss: float,
    slots: wp.array2d(dtype=int),
    occluded: wp.array(dtype=wp.bool),
):
    """Light from everywhere, and from all lamps that reach pixel i: Lambert and Blinn–Phong."""
    shine = Shine()
    # A little more from above.
    shine.scattered = light.ambient * (1.0 + 0.083 * normal[2])
    if gloss > 0.0:
        back = 2.0 * wp.dot(normal, viewer) * normal - viewer
        shine.mirrored = light.ambient * surroundings(back)
    for lamp in range(light.lamps.shape[0]):
        slot = slots[i, lamp]
        if slot >= 0 and not occluded[slot]:
            ray = light.lamps[lamp].position - point
            distance = wp.length(ray)
            # As `lighting.reach`.
            arriving = light.lamps[lamp].light / (0.6 + 0.2 * distance)
            shine.scattered += arriving * wp.max(wp.dot(normal, ray) / distance, 0.0)
            if gloss > 0.0:
                half = wp.dot(normal, wp.normalize(ray / distance + viewer))
                shine.highlight += arriving * wp.pow(wp.max(half, 0.0), 20.0 + 160.0 * gloss)
    return shine


@wp.kernel
def shade(
    world: World,
    light: Light,
    hits: Hits,
    pixel: float,
    normals: wp.array2d(dtype=float),
    slots: wp.array2d(dtype=int),
    occluded: wp.array(dtype=wp.bool),
    color: wp.array2d(dtype=wp.uint8),
):
    """The colour of every pixel; `pixel` is 1 / focal length."""
    i = wp.tid()
    way = direction_of(hits, i)
    out = sky(light, way)
    if wp.isfinite(hits.lengths[i]):
        normal = wp.vec3(normals[i, 0], normals[i, 1], normals[i, 2])
        point = origin_of(hits, i) + hits.lengths[i] * way
        solid = world.solid_of[hits.triangles[i]]
        base = base_color(world, solid, point, normal, radius_of(hits, normal, i, pixel))
        gloss = world.surfaces[solid].gloss
        viewer = wp.normalize(-way)
        shine = shine_at(light, i, point, normal, viewer, gloss, slots, occluded)
        out = wp.cw_mul(base, shine.scattered)
        if world.surfaces[solid].metal == 1:
            bright = shine.mirrored + 2.5 * shine.highlight
            tinted = wp.cw_mul(bright, wp.vec3(0.25) + 0.75 * base)
            out += gloss * (1.4 * tinted - 0.7 * out)
        else:
            rim = 1.0 - wp.max(wp.dot(normal, viewer), 0.0)
            out += gloss * (0.15 + 0.7 * rim * rim * rim) * shine.mirrored
            out += wp.min(2.5 * gloss, 1.0) * shine.highlight
    for channel in range(3):
        color[i, channel] = tone(out[channel])


@wp.kernel
def reflect(
    world: World,
    hits: Hits,
    pixel: float,
    gloss: wp.array(dtype=float),
    albedo: wp.array(dtype=float),
):
    """What a depth camera's light meets: gloss, and the brightness of the base colour."""
    i = wp.tid()
    gloss[i] = 0.0
    albedo[i] = 0.0
    if wp.isfinite(hits.lengths[i]):
        triangle = hits.triangles[i]
        normal = normal_at(world, triangle, hits.weights[i, 0], hits.weights[i, 1])
        point = origin_of(hits, i) + hits.lengths[i] * direction_of(hits, i)
        solid = world.solid_of[triangle]
        base = base_color(world, solid, point, normal, radius_of(hits, normal, i, pixel))
        gloss[i] = world.surfaces[solid].gloss
        albedo[i] = wp.clamp(wp.dot(base, wp.vec3(0.299, 0.587, 0.114)), 0.0, 1.0)


if __name__ == "__main__":
    from nesf_ros.synthetic.renderers import looks, shading

    for module in (looks, shading):
        wp.load_module(module)

"""Warp kernels that walk rays through a lattice of cells: one source for the CPU and for CUDA."""

# Warp reads annotations as types, so this module must not postpone their evaluation.
# mypy: disable-error-code="valid-type,attr-defined,operator,index,call-arg"
import warp as wp

wp.config.log_level = wp.LOG_WARNING
wp.set_module_options({"enable_backward": False})

_BEYOND = wp.constant(1.0e-4)
"""Cells by which a step goes beyond the side of a cell: rounding must not hold it back ..."""
_ROUNDING = wp.constant(1.0e-6)
"""... nor where the ray has come so far that single precision does not know a step so short."""


@wp.func
def span(origin: wp.vec3, direction: wp.vec3, far: float, shape: wp.vec3i):
    """Where a ray in cell units enters and leaves the lattice; it leaves first if it misses."""
    enter = float(0.0)
    leave = far
    for axis in range(3):
        d = direction[axis]
        if wp.abs(d) > 1.0e-9:
            a = -origin[axis] / d
            b = (float(shape[axis]) - origin[axis]) / d
            enter = wp.max(enter, wp.min(a, b))
            leave = wp.min(leave, wp.max(a, b))
        elif origin[axis] < 0.0 or origin[axis] >= float(shape[axis]):
            leave = -1.0
    return wp.vec2(enter, leave)


@wp.func
def way_out(p: wp.vec3, direction: wp.vec3):
    """How far along `direction` the next cell begins."""
    best = float(1.0e9)
    for axis in range(3):
        d = direction[axis]
        if wp.abs(d) > 1.0e-9:
            side = wp.floor(p[axis]) + wp.where(d > 0.0, 1.0, 0.0)
            best = wp.min(best, (side - p[axis]) / d)
    return wp.max(best, 0.0)


@wp.func
def lives(alive: wp.array3d(dtype=wp.uint8), p: wp.vec3):
    """Whether the cell around a point is to be looked into."""
    x = wp.clamp(int(wp.floor(p[0])), 0, alive.shape[0] - 1)
    y = wp.clamp(int(wp.floor(p[1])), 0, alive.shape[1] - 1)
    z = wp.clamp(int(wp.floor(p[2])), 0, alive.shape[2] - 1)
    return alive[x, y, z] != wp.uint8(0)


@wp.kernel
def length(
    origins: wp.array(dtype=wp.vec3),
    directions: wp.array(dtype=wp.vec3),
    alive: wp.array3d(dtype=wp.uint8),
    lower: wp.vec3,
    size: float,
    far: wp.array(dtype=float),
    out: wp.array(dtype=float),
):
    """Metres of each ray within living cells."""
    n = wp.tid()
    origin = (origins[n] - lower) / size
    direction = directions[n]
    shape = wp.vec3i(alive.shape[0], alive.shape[1], alive.shape[2])
    ends = span(origin, direction, far[n] / size, shape)
    t = ends[0]
    total = float(0.0)
    while t < ends[1]:
        p = origin + direction * t
        step = wp.min(way_out(p, direction), ends[1] - t) + wp.max(_BEYOND, _ROUNDING * t)
        if lives(alive, p):
            total += step
        t += step
    out[n] = total * size


@wp.kernel
def march(
    origins: wp.array(dtype=wp.vec3),
    directions: wp.array(dtype=wp.vec3),
    alive: wp.array3d(dtype=wp.uint8),
    lower: wp.vec3,
    size: float,
    far: wp.array(dtype=float),
    start: wp.array(dtype=float),
    spacing: wp.array(dtype=float),
    phase: wp.array(dtype=float),
    t_out: wp.array2d(dtype=float),
    found: wp.array(dtype=int),
):
    """Places at even spacing along the living part of each ray."""
    n = wp.tid()
    origin = (origins[n] - lower) / size
    direction = directions[n]
    shape = wp.vec3i(alive.shape[0], alive.shape[1], alive.shape[2])
    ends = span(origin, direction, far[n] / size, shape)
    t = wp.max(ends[0], start[n] / size)
    gap = spacing[n] / size
    left = phase[n] * gap  # until the next place, along the living part
    count = int(0)
    while t < ends[1] and count < t_out.shape[1]:
        p = origin + direction * t
        step = wp.min(way_out(p, direction), ends[1] - t) + wp.max(_BEYOND, _ROUNDING * t)
        if lives(alive, p):
            while left < step and count < t_out.shape[1]:
                t_out[n, count] = (t + left) * size
                count += 1
                left += gap
            left -= step
        t += step
    found[n] = count

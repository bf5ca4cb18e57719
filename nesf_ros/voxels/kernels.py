"""Warp kernels that compare a voxel map with a depth image, before any voxel is touched.

One source, compiled for the CPU and for CUDA, as are `fusing` and `raycast`. Each kernel has a
plain-torch twin in tests/voxels/twins.py that serves as its oracle. Run as a module to compile all
of them ahead of time (`python -m nesf_ros.voxels.kernels`).
"""

# Warp reads annotations as types, so this module must not postpone their evaluation.
# mypy: disable-error-code="valid-type,attr-defined,operator,index,call-arg"
import warp as wp

wp.config.log_level = wp.LOG_WARNING
wp.set_module_options({"enable_backward": False, "fast_math": True})

SKIP, UNIFORM_FREE, MIXED, CARVE = 0, 1, 2, 3
"""What `classify_blocks` says: nothing seen, all of it free, near a surface, partly free."""
TILE = 8
"""Pixels along the edge of a tile of the depth summaries."""

_SKIP = wp.constant(wp.uint8(SKIP))
_UNIFORM_FREE = wp.constant(wp.uint8(UNIFORM_FREE))
_MIXED = wp.constant(wp.uint8(MIXED))
_CARVE = wp.constant(wp.uint8(CARVE))
_TILE = wp.constant(TILE)
BEHIND_END = wp.constant(3.0)
"""Voxels behind the surface at which a reading has no weight any more."""
_LEAST_FACTOR = wp.constant(0.5)
"""At more grazing angles than this, the band around a surface is not followed any farther."""
DEEPEST = BEHIND_END / _LEAST_FACTOR
"""Voxels of depth behind the farthest reading that may still be touched."""
_STEP = wp.constant(3)
"""Pixels between a pixel and its neighbours in the estimate of a normal."""


@wp.struct
class Camera:
    """A pinhole camera and the pose that takes map coordinates to its own."""

    rotation: wp.mat33
    translation: wp.vec3
    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int


@wp.struct
class Lattice:
    """Geometry of a `BlockGrid`."""

    offset: wp.vec3i
    shape: wp.vec3i
    voxel_m: float
    truncation_m: float


@wp.struct
class Range:
    """Which depth readings count, metres."""

    near_m: float
    far_m: float


@wp.func
def widest(low: float, high: float, near: float, far: float):
    """Extremes of x/z over the box [low, high] × [near, far], near > 0."""
    lower = wp.where(low < 0.0, low / near, low / far)
    upper = wp.where(high < 0.0, high / far, high / near)
    return wp.vec2(lower, upper)


@wp.func
def normal_factor(depth: wp.array2d(dtype=float), camera: Camera, v: int, u: int):
    """Distance to the surface per metre of depth in front of it, at a pixel.

    A ray r = ((u − cx)/fx, (v − cy)/fy, 1) that meets a plane with unit normal n approaches it by
    r·n per metre of depth. Differentiating z·r by u and v gives n, up to its length, as below, and
    r·n = z/|n|. Where there is no one normal (edges, holes) the factor is 1.
    """
    if v < _STEP or u < _STEP or v + _STEP >= camera.height or u + _STEP >= camera.width:
        return 1.0
    d = depth[v, u]
    left = depth[v, u - _STEP]
    right = depth[v, u + _STEP]
    up = depth[v - _STEP, u]
    down = depth[v + _STEP, u]
    if d <= 0.0 or wp.min(wp.min(left, right), wp.min(up, down)) <= 0.0:
        return 1.0
    bend = wp.max(wp.abs(left + right - 2.0 * d), wp.abs(up + down - 2.0 * d))
    if bend > 0.03 * d:
        return 1.0
    span = 2.0 * float(_STEP)
    zu = (right - left) / span * camera.fx
    zv = (down - up) / span * camera.fy
    rx = (float(u) - camera.cx) / camera.fx
    ry = (float(v) - camera.cy) / camera.fy
    normal = wp.vec3(-zu, -zv, d + zu * rx + zv * ry)
    return wp.clamp(d / wp.length(normal), 0.15, 1.5)


@wp.kernel
def summarise_tiles(
    depth: wp.array2d(dtype=float),
    camera: Camera,
    factor: wp.array2d(dtype=float),
    nearest: wp.array2d(dtype=float),
    farthest: wp.array2d(dtype=float),
    least_factor: wp.array2d(dtype=float),
    holes: wp.array2d(dtype=wp.uint8),
):
    """`normal_factor` at every second pixel, and what `Summary` holds of each tile."""
    ty, tx = wp.tid()
    low = float(1.0e9)
    high = float(0.0)
    least = float(1.0e9)
    hole = wp.uint8(0)
    for v in range(ty * _TILE, wp.min((ty + 1) * _TILE, depth.shape[0])):
        for u in range(tx * _TILE, wp.min((tx + 1) * _TILE, depth.shape[1])):
            d = depth[v, u]
            if d > 0.0:
                low = wp.min(low, d)
                high = wp.max(high, d)
            else:
                hole = wp.uint8(1)
            if (u & 1) == 0 and (v & 1) == 0:
                share = normal_factor(depth, camera, v, u)
                factor[v >> 1, u >> 1] = share
                least = wp.min(least, share)
    nearest[ty, tx] = low
    farthest[ty, tx] = high
    least_factor[ty, tx] = least
    holes[ty, tx] = hole


@wp.struct
class Summary:
    """A depth image by tiles: extremes of the valid readings, and whether a pixel has none."""

    nearest: wp.array2d(dtype=float)
    farthest: wp.array2d(dtype=float)
    least_factor: wp.array2d(dtype=float)
    holes: wp.array2d(dtype=wp.uint8)


@wp.func
def judge(
    camera: Camera,
    summary: Summary,
    limits: Range,
    lattice: Lattice,
    centre: wp.vec3,
):
    """Compare a block (centre in camera coordinates) with all readings that it may project to.

    Conservative: SKIP only if no voxel in it could be updated, UNIFORM_FREE only if each one lies
    a truncation distance in front of every reading around it.
    """
    edge_m = lattice.voxel_m * 8.0
    # Half the extent of the turned cube along the axes of the camera.
    h = wp.vec3()
    for axis in range(3):
        turned = wp.abs(camera.rotation[axis, 0]) + wp.abs(camera.rotation[axis, 1])
        h[axis] = 0.5 * edge_m * (turned + wp.abs(camera.rotation[axis, 2])) + 1.0e-4
    near = centre[2] - h[2]
    far = centre[2] + h[2]
    if far < limits.near_m or near > limits.far_m:
        return _SKIP
    safe = wp.max(near, 0.02)
    du = widest(centre[0] - h[0], centre[0] + h[0], safe, wp.max(far, safe))
    dv = widest(centre[1] - h[1], centre[1] + h[1], safe, wp.max(far, safe))
    u0 = du[0] * camera.fx + camera.cx
    u1 = du[1] * camera.fx + camera.cx
    v0 = dv[0] * camera.fy + camera.cy
    v1 = dv[1] * camera.fy + camera.cy
    right = float(camera.width) - 0.5
    bottom = float(camera.height) - 0.5
    if u1 < -0.5 or v1 < -0.5 or u0 >= right or v0 >= bottom:
        return _SKIP
    whole = u0 >= 0.0 and v0 >= 0.0 and u1 < right - 0.5 and v1 < bottom - 0.5
    whole = whole and near > limits.near_m and far < limits.far_m
    x0 = int(wp.max(u0, 0.0)) / _TILE
    y0 = int(wp.max(v0, 0.0)) / _TILE
    x1 = int(wp.min(u1 + 0.5, float(camera.width - 1))) / _TILE
    y1 = int(wp.min(v1 + 0.5, float(camera.height - 1))) / _TILE
    low = float(1.0e9)
    high = float(0.0)
    least = float(1.0)
    for y in range(y0, y1 + 1):
        for x in range(x0, x1 + 1):
            low = wp.min(low, summary.nearest[y, x])
            high = wp.max(high, summary.farthest[y, x])
            least = wp.min(least, summary.least_factor[y, x])
            whole = whole and summary.holes[y, x] == wp.uint8(0)
    least = wp.max(least, _LEAST_FACTOR)
    if high + BEHIND_END * lattice.voxel_m / least < near:
        return _SKIP
    if low - lattice.truncation_m / least <= far:
        return _MIXED
    if whole:
        return _UNIFORM_FREE
    return _CARVE


@wp.kernel
def classify_blocks(
    camera: Camera,
    lattice: Lattice,
    limits: Range,
    summary: Summary,
    first: wp.vec3i,
    verdict: wp.array3d(dtype=wp.uint8),
):
    """What a depth image says of each block of a box that starts at local index `first`."""
    i, j, k = wp.tid()
    size = lattice.voxel_m * 8.0
    index = lattice.offset + first + wp.vec3i(i, j, k)
    centre = wp.vec3(float(index[0]) + 0.5, float(index[1]) + 0.5, float(index[2]) + 0.5) * size
    c = camera.rotation * centre + camera.translation
    verdict[i, j, k] = judge(camera, summary, limits, lattice, c)


if __name__ == "__main__":
    from nesf_ros.voxels import fusing, kernels, raycast

    for module in (kernels, fusing, raycast):
        wp.load_module(module)

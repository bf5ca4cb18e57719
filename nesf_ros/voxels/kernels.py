"""Warp kernels of the voxel map: one source, compiled for the CPU and for CUDA.

Each has a plain-torch twin in tests/voxels/twins.py that serves as its oracle.
Run as a module to compile them ahead of time (`python -m nesf_ros.voxels.kernels`).
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
_BEHIND_FULL = wp.constant(1.0)
"""Voxels behind the surface up to which a reading has its full weight; then it fades ..."""
_BEHIND_END = wp.constant(3.0)
"""... to nothing here."""
_LEAST_FACTOR = wp.constant(0.5)
"""At more grazing angles than this, the band around a surface is not followed any farther."""
DEEPEST = _BEHIND_END / _LEAST_FACTOR
"""Voxels of depth behind the farthest reading that may still be touched."""
_STEP = wp.constant(3)
"""Pixels between a pixel and its neighbours in the estimate of a normal."""
_COLOR_BAND = wp.constant(2.0)
"""Only voxels so near to the surface, in voxels, take its colour."""


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
    if high + _BEHIND_END * lattice.voxel_m / least < near:
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


@wp.struct
class Fusion:
    """How readings are averaged (see `MapConfig`)."""

    max_weight: float
    contradiction_frames: float


@wp.kernel
def integrate_layers(
    camera: Camera,
    color_camera: Camera,
    lattice: Lattice,
    limits: Range,
    fusion: Fusion,
    depth: wp.array2d(dtype=float),
    factor: wp.array2d(dtype=float),
    image: wp.array3d(dtype=wp.uint8),
    blocks: wp.array2d(dtype=int),
    slots: wp.array(dtype=int),
    tsdf: wp.array2d(dtype=float),
    weight: wp.array2d(dtype=float),
    color: wp.array3d(dtype=float),
):
    """Average a frame into layers of 8×8 voxels: TSDF (Curless & Levoy 1996) and colour."""
    n, z = wp.tid()
    slot = slots[n]
    corner = wp.vec3(float(blocks[n, 0] * 8), float(blocks[n, 1] * 8), float(blocks[n, 2] * 8 + z))
    start = camera.rotation * ((corner + wp.vec3(0.5, 0.5, 0.5)) * lattice.voxel_m)
    start = start + camera.translation
    step_x = wp.vec3(camera.rotation[0, 0], camera.rotation[1, 0], camera.rotation[2, 0])
    step_y = wp.vec3(camera.rotation[0, 1], camera.rotation[1, 1], camera.rotation[2, 1])
    step_x = step_x * lattice.voxel_m
    step_y = step_y * lattice.voxel_m
    per_voxel = 1.0 / lattice.voxel_m
    per_truncation = 1.0 / lattice.truncation_m
    for index in range(64):
        p = start + step_x * float(index & 7) + step_y * float(index >> 3)
        if p[2] < limits.near_m or p[2] > limits.far_m:
            continue
        inverse = 1.0 / p[2]
        # Half a pixel is added so that truncation, cheaper than floor, finds the nearest pixel.
        u = p[0] * inverse * camera.fx + camera.cx + 0.5
        v = p[1] * inverse * camera.fy + camera.cy + 0.5
        if u < 0.0 or v < 0.0 or u >= float(camera.width) or v >= float(camera.height):
            continue
        d = depth[int(v), int(u)]
        if d <= 0.0:
            continue
        distance = (d - p[2]) * factor[int(v) >> 1, int(u) >> 1]
        # Behind the surface a reading says less and less: what is thin has another side.
        behind = -distance * per_voxel
        if behind >= _BEHIND_END:
            continue
        new = 1.0 / wp.max(d * d, 0.25)
        if behind > _BEHIND_FULL:
            new = new * (_BEHIND_END - behind) / (_BEHIND_END - _BEHIND_FULL)
        value = wp.clamp(distance * per_truncation, -1.0, 1.0)
        i = z * 64 + index
        old = weight[slot, i]
        was = tsdf[slot, i]
        if wp.abs(value - was) > 0.5:
            # Farther apart than noise explains: something has left or come, and the past must not
            # hold out for as long as it lasted.
            old = wp.min(old, new * fusion.contradiction_frames)
        share = new / (old + new)
        tsdf[slot, i] = was + (value - was) * share
        weight[slot, i] = wp.min(old + new, fusion.max_weight)
        if wp.abs(behind) < _COLOR_BAND:
            q = color_camera.rotation * p + color_camera.translation
            if q[2] > 0.0:
                near = 1.0 / q[2]
                u = q[0] * near * color_camera.fx + color_camera.cx + 0.5
                v = q[1] * near * color_camera.fy + color_camera.cy + 0.5
                across = u >= 0.0 and u < float(color_camera.width)
                if across and v >= 0.0 and v < float(color_camera.height):
                    if color[slot, i, 0] + color[slot, i, 1] + color[slot, i, 2] == 0.0:
                        share = 1.0  # no colour yet: free space has none to be averaged with
                    for c in range(3):
                        shade = color[slot, i, c]
                        seen = float(image[int(v), int(u), c])
                        color[slot, i, c] = shade + (seen - shade) * share


if __name__ == "__main__":
    from nesf_ros.voxels import kernels, raycast

    for module in (kernels, raycast):
        wp.load_module(module)

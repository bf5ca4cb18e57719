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


@wp.kernel
def summarise_tiles(
    depth: wp.array2d(dtype=float),
    nearest: wp.array2d(dtype=float),
    farthest: wp.array2d(dtype=float),
    holes: wp.array2d(dtype=wp.uint8),
):
    """Nearest and farthest valid depth of each tile, and whether a pixel in it has none."""
    ty, tx = wp.tid()
    low = float(1.0e9)
    high = float(0.0)
    hole = wp.uint8(0)
    for v in range(ty * _TILE, wp.min((ty + 1) * _TILE, depth.shape[0])):
        for u in range(tx * _TILE, wp.min((tx + 1) * _TILE, depth.shape[1])):
            d = depth[v, u]
            if d > 0.0:
                low = wp.min(low, d)
                high = wp.max(high, d)
            else:
                hole = wp.uint8(1)
    nearest[ty, tx] = low
    farthest[ty, tx] = high
    holes[ty, tx] = hole


@wp.kernel
def normal_factors(
    depth: wp.array2d(dtype=float), camera: Camera, step: int, factor: wp.array2d(dtype=float)
):
    """Distance to the surface per metre of depth in front of it, at every second pixel.

    A ray r = ((u − cx)/fx, (v − cy)/fy, 1) that meets a plane with unit normal n approaches it by
    r·n per metre of depth. Differentiating z·r by u and v gives n, up to its length, as below, and
    r·n = z/|n|. Where there is no one normal (edges, holes) the factor is 1.
    """
    y, x = wp.tid()
    v = y * 2
    u = x * 2
    factor[y, x] = 1.0
    if v < step or u < step or v + step >= camera.height or u + step >= camera.width:
        return
    d = depth[v, u]
    left = depth[v, u - step]
    right = depth[v, u + step]
    up = depth[v - step, u]
    down = depth[v + step, u]
    if d <= 0.0 or wp.min(wp.min(left, right), wp.min(up, down)) <= 0.0:
        return
    bend = wp.max(wp.abs(left + right - 2.0 * d), wp.abs(up + down - 2.0 * d))
    if bend > 0.03 * d:
        return
    span = 2.0 * float(step)
    zu = (right - left) / span * camera.fx
    zv = (down - up) / span * camera.fy
    rx = (float(u) - camera.cx) / camera.fx
    ry = (float(v) - camera.cy) / camera.fy
    normal = wp.vec3(-zu, -zv, d + zu * rx + zv * ry)
    factor[y, x] = wp.clamp(d / wp.length(normal), 0.15, 1.5)


@wp.kernel
def classify_blocks(
    camera: Camera,
    lattice: Lattice,
    limits: Range,
    nearest: wp.array2d(dtype=float),
    farthest: wp.array2d(dtype=float),
    holes: wp.array2d(dtype=wp.uint8),
    first: wp.vec3i,
    verdict: wp.array3d(dtype=wp.uint8),
):
    """What a depth image says of each block of a box that starts at local index `first`."""
    i, j, k = wp.tid()
    verdict[i, j, k] = _SKIP
    size = lattice.voxel_m * 8.0
    index = lattice.offset + first + wp.vec3i(i, j, k)
    centre = wp.vec3(float(index[0]) + 0.5, float(index[1]) + 0.5, float(index[2]) + 0.5) * size
    c = camera.rotation * centre + camera.translation
    r = size * 0.8660255  # half the diagonal
    near = c[2] - r
    far = c[2] + r
    if far < limits.near_m or near > limits.far_m:
        return
    safe = wp.max(near, 0.02)
    du = widest(c[0] - r, c[0] + r, safe, wp.max(far, safe))
    dv = widest(c[1] - r, c[1] + r, safe, wp.max(far, safe))
    u0 = du[0] * camera.fx + camera.cx
    u1 = du[1] * camera.fx + camera.cx
    v0 = dv[0] * camera.fy + camera.cy
    v1 = dv[1] * camera.fy + camera.cy
    right = float(camera.width) - 0.5
    bottom = float(camera.height) - 0.5
    if u1 < -0.5 or v1 < -0.5 or u0 >= right or v0 >= bottom:
        return
    whole = u0 >= 0.0 and v0 >= 0.0 and u1 < right - 0.5 and v1 < bottom - 0.5
    whole = whole and near > limits.near_m

    x0 = int(wp.max(u0, 0.0)) / _TILE
    y0 = int(wp.max(v0, 0.0)) / _TILE
    x1 = int(wp.min(u1 + 0.5, float(camera.width - 1))) / _TILE
    y1 = int(wp.min(v1 + 0.5, float(camera.height - 1))) / _TILE
    low = float(1.0e9)
    high = float(0.0)
    for y in range(y0, y1 + 1):
        for x in range(x0, x1 + 1):
            low = wp.min(low, nearest[y, x])
            high = wp.max(high, farthest[y, x])
            whole = whole and holes[y, x] == wp.uint8(0)
    if high + lattice.truncation_m < near:
        return
    if low - lattice.truncation_m <= far:
        verdict[i, j, k] = _MIXED
    elif whole:
        verdict[i, j, k] = _UNIFORM_FREE
    else:
        verdict[i, j, k] = _CARVE


@wp.struct
class Fusion:
    """How readings are averaged (see `MapConfig`)."""

    max_weight: float
    contradiction_frames: float


@wp.kernel
def integrate_rows(
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
    """Average a frame into rows of eight voxels: TSDF (Curless & Levoy 1996) and colour."""
    n, row = wp.tid()
    slot = slots[n]
    y = row % 8
    z = row / 8
    first = wp.vec3(
        float(blocks[n, 0] * 8) + 0.5, float(blocks[n, 1] * 8 + y) + 0.5,
        float(blocks[n, 2] * 8 + z) + 0.5,
    ) * lattice.voxel_m
    start = camera.rotation * first + camera.translation
    step = wp.vec3(camera.rotation[0, 0], camera.rotation[1, 0], camera.rotation[2, 0])
    step = step * lattice.voxel_m
    for x in range(8):
        p = start + step * float(x)
        if p[2] < limits.near_m or p[2] > limits.far_m:
            continue
        inverse = 1.0 / p[2]
        # Half a pixel is added so that truncation, cheaper than floor, finds the nearest pixel.
        uf = p[0] * inverse * camera.fx + camera.cx + 0.5
        vf = p[1] * inverse * camera.fy + camera.cy + 0.5
        if uf < 0.0 or vf < 0.0 or uf >= float(camera.width) or vf >= float(camera.height):
            continue
        u = int(uf)
        v = int(vf)
        d = depth[v, u]
        if d <= 0.0:
            continue
        distance = (d - p[2]) * factor[v >> 1, u >> 1]
        # Behind the surface a reading says less and less: what is thin has another side.
        behind = -distance / lattice.voxel_m
        if behind >= _BEHIND_END:
            continue
        new = 1.0 / wp.max(d * d, 0.25)
        if behind > _BEHIND_FULL:
            new = new * (_BEHIND_END - behind) / (_BEHIND_END - _BEHIND_FULL)
        i = row * 8 + x
        old = weight[slot, i]
        was = tsdf[slot, i]
        value = wp.min(distance / lattice.truncation_m, 1.0)
        if wp.abs(value - was) > 0.75:
            # Farther apart than noise explains: something has left or come, and the past must not
            # hold out for as long as it lasted.
            old = wp.min(old, new * fusion.contradiction_frames)
        share = new / (old + new)
        tsdf[slot, i] = was + (value - was) * share
        weight[slot, i] = wp.min(old + new, fusion.max_weight)
        if behind > -_COLOR_BAND and behind < _COLOR_BAND:
            q = color_camera.rotation * p + color_camera.translation
            if q[2] > 0.0:
                near = 1.0 / q[2]
                cu = q[0] * near * color_camera.fx + color_camera.cx + 0.5
                cv = q[1] * near * color_camera.fy + color_camera.cy + 0.5
                if (
                    cu >= 0.0
                    and cv >= 0.0
                    and cu < float(color_camera.width)
                    and cv < float(color_camera.height)
                ):
                    for c in range(3):
                        shade = color[slot, i, c]
                        seen = float(image[int(cv), int(cu), c])
                        color[slot, i, c] = shade + (seen - shade) * share


if __name__ == "__main__":
    from nesf_ros.voxels import kernels, raycast

    for module in (kernels, raycast):
        wp.load_module(module)

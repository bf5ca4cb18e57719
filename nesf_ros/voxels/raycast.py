"""Warp kernel that renders a `BlockGrid`: colour, depth and normals of the first surface."""

# mypy: disable-error-code="valid-type,attr-defined,operator,index,call-arg"
import warp as wp

from nesf_ros.voxels.kernels import Camera, Lattice

_LONGEST_CROSSING = wp.constant(2.5)
"""Voxels of signed distance between two samples, beyond which no surface lies between them."""

_FARTHEST = wp.constant(1.0e6)
"""Voxels beyond which single precision cannot tell one from the next: nothing is drawn."""


@wp.struct
class Voxels:
    """A `BlockGrid` as the kernel reads it."""

    lattice: Lattice
    slot: wp.array3d(dtype=int)
    tsdf: wp.array2d(dtype=float)
    weight: wp.array2d(dtype=float)
    color: wp.array3d(dtype=float)


@wp.struct
class Sample:
    """A trilinear reading of those of the eight voxels that have been observed."""

    tsdf: float
    color: wp.vec3
    mass: float
    """Share of the observed voxels."""
    tint: float
    """Share of those that have a colour; far behind a surface they have none."""


@wp.func
def block_of(voxels: Voxels, p: wp.vec3):
    """Slot of the block around a point in voxel units; −1 if there are no voxels."""
    b = wp.vec3i(int(wp.floor(p[0] / 8.0)), int(wp.floor(p[1] / 8.0)), int(wp.floor(p[2] / 8.0)))
    b = b - voxels.lattice.offset
    if b[0] < 0 or b[1] < 0 or b[2] < 0:
        return -1
    shape = voxels.lattice.shape
    if b[0] >= shape[0] or b[1] >= shape[1] or b[2] >= shape[2]:
        return -1
    return voxels.slot[b[0], b[1], b[2]]


@wp.func
def voxel_of(p: wp.vec3):
    """Index within its block of the voxel around a point in voxel units."""
    x = int(wp.floor(p[0])) & 7
    y = int(wp.floor(p[1])) & 7
    z = int(wp.floor(p[2])) & 7
    return (z * 8 + y) * 8 + x


@wp.func
def trilinear(voxels: Voxels, p: wp.vec3):
    """Interpolate between the observed ones of the eight voxels around a point in voxel units."""
    out = Sample()
    base = wp.vec3(wp.floor(p[0] - 0.5), wp.floor(p[1] - 0.5), wp.floor(p[2] - 0.5))
    f = p - wp.vec3(0.5, 0.5, 0.5) - base
    for corner in range(8):
        dx = float(corner & 1)
        dy = float((corner >> 1) & 1)
        dz = float(corner >> 2)
        q = base + wp.vec3(dx + 0.5, dy + 0.5, dz + 0.5)
        slot = block_of(voxels, q)
        if slot >= 0:
            i = voxel_of(q)
            if voxels.weight[slot, i] > 0.0:
                share = wp.abs(1.0 - dx - f[0]) * wp.abs(1.0 - dy - f[1])
                share = share * wp.abs(1.0 - dz - f[2])
                out.mass += share
                out.tsdf += share * voxels.tsdf[slot, i]
                shade = wp.vec3(
                    voxels.color[slot, i, 0], voxels.color[slot, i, 1], voxels.color[slot, i, 2]
                )
                if shade[0] + shade[1] + shade[2] > 0.0:
                    out.tint += share
                    out.color += share * shade
    if out.mass > 0.0:
        out.tsdf = out.tsdf / out.mass
    if out.tint > 0.0:
        out.color = out.color / out.tint
    return out


@wp.func
def block_exit(p: wp.vec3, direction: wp.vec3):
    """How far along `direction` a point in voxel units leaves its block."""
    best = float(1.0e9)
    for axis in range(3):
        d = direction[axis]
        if wp.abs(d) > 1.0e-9:
            low = wp.floor(p[axis] / 8.0) * 8.0
            edge = wp.where(d > 0.0, low + 8.0, low)
            best = wp.min(best, (edge - p[axis]) / d)
    return wp.max(best, 0.0)


@wp.func
def slope(voxels: Voxels, p: wp.vec3):
    """Gradient of the signed distance at a point in voxel units."""
    g = wp.vec3()
    for axis in range(3):
        e = wp.vec3()
        e[axis] = 1.0
        ahead = trilinear(voxels, p + e)
        behind = trilinear(voxels, p - e)
        if ahead.mass > 0.0 and behind.mass > 0.0:
            g[axis] = ahead.tsdf - behind.tsdf
    return g


@wp.kernel
def raycast(
    camera: Camera,  # rotation and translation take camera coordinates to the map here
    voxels: Voxels,
    lower: wp.vec3,
    upper: wp.vec3,
    max_depth: float,
    color: wp.array3d(dtype=wp.uint8),
    depth: wp.array2d(dtype=float),
    normals: wp.array3d(dtype=float),
):
    """March each pixel's ray to the first crossing from outside (+) to inside (−) of a surface."""
    v, u = wp.tid()
    size = voxels.lattice.voxel_m
    ray = wp.vec3((float(u) - camera.cx) / camera.fx, (float(v) - camera.cy) / camera.fy, 1.0)
    direction = camera.rotation * ray / size  # voxels per metre of depth
    origin = camera.translation / size
    t = float(0.0)
    end = float(max_depth)
    for axis in range(3):
        d = direction[axis]
        if wp.abs(d) > 1.0e-9:
            a = (lower[axis] / size - origin[axis]) / d
            b = (upper[axis] / size - origin[axis]) / d
            t = wp.max(t, wp.min(a, b))
            end = wp.min(end, wp.max(a, b))
        elif origin[axis] * size < lower[axis] or origin[axis] * size >= upper[axis]:
            return
    voxel_step = 1.0 / wp.length(direction)  # depth per voxel length of ray
    truncation = voxels.lattice.truncation_m / size
    before = float(-1.0)  # last signed distance; negative: there is none to cross from
    t_before = float(0.0)
    if t > _FARTHEST * voxel_step:
        return
    while t < end:
        p = origin + direction * t
        slot = block_of(voxels, p)
        if slot < 0:
            before = float(-1.0)
            # Far away, a thousandth of a voxel is lost in rounding, and the ray would stand still.
            t += block_exit(p, direction) + wp.max(1.0e-3 * voxel_step, 1.0e-6 * t)
            continue
        i = voxel_of(p)
        value = voxels.tsdf[slot, i]
        if voxels.weight[slot, i] <= 0.0:
            before = float(-1.0)
            t += 0.5 * voxel_step
            continue
        if value < 0.75:
            value = trilinear(voxels, p).tsdf
        if value <= 0.0 and before > 0.0 and (before - value) * truncation > _LONGEST_CROSSING:
            # No surface falls so steeply: either the step was long, or free space borders on what
            # lies hidden behind a surface.
            if t - t_before > 0.6 * voxel_step:
                t = t_before + 0.5 * voxel_step
            else:
                before = float(-1.0)
                t += 0.5 * voxel_step
            continue
        if value <= 0.0 and before > 0.0:
            hit = t_before + (t - t_before) * before / (before - value)
            p = origin + direction * hit
            found = trilinear(voxels, p)
            n = slope(voxels, p)
            length = wp.length(n)
            depth[v, u] = hit
            for c in range(3):
                color[v, u, c] = wp.uint8(wp.clamp(found.color[c] + 0.5, 0.0, 255.0))
                if length > 0.0:
                    normals[v, u, c] = n[c] / length
            return
        before = value
        t_before = t
        t += wp.max(value * truncation - 1.0, 0.5) * voxel_step

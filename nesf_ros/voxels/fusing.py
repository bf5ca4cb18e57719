"""Warp kernel that averages a frame into the voxels of a `BlockGrid`."""

# Warp reads annotations as types, so this module must not postpone their evaluation.
# mypy: ignore-errors
import warp as wp

from nesf_ros.voxels.kernels import BEHIND_END, Camera, Lattice, Range

wp.set_module_options({"enable_backward": False, "fast_math": True})

_BEHIND_FULL = wp.constant(1.0)
"""Voxels behind the surface up to which a reading has its full weight; then it fades to nothing."""
_COLOR_BAND = wp.constant(2.0)
"""Only voxels so near to the surface, in voxels, take its colour."""


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
        if behind >= BEHIND_END:
            continue
        new = 1.0 / wp.max(d * d, 0.25)
        if behind > _BEHIND_FULL:
            new = new * (BEHIND_END - behind) / (BEHIND_END - _BEHIND_FULL)
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

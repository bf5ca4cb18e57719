"""Warp kernels of the hash grid: one source, compiled for the CPU and for CUDA.

`nesf_ros.field.hash_grid` has the plain-torch twin. The level is the slow index of each launch, so
that one level's table stays in the cache.
"""

# Warp reads annotations as types, so this module must not postpone their evaluation.
# mypy: disable-error-code="valid-type,attr-defined,operator,index,call-arg,no-redef,misc"
from functools import cache
from typing import NamedTuple

import torch
import warp as wp

wp.config.log_level = wp.LOG_WARNING

PRIMES = (1, 2654435761, 805459861)
"""Factors of the spatial hash (Müller et al. 2022, eq. 4)."""
_SECOND = wp.constant(wp.uint32(PRIMES[1]))
_THIRD = wp.constant(wp.uint32(PRIMES[2]))


class Kernels(NamedTuple):
    """The three kernels for one number of features and one precision."""

    forward: wp.Kernel
    """Points to features."""
    backward: wp.Kernel
    """Gradient of the features to that of the tables."""
    backward_points: wp.Kernel
    """Gradient of the features to that of the points."""
    vector: type
    """A row of a table."""
    point: type


@wp.func
def row_of(corner: wp.vec3i, shape: wp.vec3i, mask: int):
    """Row of a corner in its level's table: in order where that fits (mask 0), else hashed."""
    if mask == 0:
        return (corner[2] * shape[1] + corner[1]) * shape[0] + corner[0]
    x = wp.uint32(corner[0])
    y = wp.uint32(corner[1]) * _SECOND
    z = wp.uint32(corner[2]) * _THIRD
    return int((x ^ y ^ z) & wp.uint32(mask))


@cache
def kernels_for(features: int, dtype: torch.dtype) -> Kernels:
    """The kernels for tables of so many features per entry, in float32 or float64."""
    wp.init()  # else arrays are refused until the first kernel runs
    real = {torch.float32: wp.float32, torch.float64: wp.float64}[dtype]
    vector = wp.types.vector(features, real)
    point = wp.types.vector(3, real)

    @wp.func
    def cell_of(p: point, lower: point, scale: real, shape: wp.vec3i):
        """Position within a level's lattice, cells; what lies outside is moved to its rim."""
        q = (p - lower) * scale
        for axis in range(3):
            q[axis] = wp.clamp(q[axis], real(0.0), real(shape[axis] - 1))
        return q

    @wp.func
    def base_of(q: point, shape: wp.vec3i):
        """The lower corner of the cell around a position."""
        return wp.vec3i(
            wp.min(int(q[0]), shape[0] - 2),
            wp.min(int(q[1]), shape[1] - 2),
            wp.min(int(q[2]), shape[2] - 2),
        )

    def forward(
        points: wp.array(dtype=point),
        table: wp.array(dtype=vector),
        lower: point,
        scales: wp.array(dtype=real),
        shapes: wp.array(dtype=wp.vec3i),
        starts: wp.array(dtype=int),
        masks: wp.array(dtype=int),
        out: wp.array2d(dtype=vector),
    ):
        level, n = wp.tid()
        shape = shapes[level]
        q = cell_of(points[n], lower, scales[level], shape)
        base = base_of(q, shape)
        f = q - point(real(base[0]), real(base[1]), real(base[2]))
        total = vector()
        for c in range(8):
            step = wp.vec3i(c & 1, (c >> 1) & 1, c >> 2)
            share = real(1.0)
            for axis in range(3):
                share = share * wp.where(step[axis] == 1, f[axis], real(1.0) - f[axis])
            total = total + table[starts[level] + row_of(base + step, shape, masks[level])] * share
        out[n, level] = total

    def backward(
        points: wp.array(dtype=point),
        gradient: wp.array2d(dtype=vector),
        lower: point,
        scales: wp.array(dtype=real),
        shapes: wp.array(dtype=wp.vec3i),
        starts: wp.array(dtype=int),
        masks: wp.array(dtype=int),
        table_gradient: wp.array(dtype=vector),
    ):
        level, n = wp.tid()
        shape = shapes[level]
        q = cell_of(points[n], lower, scales[level], shape)
        base = base_of(q, shape)
        f = q - point(real(base[0]), real(base[1]), real(base[2]))
        g = gradient[n, level]
        for c in range(8):
            step = wp.vec3i(c & 1, (c >> 1) & 1, c >> 2)
            share = real(1.0)
            for axis in range(3):
                share = share * wp.where(step[axis] == 1, f[axis], real(1.0) - f[axis])
            row = starts[level] + row_of(base + step, shape, masks[level])
            wp.atomic_add(table_gradient, row, g * share)

    def backward_points(
        points: wp.array(dtype=point),
        gradient: wp.array2d(dtype=vector),
        table: wp.array(dtype=vector),
        lower: point,
        scales: wp.array(dtype=real),
        shapes: wp.array(dtype=wp.vec3i),
        starts: wp.array(dtype=int),
        masks: wp.array(dtype=int),
        point_gradient: wp.array(dtype=point),
    ):
        n = wp.tid()
        total = point()
        for level in range(scales.shape[0]):
            shape = shapes[level]
            q = cell_of(points[n], lower, scales[level], shape)
            base = base_of(q, shape)
            f = q - point(real(base[0]), real(base[1]), real(base[2]))
            raw = (points[n] - lower) * scales[level]
            g = gradient[n, level]
            for c in range(8):
                step = wp.vec3i(c & 1, (c >> 1) & 1, c >> 2)
                value = wp.dot(g, table[starts[level] + row_of(base + step, shape, masks[level])])
                for axis in range(3):
                    slope = scales[level] * wp.where(step[axis] == 1, real(1.0), real(-1.0))
                    for other in range(3):
                        if other != axis:
                            slope = slope * wp.where(
                                step[other] == 1, f[other], real(1.0) - f[other]
                            )
                    if raw[axis] >= real(0.0) and raw[axis] <= real(shape[axis] - 1):
                        total[axis] = total[axis] + value * slope
        point_gradient[n] = total

    name = f"nesf_ros.field.hash_grid_{features}_{dtype}".replace("torch.", "")
    module = wp.get_module(name)
    module.options.update({"enable_backward": False, "fast_math": False})
    made = (wp.Kernel(f, module=module) for f in (forward, backward, backward_points))
    return Kernels(*made, vector, point)


if __name__ == "__main__":
    from nesf_ros.field import kernels, marching

    wp.load_module(marching)
    ready = kernels.kernels_for(4, torch.float32)
    wp.load_module(ready.forward.module.name)

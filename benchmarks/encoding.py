"""The hash grid's kernels against the same encoding by torch alone.

65,536 points along rays through a room of 5 × 5 × 3 m; the field's own lattices (8 levels × 4) and
those of Müller et al. 2022 (16 levels × 2), 2^17 entries a level. Milliseconds of the forward pass
and of both, medians in the same rounds; largest differences of values and of gradients by the
table and by the points, as a share of the largest value, in both precisions.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.report import Report
from nesf_ros.field.hash_grid import HashGrid, Lattices
from nesf_ros.types import Box

ROOM = Box((-2.5, -2.5, 0.0), (2.5, 2.5, 3.0))
RAYS, SAMPLES, ROUNDS = 4096, 16, 7
SHAPES = {"8 x 4": Lattices(), "16 x 2": Lattices(levels=16, features=2)}
SAME = {torch.float32: 1e-5, torch.float64: 1e-10}


def run(args: argparse.Namespace) -> Report:
    """Speed and differences for both shapes."""
    report = Report("encoding", {"points": RAYS * SAMPLES})
    torch.manual_seed(0)
    points = points_on_rays()
    for name, lattices in SHAPES.items():
        grid = HashGrid(ROOM, lattices)
        torch.nn.init.uniform_(grid.table, -1, 1)
        found = times(grid, points)
        report.figures[name] = {key: round(ms, 1) for key, ms in found.items()}
        ratio = found["plain, both ways, ms"] / found["kernels, both ways, ms"]
        report.at_least(f"times the plain twin, {name}", ratio, 5)
        for dtype, bound in SAME.items():
            worst = difference(grid.to(dtype), points.to(dtype))
            kind = f"difference, {name}, {str(dtype)[6:]}"
            report.figures[kind] = f"{worst:.1e}"
            report.at_most(kind, worst, bound)
    return report


def points_on_rays() -> Tensor:
    """Points from places in the room in all directions, inside of it."""
    start = torch.rand(RAYS, 1, 3) * 2 - 1
    direction = F.normalize(torch.randn(RAYS, 1, 3), dim=-1)
    points = start + direction * (torch.rand(RAYS, SAMPLES, 1).sort(1)[0] * 2)
    low, high = torch.tensor(ROOM.lower), torch.tensor(ROOM.upper)
    return points.reshape(-1, 3).clamp(low, high)


def times(grid: HashGrid, points: Tensor) -> dict[str, float]:
    """Median milliseconds."""
    weights = torch.randn(len(points), grid.dim)
    out: dict[str, list[float]] = {}
    for _ in range(ROUNDS + 1):
        for name, encode in (("kernels", grid), ("plain", grid.plain)):
            grid.table.grad = None
            start = time.perf_counter()
            features = encode(points)
            middle = time.perf_counter()
            (features * weights).sum().backward()
            end = time.perf_counter()
            out.setdefault(f"{name}, forward, ms", []).append(1e3 * (middle - start))
            out.setdefault(f"{name}, both ways, ms", []).append(1e3 * (end - start))
    return {name: statistics.median(all_of[1:]) for name, all_of in out.items()}


def difference(grid: HashGrid, points: Tensor) -> float:
    """Largest difference of values and gradients between kernels and twin."""
    weights = torch.randn(len(points), grid.dim, dtype=points.dtype)
    ours, twin = (results(encode, grid, points, weights) for encode in (grid, grid.plain))
    pairs = zip(ours, twin, strict=True)
    return max(float((a - b).abs().max() / b.abs().max()) for a, b in pairs)


def results(encode: Callable[[Tensor], Tensor], grid: HashGrid, points: Tensor, weights: Tensor):
    """Features, and gradients by table and points."""
    grid.table.grad = None
    place = points.clone().requires_grad_()
    features = encode(place)
    (features * weights).sum().backward()
    return features.detach(), grid.table.grad, place.grad

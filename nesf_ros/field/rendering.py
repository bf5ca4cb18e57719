"""Pictures of a field from any pose: colour, depth, normals, opacity."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32, Float64
from numpy import ndarray
from torch import Tensor

from nesf_ros.field.cells import Along, Cells
from nesf_ros.field.rays import camera_rays
from nesf_ros.field.scene_field import SceneField, optical_depth, weights_of
from nesf_ros.types import Intrinsics, Progress, View, unheard

RAYS_AT_ONCE = 16384
SAMPLES = 16
"""Of a ray in one round; rays that are not opaque by then go on."""
SPACING = 0.25
"""Of samples, as a share of the truncation."""
DARK = 0.01
"""A ray ends where less light than this is left."""
FAINT = 1e-3
"""Segments of less weight than this are not asked for their colour."""


@dataclass(frozen=True)
class Rendering:
    """What n rays see."""

    color: Float[Tensor, "n 3"]
    """RGB, 0–1, on black."""
    opacity: Float[Tensor, " n"]
    """0–1."""
    distance_m: Float[Tensor, " n"]
    """Where half of the light is gone, along the ray; 0 where the ray is not half opaque."""


@torch.no_grad()
def render_rays(
    field: SceneField,
    cells: Cells,
    origins: Float32[Tensor, "n 3"],
    directions: Float32[Tensor, "n 3"],
    far_m: float,
) -> Rendering:
    """Follow rays front to back through living cells until they are opaque or `far_m` away."""
    count = len(origins)
    color = origins.new_zeros(count, 3)
    left = origins.new_ones(count)
    distance = origins.new_zeros(count)
    start = origins.new_zeros(count)
    spacing = field.truncation_m * SPACING
    active = torch.arange(count, device=origins.device)
    while len(active):
        o, d = origins[active], directions[active]
        ends, gaps = (torch.full_like(start[active], x) for x in (far_m, spacing))
        along = Along(ends, start[active], gaps, torch.zeros_like(gaps))
        t, found = cells.march(o, d, along, SAMPLES)
        some = found > 0
        active, o, d, t, found = active[some], o[some], d[some], t[some], found[some]
        if not len(active):
            break
        step = _composite(field, o, d, t, found)
        color[active] += left[active, None] * step.color
        # The light left after each segment, and where it falls below a half.
        after = left[active, None] * step.after
        distance[active] = torch.where(
            (distance[active] == 0) & (after[:, -1] <= 0.5),
            _half_way(step, left[active], t),
            distance[active],
        )
        left[active] = after[:, -1]
        start[active] = t.gather(1, found.long()[:, None] - 1)[:, 0]
        active = active[(found == SAMPLES) & (after[:, -1] > DARK)]
    return Rendering(color, 1 - left, distance)


@dataclass(frozen=True)
class _Step:
    """One round of samples along rays."""

    color: Tensor
    after: Tensor
    """Share of the round's light that is left after each segment."""
    depth: Tensor
    """Optical depth of each segment."""
    minus_sdf: Tensor
    """Minus the signed distance, over the softness, at each sample."""


def _composite(field: SceneField, o: Tensor, d: Tensor, t: Tensor, found: Tensor) -> _Step:
    """Colour and remaining light of one round of samples; places beyond `found` do not count."""
    number = torch.arange(t.shape[1], device=t.device)
    filled = number < found[:, None]
    points = (o[:, None] + d[:, None] * t[..., None])[filled]
    shape = field.shape(points)
    sdf = t.new_full(t.shape, field.truncation_m).masked_scatter(filled, shape.sdf_m)
    # A gap between two samples is what cells without surfaces leave out.
    span = t.diff(dim=1).clamp(max=field.truncation_m * SPACING)
    along = torch.cat([torch.zeros_like(t[:, :1]), span.cumsum(1)], 1)
    depth = optical_depth(sdf, along, field.beta_m) * filled[:, 1:]
    weights = weights_of(depth)
    row = torch.full(t.shape, -1, device=t.device).masked_scatter(
        filled, torch.arange(len(points), device=t.device)
    )[:, 1:]
    chosen = weights > FAINT
    tints = t.new_zeros(*weights.shape, 3)
    if bool(chosen.any()):
        rows = row[chosen]
        picked = type(shape)(shape.sdf_m[rows], shape.features[rows])
        tints[chosen] = field.color(picked)
    after = torch.exp(-depth.cumsum(1))
    return _Step((weights[..., None] * tints).sum(1), after, depth, -sdf / field.beta_m)


def _half_way(step: _Step, left: Tensor, t: Tensor) -> Tensor:
    """Distance at which the light falls to a half.

    Within its segment the signed distance is linear, so the optical depth up to there goes with
    softplus of it (`optical_depth`), and what is missing to a half is solved for.
    """
    index = (left[:, None] * step.after <= 0.5).float().argmax(1, keepdim=True)
    first, last = step.minus_sdf.gather(1, index), step.minus_sdf.gather(1, index + 1)
    inside = step.depth.gather(1, index)
    before = (step.depth.cumsum(1) - step.depth).gather(1, index)
    missing = ((2 * left[:, None]).clamp(min=1).log() - before).clamp(min=0)
    part = missing / inside.clamp(min=1e-9)
    rise = last - first
    flat = rise.abs() < 1e-3
    reached = F.softplus(first) + part * (F.softplus(last) - F.softplus(first))
    found = reached + torch.log(-torch.expm1(-reached.clamp(min=1e-9)))  # the inverse of softplus
    share = torch.where(flat, part, (found - first) / torch.where(flat, 1.0, rise)).clamp(0, 1)
    a, b = t.gather(1, index), t.gather(1, index + 1)
    return (a + (b - a) * share)[:, 0]


@dataclass(frozen=True)
class FieldView:
    """What a camera sees of a field."""

    color: Float32[ndarray, "height width 3"]
    """RGB, 0–1."""
    depth_m: Float32[ndarray, "height width"]
    """Along the optical axis, metres; 0 where nothing opaque is."""
    normals_world: Float32[ndarray, "height width 3"]
    """Unit vectors in the map frame that face the camera; 0 where there is no depth."""
    opacity: Float32[ndarray, "height width"]
    """0–1."""

    def as_view(self) -> View:
        """The same as the map's views are; black where nothing opaque is."""
        color = (self.color.clip(0, 1) * 255 + 0.5).astype(np.uint8)
        color[self.depth_m <= 0] = 0
        return View(color, self.depth_m, self.normals_world, drawn_by="field")


def render_view(
    field: SceneField,
    cells: Cells,
    camera: Intrinsics,
    world_T_camera: Float64[ndarray, "4 4"],
    far_m: float,
    hold: AbstractContextManager | None = None,
    progress: Progress = unheard,
) -> FieldView:
    """What a camera would see, up to a distance of `far_m`.

    The field is used within `hold`, a lock perhaps, a part of the picture at a time; between parts
    `progress` is told, and may raise.
    """
    v, u = np.mgrid[: camera.height, : camera.width]
    pixels = np.stack([u.ravel(), v.ravel()], 1)
    origins, directions = camera_rays(camera, world_T_camera, pixels)
    device = field.grid.table.device
    o, d = (
        torch.from_numpy(np.ascontiguousarray(x, np.float32)).to(device)
        for x in (origins, directions)
    )
    parts: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
    for some in zip(o.split(RAYS_AT_ONCE), d.split(RAYS_AT_ONCE), strict=True):
        with hold or nullcontext():
            parts.append(_with_normals(field, cells, *some, far_m))
        progress("drawing the scene field", min(1.0, len(parts) * RAYS_AT_ONCE / len(o)))
    color, distance, normals, opacity = (
        torch.cat(column).cpu().numpy() for column in zip(*parts, strict=True)
    )
    cosine = (directions @ world_T_camera[:3, 2]).astype(np.float32)
    size = camera.height, camera.width
    return FieldView(
        color.reshape(*size, 3),
        (distance * cosine).reshape(size),
        normals.reshape(*size, 3),
        opacity.reshape(size),
    )


def _with_normals(
    field: SceneField, cells: Cells, o: Tensor, d: Tensor, far_m: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    seen = render_rays(field, cells, o, d, far_m)
    normals = torch.zeros_like(o)
    hit = seen.distance_m > 0
    if bool(hit.any()):
        found = field.normals(o[hit] + d[hit] * seen.distance_m[hit, None])
        away = (found * d[hit]).sum(1, keepdim=True) > 0
        normals[hit] = torch.where(away, -found, found)
    return seen.color, seen.distance_m, normals, seen.opacity

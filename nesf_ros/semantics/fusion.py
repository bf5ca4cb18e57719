"""A keyframe's dense embeddings into the voxels that it shows."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float32, Float64, Int32, Int64
from numpy import ndarray
from torch import Tensor

from nesf_ros.geometry.se3 import invert
from nesf_ros.types import Intrinsics, PosedFrame
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.grid import BLOCK
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.state import occupancy_code
from nesf_ros.voxels.table import block_keys, unpacked

VISIBLE_VOXELS = 1.5
"""An occupied voxel is seen where its centre lies so near, in depth, to the depth reading."""
NEAREST_M = 0.5
"""Nearer than this, a view counts no more than at this distance."""
_EVERY = 4
"""One depth reading in so many, along rows and columns, says which blocks to look into."""


def fuse_keyframe(
    voxel_map: VoxelMap,
    layer: FeatureLayer,
    frame: PosedFrame,
    dense: Float32[Tensor, "rows cols dim"],
) -> Int64[Tensor, " n"]:
    """Put a keyframe's embeddings into the occupied voxels that it sees; returns their rows.

    `dense` covers the colour image evenly: one embedding of unit length for each cell of a grid,
    read bilinearly at the voxel's pixel. The frame must be in the map already. A view counts by
    1/z², as depth readings do: the nearer, the more of a picture's cells a thing fills.
    """
    layer.follow(voxel_map)
    voxels, points = visible_voxels(voxel_map, frame)
    rgbd = frame.rgbd
    points = moved(points, invert(rgbd.depth_T_color))
    pixels, inside = projected(points, rgbd.color_intrinsics)
    voxels, pixels, depth_m = voxels[inside], pixels[inside], points[inside, 2]
    if not len(voxels):
        return torch.zeros(0, dtype=torch.int64, device=layer.device)
    dense = dense.to(layer.device)
    basis = layer.learn(dense.flatten(0, 1))
    cells = basis.encode(dense.flatten(0, 1)).unflatten(0, dense.shape[:2])
    # Encoding is affine, so it may as well come before the interpolation: there are fewer cells.
    codes = sample(cells, pixels, rgbd.color_intrinsics)
    return layer.fuse(voxels, codes, view_weight(depth_m))


def view_weight(depth_m: Float64[Tensor, " n"]) -> Float32[Tensor, " n"]:
    """How much a view of something at this depth counts, in views at 1 m."""
    return depth_m.clamp(min=NEAREST_M).square().reciprocal().float()


def sample(
    cells: Float32[Tensor, "rows cols width"], pixels: Float64[Tensor, "n 2"], camera: Intrinsics
) -> Float32[Tensor, "n width"]:
    """Values of a grid over an image at pixels (u, v), bilinear between the cells' middles."""
    size = torch.tensor([camera.width, camera.height], device=pixels.device)
    place = ((pixels + 0.5) / size * 2 - 1).float()
    found = F.grid_sample(
        cells.permute(2, 0, 1)[None], place[None, None], padding_mode="border", align_corners=False
    )
    return found[0, :, 0].T


def visible_voxels(
    voxel_map: VoxelMap, frame: PosedFrame
) -> tuple[Int64[Tensor, "n 3"], Float64[Tensor, "n 3"]]:
    """Occupied voxels that a frame's depth image shows, and their centres in its depth camera."""
    depth_m = torch.from_numpy(frame.rgbd.depth_m).to(voxel_map.device)
    config, camera = voxel_map.config, frame.rgbd.depth_intrinsics
    depth_m = depth_m * (depth_m >= config.min_depth_m) * (depth_m <= config.max_depth_m)
    voxels = occupied_voxels_of(voxel_map, _blocks_around(voxel_map, frame, depth_m))
    centres = (voxels.double() + 0.5) * config.voxel_size_m
    points = moved(centres, invert(frame.world_T_camera))
    pixels, inside = projected(points, camera)
    voxels, points = voxels[inside], points[inside]
    u, v = pixels[inside].round().long().unbind(1)
    near = (points[:, 2] - depth_m[v, u]).abs() < VISIBLE_VOXELS * config.voxel_size_m
    near &= depth_m[v, u] > 0
    return voxels[near], points[near]


def occupied_voxels_of(voxel_map: VoxelMap, index: Int32[Tensor, "n 3"]) -> Int64[Tensor, "m 3"]:
    """All occupied voxels of some blocks."""
    blocks = voxel_map.blocks(index)
    code = occupancy_code(blocks.tsdf, blocks.weight, voxel_map.config.truncation_voxels)
    row, within = (code >= 128).nonzero(as_tuple=True)
    offset = torch.stack([within % BLOCK, within // BLOCK % BLOCK, within // BLOCK**2], 1)
    return index[blocks.row >= 0][row].long() * BLOCK + offset


def _blocks_around(
    voxel_map: VoxelMap, frame: PosedFrame, depth_m: Float32[Tensor, "height width"]
) -> Int32[Tensor, "n 3"]:
    """Blocks in which the depth readings end, a little before and behind them too."""
    camera, size = frame.rgbd.depth_intrinsics, voxel_map.config.voxel_size_m
    v, u = (depth_m[::_EVERY, ::_EVERY] > 0).nonzero().double().mul(_EVERY).unbind(1)
    z = depth_m[v.long(), u.long()].double()
    rays = torch.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, z * 0 + 1], 1)
    shifts = torch.tensor([-1.0, 0.0, 1.0], device=z.device) * VISIBLE_VOXELS * size
    points = (rays[:, None] * (z[:, None] + shifts)[..., None]).flatten(0, 1)
    blocks = torch.floor(moved(points, frame.world_T_camera) / voxel_map.block_m).long()
    return unpacked(block_keys(blocks).unique()).int()


def moved(points: Float64[Tensor, "n 3"], b_T_a: Float64[ndarray, "4 4"]) -> Float64[Tensor, "n 3"]:
    """Points of frame a in frame b."""
    matrix = torch.from_numpy(b_T_a).to(points)
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def projected(
    points: Float64[Tensor, "n 3"], camera: Intrinsics
) -> tuple[Float64[Tensor, "n 2"], Tensor]:
    """Pixels (u, v) of points in a camera's frame, and which of them lie in its image."""
    z = points[:, 2].clamp(min=1e-6)
    u = camera.fx * points[:, 0] / z + camera.cx
    v = camera.fy * points[:, 1] / z + camera.cy
    inside = (points[:, 2] > 0) & (u > -0.5) & (v > -0.5)
    inside &= (u < camera.width - 0.5) & (v < camera.height - 0.5)
    return torch.stack([u, v], 1), inside

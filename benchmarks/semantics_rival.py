"""The rival of the semantic voxels: the same features, averaged without asking what hides what."""

from __future__ import annotations

import torch
from torch import Tensor

from nesf_ros.semantics.fusion import moved, occupied_voxels_of, projected, sample, view_weight
from nesf_ros.types import PosedFrame
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.map import VoxelMap


def fuse_everything(
    voxel_map: VoxelMap, layer: FeatureLayer, frame: PosedFrame, dense: Tensor
) -> None:
    """Put a keyframe's embeddings into all occupied voxels of its frustum, near and far."""
    layer.follow(voxel_map)
    voxels = occupied_voxels_of(voxel_map, voxel_map.block_index())
    centres = (voxels.double() + 0.5) * voxel_map.config.voxel_size_m
    camera = frame.rgbd.color_intrinsics
    points = moved(centres, torch.linalg.inv(torch.from_numpy(frame.world_T_camera)).numpy())
    pixels, inside = projected(points, camera)
    inside &= points[:, 2] <= voxel_map.config.max_depth_m
    cells = layer.learn(dense.flatten(0, 1)).encode(dense.flatten(0, 1))
    cells = cells.unflatten(0, dense.shape[:2])
    layer.fuse(
        voxels[inside], sample(cells, pixels[inside], camera), view_weight(points[inside, 2])
    )

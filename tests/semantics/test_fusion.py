"""Embeddings reach the voxels that a camera sees, and no others."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nesf_ros.config import MapConfig, SemanticsConfig
from nesf_ros.geometry.cameras import unproject_image
from nesf_ros.geometry.se3 import transform_points
from nesf_ros.semantics.fusion import (
    fuse_keyframe,
    occupied_voxels_of,
    sample,
    view_weight,
    visible_voxels,
)
from nesf_ros.synthetic.renderers.raycast import RayCaster
from nesf_ros.synthetic.source import SyntheticSource
from nesf_ros.types import Intrinsics, PosedFrame, RgbdFrame
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.map import VoxelMap

CAMERA = Intrinsics(48, 36, 40.0, 40.0, 23.5, 17.5)
MAP = MapConfig(device="cpu", voxel_size_m=0.05, max_depth_m=3.0, submap_radius_m=1.0)


def view(depth_m, world_T_camera=None, depth_T_color=None) -> PosedFrame:
    depth = np.broadcast_to(np.asarray(depth_m, np.float32), (36, 48)).copy()
    color = np.zeros((36, 48, 3), np.uint8)
    place = np.eye(4) if depth_T_color is None else depth_T_color
    rgbd = RgbdFrame(1, "camera", color, depth, CAMERA, CAMERA, place)
    return PosedFrame(rgbd, np.eye(4) if world_T_camera is None else world_T_camera)


def layer_for(dim: int = 8) -> FeatureLayer:
    return FeatureLayer(SemanticsConfig(), "oracle@000000000000", dim, "cpu")


def one(place: int, rows: int = 1, cols: int = 1, dim: int = 8) -> torch.Tensor:
    """A grid of one embedding."""
    return torch.eye(dim)[place].expand(rows, cols, dim).contiguous()


def moved(x: float) -> np.ndarray:
    pose = np.eye(4)
    pose[0, 3] = x
    return pose


def test_a_grid_is_read_between_the_middles_of_its_cells():
    cells = torch.tensor([[[0.0], [1.0]], [[2.0], [3.0]]])
    camera = Intrinsics(40, 20, 10.0, 10.0, 0.0, 0.0)
    # Middles of the cells: u = 9.5 and 29.5, v = 4.5 and 14.5.
    pixels = torch.tensor([[9.5, 4.5], [19.5, 4.5], [29.5, 9.5], [0.0, 0.0], [39.0, 19.0]])
    got = sample(cells, pixels.double(), camera)[:, 0]
    torch.testing.assert_close(got, torch.tensor([0.0, 0.5, 2.0, 0.0, 3.0]))


def test_near_views_count_more():
    weight = view_weight(torch.tensor([0.2, 0.5, 1.0, 2.0]).double())
    torch.testing.assert_close(weight, torch.tensor([4.0, 4.0, 1.0, 0.25]))


def test_a_wall_behind_something_does_not_get_its_embedding():
    voxel_map, layer = VoxelMap(MAP), layer_for()
    wall = view(2.02)
    depth = np.full((36, 48), 2.02, np.float32)
    depth[:, :24] = 1.02  # something in front of the left half
    hiding = view(depth)
    for _ in range(3):
        voxel_map.integrate(wall)
    fuse_keyframe(voxel_map, layer, wall, one(0))
    before = len(layer)
    for _ in range(3):
        voxel_map.integrate(hiding)
    # The wall behind is contradicted by nothing: it is still in the map.
    rows = fuse_keyframe(voxel_map, layer, hiding, one(1))
    voxels = layer.table.voxels()
    hidden = (voxels[:, 2] == 40) & (voxels[:, 0] < -2)
    crate = voxels[:, 2] == 20
    assert hidden.sum() > 100
    assert crate.sum() > 100
    got = layer.embeddings(torch.arange(len(layer)))
    assert (got[hidden] == torch.eye(8)[0]).all()
    assert (got[crate] == torch.eye(8)[1]).all()
    assert len(layer) > before
    assert not hidden[rows].any()


def test_a_view_from_elsewhere_counts_by_its_distance():
    voxel_map, layer = VoxelMap(MAP), layer_for()
    near, far = view(1.02, np.diag([1.0, 1, 1, 1])), view(2.02)
    near.world_T_camera[2, 3] = 1.0
    voxel_map.integrate(far)
    fuse_keyframe(voxel_map, layer, far, one(0))
    rows = fuse_keyframe(voxel_map, layer, near, one(1))
    wall = rows[layer.table.voxels(rows)[:, 2] == 40]  # centres at 2.025 m
    share = layer.embeddings(wall)[:, 1]
    expected = (1 / 1.025**2) / (1 / 1.025**2 + 1 / 2.025**2)
    torch.testing.assert_close(share, torch.full_like(share, expected), atol=2e-3, rtol=0)


def test_the_colour_camera_looks_from_its_own_place():
    voxel_map, layer = VoxelMap(MAP), layer_for()
    frame = view(1.02, depth_T_color=moved(0.3))
    voxel_map.integrate(frame)
    dense = torch.stack([one(0)[0, 0]] * 24 + [one(1)[0, 0]] * 24)[None].expand(36, 48, 8)
    rows = fuse_keyframe(voxel_map, layer, frame, dense.contiguous())
    x = (layer.table.voxels(rows)[:, 0] + 0.5) * 0.05
    left = layer.embeddings(rows)[:, 0] > 0.5
    # Its image's middle shows x = 0.3 m, and its left edge x = 0.3 - 0.6 m.
    assert torch.equal(left, x < 0.3)
    assert float(x.min()) > 0.3 - 0.6 - 0.05
    depth_camera_sees = visible_voxels(voxel_map, frame)[0]
    assert float(depth_camera_sees[:, 0].min()) * 0.05 < -0.5


def test_a_frame_that_shows_nothing_changes_nothing():
    voxel_map, layer = VoxelMap(MAP), layer_for()
    assert len(fuse_keyframe(voxel_map, layer, view(0.0), one(0))) == 0
    voxel_map.integrate(view(1.0))
    away = np.diag([-1.0, 1.0, -1.0, 1.0])
    assert len(fuse_keyframe(voxel_map, layer, view(2.5, away), one(0))) == 0
    assert len(layer) == 0
    assert layer.basis is None


@pytest.fixture(scope="module")
def walked():
    """A room with a random embedding for every thing: map, layer, embeddings, truth by voxel."""
    source = SyntheticSource(1, 25, rate_hz=0.7, size=(160, 120))
    generator = torch.Generator().manual_seed(0)
    things = F.normalize(torch.randn(len(source.scene.things), 96, generator=generator), dim=1)
    voxel_map, layer = VoxelMap(MapConfig(device="cpu")), layer_for(96)
    caster, seen = RayCaster(source.scene), {}
    for frame in source:
        shown = caster.render(source.camera, frame.world_T_camera).instances
        voxel_map.integrate(frame)
        dense = (
            things[torch.from_numpy(shown).clamp(min=0).long()]
            * torch.from_numpy(shown >= 0)[..., None]
        )
        fuse_keyframe(voxel_map, layer, frame, dense)
        points = transform_points(
            frame.world_T_camera, unproject_image(frame.rgbd.depth_m, source.camera)
        )[shown >= 0]
        for place, thing in zip(
            map(tuple, np.floor(points / 0.05).astype(int).tolist()), shown[shown >= 0], strict=True
        ):
            seen.setdefault(place, set()).add(int(thing))
    return voxel_map, layer, things, seen


def test_voxels_of_a_room_answer_with_the_thing_they_show(walked):
    _, layer, things, seen = walked
    found = layer.similarity(things).argmax(1).tolist()
    alone = {
        tuple(place): thing
        for place, thing in zip(layer.table.voxels().tolist(), found, strict=True)
        if len(seen.get(tuple(place), ())) == 1
    }
    right = [seen[place] == {thing} for place, thing in alone.items()]
    assert len(right) > 8000
    assert np.mean(right) > 0.995
    assert len({thing for place, thing in alone.items()}) > 30


def test_most_of_what_is_occupied_has_been_given_an_embedding(walked):
    voxel_map, layer, _, _ = walked
    occupied = occupied_voxels_of(voxel_map, voxel_map.block_index())
    assert (layer.table.rows_of(occupied) >= 0).float().mean() > 0.98
    assert len(layer) < 1.05 * len(occupied)

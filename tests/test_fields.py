"""Fields beside the map: they follow its surfaces, learn in spare time, and show what they know."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from nesf_ros.config import MapConfig, NesfConfig
from nesf_ros.config_field import FieldConfig
from nesf_ros.fields import SceneFields
from nesf_ros.geometry.cameras import unproject_image
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.synthetic.source import SyntheticSource
from nesf_ros.voxels.near import near_surface

MAP = MapConfig(device="cpu", voxel_size_m=0.08, max_depth_m=4.0, submap_radius_m=2.0)


@pytest.fixture(scope="module")
def frames():
    return list(SyntheticSource(0, 6, 1.0, (80, 60)))


@pytest.fixture
def mapper(frames):
    mapper = SemanticMapper(NesfConfig(map=MAP, field=FieldConfig(enabled=True)))
    for frame in frames[:5]:
        mapper.add_frame(frame)
    return mapper


def only(fields: SceneFields):
    (entry,) = fields.entries
    return entry


def test_without_the_setting_there_is_no_field(frames):
    mapper = SemanticMapper(NesfConfig(map=MAP))
    mapper.add_frame(frames[0])
    assert mapper.fields is None


def test_cells_live_where_the_map_has_surfaces_and_nowhere_else(mapper):
    cells = only(mapper.fields).fitter.cells
    index, near = near_surface(mapper.map, cells.box, -1)
    block, *inside = near.nonzero(as_tuple=True)
    offset = np.array(only(mapper.fields).submap.grid.offset)
    expected = (index[block].numpy() - offset) * 8 + np.stack([i.numpy() for i in inside], 1)
    found = cells.alive.nonzero().numpy()
    assert len(found) > 500
    assert set(map(tuple, found)) == set(map(tuple, expected))


def test_of_many_fine_voxels_several_make_a_cell(mapper, frames, monkeypatch):
    fine = only(mapper.fields).fitter.cells
    monkeypatch.setattr("nesf_ros.fields.MOST", fine.alive.numel() // 8)
    other = SemanticMapper(NesfConfig(map=MAP, field=FieldConfig(enabled=True)))
    for frame in frames[:5]:
        other.add_frame(frame)
    coarse = only(other.fields).fitter.cells
    assert coarse.size_m == pytest.approx(2 * fine.size_m) and coarse.box == fine.box
    pooled = torch.nn.functional.max_pool3d(fine.alive[None].float(), 2)[0] > 0
    assert torch.equal(coarse.alive, pooled) and pooled.any()
    assert other.fields.work() and not other.fields.failure


def test_close_voxels_are_within_the_band_of_the_surface(mapper, frames):
    """Against the depth images themselves: their points lie in living cells."""
    frame = frames[0]
    points = unproject_image(frame.rgbd.depth_m, frame.rgbd.depth_intrinsics).reshape(-1, 3)
    points = points[(points[:, 2] > 0.3) & (points[:, 2] < 3.5)]
    world = points @ frame.world_T_camera[:3, :3].T + frame.world_T_camera[:3, 3]
    held = only(mapper.fields).fitter.cells.holds(torch.from_numpy(world).float())
    assert held.float().mean() > 0.9


def test_work_learns_from_keyframes_and_ends_when_it_is_done(mapper):
    entry = only(mapper.fields)
    waiting = len(entry.waiting)
    assert waiting == len(mapper.keyframes) and not entry.learned
    for _ in range(waiting + 3):
        assert mapper.fields.work()
    assert (len(entry.learned), len(entry.waiting), mapper.fields.steps) == (waiting, 0, 3)
    entry.fitter.since_change = 10**6
    assert not mapper.fields.work()


def test_a_view_is_the_field_s_only_while_it_leads(mapper, frames):
    camera, pose = frames[0].rgbd.color_intrinsics, frames[0].world_T_camera
    for _ in range(60):
        mapper.fields.work()
    entry = only(mapper.fields)
    entry.lead = -0.01
    voxels = mapper.render_view(camera, pose)
    entry.lead = 0.01
    field = mapper.render_view(camera, pose)
    assert (voxels.drawn_by, field.drawn_by) == ("voxels", "field")
    both = (voxels.depth_m > 0) & (field.depth_m > 0)
    assert both.mean() > 0.5
    assert np.median(np.abs(voxels.depth_m - field.depth_m)[both]) < 0.05


def test_somewhere_else_the_voxels_answer(mapper, frames):
    only(mapper.fields).lead = 1.0
    far = frames[0].world_T_camera.copy()
    far[:3, 3] += 100.0
    assert mapper.render_view(frames[0].rgbd.color_intrinsics, far).drawn_by == "voxels"


def test_an_examination_says_which_is_nearer_to_the_picture(mapper):
    entry = only(mapper.fields)
    mapper.fields.work()
    for _ in range(40):
        mapper.fields.work()
    for known in entry.learned:  # as if the voxels showed nothing but noise
        known.voxels.color[:] = np.random.default_rng(0).integers(0, 255, known.voxels.color.shape)
    entry.lead = 0.0
    mapper.fields._examine(entry)
    assert entry.lead > 0


def test_a_keyframe_that_is_let_go_is_learned_from_no_more(mapper):
    fields, entry = mapper.fields, only(mapper.fields)
    fields.work()
    gone, waits = entry.learned[0].frame, entry.waiting[0].frame
    fields.forget(gone)
    fields.forget(waits)
    assert len(entry.learned) == len(entry.fitter.replay) == 0
    assert waits not in [new.frame for new in entry.waiting]


def test_reset_forgets_all_fields(mapper):
    mapper.reset()
    assert mapper.fields.steps == 0 and not mapper.fields.work()


def test_a_submap_of_too_many_cells_costs_the_field_and_not_the_map(frames, monkeypatch):
    monkeypatch.setattr("nesf_ros.field.cells.MOST", 1000)
    mapper = SemanticMapper(NesfConfig(map=MAP, field=FieldConfig(enabled=True)))
    assert mapper.add_frame(frames[0]).keyframe
    assert "1000 cells are allowed" in mapper.fields.failure
    assert not mapper.fields.work()


def test_of_too_many_fields_the_oldest_goes(frames):
    config = NesfConfig(map=MAP, field=FieldConfig(enabled=True, max_fields=2))
    mapper = SemanticMapper(config)
    for step in range(3):
        pose = frames[0].world_T_camera.copy()
        pose[0, 3] += 50.0 * step
        mapper.add_frame(replace(frames[0], world_T_camera=pose))
    kept = [entry.submap for entry in mapper.fields.entries]
    assert kept == mapper.map.submaps[1:]


def test_a_field_that_has_failed_is_not_shown(mapper, frames):
    mapper.fields.work()
    entry = only(mapper.fields)
    entry.lead = 1.0
    mapper.fields.failure = "out of memory"
    view = mapper.render_view(frames[0].rgbd.color_intrinsics, frames[0].world_T_camera)
    assert view.drawn_by == "voxels"
    waiting = len(entry.waiting)
    mapper.fields.add_keyframe(frames[5])
    assert len(entry.waiting) == waiting


def test_a_keyframe_without_depth_leaves_it_to_the_map_which_cells_live(mapper, frames):
    rgbd = replace(frames[5].rgbd, depth_m=np.zeros_like(frames[5].rgbd.depth_m))
    fitter = only(mapper.fields).fitter
    fitter.add(replace(frames[5], rgbd=rgbd))
    assert fitter.replay.blind and fitter.survey is None


class LostGpu:
    """What a fitter's step does once its GPU is out of memory."""

    def __init__(self):
        self.calls = 0

    def step(self):
        self.calls += 1
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nMore.")


def test_where_the_gpu_fails_fields_begin_anew_on_the_cpu_with_all_keyframes(mapper, monkeypatch):
    fields = mapper.fields
    while only(fields).waiting:
        fields.work()
    before = only(fields)
    fields.device = torch.device("cuda")  # as far as the fields know
    lost = LostGpu()
    monkeypatch.setattr(before.fitter, "step", lost.step)
    assert fields.work() and lost.calls == 1
    assert fields.device.type == "cpu" and not fields.failure
    assert fields.notice == (
        "cuda failed (CUDA out of memory. Tried to allocate 2.00 GiB.); fields go on on the CPU"
    )
    after = only(fields)
    assert after.submap is before.submap and after is not before
    assert [e.frame for e in after.waiting] == [e.frame for e in before.learned]
    assert torch.equal(after.fitter.cells.alive, before.fitter.cells.alive)
    while fields.work() and fields.steps < 3:
        pass
    assert fields.steps == 3


def test_a_failure_of_the_cpu_is_nothing_to_go_on_from(mapper, monkeypatch):
    while only(mapper.fields).waiting:
        mapper.fields.work()
    monkeypatch.setattr(only(mapper.fields).fitter, "step", LostGpu().step)
    with pytest.raises(RuntimeError, match="out of memory"):
        mapper.fields.work()

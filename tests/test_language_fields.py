"""Language fields beside the map: taught by its keyframes, and asked through its voxels."""

import gc
import weakref
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from nesf_ros import language_fields
from nesf_ros.config import KeyframesConfig, MapConfig, NesfConfig, SemanticsConfig, VisionConfig
from nesf_ros.config_field import FieldConfig, LerfConfig
from nesf_ros.errors import ConfigError, StorageError
from nesf_ros.field.hash_grid import Lattices
from nesf_ros.language_fields import FEWEST_CROPS, preset_of, sizes_of
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.semantics.lerf import choice
from nesf_ros.semantics.lerf.presets import PRESETS, LerfPreset
from nesf_ros.semantics.lerf.supervision import Crops
from nesf_ros.semantics.questions import Question
from nesf_ros.types import PosedFrame, RgbdFrame
from nesf_ros.voxels.sized import Sizes
from tests.semantics.test_language import BLUE, CAMERA, RED, ColorModel, ColorTower

TINY = LerfPreset(Crops((0.125, 0.25, 0.5)), (Lattices(4, 4, 12, 0.64, 0.04),), width=32, rays=256,
                  steps=60, min_views=1, sizes_m=(0.2, 0.4))  # fmt: skip
DEPTH_M = 1.5
CLEAR = 0.95
"""Relevancy of what is nearer to a text than to a phrase by a cosine of 0.3."""


@pytest.fixture(scope="module", autouse=True)
def tiny_preset():
    """Fields that learn in seconds; what they say counts early."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "live", TINY)
        patch.setattr(language_fields, "YOUNG", 5)
        yield


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps")
    prompts = folder / "prompts.txt"
    prompts.write_text("{}\n")
    return NesfConfig(
        keyframes=KeyframesConfig(max_count=5, translation_m=0.1),
        map=MapConfig(device="cpu", voxel_size_m=0.05, max_depth_m=3.0, submap_radius_m=1.0,
                      folder=str(folder)),
        vision=VisionConfig(prompts=str(prompts)),
        semantics=SemanticsConfig(canonical=("thing", "stuff")),
        field=FieldConfig(enabled=True, log2_entries=11, finest_m=0.04),
        lerf=LerfConfig(budget_ms=0.0),
    )  # fmt: skip


def wall(number: int, x: float = 0.0, colors=(RED, BLUE)) -> PosedFrame:
    """A wall 1.5 m ahead of a camera at x, of one colour left of x = 0 and another one right."""
    right = x + (np.arange(64) - 31.5) / 50 * DEPTH_M > 0
    color = np.tile(np.where(right[:, None], colors[1], colors[0]).astype(np.uint8), (48, 1, 1))
    depth, pose = np.full((48, 64), DEPTH_M, np.float32), np.eye(4)
    pose[0, 3] = x
    return PosedFrame(RgbdFrame(number, "camera", color, depth, CAMERA, CAMERA, np.eye(4)), pose)


def mapper_of(config, *frames, model=None):
    torch.manual_seed(0)
    mapper = SemanticMapper(config)
    mapper.use_language(model or ColorModel())
    for frame in frames:
        assert mapper.add_frame(frame).keyframe
    return quick(mapper)


def quick(mapper):
    """Steps of the scene fields become small ones, and the fields are done after some 200."""
    for entry in mapper.fields.entries:
        config = replace(entry.fitter.config, rays=256, tints=64, half_life=40)
        entry.fitter.config = config
    return mapper


def refined(mapper, most=600):
    steps = 0
    while mapper.refine():
        steps += 1
        assert steps < most
    return mapper


def pushed(mapper, steps=6, geometry=0):
    """Language fields that have learned a little, after so many steps of geometry."""
    entries = mapper.fields.entries
    while any(e.waiting or e.fitter.steps < geometry for e in entries):
        mapper.fields.work()
    for entry in entries:  # so much that language may be learned
        entry.fitter.steps += 1000
    for _ in range(steps):
        assert mapper.language_fields.work()
    return mapper


def found(mapper):
    answer = mapper.ask(Question(("red", "blue", "green"), threshold=CLEAR))
    red, blue, green = answer.texts
    assert (red.exists, blue.exists, green.exists) == (True, True, False)
    assert red.peak_m[0] < 0 < blue.peak_m[0]
    return red, blue


@pytest.fixture(scope="module")
def learned(config):
    """Three looks at a wall, fitted to the end; no voxel was told yet. Not to be changed."""
    mapper = mapper_of(config, *(wall(n, x) for n, x in enumerate((-0.2, 0.0, 0.2))))
    return refined(pushed(mapper, 1, geometry=100))


@pytest.fixture
def young(config):
    """One look at a wall, from which a language field has learned a little."""
    return pushed(mapper_of(config, wall(1)))


@pytest.mark.slow
def test_what_is_there_is_found_with_the_field_as_without(learned):
    fields, layer = learned.language_fields, learned.layer
    assert fields.steps == TINY.steps and not learned.refine()
    plain = found(learned)
    assert len(fields.due(100).voxels) == 100
    assert fields.refresh() >= len(layer) > 1000 and fields.due() is None
    assert bool(layer.column("sized").all())
    for before, after in zip(plain, found(learned), strict=True):
        assert after.instances[0].centroid_m == pytest.approx(before.instances[0].centroid_m,
                                                              abs=0.2)  # fmt: skip


@pytest.mark.slow
def test_codes_say_what_is_there_at_every_size(learned):
    """Decoded by hand: lift · the basis' mean + code · its matrix."""
    layer, basis = learned.layer, learned.layer.basis
    learned.language_fields.refresh()
    x = layer.table.voxels()[:, 0] * 0.05
    columns = {name: layer.column(name).float() for name in ("sized_code", "sized_lift")}
    red, blue = ColorModel().encode_text(["red", "blue"])
    for size in range(len(TINY.sizes_m)):
        seen = columns["sized_lift"][:, size, None] * basis.mean
        seen = seen + columns["sized_code"][:, size] @ basis.matrix
        redder = seen @ red > seen @ blue
        assert redder[x < -0.3].float().mean() > 0.98
        assert redder[x > 0.3].float().mean() < 0.02


def test_once_a_field_is_done_all_voxels_are_told_anew(young):
    fields, count = young.language_fields, len(young.layer)
    assert fields.refresh() == count and fields.due() is None
    while fields.work():
        pass
    assert len(fields.due(count).voxels) == count
    assert fields.refresh() == count and fields.due() is None


@pytest.mark.parametrize(
    "off", [{"field": FieldConfig(enabled=False)}, {"lerf": LerfConfig(enabled=False)}]
)
def test_without_either_setting_voxels_have_no_room_for_sizes(config, off):
    mapper = SemanticMapper(replace(config, **off))
    mapper.use_language(ColorModel())
    mapper.add_frame(wall(1))
    assert mapper.language_fields is None
    assert len(mapper.layer.sized) == 0 and "sized_code" not in mapper.layer.table.columns
    found(mapper)


class Slow(ColorModel):
    """A model whose looks take time that a clock of its own tells."""

    def __init__(self, crop_s):
        super().__init__()
        self.now_s, self.looks, self.tower = 0.0, 0, ColorTower()

        def look(images):
            self.now_s += crop_s * len(images)
            self.looks += len(images)
            return ColorTower().look(images)

        self.tower.look = look


@pytest.mark.parametrize(
    ("budget_ms", "crop_s", "crops"),
    [
        # Half overlapping, of 48 x 64 px: 3 x 5 of 24 px, 7 x 10 of 12 px, 15 x 21 of 6 px.
        (0.0, 10.0, [400, 400]),
        (5000.0, 0.01, [15, 400]),
        (1000.0, 0.01, [15, 85]),
        # Edge to edge the small ones are 8 x 11.
        (2000.0, 0.01, [15, 173]),
        (1000.0, 10.0, [FEWEST_CROPS, FEWEST_CROPS]),
    ],
)
def test_a_keyframe_is_looked_at_for_as_long_as_there_is_time(
    config, monkeypatch, budget_ms, crop_s, crops
):
    model = Slow(crop_s)
    clock = SimpleNamespace(perf_counter=lambda: model.now_s)
    monkeypatch.setattr(language_fields, "time", clock)
    mapper = SemanticMapper(replace(config, lerf=LerfConfig(budget_ms=budget_ms)))
    mapper.use_language(model)
    looked = []
    for number in range(2):
        dense = mapper.language.look(wall(number))
        model.looks = 0
        lesson = mapper.language_fields.lesson(wall(number), dense)
        assert len(lesson.crops.embeddings) == model.looks
        looked.append(model.looks)
    assert looked == crops


def test_of_a_preset_s_limit_no_more_is_taken_than_there_is_time_for(config, monkeypatch):
    monkeypatch.setitem(PRESETS, "live", replace(TINY, crops=replace(TINY.crops, limit=100)))
    for budget_ms in (0.0, 1e6):
        mapper = SemanticMapper(replace(config, lerf=LerfConfig(budget_ms=budget_ms)))
        mapper.use_language(ColorModel())
        dense = mapper.language.look(wall(1))
        fields = mapper.language_fields
        counts = [len(fields.lesson(wall(1), dense).crops.embeddings) for _ in range(2)]
        assert counts[1] == 85


def test_a_keyframe_that_is_let_go_is_forgotten_by_both_fields(config):
    few = replace(config, keyframes=replace(config.keyframes, max_count=2))
    mapper = mapper_of(few, wall(1, -0.2), wall(2, 0.2))
    refs = [weakref.ref(keyframe.frame) for keyframe in mapper.keyframes]
    pushed(mapper, 3)
    assert mapper.add_frame(wall(3)).keyframe
    gc.collect()
    kept = [keyframe.frame for keyframe in mapper.keyframes]
    assert len(kept) == 2
    assert sum(ref() is None for ref in refs) == 1  # nobody holds the one that went
    (entry,) = mapper.fields.entries
    pushed(mapper, 3)
    assert [known.frame.rgbd.stamp_ns for known in entry.learned] == [
        frame.rgbd.stamp_ns for frame in kept
    ]


def test_a_keyframe_whose_pose_was_corrected_is_still_let_go_and_taught(config):
    mapper = mapper_of(config, wall(1, -0.2), wall(2, 0.2))
    first, second = mapper.keyframes
    images = weakref.ref(first.frame.rgbd)
    lesson = mapper.language_fields.lesson(second.frame, mapper.language.look(second.frame))
    mapper.keyframes.repose({0: wall(1, -0.25).world_T_camera, 1: wall(2, 0.25).world_T_camera})
    assert second.frame.world_T_camera[0, 3] == 0.25
    pushed(mapper, 3)
    (entry,), ((_, fitter),) = mapper.fields.entries, mapper.language_fields._made
    assert (len(entry.learned), len(fitter.taught)) == (2, 2)
    mapper._let_go(first)
    del first
    assert (len(entry.learned), len(fitter.taught)) == (1, 1)
    fitter.forget(second.frame)
    assert not fitter.taught
    mapper.language_fields.teach(second.frame, lesson)
    assert len(fitter.taught) == 1
    mapper.keyframes.clear()
    gc.collect()
    assert images() is None and not entry.learned and not fitter.taught


def test_a_keyframe_that_went_while_it_was_looked_at_teaches_nothing(young):
    fields, frame = young.language_fields, wall(2)
    fields.teach(frame, fields.lesson(frame, young.language.look(frame)))
    ref = weakref.ref(frame)
    del frame
    gc.collect()
    assert ref() is None
    assert fields.work()  # the one that is there


def test_reset_leaves_nothing(young):
    young.language_fields.refresh()
    young.reset()
    fields = young.language_fields
    assert fields.steps == 0 and fields.due() is None
    assert not young.refine() and not fields.work()
    answer = young.ask(Question(("red",)))
    assert not answer.texts[0].exists and len(answer.voxels) == 0
    young.add_frame(wall(2))
    quick(young)
    found(young)  # though no voxel knows sizes
    pushed(young)
    assert fields.refresh() == len(young.layer) > 1000


@pytest.fixture
def chosen(monkeypatch):
    """How many texts sizes were chosen for, each time."""
    counts = []
    real = choice.best_sizes

    def counting(layer, texts, phrases):
        counts.append(len(texts))
        return real(layer, texts, phrases)

    monkeypatch.setattr(choice, "best_sizes", counting)
    return counts


def test_after_a_reset_no_size_is_chosen_until_a_field_has_spoken(young, chosen):
    red = Question(("red",))
    young.ask(red)
    assert chosen == []
    young.language_fields.refresh()
    young.ask(red)
    assert chosen == [1]
    young.reset()
    young.add_frame(wall(2))
    young.ask(red)
    assert chosen == [1]
    pushed(quick(young))
    young.language_fields.refresh()
    young.ask(red)
    assert chosen == [1, 1]


def test_sizes_chosen_for_one_map_are_not_those_of_the_next(young, chosen):
    red, fields = Question(("red",)), young.language_fields
    fields.refresh()
    young.ask(red)
    young.save("home")
    young.load("home")
    young.add_frame(wall(2))
    pushed(quick(young))
    few = fields.due(10)
    assert fields.take(few, fields.codes(few)) == 10 < len(young.layer) / 4
    young.ask(red)
    assert chosen == [1, 1]


def test_a_field_of_before_a_reset_says_nothing_of_the_map_after_it(young):
    young.reset()
    young.add_frame(wall(2, colors=(BLUE, RED)))
    fields = young.language_fields
    assert fields.codes(fields.due()) is None


def test_codes_of_before_a_reset_are_dropped(young):
    fields = young.language_fields
    due = fields.due()
    codes = fields.codes(due)
    young.reset()
    assert fields.take(due, codes) == 0
    young.add_frame(wall(2))
    assert fields.take(due, codes) == 0
    assert not bool(young.layer.column("sized").any())


def test_voxels_that_vanished_are_told_nothing(young):
    fields, layer = young.language_fields, young.layer
    due = fields.due()
    codes = fields.codes(due)
    count, left = len(layer), (layer.table.voxels()[:, 0] < 0).nonzero()[:, 0]
    layer.table.remove(left)
    assert 0 < len(left) < count
    assert fields.take(due, codes) == count - len(left) == len(layer)
    assert bool(layer.column("sized").all()) and fields.due() is None


def test_before_a_field_has_learned_enough_voxels_are_told_nothing(config):
    mapper = mapper_of(config, wall(1))
    fields = mapper.language_fields
    assert len(fields.due().voxels) == len(mapper.layer)
    assert fields.codes(fields.due()) is None and fields.refresh() == 0
    pushed(mapper, 4)
    assert fields.codes(fields.due()) is None
    assert fields.work() and fields.codes(fields.due()) is not None


def test_language_waits_for_geometry(config):
    """So many steps of the scene field come first."""
    mapper = mapper_of(config, wall(1))
    for _ in range(1 + 6):  # the keyframe is taken in, then learned from
        mapper.refine()
    assert (mapper.fields.steps, mapper.language_fields.steps) == (6, 1)


def test_the_field_of_another_place_begins_with_the_heads_of_the_first(young):
    first = young.language_fields._made[0][1].language
    young.add_frame(wall(2, 20.0))
    second = young.language_fields._made[1][1].language
    for name in ("trunk", "last", "patch_trunk", "patch_last"):
        ours, theirs = (getattr(field, name).state_dict() for field in (first, second))
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    assert not torch.equal(first.grids[0].table, second.grids[0].table)


def test_each_voxel_is_told_by_the_field_that_it_lies_in(young):
    """Twenty metres apart: none of the two fields knows the other's voxels."""
    young.add_frame(wall(2, 20.0, (BLUE, BLUE)))
    pushed(quick(young), TINY.steps + 6)  # the newest field learns first
    fields, layer = young.language_fields, young.layer
    due = fields.due(len(layer))
    far = due.voxels[:, 0] * 0.05 > 10
    assert bool(far.any()) and bool((~far).any())
    codes = fields.codes(due)
    own = (due.code / due.length[:, None])[:, None]
    for side in (far, ~far):
        told = (codes.code[side] - own[side]).abs().amax((1, 2)) > 1e-3
        assert told.float().mean() > 0.9
    assert fields.take(due, codes) == len(layer)


def test_voxels_that_no_field_knows_are_not_told_and_hold_up_nobody(young):
    """As where the oldest field went for want of room."""
    young.add_frame(wall(2, 20.0))
    pushed(quick(young))
    fields, layer = young.language_fields, young.layer
    young.fields.entries = young.fields.entries[1:]
    assert fields.work()
    assert fields.refresh() == len(layer) and fields.due() is None
    near = layer.table.voxels()[:, 0] * 0.05 < 10
    assert bool(near.any()) and not bool(layer.column("sized")[near].any())
    assert layer.column("sized")[~near].float().mean() > 0.9


def test_voxels_whose_field_was_let_go_keep_what_it_said_when_another_is_done(young):
    young.add_frame(wall(2, 20.0, (BLUE, BLUE)))
    pushed(quick(young), TINY.steps + 6)  # the newest field learns first, and is done
    fields, layer = young.language_fields, young.layer
    assert fields.refresh() == len(layer)
    near = layer.table.voxels()[:, 0] * 0.05 < 10
    kept = [layer.column(name)[near].clone() for name in ("sized_code", "sized_lift")]
    assert bool(layer.column("sized")[near].any()) and kept[0].abs().max() > 0.01
    young.fields.entries = young.fields.entries[1:]
    fields.work()
    fields._settled = True
    assert fields.refresh() == len(layer)
    for name, before in zip(("sized_code", "sized_lift"), kept, strict=True):
        assert torch.equal(layer.column(name)[near], before)


def test_a_model_that_comes_late_is_shown_the_keyframes_that_are_held(config):
    mapper = SemanticMapper(config)
    mapper.add_frame(wall(1))
    mapper.use_language(ColorModel())
    pushed(quick(mapper))
    assert mapper.language_fields.refresh() == len(mapper.layer) > 1000


def test_a_model_that_does_not_fit_the_map_learns_after_a_reset(config):
    mapper_of(config, wall(1)).save("theirs")
    mapper = SemanticMapper(config)
    mapper.load("theirs")
    with pytest.raises(StorageError, match="colours@0"):
        mapper.use_language(ColorModel("shapes@111111111111"))
    assert not mapper.refine()
    mapper.reset()
    mapper.add_frame(wall(2))
    pushed(quick(mapper))
    assert mapper.language_fields.refresh() == len(mapper.layer) > 1000


def test_a_map_that_is_loaded_begins_without_fields(young):
    young.language_fields.refresh()
    young.save("home")
    young.load("home")
    assert not young.refine() and young.language_fields.steps == 0
    assert not bool(young.layer.column("sized").any()) and young.language_fields.due() is None
    found(young)


def test_every_preset_can_be_set_and_no_other():
    for name, preset in PRESETS.items():
        assert preset_of(LerfConfig(preset=name)).lattices is preset.lattices
    with pytest.raises(ConfigError, match="preset is 'huge'; it must be one of live, cpu, paper"):
        LerfConfig(preset="huge")


def test_what_is_set_beside_a_preset():
    assert sizes_of(LerfConfig()) == Sizes(TINY.sizes_m, TINY.min_views)
    assert sizes_of(LerfConfig(min_views=7)) == Sizes(TINY.sizes_m, 7)
    assert preset_of(LerfConfig(preset="cpu")) is not PRESETS["cpu"]
    assert preset_of(LerfConfig(preset="cpu")) == PRESETS["cpu"]


def test_frames_all_alike_and_of_one_colour_are_learned_from(config):
    """Nothing to tell apart: the basis has no direction, and all is of the one colour."""
    alike = replace(config, keyframes=replace(config.keyframes, translation_m=0.001))
    frames = [wall(n, 0.01 * n, (RED, RED)) for n in range(2)]
    torch.manual_seed(0)
    mapper = SemanticMapper(alike)
    mapper.use_language(ColorModel())
    for frame in frames:
        mapper.add_frame(frame)
    pushed(quick(mapper), TINY.steps, geometry=100)
    assert mapper.language_fields.refresh() == len(mapper.layer) > 1000
    assert bool(mapper.layer.column("sized_code").isfinite().all())
    red, blue = mapper.ask(Question(("red", "blue"), threshold=CLEAR)).texts
    assert red.exists and not blue.exists


def test_a_keyframe_without_depth_harms_nothing(young):
    frame = wall(2, 0.5)
    blind = replace(frame, rgbd=replace(frame.rgbd, depth_m=np.zeros_like(frame.rgbd.depth_m)))
    young.on_keyframe(blind)
    assert young.language_fields.work()
    young.fields.add_keyframe(blind)
    young.on_keyframe(blind)
    pushed(young)
    assert young.language_fields.refresh() == len(young.layer) > 1000
    assert bool(young.layer.column("sized_code").isfinite().all())


def test_a_submap_without_keyframes_has_no_field(config):
    mapper = SemanticMapper(config)
    mapper.use_language(ColorModel())
    assert not mapper.refine() and mapper.language_fields.refresh() == 0
    mapper.map.integrate(wall(1))
    assert not mapper.refine() and mapper.language_fields.due() is None
    assert mapper.language_fields.steps == 0

"""Long-tail scenes: truth against the frames themselves."""

from dataclasses import replace

import numpy as np
import pytest

from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation.lerf_queries import CLASS, Query, fits
from nesf_ros.evaluation.lerf_scenes import (
    MIN_FRAMES,
    MIN_PART_PX,
    MIN_PX,
    SCENES,
    existence,
    lerf_scene,
    lerf_scenes,
)
from nesf_ros.geometry import se3
from nesf_ros.geometry.cameras import unproject_image

_VIEWS = 12


@pytest.fixture(scope="module")
def scene():
    return lerf_scene("test", "tabletop", 2, _VIEWS)


def test_views_are_held_out(scene):
    """Every sixth of twelve: numbers 3 and 9."""
    stamps = [[view.rgbd.stamp_ns for view in side] for side in (scene.frames, scene.held_out)]
    whole = sorted(stamps[0] + stamps[1])
    assert len(set(whole)) == _VIEWS and stamps[1] == [whole[3], whole[9]]
    assert scene.frames[0].rgbd.color.shape == (240, 320, 3)


def test_every_phrase_names_one_thing_that_frames_show(scene):
    assert len({asked.query.text for asked in scene.asked}) == len(scene.asked) >= 4
    for asked in scene.asked:
        true = [subject for subject in scene.subjects if fits(asked.query, subject) is not False]
        assert len(true) == 1 and true[0].seen[asked.query.part] >= MIN_FRAMES
        assert asked.box == (true[0].part_boxes[asked.query.part] if asked.query.part
                             else true[0].box)  # fmt: skip
        assert asked.sights


def test_masks_show_what_is_in_the_box(scene):
    """What the depth camera reads within a mask lies in the box, but for its noise."""
    for asked in scene.asked:
        least = MIN_PART_PX if asked.query.part else MIN_PX
        for sight in asked.sights:
            view = scene.held_out[sight.view]
            left, upper, right, lower = sight.box_px
            assert sight.mask.sum() >= least
            assert sight.mask[upper : lower + 1, left : right + 1].sum() == sight.mask.sum()
            depth_m = view.rgbd.depth_m
            points = unproject_image(depth_m, view.rgbd.depth_intrinsics)[
                sight.mask & (depth_m > 0)
            ]
            there = se3.transform_points(view.world_T_camera, points.astype(np.float64))
            inside = (there > np.array(asked.box.lower) - 0.03) & (
                there < np.array(asked.box.upper) + 0.03
            )
            assert len(points) == 0 or inside.all(1).mean() > 0.9


def test_the_same_again(scene):
    again = lerf_scene("test", "tabletop", 2, _VIEWS)
    assert [(a.query, a.box) for a in again.asked] == [(a.query, a.box) for a in scene.asked]
    assert (again.frames[5].rgbd.color == scene.frames[5].rgbd.color).all()
    assert (again.asked[0].sights[0].mask == scene.asked[0].sights[0].mask).all()


def test_existence_of_what_another_scene_has(scene):
    """Phrases of its own are true; of another's, what it has not is false."""
    strange = replace(scene.asked[0], query=Query("grand piano", CLASS, "piano"))
    other = replace(scene, asked=(strange,))
    found = existence(scene, [scene, other])
    assert found.pop("grand piano") is False
    assert found == {asked.query.text: True for asked in scene.asked}
    assert existence(other, [other]) == {"grand piano": False}


def test_splits():
    assert len(SCENES["test"]) >= 10 and len(SCENES["validation"]) >= 4
    assert all(len(set(scenes)) == len(scenes) for scenes in SCENES.values())
    assert {kind for kind, _ in SCENES["test"]} == {"tabletop", "room"}
    with pytest.raises(EvaluationError, match="of 'train'; ask for test, validation"):
        lerf_scenes("train")


@pytest.mark.slow
def test_enough_is_asked():
    """At least 70 phrases over the test scenes, of every kind, and 8 in each."""
    scenes = list(lerf_scenes("test"))
    assert all(len(scene.asked) >= 8 for scene in scenes)
    kinds = [asked.query.kind for scene in scenes for asked in scene.asked]
    assert len(kinds) >= 70 and len(set(kinds)) == 5
    for scene in scenes:
        there = existence(scene, scenes)
        assert sum(there.values()) >= 8 and len(there) - sum(there.values()) >= 20

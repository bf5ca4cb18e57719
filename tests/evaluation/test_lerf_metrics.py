"""Verdicts on methods whose answers are known."""

import numpy as np
import pytest

from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation.figures import mean_over
from nesf_ros.evaluation.lerf_metrics import (
    POINTS,
    RENDERED,
    Answers,
    PointRelevancy,
    existence_threshold,
    figures,
    joined,
    judge,
    judged,
    lead,
)
from nesf_ros.evaluation.lerf_queries import CLASS, COLOR, Query, Subject
from nesf_ros.evaluation.lerf_scenes import Asked, LerfScene, Sight, existence
from nesf_ros.types import Box, Intrinsics, PosedFrame, RgbdFrame

HEIGHT, WIDTH = 12, 16
BOX = Box((0.0, 0.0, 0.0), (0.1, 0.1, 0.1))
CAMERA = Intrinsics(WIDTH, HEIGHT, 20.0, 20.0, 7.5, 5.5)


def view(number):
    color = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    depth_m = np.ones((HEIGHT, WIDTH), np.float32)
    return PosedFrame(RgbdFrame(number, "camera", color, depth_m, CAMERA, CAMERA), np.eye(4))


def mask(rows, columns):
    shown = np.zeros((HEIGHT, WIDTH), bool)
    shown[rows, columns] = True
    return shown


def scene_with(name, *asked):
    """What is asked for is in the scene, seen often; two held-out views."""
    subjects = tuple(
        Subject(a.query.class_name, a.query.fact, "", "", a.box, {}, {"": 9}) for a in asked
    )
    return LerfScene(name, (view(0),), (view(1), view(2)), asked, subjects)


KITCHEN = scene_with(
    "kitchen",
    Asked(
        Query("red mug", COLOR, "mug", "red"),
        BOX,
        (Sight(0, mask(slice(2, 4), slice(3, 6))), Sight(1, mask(slice(0, 2), slice(0, 2)))),
    ),
)
OFFICE = scene_with(
    "office",
    Asked(Query("stapler", CLASS, "stapler"), BOX, (Sight(1, mask(slice(5, 7), slice(8, 9))),)),
)
SCENES = (KITCHEN, OFFICE)


def peak_at(row, column, height=HEIGHT, width=WIDTH, value=0.9):
    relevancy = np.full((height, width), 0.2, np.float32)
    relevancy[row, column] = value
    return relevancy


def pointing(places, points=None):
    """Points at a (row, column) for each text and view; at nothing for other texts."""

    def method(scene):
        def maps(texts, frame):
            return np.stack([peak_at(*places.get((text, frame.rgbd.stamp_ns), (0, 15, 12, 16, 0.3)))
                             for text in texts])  # fmt: skip

        return Answers(maps, points)

    return method


def test_rendered_peaks_inside_and_outside_of_boxes():
    """Of the mug's box columns 3–5 and rows 2–3 count; the second view is missed by a pixel."""
    places = {("red mug", 1): (3, 5), ("red mug", 2): (2, 1), ("stapler", 2): (5, 8)}
    found = judged(pointing(places), SCENES, 0.02)
    assert set(found) == {RENDERED}
    verdicts = found[RENDERED]
    assert verdicts.hits.tolist() == [True, False, True]
    assert verdicts.hit_scenes.tolist() == [0, 0, 1]
    assert verdicts.hit_kinds == (COLOR, COLOR, CLASS)
    # Both phrases are asked in both scenes: each is there in one, and relevant in both.
    assert verdicts.there.tolist() == [True, False, False, True]
    assert verdicts.score_scenes.tolist() == [0, 0, 1, 1]
    assert verdicts.scores == pytest.approx([0.9] * 4)
    made = figures(found)
    assert made["localisation, rendered 2D"] == mean_over(
        np.array([1.0, 0, 1]), np.array([0, 0, 1])
    )
    assert made["localisation by class, rendered 2D"].value == 1.0
    # Boxes of 3 × 2, 2 × 2 and 1 × 2 of 16 × 12 pixels.
    assert verdicts.chances.tolist() == [6 / 192, 4 / 192, 2 / 192]
    assert made["localisation by chance, rendered 2D"].value == pytest.approx(4 / 192)
    assert made["existence, average precision, rendered 2D"].value == pytest.approx(0.5)
    assert all(name.endswith((RENDERED, POINTS)) for name in made)


def test_small_maps_are_stretched():
    """A map of 6 × 8 cells: cell (1, 2) has its middle at row 2.5, column 4.5."""
    for cell, hit in (((1, 2), True), ((1, 3), False), ((2, 2), False)):
        places = {("red mug", 1): (*cell, 6, 8)}

        def method(scene, places=places):
            return Answers(
                lambda texts, frame: np.stack(
                    [peak_at(*places.get((t, frame.rgbd.stamp_ns), (0, 7, 6, 8))) for t in texts]
                )
            )

        assert judged(method, SCENES[:1], 0.02)[RENDERED].hits.tolist() == [hit, False]


@pytest.mark.parametrize("value", [0.5, np.nan])
def test_a_map_that_is_the_same_everywhere_points_nowhere(value):
    def method(scene):
        return Answers(lambda texts, frame: np.full((len(texts), HEIGHT, WIDTH), value, np.float32))

    verdicts = judged(method, SCENES, 0.02)[RENDERED]
    assert not verdicts.hits.any()
    assert (verdicts.scores == np.nan_to_num(value)).all()


def test_points_within_a_voxel_of_the_box():
    """Points 1.9 cm and 2.1 cm from a box; the margin is 2 cm. NaN is never the largest."""
    points = np.array([[0.119, 0.05, 0.05], [0.121, 0.05, 0.05], [5.0, 0, 0]])

    def relevancies(texts):
        table = {"red mug": [0.8, 0.1, np.nan], "stapler": [0.2, 0.7, np.nan]}
        return PointRelevancy(points, np.array([table[text] for text in texts]))

    verdicts = judged(pointing({}, relevancies), SCENES, 0.02)[POINTS]
    assert verdicts.hits.tolist() == [True, False]
    assert verdicts.scores.tolist() == [0.8, 0.7, 0.8, 0.7]
    assert verdicts.chances.tolist() == [1 / 3, 1 / 3]
    assert judged(pointing({}, relevancies), SCENES, 0.022)[POINTS].hits.tolist() == [True, True]


def test_thresholds_from_validation():
    """The mug is found at 0.9 where it is, at 0.3 where it is not; the stapler at 0.3 in both."""
    places = {("red mug", 1): (3, 5)}

    def by_scene(scene):
        return pointing(places if scene is KITCHEN else {})(scene)

    found = judged(by_scene, SCENES, 0.02)
    verdicts = found[RENDERED]
    assert verdicts.scores == pytest.approx([0.9, 0.3, 0.3, 0.3])
    assert existence_threshold(verdicts) == pytest.approx(0.6)
    made = figures(found, {RENDERED: 0.6})
    assert made["existence, precision, rendered 2D"].value == 1.0
    assert made["existence, recall, rendered 2D"].value == 0.5
    # 1 of 1, then, at one threshold for all the others, 2 of 4: (1 + 2 / 4) / 2.
    assert made["existence, average precision, rendered 2D"].value == pytest.approx(0.75)
    # Where nothing is said to be there, there is no precision.
    assert "existence, precision, rendered 2D" not in figures(found, {RENDERED: 0.95})


def test_who_leads():
    right = {("red mug", 1): (3, 5), ("red mug", 2): (1, 1), ("stapler", 2): (5, 8)}
    first, second = (judged(pointing(places), SCENES, 0.02)[RENDERED] for places in (right, {}))
    assert lead(first, second).value == 1.0 and lead(first, second).low == 1.0
    assert lead(second, first).value == -1.0 and lead(first, first).value == 0.0
    alone = judged(pointing(right), SCENES[:1], 0.02)[RENDERED]
    with pytest.raises(EvaluationError, match="not asked the same"):
        lead(first, alone)


def test_too_few_maps():
    def method(scene):
        return Answers(lambda texts, frame: np.zeros((1, HEIGHT, WIDTH), np.float32))

    with pytest.raises(EvaluationError, match="1 relevancies for 2 texts"):
        judged(method, SCENES, 0.02)


def test_scenes_judged_one_by_one_and_joined_are_as_judged_together():
    places = {("red mug", 1): (3, 5), ("red mug", 2): (2, 1), ("stapler", 2): (5, 8)}
    known = np.array([[0.05, 0.05, 0.05], [5.0, 0, 0]])

    def points(texts):
        return PointRelevancy(known, np.array([[0.8, 0.1] for _ in texts]))

    method = pointing(places, points)
    kitchen, office = (
        judge(method(scene), scene, existence(scene, SCENES), 0.02) for scene in SCENES
    )
    assert kitchen[RENDERED].hits == [(True, COLOR, 6 / 192), (False, COLOR, 4 / 192)]
    assert office[RENDERED].hits == [(True, CLASS, 2 / 192)]
    assert kitchen[POINTS].hits == [(True, COLOR, 0.5)]
    # Of all phrases of all scenes in the order of the alphabet, whether they are there or not.
    assert [there for _, there in kitchen[RENDERED].scores] == [True, False]
    assert kitchen[POINTS].scores == [(0.8, True), (0.8, False)]
    for name, whole in judged(method, SCENES, 0.02).items():
        for field, value in vars(joined([kitchen, office])[name]).items():
            np.testing.assert_array_equal(value, vars(whole)[field], err_msg=field)


def test_what_is_not_answered_in_all_scenes_is_not_joined():
    rendered, both = (
        judge(pointing({}, points)(KITCHEN), KITCHEN, {"red mug": True}, 0.02)
        for points in (
            None,
            lambda texts: PointRelevancy(np.zeros((1, 3)), np.full((len(texts), 1), 0.5)),
        )
    )
    assert set(both) == {RENDERED, POINTS} == set(joined([both, both]))
    assert set(joined([both, rendered])) == {RENDERED}
    assert joined([both, rendered])[RENDERED].hit_scenes.tolist() == [0, 0, 1, 1]

"""Whole things and hidden places, asked of a small map: a red crate before a blue wall."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nesf_ros import unseen
from nesf_ros.config import KeyframesConfig, NesfConfig, QueryConfig, SemanticsConfig, VisionConfig
from nesf_ros.config_unseen import Reach, UnseenConfig
from nesf_ros.errors import GeometryError, MapError, QueryError, StorageError
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.semantics.completion.cells import clear
from nesf_ros.semantics.completion.imagining import CLEAR_SPACE, IMAGINED, UNIMAGINED
from nesf_ros.semantics.completion.network import CompletionNet
from nesf_ros.semantics.completion.presets import PRESETS, Preset
from nesf_ros.semantics.completion.results import Reference
from nesf_ros.semantics.completion.volume import Volume
from nesf_ros.semantics.completion.weights import Trained, write_weights
from nesf_ros.semantics.hidden.descriptions import Description
from nesf_ros.semantics.hidden.network import HiddenNet
from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED, Box
from nesf_ros.vision.presets import Preset as Look
from nesf_ros.vision.vocabulary import Vocabulary
from nesf_ros.voxels.sampling import sample_points
from tests.voxels.scenes import depth_of, facing, frame, small_config

FLOOR = Box((-9.0, -9.0, -1.0), (9.0, 9.0, 0.02))
WALL = Box((2.02, -9.0, -1.0), (4.0, 9.0, 9.0))
CRATE = Box((0.82, -0.28, 0.0), (1.22, 0.28, 0.62))
COLORS = ((FLOOR, (60, 60, 60)), (WALL, (0, 0, 255)), (CRATE, (255, 0, 0)))
AROUND_CRATE = Box((0.6, -0.6, 0.0), (1.8, 0.6, 1.2))
WORDS = {"red": 0, "green": 1, "blue": 2}
FINGERPRINT = "colours@000000000000"
TINY = Preset(16, 1.6, (4, 8))
"""Cells of 10 cm."""
THRESHOLD = 0.5


class Colors:
    """A grid of 8 × 8 cells over each picture, each as its mean colour says."""

    def __init__(self, images):
        cells = F.adaptive_avg_pool2d(images, 8).permute(0, 2, 3, 1)
        self._cells = F.normalize(F.pad(cells, (0, 1), value=0.2), dim=-1)
        self.nbytes = self._cells.nbytes

    def trimmed(self, dtype):
        return self

    def dense(self):
        return self._cells

    def embedding(self):
        return F.normalize(self._cells.mean((1, 2)), dim=-1)

    def relevancy(self, texts):
        return torch.einsum("nyxd,td->ntyx", self._cells, texts).clamp(min=0)

    def contrast(self, texts, words, scale):
        return self.relevancy(texts)  # none of the words is a colour


class ColorTower:
    dim, image_px, grid, dtype = 4, 32, (8, 8), torch.float32
    device = torch.device("cpu")

    def __init__(self):
        self.looks = 0

    def look(self, images):
        self.looks += len(images)
        return Colors(images)


class ColorModel:
    """Sees and reads colours, and knows no other words."""

    image_px, device = 32, torch.device("cpu")
    mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)

    def __init__(self, fingerprint=FINGERPRINT):
        self.fingerprint, self.tower = fingerprint, ColorTower()
        self.vocabulary = Vocabulary(tuple(WORDS), self.encode_text(list(WORDS)), 0.8)

    def encode_text(self, texts):
        found = torch.full((len(texts), 4), 1e-3)
        for row, text in zip(found, texts, strict=True):
            row[[n for word, n in WORDS.items() if word in text.split()]] = 1.0
        return F.normalize(found, dim=-1)


def seen_from(pose, stamp_ns=1):
    depths = np.stack([depth_of([box], pose) for box, _ in COLORS])
    nearest = np.where(depths > 0, depths, np.inf).argmin(0)
    color = np.array([color for _, color in COLORS], np.uint8)[nearest]
    return frame(depth_of([box for box, _ in COLORS], pose), pose, color, stamp_ns=stamp_ns)


PLACES = [((-0.6, y, 0.8), yaw) for y in (-0.5, 0.0, 0.5) for yaw in (-0.35, 0.35)]


def filled(mapper, places=PLACES):
    for stamp, (position, yaw) in enumerate(places, 1):
        mapper.add_frame(seen_from(facing(yaw, position), stamp))
    return mapper


def constant(net, logit):
    """Says the same of everything; a `HiddenNet` by its bias."""
    with torch.no_grad():
        if isinstance(net, HiddenNet):
            net.place.layers[2].weight.zero_()
            net.place.layers[2].bias.zero_()
            net.bias.fill_(logit)
        else:
            net.decode.layers[2].weight.zero_()
            net.decode.layers[2].bias.fill_(logit)
    return net


def write(path, net, model=FINGERPRINT, offset=0.0):
    task = "vool" if isinstance(net, HiddenNet) else "ovssc"
    about = Trained(task, "tiny", model, Look(()), 20.0, 3.0, THRESHOLD, slope=1.0, offset=offset)
    write_weights(net.state_dict(), about, path)
    return str(path)


@pytest.fixture(scope="module", autouse=True)
def tiny():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "tiny", TINY)
        yield


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """With networks that answer by chance."""
    folder = tmp_path_factory.mktemp("unseen")
    (folder / "prompts.txt").write_text("{}\n")
    torch.manual_seed(0)
    return NesfConfig(
        keyframes=KeyframesConfig(max_count=5, max_overlap=1.0, translation_m=0.2),
        map=small_config(folder=str(folder)),
        vision=VisionConfig(prompts=str(folder / "prompts.txt")),
        semantics=SemanticsConfig(canonical=("thing", "stuff")),
        unseen=UnseenConfig(
            completion=write(folder / "completion", CompletionNet(TINY)),
            hidden=write(folder / "hidden", HiddenNet(TINY)),
        ),
        reach=Reach(clearance_m=0.1, lift_m=0.2),
    )


def mapper_of(config, **sections):
    mapper = SemanticMapper(replace(config, **sections))
    mapper.use_language(ColorModel())
    return mapper


@pytest.fixture(scope="module")
def mapper(config):
    """Has seen the scene; tests only ask it."""
    return filled(mapper_of(config))


@pytest.fixture
def certain(config, tmp_path):
    """A mapper that has seen the scene and takes everything for probable: 0.73 at a logit of 1."""
    weights = UnseenConfig(
        completion=write(tmp_path / "ovssc", constant(CompletionNet(TINY), 1.0)),
        hidden=write(tmp_path / "vool", constant(HiddenNet(TINY), 1.0)),
    )
    return filled(mapper_of(config, unseen=weights))


PROBABLE = 1 / (1 + np.exp(-1.0))


def test_without_a_model_nothing_is_imagined(config):
    mapper = filled(SemanticMapper(config))
    for ask in (lambda: mapper.complete(["red"]), lambda: mapper.locate("keys in the red")):
        with pytest.raises(QueryError, match="has no vision-language model: none was given"):
            ask()


def clear_in(mapper, grid):
    """Where the robot has looked and seen nothing."""
    return clear(*sample_points(mapper.map, grid.centers())).view(grid.shape).numpy()


def test_all_that_is_not_clear_is_filled_by_who_is_certain(certain):
    found = certain.complete(["red"], AROUND_CRATE)
    assert found.grid.voxel_m == pytest.approx(0.1)  # the network's cells
    assert found.grid.shape == (12, 12, 12)
    assert {*np.unique(found.state)} == {UNOBSERVED, FREE, OCCUPIED}
    nothing = clear_in(certain, found.grid)
    assert nothing.any() and (found.state[nothing] == FREE).all()
    assert (found.probability[0][nothing] == 0).all()
    np.testing.assert_allclose(found.probability[0][~nothing], PROBABLE, atol=0.01)
    np.testing.assert_array_equal(found.winner, np.where(nothing, 0, 1))
    assert sum(len(piece.voxels) for piece in found.instances[0]) <= (~nothing).sum()
    assert found.instances[0][0].score == pytest.approx(PROBABLE, abs=0.01)


def test_states_are_those_of_the_map_over_its_submaps(config):
    mapper = filled(mapper_of(config), [*PLACES, ((-1.9, 0.0, 0.8), 0.0), ((-3.2, 0.0, 0.8), 0.0)])
    assert len(mapper.map.submaps) >= 2
    found = mapper.complete(["red"])
    states = mapper.query_points(found.grid.centers().double().numpy()).state
    np.testing.assert_array_equal(found.state.reshape(-1), states)


def test_without_a_region_all_surfaces_are_covered(mapper):
    box = mapper.complete(["red"]).grid.box
    voxels = mapper.layer.table.voxels().numpy()
    surface = (voxels + 0.5) * 0.05
    inside = ((surface >= box.lower) & (surface < box.upper)).all(1)
    assert 0.97 < inside.mean() <= 1.0
    size = np.array(box.upper) - box.lower
    assert (size <= np.ptp(surface, axis=0) + 0.05 + 0.2).all()


def test_a_label_is_answered_alone_as_among_others(mapper):
    together = mapper.complete(["blue", "red", "green"], AROUND_CRATE)
    alone = mapper.complete(["red"], AROUND_CRATE)
    np.testing.assert_allclose(together.probability[1], alone.probability[0], atol=0.02)
    # It is the label that decides: others are answered otherwise.
    assert np.abs(together.probability[0] - together.probability[1]).max() > 0.05


def test_the_winner_is_the_most_probable_above_the_threshold(mapper):
    found = mapper.complete(["blue", "red", "green"], AROUND_CRATE, threshold=0.45)
    best = found.probability.max(0)
    assert found.threshold == 0.45
    expected = np.where(best >= 0.45, found.probability.argmax(0) + 1, 0)
    np.testing.assert_array_equal(found.winner, expected)
    assert len(np.unique(found.winner)) >= 3  # not one label alone, and nothing somewhere
    for number, pieces in enumerate(found.instances, 1):
        for piece in pieces:
            at = tuple((piece.voxels - found.grid.first).T)
            assert (found.winner[at] == number).all()
    assert mapper.complete(["red"], AROUND_CRATE).threshold == THRESHOLD


@pytest.mark.parametrize("order", [("zorb", "red"), ("red", "zorb")])
def test_of_an_unknown_label_nothing_is_said(certain, order):
    found = certain.complete(order, AROUND_CRATE)
    zorb = order.index("zorb")
    assert found.labels == order
    assert found.known == tuple(label == "red" for label in order)
    assert not found.probability[zorb].any() and not found.instances[zorb]
    assert found.probability[1 - zorb].any() and found.instances[1 - zorb]
    assert {*np.unique(found.winner)} == {0, 2 - zorb}


def test_fine_voxels_agree_with_coarser_ones_where_their_middles_do(mapper):
    fine = mapper.complete(["red"], AROUND_CRATE, voxel_m=0.02)
    coarse = mapper.complete(["red"], AROUND_CRATE, voxel_m=0.06)
    middle = tuple(slice(1, None, 3) for _ in range(3))
    here = fine.probability[0][middle]
    there = coarse.probability[0][tuple(slice(0, n) for n in here.shape)]
    np.testing.assert_allclose(here, there, atol=0.02)
    assert here.std() > 0.05


def test_large_voxels_hold_the_most_probable_of_their_parts(mapper):
    """Of 0.4 m, as four cells along an edge: nothing falls between their middles."""
    region = Box((0.4, -0.8, 0.0), (2.0, 0.8, 1.2))
    parts = mapper.complete(["red"], region, voxel_m=0.1)
    large = mapper.complete(["red"], region, voxel_m=0.4)
    assert large.grid.shape == (4, 4, 3) and parts.grid.shape == (16, 16, 12)

    def cut(values):
        return values.reshape(4, 4, 4, 4, 3, 4)

    highest = cut(parts.probability[0]).max((1, 3, 5))
    np.testing.assert_allclose(large.probability[0], highest, atol=0.02)
    occupied, free = (cut(parts.state == kind) for kind in (OCCUPIED, FREE))
    np.testing.assert_array_equal(large.state == OCCUPIED, occupied.any((1, 3, 5)))
    np.testing.assert_array_equal(large.state == FREE, free.all((1, 3, 5)))
    vetoed = cut(parts.basis == CLEAR_SPACE).all((1, 3, 5))
    np.testing.assert_array_equal(large.basis == CLEAR_SPACE, vetoed)
    assert vetoed.any() and not vetoed.all()


@pytest.mark.parametrize(
    ("labels", "settings", "said"),
    [
        ([], {}, "0 labels; give 1 to 255"),
        (["red"] * 256, {}, "256 labels; give 1 to 255"),
        (["  "], {}, "an empty text was given"),
        (["red"], {"threshold": 1.0}, "threshold 1; it lies between 0 and 1"),
        (["red"], {"threshold": -0.1}, "threshold -0.1"),
        (["red"], {"threshold": float("nan")}, "threshold nan"),
        (["red"], {"voxel_m": 0.004}, "voxels of 0.004 m; they must be of 0.005 to 1.0 m"),
        (["red"], {"voxel_m": 1.01}, "voxels of 1.01 m"),
        (["red"], {"voxel_m": float("nan")}, "voxels of nan m"),
        (["red"], {"region": Box((7.0,) * 3, (8.0,) * 3)}, "nothing of the region, or around it"),
        (
            ["red"],
            {"region": Box((-9.0,) * 3, (9.0,) * 3)},
            "cubes of 1.6 m; 24 are allowed.*max_t",
        ),
        (["red"], {"region": Box((-1e12,) * 3, (1e12,) * 3)}, "cubes of 1.6 m; 24 are allowed"),
    ],
)
def test_what_cannot_be_completed(mapper, labels, settings, said):
    with pytest.raises(QueryError, match=said):
        mapper.complete(labels, **{"region": AROUND_CRATE, **settings})


def test_too_many_voxels_of_one_label_or_of_all(config):
    mapper = filled(mapper_of(config, query=QueryConfig(max_voxels=4000)))
    with pytest.raises(QueryError, match=r"1.38e\+04 voxels of 0.05 m; 4000 are allowed"):
        mapper.complete(["red"], AROUND_CRATE, voxel_m=0.05)
    assert mapper.complete(["red", "blue"], AROUND_CRATE).probability.size == 2 * 12**3
    with pytest.raises(QueryError, match="3 labels, each at 1728 points; query.max_voxels allows"):
        mapper.complete(["red", "blue", "green"], AROUND_CRATE)


def test_an_empty_map_has_nothing_to_complete(config):
    mapper = mapper_of(config)
    with pytest.raises(QueryError, match="seen no surface of the map yet"):
        mapper.complete(["red"])
    with pytest.raises(QueryError, match="nothing of the region, or around it"):
        mapper.complete(["red"], AROUND_CRATE)
    with pytest.raises(QueryError, match="no image has come into this map"):
        mapper.locate("keys behind the red")


def test_a_loaded_map_has_no_keyframes_to_look_at(config):
    mapper = filled(mapper_of(config))
    mapper.save("seen")
    mapper.load("seen")
    with pytest.raises(QueryError, match="none of the 0 keyframes .* map that was loaded has none"):
        mapper.complete(["red"])
    with pytest.raises(QueryError, match="no image has come into this map"):
        mapper.locate("keys behind the red")
    mapper.add_frame(seen_from(facing(0.0, (-0.6, 0.0, 0.8))))
    assert mapper.complete(["red"]).probability.any()


def test_weights_must_be_of_this_model(config, tmp_path):
    path = write(tmp_path / "foreign", CompletionNet(TINY), model="words@111")
    mapper = filled(mapper_of(config, unseen=UnseenConfig(completion=path, hidden="nowhere")))
    with pytest.raises(QueryError, match=f"relevancies of words@111, but .* is {FINGERPRINT}"):
        mapper.complete(["red"], AROUND_CRATE)
    with pytest.raises(QueryError, match="no weights at nowhere"):
        mapper.locate("keys behind the red")


def test_probability_is_as_validated(config, tmp_path):
    path = write(tmp_path / "ovssc", constant(CompletionNet(TINY), 0.0), offset=-2.0)
    mapper = filled(mapper_of(config, unseen=UnseenConfig(completion=path)))
    found = mapper.complete(["red"], AROUND_CRATE)
    assert found.probability.max() == pytest.approx(1 / (1 + np.exp(2.0)), abs=1e-3)
    assert found.instances == ((),) and not found.winner.any()


def test_pictures_are_looked_at_once_by_both_and_let_go_with_their_keyframes(config):
    mapper = filled(mapper_of(config))
    tower, kept = mapper.language.model.tower, len(mapper.keyframes)
    before = tower.looks
    mapper.complete(["red"], AROUND_CRATE)
    first = tower.looks - before
    assert 1 <= first <= kept
    mapper.complete(["blue"], AROUND_CRATE)
    mapper.locate(Description("keys", "behind", "red"), AROUND_CRATE)
    assert tower.looks - before == first
    (looker,) = mapper.unseen._lookers.values()
    assert len(looker._scans) == len(looker._background) == first
    mapper.keyframes.clear()
    assert len(looker._scans) == len(looker._background) == 0
    assert not mapper.unseen._gatherer._glimpses


def test_no_more_keyframes_are_looked_at_than_wanted(config):
    one = replace(config.unseen, views=1)
    mapper = filled(mapper_of(config, unseen=one))
    before = mapper.language.model.tower.looks
    mapper.complete(["red"], AROUND_CRATE)  # a single cube
    assert mapper.language.model.tower.looks - before == 1


def test_a_corrected_pose_moves_what_a_keyframe_shows(config):
    mapper = filled(mapper_of(config), [((-0.6, 0.0, 0.8), 0.0)])
    (keyframe,) = mapper.keyframes
    before = mapper.unseen.gather(["red"], AROUND_CRATE).space.tiles[0].glimpses[0]
    mapper.keyframes.repose({keyframe.id: facing(0.0, (-0.6, 0.1, 0.8))})
    after = mapper.unseen.gather(["red"], AROUND_CRATE).space.tiles[0].glimpses[0]
    moved = (after.points_map - before.points_map).mean(0)
    assert moved.tolist() == pytest.approx([0.0, 0.1, 0.0], abs=1e-5)


def test_progress_of_each_step_only_grows(mapper):
    told = []
    gathered = mapper.unseen.gather(["red"])
    mapper.unseen.complete(gathered, 0.0, lambda stage, share: told.append((share, stage)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] <= 1.0
    assert {"looking at what was seen", "imagining what was not"} <= {stage for _, stage in told}


def test_a_hidden_thing_is_sought_before_the_newest_frame(mapper):
    found = mapper.locate("the keys behind the green")  # there is none, to look around
    pose = facing(*reversed(PLACES[-1]))
    np.testing.assert_allclose(found.viewer, pose)
    floor_m = mapper.unseen._gatherer.floor_m()
    assert floor_m == pytest.approx(0.025, abs=0.06)
    box = Volume.before(pose, TINY.side_m, TINY.cells, floor_m).box
    assert (np.array(found.grid.box.lower) <= box.lower).all()
    assert (np.array(found.grid.box.lower) > np.array(box.lower) - 0.1).all()
    assert found.description == Description("keys", "behind", "green")
    assert (found.probability[clear_in(mapper, found.grid)] == 0).all()
    # Corners of the box around a turned cube lie outside of the cube.
    assert found.probability[0, 0, 8] == 0.0 and found.basis[0, 0, 8] != IMAGINED
    assert (found.basis == UNIMAGINED).any()
    assert (found.basis == IMAGINED).mean() > 0.1


def test_a_reference_elsewhere_is_where_a_hidden_thing_is_sought(mapper):
    """The robot has turned away from the crate."""
    away = facing(np.pi, (-0.6, 0.0, 0.8))
    found = mapper.locate("keys behind the red", viewer=away)
    assert found.reference.within
    lower, upper = np.array(found.grid.box.lower), np.array(found.grid.box.upper)
    assert (lower < CRATE.lower).all() and (upper > CRATE.upper).all()
    assert lower[2] == pytest.approx(mapper.unseen._gatherer.floor_m() - 0.08, abs=0.1)
    np.testing.assert_array_equal(found.viewer, away)
    with pytest.raises(QueryError, match="nothing of the region"):  # that is before the viewer
        mapper.locate("keys behind the green", viewer=away)


def test_another_viewer_sees_another_cube(mapper):
    viewer = facing(0.0, (-0.9, 0.0, 0.8))
    found = mapper.locate(Description("keys", "on", "red"), viewer=viewer)
    np.testing.assert_array_equal(found.viewer, viewer)
    # It begins a quarter of 1.6 m ahead, at x = −0.5 m, and is as wide to both sides.
    assert found.grid.origin_m[:2] == pytest.approx((-0.5, -0.8))
    assert found.grid.shape[:2] == (16, 16)
    with pytest.raises(GeometryError, match="not rigid"):
        mapper.locate("keys on the red", viewer=np.diag([2.0, 2.0, 2.0, 1.0]))


def test_a_sentence_is_as_good_as_its_parts(mapper):
    said = mapper.locate("Where are my keys that are behind the red?", AROUND_CRATE)
    parts = mapper.locate(Description("keys", "behind", "red"), AROUND_CRATE)
    assert said.description == parts.description
    np.testing.assert_array_equal(said.probability, parts.probability)
    other = mapper.locate(Description("keys", "on", "red"), AROUND_CRATE)
    assert np.abs(other.probability - parts.probability).max() > 0.05
    with pytest.raises(QueryError, match="no spatial relation"):
        mapper.locate("my keys")
    with pytest.raises(QueryError, match="no relation 'above all'"):
        mapper.locate(Description("keys", "above all", "red"))


def test_a_reference_that_the_map_has_not_is_told(mapper):
    found = mapper.locate("keys behind the red")
    assert found.reference.found and found.reference.within and found.reference.score > 0.6
    missing = mapper.locate("keys behind the green").reference
    assert not missing.found and not missing.within and 0 < missing.score < 0.6
    assert mapper.locate("keys behind the zorb").reference == Reference(False, 0.0, False)


def test_a_reference_elsewhere_than_searched_is_told(mapper):
    aside = Box((0.6, 0.5, 0.0), (1.0, 0.9, 0.4))
    reference = mapper.locate("keys behind the red", aside).reference
    assert reference.found and not reference.within


def test_a_target_that_the_model_does_not_know_is_told(mapper):
    assert mapper.locate("blue behind the red").target_known
    assert not mapper.locate("zorb behind the red").target_known


def test_regions_are_ranked_and_lie_where_it_is_probable(mapper):
    whole = mapper.locate("keys behind the red")
    likely = whole.probability[whole.probability > 0]
    thresholds = (float(np.quantile(likely, share)) for share in (0.8, 0.85, 0.9, 0.95, 0.98))
    answers = (mapper.locate("keys behind the red", threshold=one) for one in thresholds)
    found = next(answer for answer in answers if len(answer.regions) > 1)
    threshold = found.threshold
    worth = [region.score * region.unobserved for region in found.regions]
    assert worth == sorted(worth, reverse=True)
    assert all(region.score > threshold for region in found.regions)
    for region in found.regions:
        centroid = np.array(region.centroid_m)
        assert (centroid > region.lower_m).all() and (centroid < region.upper_m).all()
        assert 0 <= region.unobserved <= 1
        assert region.volume_m3 + 1e-9 >= 0.1**3
    assert whole.threshold == THRESHOLD


def test_a_viewpoint_reveals_what_lies_behind_the_crate(certain):
    behind = Box((1.3, -0.2, 0.1), (1.8, 0.2, 0.5))
    found = certain.locate("keys behind the red", behind)
    (region,) = found.regions
    assert region.unobserved == 1.0
    assert region.viewpoint is not None and region.viewpoint.revealed > 0.05
    eye = region.viewpoint.map_T_camera[:3, 3]
    assert certain.query_points(eye[None]).state.tolist() == [FREE]
    assert abs(eye[2] - 0.8) < 0.2 + 0.05
    to_region = np.array(region.centroid_m) - eye
    assert region.viewpoint.map_T_camera[:3, 2] @ to_region > 0


def test_in_another_storey_the_cube_stands_before_the_viewer(mapper):
    """A camera 4.2 m up, over all that is known: its cube is not that of the room below."""
    gatherer = mapper.unseen._gatherer
    above = gatherer.cube_before(facing(0.0, (-0.6, 0.0, 4.2)), TINY)
    assert above.corner_m[2] == pytest.approx(4.2 - 2.0 - 0.05 * TINY.side_m)
    below = gatherer.cube_before(facing(0.0, (-0.6, 0.0, 0.8)), TINY)
    assert below.corner_m[2] == pytest.approx(gatherer.floor_m() - 0.05 * TINY.side_m)


def test_what_the_map_has_of_a_label_is_told(certain):
    """All of them are imagined: this net takes everything for probable."""
    completed = certain.complete(["red", "green", "zorb"], AROUND_CRATE)
    red, green, zorb = completed.seen
    assert red.found and red.within and red.score > 0.5
    assert not green.found and not green.within and green.score < red.score
    assert zorb == Reference(False, 0.0, False)
    aside = certain.complete(["red"], Box((0.6, 0.5, 0.0), (1.0, 0.9, 0.4))).seen[0]
    assert aside.found and not aside.within
    with pytest.raises(QueryError, match="the labels are one text, 'red'; give a list"):
        certain.complete("red")


def test_what_was_observed_and_shown_is_told_whatever_the_size_of_voxels(certain):
    """A region whose second cube no keyframe shows."""
    told, region = [], Box((0.4, -0.4, 0.0), (1.6, 0.8, 1.2))
    for size_m in (0.1, 0.4):
        gathered = certain.unseen.gather(["red"], region, size_m)
        (shown,) = gathered.space.tiles
        space = replace(gathered.space, tiles=(shown, replace(shown, glimpses=())))
        told.append(certain.unseen.complete(replace(gathered, space=space)))
    assert [completed.unshown for completed in told] == [1, 1]
    assert 0.5 < told[0].observed < 1.0
    assert told[1].observed == pytest.approx(told[0].observed, abs=1e-6)


def test_of_a_storey_below_all_is_imagined(certain, monkeypatch):
    """Of which so little was seen that the map's floor is the upper one's."""
    imagined = certain.complete(["red"], AROUND_CRATE).basis == IMAGINED
    monkeypatch.setattr(certain.unseen._gatherer, "floor_m", lambda: 3.0)
    below = certain.complete(["red"], AROUND_CRATE).basis == IMAGINED
    assert below.sum() > 0.9 * imagined.sum() > 0


def test_a_viewpoint_is_sought_for_the_voxels_of_its_region_alone(certain, monkeypatch):
    asked = []
    monkeypatch.setattr(unseen, "best_viewpoint", lambda *args: asked.append(args))
    gathered = certain.unseen.gather_hidden(
        Description("keys", "behind", "red"), np.eye(4), AROUND_CRATE
    )
    located = certain.unseen.locate(gathered)
    (region,) = located.regions
    step = np.array([[3, 2, 1], [3, 3, 1], [4, 3, 1]])  # the fourth of its box is another's
    located.probability[tuple(step.T)] = 0.6, 0.7, 0.8
    part = replace(region, voxels=step)
    certain.unseen.viewpoints(replace(located, regions=(part,)), certain.view())
    (_, points, weights, *_) = asked[0]
    origin = np.array(located.grid.origin_m)
    np.testing.assert_allclose((points - origin) / located.grid.voxel_m, step + 0.5)
    np.testing.assert_allclose(weights, [0.6, 0.7, 0.8], rtol=1e-6)


def test_the_voxels_of_a_region_are_those_of_its_piece(certain):
    found = certain.locate("keys behind the red", AROUND_CRATE)
    for region in found.regions:
        assert (found.probability[tuple(region.voxels.T)] > found.threshold).all()
        lower = np.array(found.grid.origin_m) + region.voxels.min(0) * found.grid.voxel_m
        np.testing.assert_allclose(lower, region.lower_m, atol=1e-6)
        assert len(region.voxels) * found.grid.voxel_m**3 == pytest.approx(region.volume_m3)


def test_where_too_much_is_around_a_place_it_is_told_without_viewpoint(certain, monkeypatch):
    def too_much(*args):
        raise MapError("a box of 9999x9999x9999 voxels")

    monkeypatch.setattr(unseen, "best_viewpoint", too_much)
    found = certain.locate("keys behind the red")
    assert found.regions
    assert all(region.too_wide and region.viewpoint is None for region in found.regions)


def test_only_the_best_places_are_told(certain, monkeypatch):
    gathered = certain.unseen.gather_hidden(Description("keys", "in", "red"), np.eye(4))
    ceiling = torch.zeros(gathered.grid.shape, dtype=torch.bool)
    ceiling[:, :, gathered.grid.shape[2] // 2] = True  # parts the space in two
    parted = replace(gathered, space=replace(gathered.space, beneath=ceiling.reshape(-1)))
    every = certain.unseen.locate(parted).regions
    monkeypatch.setattr(unseen, "MOST_REGIONS", 1)
    (best,) = certain.unseen.locate(parted).regions
    assert len(every) > 1 and best == every[0]


def test_viewpoints_are_for_the_camera_that_is_asked_for(certain):
    """One on the mast that sees little at once; one at the bumper that came last."""
    mast, bumper = facing(0.0, (-0.6, 0.0, 0.8)), facing(0.0, (-0.6, 0.0, 0.3))
    for name, pose in (("mast", mast), ("bumper", bumper)):
        seen = seen_from(pose)
        rgbd = replace(seen.rgbd, camera=name, stamp_ns=100)
        certain.add_frame(replace(seen, rgbd=rgbd))
    seen = certain.newest["mast"]
    wide = seen.rgbd.depth_intrinsics
    narrow = replace(wide, fx=8 * wide.fx, fy=8 * wide.fy)
    rgbd = replace(seen.rgbd, depth_intrinsics=narrow)
    certain.newest["mast"] = replace(seen, rgbd=rgbd)
    last, other = (certain.locate("keys behind the red", camera=name) for name in ("", "mast"))
    assert (last.camera, other.camera) == ("bumper", "mast")
    np.testing.assert_array_equal(last.viewer, bumper)
    np.testing.assert_array_equal(other.viewer, mast)
    low, high = (found.regions[0].viewpoint for found in (last, other))
    assert low.map_T_camera[2, 3] < high.map_T_camera[2, 3]
    assert low.revealed > high.revealed
    with pytest.raises(QueryError, match="no image of camera 'rear' is in the map"):
        certain.locate("keys behind the red", camera="rear")


def test_what_was_found_in_another_map_has_no_viewpoints(config):
    mapper = filled(mapper_of(config))
    unseen = mapper.unseen
    gathered = unseen.gather_hidden(Description("keys", "behind", "red"), np.eye(4))
    found = unseen.locate(gathered)
    mapper.reset()
    filled(mapper)
    with pytest.raises(QueryError, match="the map was replaced by another one meanwhile"):
        unseen.viewpoints(found, mapper.view())


def test_things_of_a_map_that_is_gone_are_not_known_again(certain):
    gathered = certain.unseen.gather(["red"], AROUND_CRATE)
    certain.reset()
    certain.unseen.complete(gathered)  # was under way
    filled(certain)
    assert certain.complete(["blue"], AROUND_CRATE).instances[0][0].id == 1


def test_a_gathered_label_is_no_description(mapper):
    gathered = mapper.unseen.gather(["red"], AROUND_CRATE)
    with pytest.raises(QueryError, match="no description was gathered"):
        mapper.unseen.locate(gathered)


def test_another_map_has_other_things_and_no_viewer(certain):
    first = certain.complete(["red"], AROUND_CRATE).instances[0][0].id
    assert certain.complete(["red"], AROUND_CRATE).instances[0][0].id == first
    certain.complete(["blue"], AROUND_CRATE)  # takes ids of its own
    certain.reset()
    with pytest.raises(QueryError, match="no image has come into this map"):
        certain.view()
    filled(certain)
    assert certain.complete(["blue"], AROUND_CRATE).instances[0][0].id == first


def test_a_model_that_waited_for_another_map_imagines_too(config):
    filled(mapper_of(config)).save("foreign")
    mapper = SemanticMapper(config)
    mapper.load("foreign")
    with pytest.raises(StorageError):
        mapper.use_language(ColorModel("other@1"))
    with pytest.raises(QueryError, match="has no vision-language model"):
        mapper.complete(["red"])
    mapper.reset()
    filled(mapper)
    with pytest.raises(QueryError, match=f"relevancies of {FINGERPRINT}, but .* is other@1"):
        mapper.complete(["red"], AROUND_CRATE)

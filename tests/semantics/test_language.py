"""The map answers in words: by a model that sees colours and reads their names."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nesf_ros.config import KeyframesConfig, MapConfig, NesfConfig, SemanticsConfig, VisionConfig
from nesf_ros.errors import QueryError, StorageError, VisionError
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.semantics import lookup, relevancy
from nesf_ros.semantics.questions import IMAGE, Question
from nesf_ros.types import Box, Intrinsics, PosedFrame, RgbdFrame, Wanted
from nesf_ros.vision.vocabulary import Vocabulary
from nesf_ros.voxels.storage import map_path, save_map

CAMERA = Intrinsics(64, 48, 50.0, 50.0, 31.5, 23.5)
WORDS = {"red": 0, "green": 1, "blue": 2, "thing": 3, "stuff": 3}
BLUE, RED = (0, 0, 255), (255, 0, 0)


class Glimpse:
    """A grid of 8 × 8 cells over each picture, each as its mean colour says."""

    def __init__(self, images):
        cells = F.adaptive_avg_pool2d(images, 8).permute(0, 2, 3, 1)
        # A fourth number for what is of no colour, so that nothing is of length 0.
        self._cells = F.pad(cells, (0, 1), value=0.2)

    def dense(self):
        return F.normalize(self._cells, dim=-1)

    def embedding(self):
        return F.normalize(self._cells.mean((1, 2)), dim=-1)


class ColorTower:
    dim, image_px, grid, dtype = 4, 32, (8, 8), torch.float32
    device = torch.device("cpu")

    def look(self, images):
        return Glimpse(images)


class ColorModel:
    """Sees and reads colours."""

    image_px, device = 32, torch.device("cpu")
    mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    tower = ColorTower()
    vocabulary = None

    def __init__(self, fingerprint="colours@000000000000"):
        self.fingerprint = fingerprint
        self.read = []

    def encode_text(self, texts):
        self.read += texts
        found = torch.full((len(texts), 4), 1e-3)
        for row, text in zip(found, texts, strict=True):
            row[[n for word, n in WORDS.items() if word in text.split()]] = 1.0
        return F.normalize(found, dim=-1)


@pytest.fixture
def config(tmp_path):
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("{}\n")
    return NesfConfig(
        keyframes=KeyframesConfig(max_count=5),
        map=MapConfig(device="cpu", voxel_size_m=0.05, max_depth_m=3.0, submap_radius_m=1.0,
                      folder=str(tmp_path)),
        vision=VisionConfig(prompts=str(prompts)),
        semantics=SemanticsConfig(canonical=("thing", "stuff"), label_scale=20.0,
                                  unknown_below=0.6),
    )  # fmt: skip


def wall(stamp_ns=1, right=BLUE) -> PosedFrame:
    """A wall 1.5 m ahead (along z), red on the left, another colour on the right."""
    color = np.zeros((48, 64, 3), np.uint8)
    color[:, :32], color[:, 32:] = RED, right
    depth = np.full((48, 64), 1.5, np.float32)
    return PosedFrame(RgbdFrame(stamp_ns, "camera", color, depth, CAMERA, CAMERA, np.eye(4)),
                      np.eye(4))  # fmt: skip


@pytest.fixture
def mapper(config):
    mapper = SemanticMapper(config)
    mapper.use_language(ColorModel())
    for stamp in range(1, 4):
        mapper.add_frame(wall(stamp))
    return mapper


@pytest.mark.parametrize(("windows", "looks"), [((1.0,), 2), ((1.0, 0.5), 2 + 15)])
def test_a_look_is_through_the_windows_of_the_settings(config, windows, looks):
    model, seen = ColorModel(), []
    model.tower = ColorTower()
    model.tower.look = lambda images: seen.append(len(images)) or Glimpse(images)
    mapper = SemanticMapper(replace(config, semantics=replace(config.semantics, windows=windows)))
    mapper.use_language(model)
    # Of 48 px at x = 0 and 16; of 24 px at 3 rows and 5 columns.
    mapper.language.look(wall())
    assert sum(seen) == looks


def test_what_is_asked_for_is_found_where_it_is(mapper):
    answer = mapper.ask(Question(("red", "blue", "green")))
    red, blue, green = answer.texts
    assert (red.exists, blue.exists, green.exists) == (True, True, False)
    assert len(red.instances) == len(blue.instances) == 1 and not green.instances
    # Half of 1.5 m · 64 px / 50 px is 0.96 m, on either side of x = 0, on the wall.
    for found, side in ((red, -1), (blue, 1)):
        thing = found.instances[0]
        x, y, z = thing.centroid_m
        assert x * side == pytest.approx(0.48, abs=0.08)
        assert y == pytest.approx(0.0, abs=0.06) and z == pytest.approx(1.5, abs=0.06)
        assert thing.box.lower[0] < found.peak_m[0] < thing.box.upper[0]
        assert found.peak_m[0] * side > 0
        assert found.score > answer.threshold > 0.4
    assert green.score < answer.threshold and green.peak_m is not None
    assert answer.relevancy.shape == (len(answer.voxels), 3)
    assert answer.relevancy.min() >= 0 and answer.relevancy.max() <= 1


def test_a_question_tells_how_far_it_is_and_ends_when_told_to(mapper):
    told = []
    texts = [f"thing {number}" for number in range(10)]
    mapper.ask(Question(tuple(texts)), lambda stage, share: told.append((stage, share)))
    assert [stage for stage, _ in told] == [
        "reading the texts", "reading the texts", "comparing the map with the texts",
        *(f"looking for {text}" for text in texts),
    ]  # fmt: skip
    shares = [share for _, share in told]
    assert shares[0] == 0.0 and shares == sorted(shares) and shares[-1] == pytest.approx(0.95)

    def stop(stage, share):
        raise QueryError(stage)

    mapper.language.model.read.clear()
    with pytest.raises(QueryError, match="reading the texts"):
        mapper.ask(Question(("blue",)), stop)
    assert mapper.language.model.read == []


def test_a_large_map_and_many_points_are_gone_through_in_steps(mapper, monkeypatch):
    points = np.array([[-0.5, 0.0, 1.5], [0.5, 0.0, 1.53], [0.0, 0.0, 0.5], [9.0, 9.0, 9.0]])
    whole = mapper.describe(points, Wanted(["blue", "red"]))
    asked = mapper.ask(Question(("blue", "red")))
    monkeypatch.setattr(relevancy, "AT_ONCE", 4 * len(mapper.layer) // 4)  # for 2 + 2 texts
    monkeypatch.setattr(lookup, "POINTS_AT_ONCE", 1)
    told = []
    again = mapper.ask(Question(("blue", "red")), lambda *step: told.append(step))
    np.testing.assert_array_equal(again.relevancy, asked.relevancy)
    shares = [share for stage, share in told if stage == "comparing the map with the texts"]
    assert shares == pytest.approx([0.4, 0.425, 0.45, 0.475], abs=1e-3)
    told.clear()
    words = mapper.describe(points, Wanted(["blue", "red"]), lambda *step: told.append(step))
    np.testing.assert_array_equal(words.relevancy, whole.relevancy)
    np.testing.assert_array_equal(words.label, whole.label)
    stage = "looking up the points in words"
    assert told[:4] == [(stage, pytest.approx(0.15 * number)) for number in range(4)]
    assert told[4:] == [("comparing the map with the texts", pytest.approx(0.6))]

    def stop(stage, share):
        if share > 0.4:
            raise QueryError(f"ended at {share:.3f}")

    monkeypatch.setattr(lookup, "POINTS_AT_ONCE", 48 * 64 // 8)
    for work in (
        lambda: mapper.ask(Question(("blue", "red")), stop),
        lambda: mapper.describe(np.tile(points, (768, 1)), Wanted(["blue"]), stop),
        lambda: mapper.render_view(CAMERA, np.eye(4), wanted=Wanted(["blue"]), progress=stop),
    ):
        with pytest.raises(QueryError, match=r"ended at 0\.4[25]"):
            work()


def test_a_gpu_without_room_is_asked_in_parts(mapper, monkeypatch):
    whole = mapper.ask(Question(("red", "blue")))
    layer, similarity = mapper.layer, mapper.layer.similarity
    asked = []

    def small(texts, rows):
        asked.append(len(torch.arange(len(layer))[rows]))
        if asked[-1] > len(layer) // 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return similarity(texts, rows)

    monkeypatch.setattr(layer, "similarity", small)
    parts = mapper.ask(Question(("red", "blue")))
    assert len(asked) == 7 and asked[0] == len(layer)
    np.testing.assert_allclose(parts.relevancy, whole.relevancy, atol=1e-6)
    mapper.set_labels(["red", "blue"])
    assert set(mapper.describe(np.array([[0.4, 0.0, 1.5], [-0.4, 0, 1.5]])).label) == {1, 2}
    region = Box((0.0, -1.0, 0.0), (1.0, 1.0, 2.0))
    assert mapper.ask(Question(("blue",), region=region)).texts[0].exists


def test_what_the_model_was_never_shown_is_not_looked_for(config):
    """Its words are red and green: blue is as far from both as a colour can be."""
    model = ColorModel()
    words = ("red", "green")
    model.vocabulary = Vocabulary(words, model.encode_text(words), known_above=0.8)
    mapper = SemanticMapper(config)
    mapper.use_language(model)
    mapper.add_frame(wall(1))
    blue = np.full((30, 20, 3), BLUE, np.uint8)
    answer = mapper.ask(Question(("blue", "red", "blue", "a green"), image=blue))
    assert [found.known for found in answer.texts] == [False, True, False, True, True]
    assert [found.exists for found in answer.texts] == [False, True, False, False, True]
    assert answer.texts[0].peak_m is None and answer.texts[0].score == 0.0
    assert (answer.relevancy[:, [0, 2]] == 0).all() and (answer.relevancy[:, 4] > 0.5).any()
    assert mapper.unknown(["red", "blue"]) == ["blue"] and mapper.unknown([]) == []
    trusting = replace(config, semantics=replace(config.semantics, known_above=-1.0))
    mapper = SemanticMapper(trusting)
    mapper.use_language(model)
    mapper.add_frame(wall(1))
    assert mapper.ask(Question(("blue",))).texts[0].exists


def test_a_text_given_twice_is_answered_twice(mapper):
    first, second = mapper.ask(Question(("red", "red"))).texts
    assert first.exists and first.score == second.score
    assert [i.id for i in first.instances] == [i.id for i in second.instances]


def test_an_image_is_asked_for_like_a_text(mapper):
    blue = np.full((30, 20, 3), BLUE, np.uint8)
    answer = mapper.ask(Question(("red",), image=blue))
    assert [found.text for found in answer.texts] == ["red", IMAGE]
    assert answer.texts[1].exists and answer.texts[1].peak_m[0] > 0
    assert mapper.ask(Question(image=blue)).texts[0].instances[0].id == 2


def test_ids_stay_from_question_to_question(mapper):
    first = mapper.ask(Question(("red", "blue")))
    again = mapper.ask(Question(("blue", "red")))
    ids = {found.text: found.instances[0].id for found in first.texts}
    assert len(set(ids.values())) == 2
    assert {found.text: found.instances[0].id for found in again.texts} == ids


@pytest.mark.parametrize("other", [{"threshold": 1e-3}, {"negatives": ("thing", "green")}])
def test_ids_stay_while_others_ask_otherwise(mapper, other):
    def ids(**question):
        return [[i.id for i in text.instances] for text in mapper.ask(Question(**question)).texts]

    texts = ("red", "blue")
    assert ids(texts=texts) == [[1], [2]]
    # Of what each finds otherwise, the plain question's thing has kept its id.
    assert [first[0] for first in ids(texts=texts, **other)] == [1, 2]
    assert ids(texts=texts) == [[1], [2]]
    assert Question(texts).apart() == Question(texts, region=Box((0,) * 3, (1,) * 3)).apart() == ""


def test_ids_are_of_what_is_asked_for(mapper):
    """An image is known by what it shows, a text by its words; neither by what it is called."""

    def id_of(question):
        return mapper.ask(question).texts[0].instances[0].id

    blue, red = (np.full((30, 20, 3), color, np.uint8) for color in (BLUE, RED))
    assert id_of(Question(image=blue)) == 1
    # All of the wall is as red as it is blue at this threshold: the same voxels for both.
    wide = 1e-3
    assert id_of(Question(image=red, threshold=wide)) == 2
    assert id_of(Question(image=blue, threshold=wide)) == 1
    assert id_of(Question((IMAGE,), threshold=wide)) == 3
    # The same bytes in another shape are another image.
    assert id_of(Question(image=blue.reshape(20, 30, 3), threshold=wide)) == 4
    assert id_of(Question(image=blue[::-1, ::-1])) == 1
    assert id_of(Question(("red",))) == id_of(Question(("  red ",))) == 5


def test_regions_negatives_and_thresholds(mapper):
    left = Box((-2.0, -2.0, 0.0), (0.0, 2.0, 3.0))
    answer = mapper.ask(Question(("red", "blue"), region=left))
    red, blue = answer.texts
    assert red.exists and 0.01 < answer.observed < 0.2
    # The rim between the colours is a little of both.
    assert all(thing.centroid_m[0] > -0.15 for thing in blue.instances)
    far = mapper.ask(Question(("red",), region=Box((5.0, 5.0, 5.0), (6.0, 6.0, 6.0))))
    assert not far.texts[0].exists and far.texts[0].peak_m is None and far.observed == 0.0
    # Held against itself, red is as near as the phrase, which is no more than even.
    against = mapper.ask(Question(("red",), negatives=("red",)))
    assert not against.texts[0].exists and against.relevancy.max() == pytest.approx(0.5, abs=0.01)
    assert not mapper.ask(Question(("red",), threshold=0.9999)).texts[0].exists


def test_labels_follow_what_is_seen(mapper):
    mapper.set_labels(["red", "green", "blue"])
    layer = mapper.layer
    names = np.array(["", *layer.labels.names])[layer.column("label").numpy()]
    x = layer.table.voxels()[:, 0].numpy()
    assert (names[x < -3] == "red").mean() > 0.98 and (names[x > 3] == "blue").mean() > 0.98
    assert "green" not in names
    mapper.set_labels(["green"])
    assert (layer.column("label") == 0).all()  # nothing is green, so all is unknown
    mapper.set_labels([])
    assert not layer.labels.names


def test_what_changes_its_colour_changes_its_name(config):
    mapper = SemanticMapper(config)
    mapper.use_language(ColorModel())
    mapper.set_labels(["red", "green", "blue"])
    mapper.add_frame(wall(1))
    for stamp in range(2, 40):
        mapper.map.integrate(wall(stamp, right=(0, 255, 0)))
        mapper.understand(wall(stamp, right=(0, 255, 0)))
    found = mapper.ask(Question(("green", "blue")))
    assert [text.exists for text in found.texts] == [True, False]


def test_a_map_remembers_and_another_model_is_refused(mapper, config):
    before = mapper.ask(Question(("red", "blue")))
    mapper.set_labels(["red", "blue"])
    mapper.save("home")
    other = SemanticMapper(config)
    other.use_language(ColorModel())
    other.set_labels(["blue"])
    other.load("home")
    after = other.ask(Question(("red", "blue")))
    for old, new in zip(before.texts, after.texts, strict=True):
        assert old.instances[0].centroid_m == pytest.approx(new.instances[0].centroid_m, abs=1e-6)
    assert (other.layer.column("label") == 1).any()  # its own labels, not the saved map's
    stranger = SemanticMapper(config)
    stranger.use_language(ColorModel("shapes@111111111111"))
    with pytest.raises(StorageError, match=r"(?s)colours@0.*shapes@1|shapes@1.*colours@0"):
        stranger.load("home")
    plain = SemanticMapper(config)
    plain.load("home")
    assert plain.query_points(np.array([[0.0, 0.0, 1.5]])).state[0] == 2
    # The model may come late, and the map be saved before: nothing is lost.
    plain.save("copy")
    late = SemanticMapper(config)
    late.load("copy")
    with pytest.raises(StorageError, match="the loaded map holds embeddings of model colours@0"):
        late.use_language(ColorModel("shapes@111111111111"))
    late.use_language(ColorModel())
    assert late.ask(Question(("red",))).texts[0].exists
    other.reset()
    assert not other.ask(Question(("red",))).texts[0].exists


@pytest.mark.parametrize("way", ["reset", "plain", "own"])
def test_a_model_that_a_map_does_not_fit_waits_for_one_that_does(mapper, config, way):
    mapper.save("home")
    stranger = SemanticMapper(config)
    stranger.add_frame(wall(1))
    stranger.save("plain")  # without embeddings
    stranger.use_language(ColorModel("shapes@111111111111"))
    stranger.save("own")
    late = SemanticMapper(config)
    late.load("home")
    with pytest.raises(StorageError, match="colours@0"):
        late.use_language(ColorModel("shapes@111111111111"))
    with pytest.raises(QueryError, match="no vision-language model"):
        late.ask(Question(("red",)))
    with pytest.raises(StorageError, match="colours@0"):  # that the present map is no better
        late.load("home")
    late.save("copy")  # what nobody could read is kept
    assert late.language is None
    if way == "reset":
        late.reset()
    else:
        late.load(way)
    assert late.ask(Question(("red",))).texts[0].exists == (way == "own")
    late.add_frame(wall(2))
    assert late.ask(Question(("red",))).texts[0].exists
    first = SemanticMapper(config)
    first.use_language(ColorModel())
    first.load("copy")
    assert first.ask(Question(("red",))).texts[0].exists


def test_frames_from_before_the_model_are_looked_at(config):
    mapper = SemanticMapper(config)
    mapper.add_frame(wall())
    with pytest.raises(QueryError, match="no vision-language model: none was given"):
        mapper.ask(Question(("red",)))
    mapper.use_language(ColorModel())
    assert mapper.ask(Question(("red",))).texts[0].exists


def test_what_cannot_be_asked(mapper):
    for question, message in (
        (Question(), "neither a text nor an image"),
        (Question(("",)), "empty text"),
        (Question(("red",), ("thing", "")), "a negative is empty"),
        (Question(("x" * 10_000,)), "10000 characters"),
        (Question(tuple(f"thing {n}" for n in range(501))), "501 texts"),
        (Question(("red",), threshold=1.5), "between 0 and 1"),
        (Question(image=np.zeros((0, 4, 3), np.uint8)), "must be RGB"),
    ):
        with pytest.raises((QueryError, VisionError), match=message):
            mapper.ask(question)
    assert mapper.ask(Question(("red", "red", "🚗"))).texts[0].exists


def test_five_hundred_texts_and_labels(mapper):
    names = [f"thing {number}" for number in range(499)]
    answer = mapper.ask(Question((*names, "red")))
    assert len(answer.texts) == 500 and answer.texts[499].exists
    mapper.set_labels([*names, "red"])
    left = mapper.describe(np.array([[-0.4, 0.0, 1.5]]))
    assert left.label_names[left.label[0] - 1] == "red"


def test_embeddings_of_what_has_gone_are_not_loaded(mapper):
    """One in a block that the map does not have, one before the wall, where it is free."""
    layer = mapper.layer
    gone = torch.tensor([[500, 500, 500], [0, 0, 26]])
    layer.fuse(gone, layer.column("code")[:2].float(), torch.ones(2))
    count = len(layer)
    save_map(mapper.map, map_path(mapper.config.map.folder, "stale"), layer)
    mapper.load("stale")
    answer = mapper.ask(Question(("red",)))
    assert len(answer.voxels) == count - 2
    assert not (answer.voxels == gone.numpy()[:, None]).all(2).any()


def test_what_is_made_of_keyframes_changes_the_version(mapper):
    before = mapper.version
    frame = wall(9)
    mapper.language.fuse(frame, mapper.language.look(frame))
    assert mapper.version != before and mapper.version[0] == before[0]


def test_numbers_that_are_not_finite_are_refused(mapper):
    frame = wall(9)
    dense = mapper.language.look(frame)
    dense[0, 0, 0] = torch.nan
    with pytest.raises(VisionError, match="not finite"):
        mapper.language.fuse(frame, dense)
    assert mapper.ask(Question(("red",))).texts[0].exists


def test_a_text_is_read_once(mapper):
    model = mapper.language.model
    mapper.ask(Question(("a red cup",)))
    read = len(model.read)
    mapper.ask(Question(("a red cup",)))
    assert len(model.read) == read


def test_points_have_labels_and_relevancies(mapper):
    mapper.set_labels(["red", "blue"])
    points = np.array([[-0.5, 0.0, 1.5], [0.5, 0.0, 1.53], [0.0, 0.0, 0.5], [9.0, 9.0, 9.0]])
    words = mapper.describe(points, Wanted(["blue", "red"]))
    names = ["", *words.label_names]
    assert [names[number] for number in words.label] == ["red", "blue", "", ""]
    assert (words.confidence[:2] > 128).all() and (words.confidence[2:] == 0).all()
    (red_blue, red), (blue, blue_red) = words.relevancy[:2]
    assert red > 0.9 > red_blue and blue > 0.9 > blue_red
    assert np.isnan(words.relevancy[2:]).all()
    assert mapper.describe(points).relevancy.shape == (4, 0)
    mapper.set_labels([])
    assert (mapper.describe(points).label == 0).all()

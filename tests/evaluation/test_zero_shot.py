"""Figures of models whose answers are known: one that reads the truth, one that guesses."""

import zlib
from functools import cache

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from nesf_ros.evaluation.examiner import CAPTIONED, Asked, Examiner, of_classes
from nesf_ros.evaluation.localisation import cells_right, localised_crops, pointing
from nesf_ros.evaluation.open_set import pairs_known, pictures_known, queries_known, separation
from nesf_ros.evaluation.zero_shot import described_right, names_right, renamed_right, zero_shot
from nesf_ros.synthetic.captions import nouns
from nesf_ros.synthetic.splits import HELD_OUT_VISION, SYNONYMS
from nesf_ros.training.shards import CropSet
from nesf_ros.training.vocabulary import COLOR_NAMES, MATERIALS, NAMES, NONE
from nesf_ros.vision.models import VisionModel
from nesf_ros.vision.text_tower import TextTower

DIM, SIZE, CELLS = 1024, 16, 4
WOOD = MATERIALS.index("wood")


@cache
def word_vector(word):
    """Of a word, nearly orthogonal to all others."""
    dice = torch.Generator().manual_seed(zlib.crc32(word.encode()))
    return normalize(torch.randn(DIM, generator=dice), dim=0)


class ReadingTexts(TextTower):
    """Texts are the sum of what they are about."""

    def __init__(self):
        self.concepts = {noun: name for name in CAPTIONED for noun in nouns(name)}
        self.concepts |= {name: name for name in NAMES}
        self.words = {w: w for w in COLOR_NAMES} | {"wooden": "wood"} | {m: m for m in MATERIALS}

    def encode(self, texts, device):
        return torch.stack([self.text(text) for text in texts])

    def text(self, text):
        words = text.strip(".?").split()
        ends = range(len(words) + 1)
        phrases = [" ".join(words[i:j]) for i in ends for j in ends[i + 1 :]]
        longest = self.concepts.get(max(filter(self.concepts.get, phrases), key=len, default=""))
        parts = [word_vector(f"class {longest}" if longest else text)]
        parts += [0.5 * word_vector(self.words[word]) for word in words if word in self.words]
        return normalize(torch.stack(parts).sum(0), dim=0)


class ReadingTower:
    """Pictures show in any pixel what they are about; a blind tower sees something else."""

    image_px, grid, dim = SIZE, (2, 2), DIM
    dtype, device = torch.float32, torch.device("cpu")

    def __init__(self, blind=False):
        self.blind = blind

    def look(self, images):
        return ReadingLook(self.blind, images)


class ReadingLook:
    """Red is the class, green the colour, blue the material."""

    nbytes = 0

    def __init__(self, blind, images):
        self.blind = blind
        self.numbers = (images[:, :, SIZE // 2, SIZE // 2] * 255).round().long().tolist()

    def trimmed(self, dtype):
        return self

    def embedding(self):
        if self.blind:
            return normalize(torch.randn(len(self.numbers), DIM), dim=1)
        rows = []
        for name, color, material in self.numbers:
            parts = [word_vector(f"class {NAMES[name]}")]
            parts += [0.5 * word_vector(COLOR_NAMES[color])] if color < NONE else []
            parts += [0.5 * word_vector(MATERIALS[material])] if material < NONE else []
            rows.append(normalize(torch.stack(parts).sum(0), dim=0))
        return torch.stack(rows)

    def dense(self):
        return self.embedding()[:, None, None].expand(-1, 2, 2, -1)

    def relevancy(self, texts):
        """The left half, whatever is asked for."""
        maps = torch.zeros(len(self.numbers), len(texts), CELLS, CELLS)
        maps[..., : CELLS // 2] = 1
        return maps


def examiner(blind=False):
    zeros, ones = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    tower = ReadingTower(blind)
    return Examiner(VisionModel("m", "none", "m@0", tower, zeros, ones, ReadingTexts()), "plain")


def crops_of(names, color=0, material=WOOD, kind=0):
    """Crops of classes, all of one colour and material, half of them cluttered; left half seen."""
    count = len(names)
    numbers = np.array([NAMES.index(name) for name in names], np.uint8)
    image = np.zeros((count, SIZE, SIZE, 3), np.uint8)
    image[..., 0] = numbers[:, None, None]
    image[..., 1], image[..., 2] = color, material
    target = np.zeros((count, CELLS, CELLS), np.uint8)
    target[:, :, : CELLS // 2] = 1
    return CropSet(
        image=image,
        scene=np.arange(count, dtype=np.int32),
        name=numbers,
        color=np.full(count, color, np.uint8),
        material=np.full(count, material, np.uint8),
        size=np.full(count, NONE, np.uint8),
        share=np.full(count, 0.5, np.float32),
        visible=np.ones(count, np.float32),
        others=(np.arange(count) % 2 * 0.5).astype(np.float32),
        kind=np.full(count, kind, np.uint8),
        target=target,
        names=np.broadcast_to(numbers[:, None, None], target.shape).copy(),
        colors=np.full(target.shape, color, np.uint8),
    )


SOME = ("mug", "chair", "bowl", "hammer", "apple", "clock")


@pytest.fixture(scope="module")
def reader():
    return examiner()


@pytest.fixture(scope="module")
def guesser():
    torch.manual_seed(0)
    return examiner(blind=True)


def test_a_model_that_reads_knows_everything_it_was_told(reader):
    held_out = crops_of(HELD_OUT_VISION)
    found = zero_shot(reader, crops_of(SOME * 4), held_out)
    for name in (
        "class, clean", "class, clutter", "class of 60, clean", "class of 60, clutter",
        "colour", "material", "colour + class, clean",
        "colour + class, clutter", "material + class, clean", "hard negatives", "aliases",
        "held-out, of all", "held-out, of themselves",
    ):  # fmt: skip
        assert found[name].value == 1.0, name
    assert found["class, clutter"].count == 12
    assert found["held-out, of all"].count == len(HELD_OUT_VISION)


def test_a_model_that_guesses_is_right_by_chance(guesser):
    found = zero_shot(guesser, crops_of(SOME * 40), crops_of(HELD_OUT_VISION * 20))
    assert found["class, clean"].value < 0.05
    assert found["class of 60, clean"].value == pytest.approx(1 / 60, abs=0.03)
    assert found["hard negatives"].value == pytest.approx(0.2, abs=0.1)
    assert found["held-out, of themselves"].value == pytest.approx(0.1, abs=0.08)
    assert found["held-out, of themselves"].low < 0.1 < found["held-out, of themselves"].high


def test_a_synonym_must_beat_the_names_of_all_other_classes():
    """Two classes in the plane; the picture leans to the first by its name and its synonym."""
    crops = crops_of([CAPTIONED[0], CAPTIONED[1]])
    images = normalize(torch.tensor([[1.0, 0.2], [0.2, 1.0]]), dim=1)
    asked = Asked(crops, images)
    names = torch.zeros(len(CAPTIONED), 2)
    names[0], names[1] = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    others = normalize(torch.tensor([[0.9, 0.3], [0.1, -1.0]]), dim=1)
    right = renamed_right(asked, names, others, CAPTIONED[:2])
    assert right.tolist() == [True, False]
    assert names_right(asked, names[:2], CAPTIONED[:2]).tolist() == [True, True]


def test_descriptions_need_both_words():
    """Pairs of two classes and two words, class by class."""
    crops = crops_of([CAPTIONED[0], CAPTIONED[1], CAPTIONED[1]])
    pairs = torch.eye(4)
    images = pairs[[1, 2, 1]]
    right = described_right(Asked(crops, images), pairs, 2, np.array([1, 1, 1]))
    assert right.tolist() == [True, False, False]


def test_maps_and_cells(reader):
    crops = crops_of(SOME)
    found = localised_crops(reader, crops)
    assert found.pointed.all() and found.overlaps.max(1).min() == pytest.approx(1.0)
    right, owners = cells_right(reader, crops)
    assert right.all() and np.bincount(owners).tolist() == [4] * len(SOME)
    figures = pointing(reader, crops, crops)
    assert figures["pointing, clutter"].value == figures["overlap, clean"].value == 1.0
    assert figures["pointing by chance, clean"].value == 0.5
    assert (figures["cells"].value, figures["cells"].count) == (1.0, 4 * len(SOME))
    wrong = CropSet(**{**vars(crops), "names": np.full_like(crops.names, NONE)})
    assert len(cells_right(reader, wrong)[0]) == 0


def test_what_is_unknown_scores_lower(reader):
    known = queries_known(reader)
    assert known.auroc > 0.9 and known.unknown_refused > 0.8
    pictures = pictures_known(reader, crops_of(SOME * 5), crops_of(HELD_OUT_VISION))
    assert pictures.auroc == 1.0
    assert pairs_known(reader, crops_of(SOME * 5)).auroc == 1.0


def test_separation_by_hand():
    apart = separation(np.linspace(0.6, 0.9, 40), np.linspace(0.1, 0.4, 40))
    assert apart.auroc == apart.known_kept == apart.unknown_refused == 1.0
    assert 0.4 < apart.threshold < 0.6
    same = separation(np.linspace(0, 1, 400), np.linspace(0, 1, 400))
    assert same.auroc == pytest.approx(0.5, abs=0.1)


def test_crops_of_classes():
    crops = of_classes(crops_of(("mug", "bowl", "mug")), ("mug",))
    assert len(crops) == 2
    assert set(SYNONYMS) & set(CAPTIONED)

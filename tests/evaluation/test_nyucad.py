"""The tables of NYUv2-CAD, on files of its format."""

from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

import nesf_ros.evaluation.nyucad as module
from nesf_ros.cli import main
from nesf_ros.config import NesfConfig
from nesf_ros.datasets.nyucad import read_nyucad
from nesf_ros.datasets.nyucad_volume import CLASSES
from nesf_ros.errors import DatasetError, EvaluationError
from nesf_ros.evaluation.nyucad import Names, table, text
from nesf_ros.pipeline import SemanticMapper
from tests.datasets.test_nyucad import VOXELS, fine, write_scene
from tests.test_unseen import ColorModel

STEP = 144 * 240
"""Voxels of the file in a slice along x."""


@pytest.fixture
def scene(tmp_path):
    """A bed fills the left third, a lamp the rest; a wall 2 m away hides much of them."""
    path = tmp_path / "NYU0001_0000.bin"
    write_scene(path, ((fine("bed"), 80 * STEP), (fine("lamp"), VOXELS - 80 * STEP)))
    rgb = np.full((480, 640, 3), 90, np.uint8)
    assert cv2.imwrite(str(path.with_suffix(".jpg")), rgb)
    return path


class Mapper(SemanticMapper):
    """Answers with what `winner` makes of the middles of the voxels, in the file's world."""

    def __init__(self, config):
        pass

    def use_language(self, model):
        assert model is MODEL

    def add_frame(self, frame):
        self.moved = frame.world_T_camera[:3, 3] - (0, 0, 1.2)

    def complete(self, words, box, voxel_m):
        assert box.lower == (0, 0, 0) and voxel_m == pytest.approx(0.08)
        shape = np.round(np.array(box.upper) / voxel_m).astype(int)
        middles = np.moveaxis(np.indices(shape), 0, -1) * voxel_m + voxel_m / 2 - self.moved
        winner = self.winner(words, middles)
        probability = np.stack([0.8 * (winner == n + 1) for n in range(len(words))])
        return SimpleNamespace(winner=winner, probability=probability, threshold=0.5)


MODEL = ColorModel()


def bed_and_things(words, middles):
    """The truth: the bed ends 80 voxels of 2 cm from the first, which is centred at −1.5 m."""
    edge = -1.51 + 80 * 0.02
    bed = "bed" if "bed" in words else "double bed"
    thing = "object" if "object" in words else "lamp"
    return np.where(middles[..., 0] < edge, 1 + words.index(bed), 1 + words.index(thing))


def answered(monkeypatch, scene, winner, names=None):
    monkeypatch.setattr(module, "SemanticMapper", Mapper)
    monkeypatch.setattr(Mapper, "winner", staticmethod(winner), raising=False)
    return table([read_nyucad(scene)], MODEL, NesfConfig(), names)


def test_the_truth_is_right_everywhere(monkeypatch, scene):
    found = answered(monkeypatch, scene, bed_and_things)
    assert found.mean == 1.0 and found.completion.iou == 1.0 and found.completion.scenes == 1
    assert found.classes["bed"] == found.classes["objs"] == 1.0
    assert np.isnan(found.classes["wall"]) and [*found.classes] == [*CLASSES]
    assert found.names == {}
    assert "bed            100.0" in text(found)


def test_a_voxel_further_is_wrong(monkeypatch, scene):
    """Were the volume placed half a voxel off, the truth would be wrong along the bed's edge."""

    def shifted(words, middles):
        return bed_and_things(words, middles + (0.08, 0, 0))

    found = answered(monkeypatch, scene, shifted)
    assert 0.9 < found.classes["bed"] < 1.0 and found.completion.iou == 1.0


def test_nothing_found_is_nothing_right(monkeypatch, scene):
    found = answered(monkeypatch, scene, lambda words, middles: np.zeros(middles.shape[:3], int))
    assert found.mean == 0 and found.completion.iou == 0


def test_every_name_alone(monkeypatch, scene):
    """The lamp is a lamp by its annotation, the bed one of two sorts."""
    named = {"double bed": fine("bed"), "lamp": fine("lamp")}

    def name(volume, models, fine_classes):
        assert models == "read" and fine_classes == {"a": "b"}
        labels = np.zeros_like(volume.labels)
        for number, label in enumerate(named.values(), 1):
            labels[volume.labels == label] = number
        return replace(volume, labels=labels, classes=tuple(named))

    monkeypatch.setattr(module, "named_volume", name)
    monkeypatch.setattr(module, "read_models", lambda path: "read")
    names = Names(lambda scene: scene.name, {"a": "b"})
    found = answered(monkeypatch, scene, bed_and_things, names)
    assert found.names == {"double bed": 1.0, "lamp": 1.0}
    assert "2 names of NYUv2, each alone: 100.0" in text(found)


def test_no_colour_and_no_scene(monkeypatch, scene):
    scene.with_suffix(".jpg").unlink()
    with pytest.raises(DatasetError, match="no colour image"):
        answered(monkeypatch, scene, bed_and_things)
    with pytest.raises(EvaluationError, match="no voxel that counts"):
        table([], MODEL, NesfConfig())


def test_the_command_on_a_folder(scene, capsys):
    """By the networks that the package ships."""
    assert main(["evaluate", "nyucad", str(scene.parent)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("completion") and "of 1 scenes" in printed
    assert all(name in printed for name in CLASSES)
    assert main(["evaluate", "nyucad", str(scene.parent / "none")]) == 2

"""Calibration of a model that sees colours, on walls whose colours stand for classes."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nesf_ros.config import NesfConfig, VisionConfig
from nesf_ros.datasets.labelled import LabelledScene, LabelledThing, LabelledView
from nesf_ros.evaluation.answers import answer_figures
from nesf_ros.evaluation.calibrate import TRAINED, calibrate, mapped
from nesf_ros.types import Box, Intrinsics

CAMERA = Intrinsics(64, 48, 50.0, 50.0, 31.5, 23.5)
COLORS = {"gear": (255, 0, 0), "sphere": (0, 255, 0), "torus": (0, 0, 255)}
CONFIG = NesfConfig(vision=VisionConfig(prompts="plain"))
WHERE = Box((-1.0, -1.0, 0.0), (1.0, 1.0, 2.0))


class Look:
    def __init__(self, images):
        self._cells = F.adaptive_avg_pool2d(images, 8).permute(0, 2, 3, 1)

    def dense(self):
        return F.normalize(F.pad(self._cells, (0, 1), value=0.2), dim=-1)


class Tower:
    dim, image_px, device = 4, 32, torch.device("cpu")

    def look(self, images):
        return Look(images)


class Model:
    """Its words for other classes point away from all colours."""

    image_px, device, fingerprint = 32, torch.device("cpu"), "colours@0"
    vocabulary = None
    mean, std, tower = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), Tower()

    def encode_text(self, texts):
        found = torch.tensor([[0.0, 0.0, 0.0, 1.0]]).repeat(len(texts), 1)
        for row, text in zip(found, texts, strict=True):
            for number, name in enumerate(COLORS):
                if f" {name}." in text:
                    row[:] = F.one_hot(torch.tensor(number), 4)
        return found


@pytest.fixture
def room():
    """A wall of three parts, each of a class's colour."""
    color, instances = np.zeros((48, 64, 3), np.uint8), np.zeros((48, 64), np.int32)
    for number, rgb in enumerate(COLORS.values()):
        part = slice(22 * number, 22 * (number + 1))
        color[:, part], instances[:, part] = rgb, number
    views = [
        LabelledView(stamp, CAMERA, np.eye(4), color, np.full((48, 64), 1.5, np.float32), instances)
        for stamp in range(1, 5)
    ]
    things = tuple(LabelledThing(f"{name} 1", name, WHERE) for name in COLORS)
    return LabelledScene("walls", things, ("floor", *COLORS), WHERE, views)


def test_voxels_have_the_class_that_the_pictures_show(room):
    mapper, truth = mapped(Model(), room, CONFIG)
    x = mapper.layer.table.voxels()[:, 0].numpy()
    # 22 of 64 px of 1.92 m: the parts meet at x = −0.30 and 0.36 m, voxels of 5 cm.
    assert (truth[x < -7] == 1).mean() > 0.98 and (truth[x > 8] == 3).mean() > 0.98
    assert (truth[(x > -5) & (x < 6)] == 2).mean() > 0.98


def test_the_calibration_tells_what_is_there_from_what_is_not(room):
    found, answers = calibrate(Model(), [room, room], CONFIG)
    # The colours' cosines are 1 and 0, less what the fourth number and the rims take.
    assert 0.1 < found.unknown_below < 0.95 and found.scale > 3
    # Relevancy of what is seen is near 1, of words for other classes 0.5 at the most.
    assert 0.5 < found.relevant_above < 1.0
    figures = answer_figures(answers, found.relevant_above)
    # Of two rooms three things each are there, and found where they are; nothing else is.
    assert (figures.found_right.value, figures.found_right.count) == (1.0, 6)
    assert (figures.invented.value, figures.invented.count) == (0.0, 2 * (len(TRAINED) - 3))
    assert (figures.told.value, figures.told.count) == (1.0, 2 * len(TRAINED))

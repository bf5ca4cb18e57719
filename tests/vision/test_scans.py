"""Keyframes that are looked at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from nesf_ros.errors import VisionError
from nesf_ros.vision.presets import PRESETS
from nesf_ros.vision.relevancy import RelevancyExtractor
from nesf_ros.vision.scans import KeyframeScans
from nesf_ros.vision.towers.base import tower_of

MEAN, STD = (0.48, 0.46, 0.41), (0.27, 0.26, 0.28)


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (40, 56, 3), np.uint8)


@pytest.fixture
def model(tiny):
    """A tower that counts how often it looks."""
    tower = tower_of(tiny.vit(), 32)
    looks = []

    class Counting:
        dim, image_px, grid = tower.dim, tower.image_px, tower.grid
        dtype, device = tower.dtype, tower.device

        def look(self, images):
            looks.append(len(images))
            return tower.look(images)

    return SimpleNamespace(
        tower=Counting(),
        mean=MEAN,
        std=STD,
        image_px=32,
        device=tower.device,
        looks=looks,
        plain=tower,
    )


def scans_of(model, max_bytes: int = 2**20) -> KeyframeScans:
    return KeyframeScans(model, PRESETS["chefer"], max_bytes)


def test_a_new_text_does_not_look_again(model, tiny):
    scans, texts = scans_of(model), tiny.texts(3)
    first = scans.relevancy(7, picture(0), texts[:1])
    second = scans.relevancy(7, picture(0), texts[1:], every=4)
    assert model.looks == [1] and len(scans) == 1 and scans.nbytes > 0
    plain = RelevancyExtractor(model.plain, PRESETS["chefer"], (MEAN, STD))
    torch.testing.assert_close(first, plain.relevancy(picture(0), texts[:1]))
    torch.testing.assert_close(second, plain.relevancy(picture(0), texts[1:], every=4))
    scans.forget(7)
    scans.relevancy(7, picture(0), texts)
    assert model.looks == [1, 1]


def test_the_scans_that_were_longest_not_asked_for_go_first(model, tiny):
    texts = tiny.texts(1)
    one = scans_of(model)
    one.relevancy(0, picture(0), texts)
    scans = scans_of(model, int(2.5 * one.nbytes))
    model.looks.clear()
    for keyframe in (1, 2, 1, 3, 1, 2):
        scans.relevancy(keyframe, picture(keyframe), texts)
    assert len(scans) == 2 and len(model.looks) == 4  # 1, 2, 3, and 2 again
    assert scans.nbytes <= 2.5 * one.nbytes


def test_a_picture_too_large_to_keep_is_answered_all_the_same(model, tiny):
    texts = tiny.texts(2)
    scans = scans_of(model, 1000)
    found = scans.relevancy(1, picture(1), texts)
    plain = RelevancyExtractor(model.plain, PRESETS["chefer"], (MEAN, STD))
    torch.testing.assert_close(found, plain.relevancy(picture(1), texts))
    assert len(scans) == 0


def test_texts_of_another_model_are_refused(model):
    with pytest.raises(VisionError, match="Embed the texts with the model"):
        scans_of(model).relevancy(1, picture(1), torch.zeros(1, 3))


def test_who_forgets_does_not_wait_for_who_looks(model, tiny):
    """A picture that is forgotten while it is looked at is answered, and not kept."""
    scans, texts = scans_of(model), tiny.texts(1)
    look, looking, let = model.tower.look, threading.Event(), threading.Event()

    def slow(images):
        looking.set()
        assert let.wait(30.0)
        return look(images)

    model.tower.look = slow
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(scans.relevancy, 1, picture(1), texts)
        assert looking.wait(30.0)
        scans.forget(1)  # returns although the look goes on
        assert not found.done()
        let.set()
        assert found.result(30.0).shape == (1, 40, 56)
    assert 1 not in scans and len(scans) == 0
    # Whoever had it before may still ask for it.
    assert scans.relevancy(1, picture(1), texts).shape == (1, 40, 56)
    assert len(scans) == 0

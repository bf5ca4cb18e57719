"""The relevancy extractor: against the straightforward form of the method, and its promises."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from nesf_ros.errors import VisionError
from nesf_ros.vision.jitter import jittered
from nesf_ros.vision.presets import LADDER, PRESETS, Live, Preset, preset_named
from nesf_ros.vision.relevancy import Against, RelevancyExtractor
from nesf_ros.vision.tiles import resized
from nesf_ros.vision.towers.autograd import relevancy_by_autograd
from nesf_ros.vision.towers.base import Tower, tower_of

MEAN, STD = (0.48, 0.46, 0.41), (0.27, 0.26, 0.28)
SMALL = Preset((1, 1 / 2), jitters=1, mirrors="all")


def picture(height: int = 40, width: int = 56, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def extractor(tower: Tower, preset: Preset | Live, **options: Any) -> RelevancyExtractor:
    return RelevancyExtractor(tower, preset, (MEAN, STD), **options)


def straightforward(tower: Any, image: np.ndarray, texts: Tensor, sides: list[int]) -> Tensor:
    """SemAbs' release, tile by tile, text by text; one jitter, mirrored."""
    height, width = image.shape[:2]
    maps = []
    for side in sides:
        total, count = torch.zeros(len(texts), height, width), torch.full((height, width), 1e-5)
        for shown in (image, jittered(image, 1)):
            coloured = torch.from_numpy(shown.copy()).permute(2, 0, 1)
            for col in range(0, width - side + 1, side // 4):
                for row in range(0, height - side + 1, side // 4):
                    if col >= height or row >= width:
                        continue
                    window = coloured[:, row : row + side, col : col + side]
                    crop = resized(window[None], tower.image_px, MEAN, STD)
                    cam = relevancy_by_autograd(tower, crop, texts)
                    cam = (cam + relevancy_by_autograd(tower, crop.flip(-1), texts).flip(-1)) / 2
                    enlarged = F.interpolate(cam, (side, side), mode="bilinear")[0]
                    total[:, row : row + side, col : col + side] += enlarged
                    count[row : row + side, col : col + side] += 1
        maps.append(total / count)
    return torch.stack(maps).mean(0)


def test_it_equals_the_straightforward_form_of_the_release(tiny):
    tower, texts = tower_of(tiny.vit(), 32), tiny.texts(3)
    expected = straightforward(tower, picture(), texts, [40, 20])
    found = extractor(tower, replace(SMALL, cover=False)).relevancy(picture(), texts)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert (found[:, :, -1] == 0).all() and found.max() > 0.02


def test_it_covers_what_the_release_leaves_out_and_agrees_elsewhere(tiny):
    tower, texts = tower_of(tiny.vit(), 32), tiny.texts(3)
    parity, covering = (
        extractor(tower, replace(SMALL, cover=cover)).relevancy(picture(), texts)
        for cover in (False, True)
    )
    assert (covering > 0).all()
    # Left of the tiles that were added, nothing changes: large ones from 16, small ones from 36.
    torch.testing.assert_close(covering[:, :, :16], parity[:, :, :16])


@pytest.mark.parametrize("make", ["vit", "timm"])
def test_a_scan_answers_texts_without_looking_again(tiny, make, monkeypatch):
    tower = tower_of(getattr(tiny, make)(), 32)
    image, texts = picture(), tiny.texts(4)
    scan = extractor(tower, SMALL, batch=7).scan(image)
    monkeypatch.setattr(type(tower), "look", None)
    answered = scan.relevancy(texts)
    torch.testing.assert_close(scan.relevancy(texts[2:3]), answered[2:3])
    torch.testing.assert_close(scan.relevancy(texts, every=8), answered[:, 4::8, 4::8])
    assert scan.relevancy(texts[:0]).shape == (0, 40, 56)
    monkeypatch.undo()
    direct = extractor(tower, SMALL).relevancy(image, texts)
    torch.testing.assert_close(direct, answered, rtol=1e-4, atol=1e-5)


def test_there_is_one_look_per_crop_whatever_the_number_of_texts(tiny, monkeypatch):
    tower = tower_of(tiny.vit(), 32)
    seen = []
    look = type(tower).look
    monkeypatch.setattr(
        type(tower), "look", lambda self, images: seen.append(len(images)) or look(self, images)
    )
    for texts in (1, 20):
        seen.clear()
        extractor(tower, SMALL, batch=16).relevancy(picture(), tiny.texts(texts))
        # 1 × 3 large and 5 × 9 small tiles, once mirrored, in 2 colours.
        assert sum(seen) == 48 * 4 == SMALL.crops((40, 56)) and max(seen) <= 16


def test_a_mirrored_picture_has_the_mirrored_relevancy(tiny):
    """Where the tiles lie symmetrically and each is looked at in the mirror too."""
    tower, texts = tower_of(tiny.vit(), 32), tiny.texts(2)
    extract = extractor(tower, Preset((1, 1 / 2), mirrors="all"))
    image = picture(40, 60)
    mirrored = extract.relevancy(image[:, ::-1], texts)
    torch.testing.assert_close(mirrored.flip(-1), extract.relevancy(image, texts))


def test_every_other_tile_can_be_seen_in_the_mirror_instead(tiny):
    """Two large tiles: the left one as it is, the right one mirrored."""
    tower, texts, image = tower_of(tiny.vit(), 32), tiny.texts(2), picture(40, 80)
    found = extractor(tower, Preset((1,), strides=1, mirrors="every other")).relevancy(image, texts)
    plain, mirrored = (
        extractor(tower, Preset((1,), strides=1)).relevancy(shown, texts)
        for shown in (image, image[:, ::-1])
    )
    torch.testing.assert_close(found[:, :, :40], plain[:, :, :40])
    torch.testing.assert_close(found[:, :, 40:], mirrored.flip(-1)[:, :, 40:])


def test_a_scan_says_what_it_holds_and_keeps_to_its_bytes(tiny):
    tower = tower_of(tiny.vit(), 32)
    crops = SMALL.crops((40, 56))
    scan = extractor(tower, SMALL).scan(picture())
    # Of each crop the embedding (16), three scales, attention (4 × 16), slope (128), two normalised
    # class tokens (32) and values (16 × 32).
    assert scan.nbytes == crops * 4 * (16 + 3 + 64 + 128 + 64 + 512)
    extractor(tower, SMALL, max_bytes=scan.nbytes).scan(picture())
    strict = extractor(tower, SMALL, max_bytes=scan.nbytes - 1)
    with pytest.raises(VisionError, match="a scan of 192 crops would hold"):
        strict.scan(picture())
    assert strict.relevancy(picture(), tiny.texts(1)).max() > 0


def test_bf16_halves_what_a_scan_holds_and_stays_close(tiny):
    visual = tiny.vit()
    exact, rough = (
        extractor(tower_of(visual, 32, kind), SMALL).scan(picture()) for kind in ("fp32", "bf16")
    )
    assert rough.nbytes < 0.6 * exact.nbytes
    wanted = exact.relevancy(tiny.texts(5))
    assert (rough.relevancy(tiny.texts(5)) - wanted).abs().max() < 0.02 * wanted.max()


def test_presets_are_those_of_the_paper_and_its_release():
    size = (480, 640)
    # 3, 40, 117 and 247 tiles, or 3, 15, 40 and 247 with 2/3; 5 jitters and the mirror.
    sides = {name: [tiling.height for tiling in PRESETS[name].tilings(size)] for name in PRESETS}
    assert sides == {
        "paper": [480, 240, 160, 120],
        "code": [480, 320, 240, 120],
        "chefer": [480],
    }
    assert [len(tiling) for tiling in PRESETS["paper"].tilings(size)] == [3, 40, 117, 247]
    assert PRESETS["paper"].crops(size) == 12 * 407
    assert PRESETS["code"].crops(size) == 12 * (3 + 3 * 5 + 40 + 247)
    assert PRESETS["chefer"].crops(size) == 1


def test_chefer_looks_once_at_the_whole_picture(tiny):
    tower, texts, image = tower_of(tiny.vit(), 32), tiny.texts(2), picture()
    squeezed = resized(torch.from_numpy(image).permute(2, 0, 1)[None], 32, MEAN, STD)
    maps = tower.look(squeezed).relevancy(texts)
    expected = F.interpolate(maps, (40, 56), mode="bilinear")[0]
    found = extractor(tower, PRESETS["chefer"]).relevancy(image, texts)
    torch.testing.assert_close(found, expected)


def test_a_budget_takes_the_dearest_step_that_it_allows():
    live, size = Live(100), (480, 640)
    crops = [preset.crops(size) for preset in LADDER]
    assert crops == sorted(crops) and crops[0] == 1
    for step, count in zip(LADDER, crops, strict=True):
        assert live.choose(size, 99.9 / count) == step
    assert live.choose(size, 1e6) == LADDER[0]
    assert live.choose(size, 1e-6) == LADDER[-1]


def test_live_learns_what_a_crop_costs(tiny, monkeypatch):
    tower = tower_of(tiny.vit(), 32)
    now = [0.0]
    look = type(tower).look

    def slow_look(self, images):
        now[0] += 0.002 * len(images)  # 2 ms for a crop
        return look(self, images)

    monkeypatch.setattr(type(tower), "look", slow_look)
    monkeypatch.setattr("nesf_ros.vision.relevancy.time.perf_counter", lambda: now[0])
    for budget_ms in (10, 60, 300):
        scan = extractor(tower, Live(budget_ms)).scan(picture(48, 64))
        cost = 2 * scan.preset.crops((48, 64))
        assert cost <= budget_ms
        dearer = LADDER[LADDER.index(scan.preset) + 1]
        assert 2 * dearer.crops((48, 64)) > budget_ms


def test_jitters_are_the_same_for_every_picture_and_differ_from_each_other():
    gray, image = np.full((4, 4, 3), 100, np.uint8), picture()
    assert jittered(image, 0) is image
    copies = [jittered(image, index) for index in range(6)]
    assert all((copies[i] == jittered(image, i)).all() for i in range(6))
    means = torch.tensor(np.array([copy.mean((0, 1)) for copy in copies]))
    assert torch.pdist(means).min() > 1
    # On gray only brightness acts, by at most 60 % and what rounding adds.
    shades = [np.unique(jittered(gray, index)) for index in range(1, 6)]
    assert all(len(shade) == 1 and 38 <= shade[0] <= 162 for shade in shades)


def test_bad_input_is_named(tiny):
    extract = extractor(tower_of(tiny.vit(), 32), PRESETS["chefer"])
    with pytest.raises(VisionError, match=r"shape \(2, 9\); this model's are texts × 16"):
        extract.relevancy(picture(), torch.zeros(2, 9))
    with pytest.raises(VisionError, match="preset 'fast'; known are paper, code, chefer and live"):
        preset_named("fast", 100)
    assert preset_named("live", 100) == Live(100)
    assert preset_named("code", 100) is PRESETS["code"]


def test_texts_stand_out_from_words_cell_by_cell(tiny):
    """The merged map of contrasts, with scans and without; another word takes something away."""
    tower = tower_of(tiny.timm(), 64)
    image, texts = picture(), tiny.texts(4)
    few, more = (Against(tiny.texts(count)[4:], 15.0) for count in (5, 7))
    scan = extractor(tower, SMALL).scan(image)
    found = scan.relevancy(texts, 4, few)
    torch.testing.assert_close(extractor(tower, SMALL).relevancy(image, texts, 4, few), found)
    assert (scan.relevancy(texts, 4, more) < found).all()
    assert found.min() > 0 and found.max() < 1
    torch.testing.assert_close(scan.relevancy(texts[1:2], 4, few), found[1:2])

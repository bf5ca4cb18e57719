"""The crop pyramid: how many, where, and that a crop is what CLIP's own preprocessing makes."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nesf_ros.errors import VisionError
from nesf_ros.vision.crops import FRACTIONS, boxes_of, crop_batches, embed_crops, pyramid
from nesf_ros.vision.models import VisionModel
from nesf_ros.vision.text_tower import TextTower
from nesf_ros.vision.towers.base import tower_of

PLAIN = SimpleNamespace(
    image_px=16, device=torch.device("cpu"), mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)
)


@pytest.fixture
def picture():
    """Colours that change smoothly and differ everywhere, with noise on top."""
    y, x = np.mgrid[:48, :64]
    smooth = np.stack([3 * x, 4 * y, x + 2 * y], -1)
    noise = np.random.default_rng(0).integers(0, 40, (48, 64, 3))
    return (smooth + noise).clip(0, 255).astype(np.uint8)


def test_lerfs_pyramid_at_vga():
    levels = pyramid((480, 640))
    assert [level.height for level in levels] == [24, 60, 96, 132, 168, 204, 240]
    # Half overlapping, and one more row or column where the last would not reach the edge.
    assert [(len(level.rows), len(level.cols)) for level in levels] == [
        (39, 53), (15, 21), (9, 13), (7, 9), (5, 7), (4, 6), (3, 5),
    ]  # fmt: skip
    assert len(boxes_of(levels)) == 2636
    assert levels[-1].rows == (0, 120, 240)
    assert levels[-1].cols == (0, 120, 240, 360, 400)
    assert boxes_of(levels)[-2:].tolist() == [[360, 240, 600, 480], [400, 240, 640, 480]]


def test_a_limit_takes_the_large_crops_first():
    levels = pyramid((480, 640), limit=200)
    # 15 + 24 + 35 + 63 half overlapping; 117 of 96 px would be too many, 5 × 7 edge to edge fit.
    assert [(level.height, len(level)) for level in levels] == [
        (96, 35), (132, 63), (168, 35), (204, 24), (240, 15),
    ]  # fmt: skip
    (whole,) = pyramid((480, 640), limit=1)
    assert boxes_of([whole]).tolist() == [[0, 0, 640, 480]]
    assert pyramid((480, 640), limit=10_000) == pyramid((480, 640))
    with pytest.raises(VisionError, match="a pyramid of 0 crops"):
        pyramid((480, 640), limit=0)


@given(
    st.integers(1, 90),
    st.integers(1, 90),
    st.one_of(st.none(), st.integers(1, 300)),
)
def test_every_level_covers_the_picture_and_no_limit_is_passed(height, width, limit):
    levels = pyramid((height, width), FRACTIONS[2:], limit)
    boxes = boxes_of(levels)
    assert len(boxes) == sum(map(len, levels))
    assert limit is None or 0 < len(boxes) <= limit
    for level in levels:
        seen = np.zeros((height, width), bool)
        for left, top, right, bottom in boxes_of([level]):
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height
            seen[top:bottom, left:right] = True
        assert seen.all()


def test_crops_are_those_of_pillow(picture):
    """CLIP's preprocessing resizes with Pillow's bicubic."""
    boxes = np.array([[0, 0, 40, 40], [10, 3, 64, 48], [5, 5, 13, 13], [0, 0, 16, 16]])
    (found,) = crop_batches(picture, boxes, PLAIN)
    for crop, box in zip(found, boxes.tolist(), strict=True):
        wanted = Image.fromarray(picture).crop(box).resize((16, 16), Image.Resampling.BICUBIC)
        difference = crop.permute(1, 2, 0) * 255 - torch.from_numpy(np.array(wanted)).float()
        assert difference.abs().max() < 1.5, box


def test_crops_are_normalised_as_the_model_wants():
    image = np.full((20, 30, 3), (255, 0, 51), np.uint8)
    model = SimpleNamespace(**vars(PLAIN) | {"mean": (0.5, 0.25, 0.1), "std": (0.5, 0.5, 0.2)})
    (found,) = crop_batches(image, np.array([[3, 4, 20, 15]]), model)
    assert found.shape == (1, 3, 16, 16)
    # (1 − 0.5) / 0.5, (0 − 0.25) / 0.5, (0.2 − 0.1) / 0.2
    expected = torch.tensor([1.0, -0.5, 0.5]).view(3, 1, 1).expand(3, 16, 16)
    torch.testing.assert_close(found[0], expected)


def test_batches_keep_the_order_whatever_their_size(picture):
    boxes = boxes_of(pyramid((48, 64), (0.5, 0.25)))
    mixed = boxes[np.random.default_rng(1).permutation(len(boxes))]
    together = torch.cat(list(crop_batches(picture, mixed, PLAIN, batch=1000)))
    sizes = []
    apart = []
    for batch in crop_batches(picture, mixed, PLAIN, batch=7):
        sizes.append(len(batch))
        apart.append(batch)
    assert max(sizes) == 7
    assert sum(sizes) == len(mixed) == len(together)
    assert torch.equal(torch.cat(apart), together)
    alone = [next(crop_batches(picture, box[None], PLAIN))[0] for box in mixed[:9]]
    torch.testing.assert_close(torch.stack(alone), together[:9])


def test_embeddings_are_those_of_the_crops(tiny, picture):
    visual = tiny.vit()
    tower = tower_of(visual, 32)
    no_text = TextTower(torch.nn.Linear(1, 1), len, "fp32")
    model = VisionModel("small", "", "small@0", tower, PLAIN.mean, PLAIN.std, no_text)
    boxes = boxes_of(pyramid((48, 64), (0.5,)))
    found = embed_crops(model, picture, boxes)
    with torch.no_grad():
        wanted = visual(torch.cat(list(crop_batches(picture, boxes, model))))
    torch.testing.assert_close(found, torch.nn.functional.normalize(wanted, dim=-1))
    assert embed_crops(model, picture, boxes[:0]).shape == (0, 16)


@pytest.mark.parametrize("box", [
    [0, 0, 65, 48], [0, 0, 64, 49], [-1, 0, 5, 5], [0, -1, 5, 5], [5, 5, 5, 9], [5, 9, 8, 9],
    [8, 0, 5, 5],
])  # fmt: skip
def test_boxes_that_are_no_part_of_the_picture(picture, box):
    boxes = np.array([[0, 0, 64, 48], box])
    with pytest.raises(VisionError, match=rf"crop \[{box[0]}, .* of a picture of 64x48 px"):
        next(crop_batches(picture, boxes, PLAIN))

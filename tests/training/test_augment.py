import numpy as np
import pytest
import torch

from nesf_ros.training.augment import Augmentation, centered, labels_through, seen_through
from nesf_ros.training.vocabulary import NONE

CPU = torch.device("cpu")
PLAIN = Augmentation(
    zoom=(1.0, 1.0), stretch=0.0, turn_rad=0.0, shift=0.0, gain=(1.0, 1.0), tint=0.0, offset=0.0,
    contrast=(1.0, 1.0), recolored=0.0, noise=0.0, coarse=0.0, covered=0.0,
)  # fmt: skip


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


def ramp(size=32):
    """A crop whose red grows to the right and whose green grows downwards."""
    image = np.zeros((size, size, 3), np.uint8)
    image[..., 0], image[..., 1] = np.arange(size), np.arange(size)[:, None]
    return torch.from_numpy(image)[None]


def test_plain_augmentation_only_mirrors():
    views = PLAIN.views(50, dice(), CPU)
    mirrored = views[:, 0, 0] < 0
    assert 10 < int(mirrored.sum()) < 40
    assert torch.equal(views.abs(), centered(50, CPU))
    images = seen_through(ramp().expand(50, -1, -1, -1), views, 32) * 255
    assert torch.allclose(images[~mirrored][0, 0, 5], torch.arange(32.0), atol=1e-3)
    assert torch.allclose(images[mirrored][0, 0, 5], torch.arange(31.0, -1, -1), atol=1e-3)
    assert torch.allclose(PLAIN.light(images / 255, dice()), images / 255, atol=1e-6)


def test_labels_move_with_the_picture():
    """A turned, zoomed and shifted view: label and colour of each cell come from the same place."""
    cells = torch.arange(8 * 8, dtype=torch.uint8).view(1, 8, 8)
    image = cells.repeat_interleave(4, 1).repeat_interleave(4, 2)[..., None].expand(1, 32, 32, 3)
    for seed in range(20):
        view = Augmentation(zoom=(0.5, 0.9), turn_rad=0.4).views(1, dice(seed), CPU)
        labels = labels_through(cells, view, 4)[0]
        middle = seen_through(image, view, 4)[0, 0] * 255
        inside = labels != NONE
        assert inside.any()
        # The middle of an output cell may lie between two labels, where colours are mixed.
        same = (labels.float() - middle).abs() < 0.5
        assert same[inside].float().mean() > 0.3


def test_labels_beyond_the_edge_are_none():
    labels = torch.full((1, 4, 4), 7, dtype=torch.uint8)
    half_out = centered(1, CPU).clone()
    half_out[0, 0, 2] = 1.0
    assert labels_through(labels, half_out, 4)[0, 0].tolist() == [7, 7, NONE, NONE]


@pytest.mark.parametrize("seed", range(5))
def test_light_stays_in_range_and_changes_pictures(seed):
    images = torch.rand(4, 3, 16, 16, generator=dice())
    lit = Augmentation(coarse=1.0, covered=1.0).light(images, dice(seed))
    assert lit.min() >= 0 and lit.max() <= 1
    assert (lit - images).abs().mean() > 0.02


def test_same_dice_same_pictures():
    images = torch.rand(4, 3, 16, 16, generator=dice())
    augmentation = Augmentation()
    assert torch.equal(augmentation.light(images, dice(3)), augmentation.light(images, dice(3)))
    assert torch.equal(augmentation.views(3, dice(1), CPU), augmentation.views(3, dice(1), CPU))


def test_recolouring_turns_hues_and_keeps_brightness_and_grey():
    images = torch.zeros(400, 3, 4, 4)
    images[:, 0, :2], images[:, :, 2:] = 0.6, 0.4
    turned, changed = Augmentation(recolored=0.5).recolor(images, dice())
    assert 150 < int(changed.sum()) < 250
    assert torch.allclose(turned[~changed], images[~changed], atol=1e-6)
    assert torch.allclose(turned[:, :, 2:], images[:, :, 2:], atol=1e-5)
    red_left = turned[changed][:, 0, 0, 0]
    assert red_left.max() < 0.55 and red_left.min() < 0.1
    # A third of a turn makes red green or blue.
    assert (turned[changed][:, 1:, 0, 0].amax(1) > 0.35).float().mean() > 0.5

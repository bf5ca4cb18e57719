"""Dense embeddings of a picture, against one look at each of its windows."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nesf_ros.semantics.dense import dense_features


class Colours:
    """A tower whose cells say what colour they are: mean RGB and a constant."""

    image_px, grid, dim = 8, (2, 2), 4
    dtype, device = torch.float32, torch.device("cpu")

    def __init__(self):
        self.looked = 0

    def look(self, images):
        self.looked += len(images)
        cells = F.avg_pool2d(images, 4).permute(0, 2, 3, 1)
        values = torch.cat([cells, torch.ones_like(cells[..., :1])], -1)
        return SimpleNamespace(dense=lambda: F.normalize(values, dim=-1))


@pytest.fixture
def model():
    return SimpleNamespace(
        tower=Colours(), image_px=8, device=torch.device("cpu"), mean=(0.0,) * 3, std=(1.0,) * 3
    )


def test_each_cell_looks_as_its_part_of_the_picture(model):
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:, :48, 0], picture[:, 48:, 1] = 255, 255
    dense = dense_features(model, picture, windows=(0.25,), every=8)
    assert dense.shape == (8, 12, 4)
    torch.testing.assert_close(dense.norm(dim=-1), torch.ones(8, 12))
    half = 2**-0.5
    torch.testing.assert_close(dense[:, :4], torch.tensor([half, 0, 0, half]).expand(8, 4, 4))
    torch.testing.assert_close(dense[:, 8:], torch.tensor([0, half, 0, half]).expand(8, 4, 4))


def test_windows_of_each_size_cover_the_picture_half_overlapping(model):
    picture = np.full((64, 96, 3), 90, np.uint8)
    dense = dense_features(model, picture, windows=(1.0, 0.5), every=16)
    # Of 64 px at x = 0 and 32; of 32 px at 3 rows and 5 columns.
    assert model.tower.looked == 2 + 15
    assert dense.shape == (4, 6, 4)
    assert torch.allclose(dense, dense[0, 0].expand_as(dense), atol=1e-5)

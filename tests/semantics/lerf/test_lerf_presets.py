"""Presets: the paper's numbers, and that each makes a field that answers at its own sizes."""

import pytest
import torch

from nesf_ros.semantics.lerf.language_field import KNOTS_M, LanguageField
from nesf_ros.semantics.lerf.presets import PRESETS
from nesf_ros.types import Box
from nesf_ros.vision.crops import FRACTIONS, pyramid

SMALL = Box((0.0, 0.0, 0.0), (0.05, 0.05, 0.05))
"""So that the tables of the largest one cost nothing."""


def test_the_papers_numbers():
    paper = PRESETS["paper"]
    # LERF §3.5: 30 scales up to 2 m, five views; §4: 24 samples are kept, 30k steps.
    assert len(paper.sizes_m) == 30 and paper.sizes_m[-1] == pytest.approx(2.0)
    assert paper.sizes_m[1] - paper.sizes_m[0] == pytest.approx(2 / 30)
    assert (paper.min_views, paper.samples, paper.steps, paper.rays) == (5, 24, 30_000, 4096)
    assert paper.crops.fractions == FRACTIONS and paper.crops.limit is None
    # Its code's two grids: finest cells of 8 cm, and from there of 5 mm.
    assert [lattices.cells_m[-1] for lattices in paper.lattices] == pytest.approx([0.08, 0.005])
    assert sum(each.levels * each.features for each in paper.lattices) == 192


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_makes_a_field_that_tells_its_sizes_apart(name):
    preset = PRESETS[name]
    torch.manual_seed(0)
    field = LanguageField(SMALL, preset, 4, 2)
    sizes = torch.tensor(preset.sizes_m)
    assert KNOTS_M[0] <= float(sizes.min()) and float(sizes.max()) <= KNOTS_M[-1] + 1e-6
    assert (sizes.diff() > 0).all()
    found = field.embeddings(torch.full((len(sizes), 3), 0.02), sizes)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(len(sizes)))
    assert (found.diff(dim=0).norm(dim=1) > 1e-5).all()


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_looks_at_several_sizes_of_a_vga_picture(name):
    crops = PRESETS[name].crops
    levels = pyramid((480, 640), sorted(crops.fractions), crops.limit)
    assert len(levels) >= 2
    assert crops.limit is None or sum(map(len, levels)) <= crops.limit

"""Cells that die where a field stays clear."""

import pytest
import torch

from nesf_ros.field import survey as module
from nesf_ros.field.cells import Cells
from nesf_ros.field.survey import Survey
from nesf_ros.types import Box

from .scenes import Analytic

ROW = Box((0.0, 0.0, 0.0), (6.0, 1.0, 1.0))
LOOKS = 38
"""0.9^37 = 0.0203 is not below 0.02 yet, 0.9^38 = 0.0182 is."""


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    """Written out, so that numbers computed by hand stay true when these change."""
    monkeypatch.setattr(module, "DECAY", 0.9)
    monkeypatch.setattr(module, "CLEAR", 0.02)


def half_solid(x_m: float) -> Analytic:
    """Solid beyond x_m."""
    return Analytic(lambda points: x_m - points[:, 0], box=ROW)


def alive(cells: Cells) -> list[bool]:
    return cells.alive[:, 0, 0].tolist()


def test_clear_cells_die_and_none_else():
    cells = Cells.over(ROW, 1.0)
    survey = Survey(cells)
    for _ in range(LOOKS - 1):
        survey.update(half_solid(3.5), 1.0)
    assert alive(cells) == [True] * 6
    survey.update(half_solid(3.5), 1.0)
    assert alive(cells) == [False] * 3 + [True] * 3


def test_remembered_opacity_by_hand():
    cells = Cells.over(ROW, 1.0)
    survey = Survey(cells)
    for _ in range(3):
        survey.update(half_solid(3.5), 1.0)
    # Solid cells of 1 m are opaque; clear ones lose a tenth at each look.
    expected = torch.tensor([0.729, 0.729, 0.729, 1.0, 1.0])
    torch.testing.assert_close(survey.opacity[[0, 1, 2, 4, 5], 0, 0], expected)


def test_thin_haze_is_no_reason_to_live_and_thick_is():
    cells = Cells.over(ROW, 1.0)
    survey = Survey(cells)
    # Far from surfaces σ = sigmoid(−0.1/β)/β: 0.0145 and 0.0226 per metre.
    for beta, expected in ((0.0115, False), (0.0122, True)):
        cells.alive[:] = True
        survey.opacity[:] = 0.0
        haze = Analytic(lambda points: torch.ones(len(points)), beta_m=beta, box=ROW)
        survey.update(haze, 1.0)
        assert alive(cells) == [expected] * 6


def test_cells_come_back_where_a_surface_appears():
    cells = Cells.over(ROW, 1.0)
    survey = Survey(cells)
    for _ in range(LOOKS):
        survey.update(half_solid(9.0), 1.0)
    assert alive(cells) == [False] * 6
    survey.update(half_solid(3.9), 1.0)
    assert alive(cells)[:3] == [False] * 3
    assert alive(cells)[4:] == [True] * 2


def test_cells_that_were_dead_stay_dead():
    cells = Cells.over(ROW, 1.0)
    cells.alive[4] = False
    survey = Survey(cells)
    for _ in range(3):
        survey.update(half_solid(0.0), 1.0)
    assert alive(cells) == [True, True, True, True, False, True]
    cells.alive[:] = False
    Survey(cells).update(half_solid(0.0), 1.0)
    assert alive(cells) == [False] * 6


def test_only_a_share_of_the_cells_is_looked_at():
    torch.manual_seed(0)
    cells = Cells.over(Box((0.0, 0.0, 0.0), (10.0, 10.0, 10.0)), 0.5)
    survey = Survey(cells)
    survey.update(half_solid(90.0), 0.25)
    looked = (survey.opacity < 1).float().mean()
    # Of 8000: a standard error of half a percent.
    assert abs(float(looked) - 0.25) < 0.025
    before = survey.opacity.clone()
    survey.update(half_solid(90.0), 0.0)
    assert torch.equal(survey.opacity, before)


def test_every_place_in_a_cell_may_be_looked_at():
    """A thin sheet in a large cell keeps it alive."""
    torch.manual_seed(0)
    box = Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    cells = Cells.over(box, 1.0)
    survey = Survey(cells)
    sheet = Analytic(lambda points: (points[:, 0] - 0.8).abs() - 0.1, box=box)
    for _ in range(100):
        survey.update(sheet, 1.0)
        assert bool(cells.alive)  # a fifth of it is solid: 38 clear looks in a row have 2e-4

"""The tables as they are printed."""

from dataclasses import replace

import pytest

from nesf_ros.evaluation.unseen_paper import MEANS, RELATIONS
from nesf_ros.evaluation.unseen_questions import COLUMNS
from nesf_ros.evaluation.unseen_study import CUTOFFS, Judged, Sample
from nesf_ros.evaluation.unseen_table import Outcome
from nesf_ros.evaluation.unseen_text import text

LOGITS = tuple(float(n % 7) for n in range(70))


def outcome(task, value, columns=COLUMNS):
    variants = {"plain": value, "veto": value + 0.02, "clear": value + 0.01, "alone": value - 0.02}
    relation = "in" if task == "vool" else ""
    ious = {name: [one] * len(CUTOFFS) for name, one in variants.items()}
    samples = (Sample(("mug", relation, "box" if relation else ""), ious),)
    truth = tuple(n % 3 == 0 for n in range(70))
    tried = [Judged(f"v{n}", 0, samples, LOGITS, truth) for n in range(2)]
    return Outcome(task, tried, {column: [Judged("a", 0, samples)] for column in columns})


def table(printed, title):
    lines = printed.split("\n\n")
    block = lines[next(n for n, line in enumerate(lines) if line.startswith(title)) + 1]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]


def test_rows_have_the_papers_figures_beside():
    outcomes = {("semabs", 1): outcome("ovssc", 0.5), ("semabs", 5): outcome("ovssc", 0.6),
                ("semaware", 1): outcome("ovssc", 0.25)}  # fmt: skip
    printed = text("ovssc", outcomes)
    rows = {row[0]: row[1:] for row in table(printed, "Voxel IoU")}
    assert rows["approach"] == [column.title for column in COLUMNS]
    assert rows["SemAware"] == [f"25.0 [25.0, 25.0] ({x})" for x in (32.2, 31.9, 20.2, 0.0)]
    assert rows["ours, with the map's veto"] == ["52.0 [52.0, 52.0]"] * 4
    assert rows["ours, each label alone"][0] == "48.0 [48.0, 48.0]"
    leads = {row[0]: row[1:] for row in table(printed, "Leads")}
    assert leads["ours over SemAware"] == ["25.0 [25.0, 25.0]"] * 4
    assert leads["ours, five views over ours"] == ["10.0 [10.0, 10.0]"] * 4
    assert "Novel Class keeps 100 % of Novel Room." in printed
    veto = {row[0]: row[1:] for row in table(printed, "What the veto")}
    assert veto["ours, with the map's veto"] == ["2.0 [2.0, 2.0], 0.0 %"] * 4
    assert [row[0] for row in table(printed, "From validation")] == [
        "", "---", "SemAware", "ours", "ours, five views", "ours, each label alone",
    ]  # fmt: skip


def test_hidden_places_have_a_row_for_each_relation():
    printed = text("vool", {("clipspatial", 1): outcome("vool", 0.3, COLUMNS[:1])})
    rows = table(printed, "By relation")
    assert rows[2] == ["ClipSpatial", "in", "30.0 [30.0, 30.0] (9.6)"]
    assert rows[3] == ["ClipSpatial", "on", "–"] and len(rows) == 8
    assert "Leads" not in printed and "veto" not in printed and "alone" not in printed


def test_the_papers_means_are_those_of_its_relations():
    """Table 2 is the mean of table 4."""
    for name, relations in RELATIONS.items():
        means = [sum(column) / 6 for column in zip(*relations.values(), strict=True)]
        assert means == pytest.approx(MEANS["vool"][name], abs=0.1)


def test_without_samples_a_cell_is_a_dash():
    empty = outcome("ovssc", 0.5, COLUMNS[:1])
    empty = replace(empty, columns={COLUMNS[0]: [Judged("a", 0, ())]})
    rows = {r[0]: r[1:] for r in table(text("ovssc", {("semabs", 1): empty}), "Voxel IoU")}
    assert rows["ours"] == ["–"]

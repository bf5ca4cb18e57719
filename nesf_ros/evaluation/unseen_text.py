"""The tables of completion and hidden places in Markdown, with the paper's figures beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nesf_ros.evaluation.figures import Figure
from nesf_ros.evaluation.unseen_paper import MEANS, RELATIONS
from nesf_ros.evaluation.unseen_questions import COLUMNS, Column
from nesf_ros.evaluation.unseen_study import VETOES
from nesf_ros.evaluation.unseen_table import Outcome, Scores
from nesf_ros.training.abstraction.approaches import Task
from nesf_ros.types import RELATIONS as KNOWN

Outcomes = Mapping[tuple[str, int], Outcome]
"""By approach and how many views it has."""
OURS, FIVE = "semabs", 5


@dataclass(frozen=True)
class Row:
    """One row of a table."""

    title: str
    name: str
    """Of the approach."""
    views: int = 1
    variant: str = "plain"


ROWS = (
    Row("SemAware", "semaware"),
    Row("SemAbs + Chefer et al.", "chefer"),
    Row("ClipSpatial", "clipspatial"),
    Row("ours", OURS),
    Row("ours, with the map's veto", OURS, 1, "veto"),
    Row("ours, with the veto of clear space", OURS, 1, "clear"),
    Row("ours, five views", OURS, FIVE),
    Row("ours, five views, with the map's veto", OURS, FIVE, "veto"),
    Row("ours, five views, with the veto of clear space", OURS, FIVE, "clear"),
    Row("ours, each label alone", OURS, 1, "alone"),
    Row("ours, had it the true relevancy", "truth"),
)
BASELINES = ("semaware", "chefer", "clipspatial")


def text(task: Task, outcomes: Outcomes) -> str:
    """All that is known, a block each."""
    rows = [row for row in ROWS if (row.name, row.views) in outcomes]
    rows = [row for row in rows if task == "ovssc" or row.variant != "alone"]
    columns = [c for c in COLUMNS if c in next(iter(outcomes.values())).columns]
    found = {
        (row, column): outcomes[row.name, row.views].scores(column, row.variant)
        for row in rows
        for column in columns
    }
    blocks = [_means(task, rows, columns, found)]
    if task == "vool":
        blocks.append(_relations(rows, columns, found))
    blocks += [_leads(rows, columns, found), _veto(rows, columns, found), _worth(rows, outcomes)]
    return "\n\n".join(block for block in blocks if block)


Found = Mapping[tuple[Row, Column], Scores]


def _means(task: Task, rows: Sequence[Row], columns: Sequence[Column], found: Found) -> str:
    lines = []
    for row in rows:
        paper = MEANS[task].get(row.name) if (row.views, row.variant) == (1, "plain") else None
        cells = [_cell(found[row, c].figure(), paper and paper[COLUMNS.index(c)]) for c in columns]
        lines.append([row.title, *cells])
    number = {"ovssc": 1, "vool": 2}[task]
    return f"Voxel IoU at 32³, percent; in parentheses the paper's (table {number})\n\n" + _table(
        ["approach", *(c.title for c in columns)], lines
    )


def _relations(rows: Sequence[Row], columns: Sequence[Column], found: Found) -> str:
    lines = []
    for row in (row for row in rows if (row.views, row.variant) == (1, "plain")):
        for relation in KNOWN:
            paper = RELATIONS.get(row.name, {}).get(relation)
            cells = [
                _cell(found[row, c].figure(relation), paper and paper[COLUMNS.index(c)])
                for c in columns
            ]
            lines.append([row.title, relation, *cells])
    return "By relation (table 4)\n\n" + _table(
        ["approach", "relation", *(c.title for c in columns)], lines
    )


def _leads(rows: Sequence[Row], columns: Sequence[Column], found: Found) -> str:
    """Of ours over each baseline, of five views over one; what novel classes keep."""
    plain = {(row.name, row.views): row for row in rows if row.variant == "plain"}
    if (OURS, 1) not in plain:
        return ""
    ours = plain[OURS, 1]
    pairs = [(ours, plain[name, 1]) for name in BASELINES if (name, 1) in plain]
    pairs += [(plain[OURS, FIVE], ours)] if (OURS, FIVE) in plain else []
    lines = [
        [f"{a.title} over {b.title}", *(_cell(found[a, c].lead(found[b, c])) for c in columns)]
        for a, b in pairs
    ]
    block = "Leads on the same samples, points of IoU\n\n" + _table(
        ["", *(c.title for c in columns)], lines
    )
    if COLUMNS[0] in columns and COLUMNS[-1] in columns:
        novel, seen = (found[ours, c].figure().value for c in (COLUMNS[-1], COLUMNS[0]))
        block += f"\n\nNovel Class keeps {100 * novel / seen:.0f} % of Novel Room."
    return block


def _veto(rows: Sequence[Row], columns: Sequence[Column], found: Found) -> str:
    """Only where ours is among the rows."""
    plain = {(row.name, row.views): row for row in rows if row.variant == "plain"}
    lines = []
    for row in (row for row in rows if row.variant in VETOES):
        before, cells = plain[row.name, row.views], []
        for column in columns:
            change, lost = found[row, column].change(found[before, column])
            cells.append(f"{_cell(change)}, {100 * lost:.1f} %")
        lines.append([row.title, *cells])
    if not lines:
        return ""
    return (
        "What the veto changes: mean over samples, points of IoU, and the share of samples that "
        "lose more than one\n\n" + _table(["", *(c.title for c in columns)], lines)
    )


def _worth(rows: Sequence[Row], outcomes: Outcomes) -> str:
    """Cut-offs of validation, and what logits are worth as probabilities."""
    lines = []
    for row in (row for row in rows if row.variant not in VETOES):
        outcome = outcomes[row.name, row.views]
        known = outcome.calibrated if row.variant == "plain" else None
        cells = ["–"] * 3 if known is None else [
            f"{known.platt.slope:.3f} · logit {known.platt.offset:+.3f}",
            f"{known.before:.3f}", f"{known.after:.3f}",
        ]  # fmt: skip
        lines.append([row.title, f"{outcome.cutoff(row.variant):.2f}", *cells])
    return "From validation rooms\n\n" + _table(
        ["", "cut-off", "probability: logistic of", "calibration error", "after a fit"], lines
    )


def _cell(figure: Figure, paper: float | None = None) -> str:
    if figure.count == 0:
        return "–"
    beside = f" ({paper:.1f})" if paper is not None else ""
    return f"{100 * figure.value:.1f} [{100 * figure.low:.1f}, {100 * figure.high:.1f}]{beside}"


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)

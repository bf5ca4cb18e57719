"""All approaches to a task over all columns, from a folder of rooms and one of weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation.unseen_questions import COLUMNS, VALIDATION, Column
from nesf_ros.evaluation.unseen_study import Judged, Run, digest, study
from nesf_ros.evaluation.unseen_table import Outcome
from nesf_ros.evaluation.unseen_text import FIVE, OURS
from nesf_ros.semantics.completion.presets import PRESETS
from nesf_ros.training.abstraction.approaches import NAMES, Task
from nesf_ros.training.abstraction.checkpoints import checkpoint_path, trained
from nesf_ros.training.abstraction.making import Eyes
from nesf_ros.training.abstraction.rooms import Room, read_rooms


def known(task: Task, names: Sequence[str]) -> tuple[str, ...]:
    """Approaches by name, as they are; all for none. EvaluationError for an unknown one."""
    unknown = [name for name in names if name not in NAMES[task]]
    if unknown:
        raise EvaluationError(
            f"no approach {unknown[0]!r} to {task}; there are {', '.join(NAMES[task])}"
        )
    return tuple(names) or NAMES[task]


def runs(task: Task, folder: Path, names: Sequence[str], preset: str, eyes: Eyes) -> Iterator[Run]:
    """Each approach with one view, ours with five, too. DatasetError without its weights."""
    for name in names:
        approach = trained(folder, task, name, PRESETS[preset], eyes.reader.embed, eyes.model.dim)
        weights = digest(checkpoint_path(folder, task, name))
        for views in (1, FIVE) if name == OURS else (1,):
            yield Run(task, name, views, approach, PRESETS[preset], weights)


def rooms_of(folder: Path, limit: int, eyes: Eyes) -> dict[Column, list[Room]]:
    """Rooms of validation, and of the columns whose split lies in the folder.

    DatasetError for rooms that are damaged, or that another model looked at; EvaluationError
    without rooms of validation, or of any column.
    """
    found = {}
    for column in (VALIDATION, *COLUMNS):
        if (folder / column.split).is_dir():
            found[column] = read_rooms(folder / column.split)[: limit or None]
            eyes.recognise(found[column])
    if VALIDATION not in found or len(found) == 1:
        wanted = ", ".join(dict.fromkeys(column.split for column in (VALIDATION, *COLUMNS)))
        raise EvaluationError(
            f"{folder} holds too few splits of {wanted}; the first and one more must be there "
            "(python -m nesf_ros.training.abstraction rooms)"
        )
    return found


def outcome(
    run: Run,
    rooms: dict[Column, list[Room]],
    folder: Path | None,
    progress: Callable[[], object] = lambda: None,
    most: int = 0,
) -> Outcome:
    """Judge one run everywhere, at most so many views of a test room."""
    found: dict[Column, list[Judged]] = {column: [] for column in rooms}
    for column, those in rooms.items():
        for judged in study(run, column, those, folder, most):
            found[column].append(judged)
            progress()
    return Outcome(run.task, found.pop(VALIDATION), found)

"""Where approaches in training are kept, and how one is taken from there to be judged."""

from __future__ import annotations

from pathlib import Path

from nesf_ros.errors import DatasetError
from nesf_ros.semantics.completion.presets import Preset
from nesf_ros.training.abstraction.approaches import Approach, Embed, Task, approach
from nesf_ros.training.abstraction.learning import Learner
from nesf_ros.training.abstraction.lessons import LearnConfig


def checkpoint_path(folder: Path, task: Task, name: str) -> Path:
    """Where an approach to a task is kept while it learns, and after."""
    return folder / f"{task}-{name}.checkpoint.safetensors"


def trained(
    folder: Path, task: Task, name: str, preset: Preset, embed: Embed, dim: int
) -> Approach:
    """An approach with the average of its weights, which does better than the last of them.

    DatasetError where it was not trained, or with another preset.
    """
    path = checkpoint_path(folder, task, name)
    if not path.exists():
        raise DatasetError(
            f"no {path}; train it (python -m nesf_ros.training.abstraction train {folder} "
            f"--task {task} --approach {name}) or name the approaches that there are"
        )
    learner = Learner(approach(task, name, preset, embed, dim), LearnConfig())
    learner.load(path)
    learner.net.load_state_dict(learner.average)
    return learner.approach

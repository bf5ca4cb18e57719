"""A training run on disk: stopped at any time, it goes on where its last checkpoint was written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from nesf_ros.errors import DatasetError
from nesf_ros.training.loop import Trainer

_STATE = ("exp_avg", "exp_avg_sq", "step")  # of AdamW, for each parameter


def save_checkpoint(trainer: Trainer, path: Path) -> None:
    """Write all that a run needs to go on, in place of what is there."""
    tensors = {f"visual.{name}": value for name, value in trainer.visual.state_dict().items()}
    tensors |= {f"average.{name}": value for name, value in trainer.average.items()}
    tensors["log_scale"] = trainer.log_scale.data
    for name, parameter in _parameters(trainer).items():
        for part in _STATE:
            tensors[f"{part}.{name}"] = trainer.optimizer.state[parameter][part]
    about = {"steps": trainer.steps, "seen": trainer.seen, "seconds": trainer.seconds}
    _write(tensors, path, {"about": json.dumps(about)})


def load_checkpoint(trainer: Trainer, path: Path) -> None:
    """Let a new trainer go on from a checkpoint.

    Raises:
        DatasetError: for a file that is no checkpoint of such a tower.
    """
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            about = json.loads((file.metadata() or {})["about"])
        average = _part(tensors, "average.")
        trainer.visual.load_state_dict(_part(tensors, "visual."))
        for name, value in trainer.average.items():
            value.copy_(average[name])
        trainer.log_scale.data.copy_(tensors["log_scale"])
        for name, parameter in _parameters(trainer).items():
            state = {part: tensors[f"{part}.{name}"] for part in _STATE}
            trainer.optimizer.state[parameter] = {
                part: value.to(parameter.device if part != "step" else "cpu")
                for part, value in state.items()
            }
    except (SafetensorError, KeyError, RuntimeError, ValueError) as error:
        raise DatasetError(
            f"{path} is no checkpoint of this tower ({error}); remove it to begin again"
        ) from None
    trainer.steps, trainer.seen = int(about["steps"]), int(about["seen"])
    trainer.seconds = float(about["seconds"])


def averaged(path: Path) -> dict[str, Tensor]:
    """The averaged weights of a checkpoint. Raises DatasetError for a file that is none."""
    try:
        with safe_open(path, "pt") as file:
            return _part({name: file.get_tensor(name) for name in file.keys()}, "average.")  # noqa: SIM118
    except SafetensorError as error:
        raise DatasetError(f"{path} is no checkpoint ({error})") from None


def export(trainer: Trainer, path: Path) -> None:
    """Write the averaged weights of the image tower, by the names that open_clip's tower has.

    Matrices and kernels are halved in precision: that is half of the file, and changes no answer.
    """
    halved = {k: v.half() if v.ndim > 1 else v for k, v in trainer.average.items()}
    _write(halved, path, {"crops": str(trainer.seen)})


def _parameters(trainer: Trainer) -> dict[str, torch.nn.Parameter]:
    return {**dict(trainer.visual.named_parameters()), "log_scale": trainer.log_scale}


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def _write(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    begun = path.with_name(f".{path.name}.begun")
    save_file({name: value.contiguous() for name, value in tensors.items()}, begun, metadata)
    os.replace(begun, path)

"""Weights of the 3D nets on disk: safetensors that say what they were trained with."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from nesf_ros.errors import QueryError
from nesf_ros.semantics.completion.presets import PRESETS, Preset
from nesf_ros.vision.presets import Preset as Look

Net = TypeVar("Net", bound=nn.Module)
EMBEDDED = "embedded"
_FOLDER = "semantics/weights"


@dataclass(frozen=True)
class Trained:
    """What a file of weights was trained with, and validated to."""

    task: str
    """ovssc or vool."""
    preset: str
    """Of the network."""
    model: str
    """Fingerprint of the vision-language model whose relevancies it knows."""
    look: Look
    """How pictures are looked at."""
    contrast: float
    """How sharply texts are held against everyday words (`vision.relevancy.Against`)."""
    scale: float
    """What relevancies are multiplied by."""
    threshold: float
    """Probability from which a voxel counts, from validation rooms."""
    slope: float
    """Probability is the logistic function of slope × logit + offset (Platt), so that it means how
    often it is right on validation rooms."""
    offset: float

    @property
    def network(self) -> Preset:
        """Sizes of the network. QueryError for a preset that this version has not."""
        if self.preset not in PRESETS:
            raise QueryError(f"weights of preset {self.preset!r}; known are {', '.join(PRESETS)}")
        return PRESETS[self.preset]


def path_of(name: str, task: str) -> Path:
    """The file of the weights that come with the package, or the one that `name` is the path of."""
    if name == EMBEDDED:
        return Path(str(files("nesf_ros").joinpath(_FOLDER, f"nesf-mini.{task}.safetensors")))
    return Path(name).expanduser()


def write_weights(net: dict[str, Tensor], trained: Trained, path: Path) -> None:
    """Write weights, halved in precision, in place of what is there."""
    halved = {k: (v.half() if v.ndim > 1 else v).contiguous() for k, v in net.items()}
    begun = path.with_name(f".{path.name}.begun")
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(halved, begun, {"trained": json.dumps(asdict(trained))})
    os.replace(begun, path)


def read_about(path: Path, task: str, model: str) -> Trained:
    """What a file was trained with.

    QueryError for a file that is missing, torn, for another task, or for another vision-language
    model than the one with the fingerprint `model`.
    """
    if not path.is_file():
        raise QueryError(
            f"there are no weights at {path}; make them with `python -m "
            "nesf_ros.training.abstraction`, or name another file in the unseen parameters"
        )
    try:
        with safe_open(path, "pt") as file:
            told = json.loads((file.metadata() or {})["trained"])
        told["look"] = Look(**{**told["look"], "fractions": tuple(told["look"]["fractions"])})
        trained = Trained(**told)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise QueryError(f"{path} does not hold weights of a 3D net: {error}") from None
    if trained.task != task:
        raise QueryError(f"{path} was trained for {trained.task}; {task} is wanted")
    if trained.model != model:
        raise QueryError(
            f"{path} was trained with the relevancies of {trained.model}, but the vision-language "
            f"model is {model}: train for that one, or load the other"
        )
    return trained


def fill(net: Net, path: Path) -> Net:
    """Load weights into a network, for use alone. QueryError where they do not fit it."""
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        net.load_state_dict(tensors)
    except (SafetensorError, RuntimeError) as error:
        raise QueryError(f"{path} does not fit this network: {str(error)[:200]}") from None
    net.eval().requires_grad_(False)
    return net

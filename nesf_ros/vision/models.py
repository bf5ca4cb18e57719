"""Vision-language models: any that open_clip knows, from files that are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float32
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from nesf_ros.config import VisionConfig
from nesf_ros.errors import VisionError
from nesf_ros.vision.checkpoints import find_checkpoint, needs_from_hub, offline
from nesf_ros.vision.registry import LOCAL, register
from nesf_ros.vision.text_tower import TextTower, Tokenizer
from nesf_ros.vision.torchvision_guard import import_open_clip
from nesf_ros.vision.towers.base import Tower, tower_of
from nesf_ros.vision.towers.class_head import ClipModule
from nesf_ros.vision.vocabulary import Vocabulary, vocabulary_beside


@dataclass(frozen=True, eq=False)
class VisionModel:
    """A frozen image tower and the text tower that goes with it."""

    name: str
    pretrained: str
    fingerprint: str
    """Name and first digits of the weights' SHA-256. What was made with another model has another
    one, and cannot be compared."""
    tower: Tower
    mean: tuple[float, float, float]
    """Subtracted from RGB in 0–1."""
    std: tuple[float, float, float]
    """What remains is divided by this."""
    text: TextTower
    vocabulary: Vocabulary | None = None
    """All that it knows, where that is little; None: no limit is known."""

    @property
    def image_px(self) -> int:
        """Side of the square pictures that the tower takes, pixels."""
        return self.tower.image_px

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.tower.device

    @property
    def dim(self) -> int:
        """Length of an embedding."""
        return self.tower.dim

    def encode_text(self, texts: Sequence[str]) -> Float32[Tensor, "texts dim"]:
        """Embeddings of unit length, one for each text as it stands.

        Not for several threads at once (see `text.TextEncoder`). What is too long for the model
        is cut off.
        """
        if not texts:
            return torch.empty(0, self.dim, device=self.device)
        return self.text.encode(texts, self.device)


def load_model(config: VisionConfig, device: torch.device) -> VisionModel:
    """Load a model on `device`, its weights cast once to the configured precision.

    Embeddings of both precisions can be compared, so that the fingerprint is the same.

    Raises VisionError for an unknown model or tag, for a file that is missing, torn or of another
    model (nothing is fetched), and for an image tower that is not supported.
    """
    model = register(config.model)
    checkpoint = find_checkpoint(model, config.pretrained)
    clip = build(model, checkpoint.about)
    tokenize = tokenizer(model)
    load_weights(clip, model, checkpoint.file)
    visual = clip.visual.to(device)
    del clip.visual  # the tower's from here on, in its own precision
    precision = config.precision
    if precision == "auto":
        precision = "bf16" if computes_in_bf16(device) else "fp32"
    return VisionModel(
        name=config.model,
        pretrained=config.pretrained,
        fingerprint=f"{Path(model).name}@{checkpoint.digest()}",
        tower=tower_of(visual, _side(config.model, visual.image_size), precision),
        mean=tuple(visual.preprocess_cfg["mean"]),
        std=tuple(visual.preprocess_cfg["std"]),
        text=TextTower(clip.to(device), tokenize, precision),
        vocabulary=vocabulary_beside(checkpoint.file),
    )


def computes_in_bf16(device: torch.device) -> bool:
    """Whether a device has instructions for bf16; where it has none, fp32 is faster."""
    if device.type == "cuda":
        with torch.cuda.device(device):
            return torch.cuda.is_bf16_supported(including_emulation=False)
    # What has AMX has these, too.
    return device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()


def build(model: str, about: dict[str, Any] | None = None) -> ClipModule:
    """The open_clip model of a registered name, fp32, in evaluation mode, without gradients.

    Its weights are random, but for a sentence encoder whose folder is on this machine. `about`
    is what open_clip knows of the weights to come: mean, std, activation. Raises VisionError.
    """
    about = about or {}
    with offline(), _named_errors(f"model {model} cannot be made"):
        encoder = _text_config(model).get("hf_model_name", "")
        needs_from_hub(encoder, "config.json", f"the text encoder of {model}")
        clip = import_open_clip().create_model(
            model,
            load_weights=False,
            pretrained_text=_is_folder(encoder),
            force_quick_gelu=bool(about.get("quick_gelu")),
            force_preprocess_cfg={key: about[key] for key in ("mean", "std") if key in about},
        )
    return clip.eval().requires_grad_(False)


def tokenizer(model: str) -> Tokenizer:
    """What turns texts into token ids for a registered model. Raises VisionError."""
    with offline(), _named_errors(f"the tokenizer of model {model} cannot be made"):
        config = _text_config(model)
        if not model.startswith(LOCAL):  # which brings its own
            name = config.get("hf_tokenizer_name", "")
            needs_from_hub(name, "tokenizer_config.json", f"the tokenizer of {model}")
        return import_open_clip().get_tokenizer(model)


def load_weights(clip: ClipModule, model: str, file: Path) -> None:
    """Fill what `build(model)` made from a file that holds all of it, or its image tower alone.

    A file of the image tower alone is safetensors, has the names that `clip.visual` uses, and is
    for models whose sentence encoder has its weights already. Raises VisionError if the file is
    torn, asks for code to be run, or is of another model.
    """
    with offline(), _named_errors(f"{file} does not hold this model's weights"):
        if not _holds_image_tower_alone(clip, file):
            import_open_clip().load_checkpoint(clip, str(file), weights_only=True)
        elif _is_folder(_text_config(model).get("hf_model_name", "")):
            clip.visual.load_state_dict(load_file(file))
        else:
            raise VisionError(
                f"{file} holds the image tower alone, and the text tower of {model} has no weights "
                "of its own; give a file that holds both"
            )


def _holds_image_tower_alone(clip: ClipModule, file: Path) -> bool:
    if file.suffix != ".safetensors":
        return False
    with safe_open(file, "pt") as tensors:
        return set(tensors.keys()) == set(clip.visual.state_dict())


def _is_folder(name: str) -> bool:
    return bool(name) and Path(name).is_dir()  # an empty path is the working folder


def _text_config(model: str) -> dict[str, Any]:
    """The text tower's part of a registered model's configuration, without empty entries."""
    config = import_open_clip().get_model_config(model)["text_cfg"]
    return {key: value for key, value in config.items() if value}


def _side(model: str, size: int | Sequence[int]) -> int:
    """The side of square pictures; VisionError for others."""
    height, width = (size, size) if isinstance(size, int) else size
    if height != width:
        raise VisionError(
            f"model {model} takes pictures of {width}x{height} px; only square ones are supported"
        )
    return height


@contextmanager
def _named_errors(problem: str) -> Iterator[None]:
    """Turn what open_clip, timm, transformers and torch raise into VisionError.

    They have no error of their own, and a torn or hostile file can raise anything.
    """
    try:
        yield
    except VisionError:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise VisionError(f"{problem}: {' '.join(lines[:2])[:200]}") from error

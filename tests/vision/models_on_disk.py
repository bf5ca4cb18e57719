"""Small open_clip models with random weights, as files."""

import json
from functools import cache
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from nesf_ros.vision.models import build
from nesf_ros.vision.registry import register

SMALL = {
    "embed_dim": 16,
    "vision_cfg": {
        "image_size": 32,
        "layers": 2,
        "width": 32,
        "head_width": 16,
        "patch_size": 8,
    },
    "text_cfg": {
        "context_length": 16,
        "vocab_size": 49408,
        "width": 16,
        "heads": 2,
        "layers": 1,
    },
}
"""A class-token ViT and CLIP's own text tower."""


def write_config(folder: Path, name: str = "small-clip", **changes: object) -> Path:
    """A configuration file of a small model."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps(SMALL | changes))
    return path


@cache
def small_clip() -> nn.Module:
    """The small model, built by open_clip, with random weights large enough to matter."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        name = register(str(write_config(Path(folder))))
    return randomised(build(name))


def randomised(module: nn.Module) -> nn.Module:
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in module.parameters():
            weight.add_(0.3 * torch.randn(weight.shape, generator=random))
    return module


def save(module: nn.Module, file: Path) -> Path:
    """Its weights, as safetensors or as a torch checkpoint, by the file's suffix."""
    state = {name: tensor.contiguous() for name, tensor in module.state_dict().items()}
    if file.suffix == ".safetensors":
        save_file(state, file)
    else:
        torch.save({"state_dict": state, "epoch": 3}, file)
    return file

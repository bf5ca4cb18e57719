"""Which vision-language model, on a command line."""

from __future__ import annotations

import argparse

from nesf_ros.config_language import VisionConfig

_NAMES = ("model", "pretrained", "precision")


def add_model(parser: argparse.ArgumentParser, precision: str = "fp32") -> None:
    """What `vision_of` reads; `precision` is that of a model that none is told of."""
    parser.add_argument(
        "--precision", choices=("fp32", "bf16"), default=precision,
        help="of the model (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--model", default="", help="an architecture of open_clip")
    parser.add_argument("--pretrained", default="", help="its weights")


def vision_of(args: argparse.Namespace) -> VisionConfig:
    """The settings, as a node has them; ConfigError for those that cannot be."""
    return VisionConfig(**{name: value for name in _NAMES if (value := getattr(args, name))})

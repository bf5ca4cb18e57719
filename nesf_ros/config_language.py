"""Defaults of what knows language; `nesf_ros.config` gathers all."""

from __future__ import annotations

from dataclasses import dataclass

from nesf_ros.errors import ConfigError
from nesf_ros.settings import Checked, setting


@dataclass(frozen=True)
class VisionConfig(Checked):
    """The vision-language model (`nesf_ros.vision`)."""

    model: str = setting(
        "nesf-mini",
        "an architecture that open_clip knows (ViT-B-32, ViT-B-16 …), the path of a model "
        "configuration (.json), local-dir:FOLDER, or hf-hub:ORGANISATION/NAME",
    )
    pretrained: str = setting(
        "embedded",
        "its weights: a tag of open_clip (laion2b_s34b_b79k …), a file (.safetensors, .pt, .bin), "
        "or embedded for those that come with this package; local-dir and hf-hub bring their own",
    )
    precision: str = setting(
        "fp32",
        "of the weights: bf16 is the faster one where the processor computes in it; auto: "
        "bf16 there (x86 with AVX512-BF16, CUDA since Ampere), elsewhere fp32",
        choices=("fp32", "bf16", "auto"),
    )
    prompts: str = setting(
        "embedded",
        "what a label is put into before it is encoded: embedded (what that model was trained "
        "with), plain, imagenet, semabs, clip2scene, or a text file of templates with one {} each",
    )
    text_cache: int = setting(
        4096,
        "texts whose embeddings are kept (2 kB each), all of one request at least; the oldest go",
        low=2500,
        high=1_000_000,
    )


@dataclass(frozen=True)
class SemanticsConfig(Checked):
    """What voxels know about language (`nesf_ros.voxels.features`, `nesf_ros.semantics`)."""

    enabled: bool = setting(
        True, "load the vision-language model and answer in words; the map needs none of it"
    )
    windows: tuple[float, ...] = setting(
        (1.0, 0.5),
        "sides of the windows that a keyframe is looked at through, of the picture's shorter side; "
        "windows of a size overlap by half, so that half the size costs four times as much",
        low=0.05,
        high=1.0,
    )
    feature_dims: int = setting(
        64, "numbers kept of each voxel's embedding (2 bytes each)", low=8, high=1024
    )
    feature_mib: float = setting(
        256.0,
        "memory for voxels' embeddings, MiB; those not seen for longest go first",
        low=8.0,
        high=1e6,
    )
    max_weight: float = setting(
        16.0,
        "keyframes at 1 m remembered per voxel; later ones replace the oldest",
        low=1.0,
        high=1e4,
    )
    label_scale: float = setting(
        0.0,
        "how fast a label's confidence grows with its cosine; 0 = as validated for the model",
        low=0.0,
        high=1000.0,
    )
    unknown_below: float = setting(
        0.0,
        "cosine below which a voxel is of none of the labels; 0 = as validated for the model",
        low=-1.0,
        high=1.0,
    )
    known_above: float = setting(
        0.0,
        "cosine with the nearest word that the model was trained with below which a text is "
        "unknown to it, where the model says which these are; 0 = as validated, -1 = never",
        low=-1.0,
        high=1.0,
    )
    canonical: tuple[str, ...] = setting(
        ("object", "things", "stuff", "texture"),
        "phrases that a text is held against unless a question names others (LERF §3.5)",
    )

    def __post_init__(self):
        super().__post_init__()
        if not self.windows:
            raise ConfigError(
                "windows is empty; name at least one size, such as 1.0 for the whole shorter side"
            )
        twice = [size for size in self.windows if self.windows.count(size) > 1]
        if twice:
            raise ConfigError(f"windows names {twice[0]} twice; name each size once")

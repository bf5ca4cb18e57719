"""Defaults of the scene field; `nesf_ros.config` gathers all."""

from __future__ import annotations

from dataclasses import dataclass

from nesf_ros.settings import Checked, setting


@dataclass(frozen=True)
class FieldConfig(Checked):
    """The scene field that refines the map in spare time (`nesf_ros.field`)."""

    enabled: bool = setting(
        False, "fit a scene field to the keyframes; the map and all services work without"
    )
    share: float = setting(
        0.5, "share of its thread's time that fitting may take", low=0.01, high=1.0
    )
    truncation_m: float = setting(
        0.06, "signed distances of the field are cut off at this, m", low=0.01, high=1.0
    )
    finest_m: float = setting(
        0.01, "smallest cells of its hash grid, m; the largest are 0.64 m", low=0.001, high=0.6
    )
    log2_entries: int = setting(
        17, "entries of each level of the hash grid, as a power of two", low=10, high=22
    )
    max_fields: int = setting(
        4, "fields held, one for each submap; the oldest goes", low=1, high=64
    )


@dataclass(frozen=True)
class LerfConfig(Checked):
    """Language fields beside the scene fields (`nesf_ros.semantics.lerf`)."""

    enabled: bool = setting(
        True, "teach scene fields, where there are any, what keyframes show by place and size"
    )
    preset: str = setting(
        "live",
        "live (beside a map), cpu (smaller crops too), paper (LERF's own, for a GPU)",
        choices=("live", "cpu", "paper"),
    )
    budget_ms: float = setting(
        300.0,
        "time for a keyframe's crops, ms, of which there are up to 200 (live) or 600 (cpu); "
        "0 = as long as they take",
        low=0.0,
        high=1e6,
    )
    patches: str = setting(
        "",
        "weights (.pth, .safetensors) of a DINO or DINOv2 of timm whose patches regularise the "
        "field; empty: the patches of the vision-language model's own image tower do",
    )
    patch_model: str = setting("vit_small_patch14_dinov2", "what timm calls the model of `patches`")
    min_views: int = setting(
        0,
        "keyframes that must have seen a voxel before it answers by size; 0 = as the preset",
        low=0,
        high=100,
    )

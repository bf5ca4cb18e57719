"""The image tower of the embedded model, made known to timm, from which open_clip takes it.

A plain residual network of timm's building blocks. Its last stage keeps the resolution: one cell
of the last map is 16 px of the picture, twice as fine as usual, for dense features and relevancy.
"""

from __future__ import annotations

from typing import Any

from nesf_ros.vision.torchvision_guard import import_open_clip

import_open_clip()  # timm needs torchvision, which needs its guard

from timm.models import build_model_with_cfg, generate_default_cfgs, register_model  # noqa: E402
from timm.models.byobnet import ByoBlockCfg, ByobNet, ByoModelCfg  # noqa: E402

CELL_PX = 16
"""Side of the square of the picture that one cell of the last map stands for."""
_STAGES = ((64, 2), (128, 2), (256, 2), (384, 1))  # channels, stride
_LAYOUT = ByoModelCfg(
    blocks=tuple(
        ByoBlockCfg(type="basic", d=1, c=channels, s=stride, gs=0, br=1.0)
        for channels, stride in _STAGES
    ),
    stem_chs=32,
    stem_type="3x3",
    stem_pool="",
)

default_cfgs = generate_default_cfgs(
    {"nesf_mini_cnn": {"input_size": (3, 112, 112), "pool_size": (7, 7), "num_classes": 0,
                       "first_conv": "stem.conv", "classifier": "head.fc"}}
)  # fmt: skip


@register_model
def nesf_mini_cnn(pretrained: bool = False, **settings: Any) -> ByobNet:
    """3.7 million parameters, 384 channels; timm's settings."""
    return build_model_with_cfg(
        ByobNet,
        "nesf_mini_cnn",
        pretrained,
        model_cfg=_LAYOUT,
        feature_cfg={"flatten_sequential": True},
        **settings,
    )

"""open_clip's image towers in miniature, with random weights."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nesf_ros.vision.torchvision_guard import import_open_clip

DIM = 16


@pytest.fixture(scope="session")
def tiny() -> SimpleNamespace:
    """Makers of towers (`vit`, `timm`, `resnet`), of normalised pictures and of texts."""
    import_open_clip()
    return SimpleNamespace(
        vit=tiny_vit, timm=tiny_timm, resnet=tiny_resnet, noise=noise, texts=unit_texts
    )


def tiny_vit(seed: int = 0, **options: Any) -> nn.Module:
    """Three blocks of width 32 over 4×4 patches of 32×32 px; weights large enough to matter."""
    from open_clip.transformer import VisionTransformer

    visual = VisionTransformer(
        image_size=32,
        patch_size=8,
        width=32,
        layers=3,
        heads=4,
        mlp_ratio=4,
        output_dim=DIM,
        **options,
    )
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in visual.parameters():
            weight.copy_(0.3 * torch.randn(weight.shape, generator=random))
            if weight.ndim == 1:
                weight += 0.5
    return visual.eval()


def tiny_timm(name: str = "test_resnet", pool: str = "avg", **options: Any) -> nn.Module:
    """One of timm's test networks behind open_clip's adapter."""
    from open_clip.timm_model import TimmModel

    torch.manual_seed(0)
    return TimmModel(name, DIM, 64, pool=pool, proj="linear", **options).eval()


def tiny_resnet() -> nn.Module:
    """CLIP's own ResNet, which pools by attention; 64×64 px."""
    from open_clip.modified_resnet import ModifiedResNet

    torch.manual_seed(0)
    return ModifiedResNet([1, 1, 1, 1], DIM, heads=8, image_size=64, width=16).eval()


def noise(n: int, px: int, seed: int = 1) -> Tensor:
    """Normalised pictures."""
    return torch.randn(n, 3, px, px, generator=torch.Generator().manual_seed(seed))


def unit_texts(n: int, seed: int = 2) -> Tensor:
    """Embeddings of texts."""
    texts = torch.randn(n, DIM, generator=torch.Generator().manual_seed(seed))
    return nn.functional.normalize(texts, dim=-1)

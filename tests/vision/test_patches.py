"""Features of patches: those of timm's own ViT, from files of which nothing may be missing."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from nesf_ros.errors import VisionError
from nesf_ros.vision.patches import PatchModel
from nesf_ros.vision.torchvision_guard import ensure_torchvision

from .models_on_disk import randomised, save

NAME, PATCH, DIM = "test_vit", 16, 64
CPU = torch.device("cpu")


def vit(name: str = NAME, **options) -> nn.Module:
    ensure_torchvision()
    import timm

    model = timm.create_model(name, pretrained=False, num_classes=0, **options)
    return randomised(model).eval()


@pytest.fixture(scope="module")
def trunk() -> nn.Module:
    return vit()


@pytest.fixture(scope="module")
def folder(tmp_path_factory, trunk) -> Path:
    folder = tmp_path_factory.mktemp("patches")
    for suffix in (".safetensors", ".pth"):
        save(trunk, folder / f"weights{suffix}")
    return folder


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_features_are_the_trunks_own(trunk, folder, picture, suffix):
    model = PatchModel(NAME, folder / f"weights{suffix}", 48, CPU)
    found = model.look(picture)
    # 48 × 64 px as they are: three rows of four patches; a class token comes before them.
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    config = trunk.pretrained_cfg
    mean, std = (torch.tensor(config[key]).view(3, 1, 1) for key in ("mean", "std"))
    resized = vit(dynamic_img_size=True)
    resized.load_state_dict(trunk.state_dict())
    with torch.no_grad():
        tokens = resized.forward_features((pixels - mean) / std)[0]
    assert len(tokens) == 1 + 12
    expected = tokens[1:] / tokens[1:].norm(dim=1).mean()
    torch.testing.assert_close(found, expected.view(3, 4, DIM), atol=1e-5, rtol=1e-4)
    assert float(found.norm(dim=2).mean()) == pytest.approx(1.0, abs=1e-5)
    assert model.dim == DIM and not found.requires_grad


def test_the_shorter_side_is_brought_to_about_so_many_pixels(folder, picture):
    def shape(side_px: int, image: np.ndarray) -> tuple[int, ...]:
        return tuple(PatchModel(NAME, folder / "weights.pth", side_px, CPU).look(image).shape)

    assert shape(96, picture) == (6, 8, DIM)
    assert shape(96, picture.transpose(1, 0, 2)) == (8, 6, DIM)
    assert shape(90, picture) == (6, 8, DIM)  # 5.6 patches by 7.5
    assert shape(1, picture) == (1, 1, DIM)


def test_registers_are_no_patches(tmp_path, picture):
    trunk = vit("test_vit2")
    model = PatchModel("test_vit2", save(trunk, tmp_path / "w.safetensors"), 48, CPU)
    assert model.look(picture).shape == (3, 4, DIM)
    assert trunk.num_prefix_tokens == 1 and trunk.cls_token is None


def test_patches_lie_where_they_are_in_the_picture(folder, picture):
    model = PatchModel(NAME, folder / "weights.pth", 48, CPU)
    changed = picture.copy()
    changed[16:32, 48:64] = 255 - changed[16:32, 48:64]  # second row, last column
    moved = (model.look(changed) - model.look(picture)).norm(dim=2)
    assert divmod(int(moved.argmax()), 4) == (1, 3)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(VisionError, match=r"no file .*none\.pth with the weights of test_vit; put"):
        PatchModel(NAME, tmp_path / "none.pth", 48, CPU)
    with pytest.raises(VisionError, match="no file"):
        PatchModel(NAME, tmp_path, 48, CPU)


def test_files_of_other_models(tmp_path, trunk, folder):
    other = save(nn.Linear(3, 4), tmp_path / "other.safetensors")
    with pytest.raises(VisionError, match=r"other.safetensors does not hold test_vit: .* missing"):
        PatchModel(NAME, other, 48, CPU)
    wider = save(vit("test_vit3"), tmp_path / "wider.pth")
    with pytest.raises(VisionError, match="does not hold test_vit"):
        PatchModel(NAME, wider, 48, CPU)
    # As wide, but less deep: the first blocks would fit.
    with pytest.raises(VisionError, match="does not hold test_vit2: .* are missing"):
        PatchModel("test_vit2", folder / "weights.pth", 48, CPU)
    state = dict(trunk.state_dict())
    del state["blocks.3.attn.qkv.bias"]
    torch.save(state, tmp_path / "part.pth")
    with pytest.raises(VisionError, match=r"1 of its weights are missing, blocks\.3\.attn\.qkv\.b"):
        PatchModel(NAME, tmp_path / "part.pth", 48, CPU)


def test_weights_beside_the_trunk_do_no_harm(tmp_path, trunk, folder, picture):
    """A head for classes, which files come with."""
    state = dict(trunk.state_dict()) | {"head.weight": torch.ones(10, DIM)}
    torch.save({"model": state}, tmp_path / "with_head.pth")
    found = PatchModel(NAME, tmp_path / "with_head.pth", 48, CPU).look(picture)
    assert torch.equal(found, PatchModel(NAME, folder / "weights.pth", 48, CPU).look(picture))


def test_a_name_that_timm_does_not_know(folder):
    said = r"no model 'vit_smal_patch14_dinov2'; name one .* nearest are vit_small_patch14_dinov2,"
    with pytest.raises(VisionError, match=said):
        PatchModel("vit_smal_patch14_dinov2", folder / "weights.pth", 48, CPU)


@pytest.mark.parametrize("name", ["test_resnet", "test_efficientnet", "eva02_tiny_patch14_224"])
def test_models_without_patches(folder, name):
    said = f"timm's {name} is no vision transformer .* such as vit_small_patch14_dinov2 or"
    with pytest.raises(VisionError, match=said):
        PatchModel(name, folder / "weights.pth", 48, CPU)


def test_files_that_ask_for_code_and_those_that_are_damaged(tmp_path):
    class Call:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"state_dict": Call()}, tmp_path / "code.pth")
    (tmp_path / "noise.pth").write_bytes(b"not weights")
    (tmp_path / "noise.safetensors").write_bytes(b"not weights")
    for file in ("code.pth", "noise.pth", "noise.safetensors"):
        with pytest.raises(VisionError, match=f"{file} does not hold test_vit"):
            PatchModel(NAME, tmp_path / file, 48, CPU)
    assert not (tmp_path / "ran").exists()

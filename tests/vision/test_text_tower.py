"""Text towers without padding: the same embeddings from fewer tokens."""

import copy

import pytest
import torch

from nesf_ros.vision.models import build, tokenizer
from nesf_ros.vision.registry import register
from nesf_ros.vision.text_tower import TextTower
from nesf_ros.vision.torchvision_guard import import_open_clip

from .models_on_disk import SMALL, randomised, write_config

CPU = torch.device("cpu")
TEXTS = ["mug", "the small red mug with a broken handle behind the box", "!"]
KINDS = {
    "clip": {},
    "custom text": {"custom_text": True},
    "reads the padding": {
        "custom_text": True,
        "text_cfg": SMALL["text_cfg"] | {"no_causal_mask": True, "pool_type": "last"},
    },
}


@pytest.fixture(params=[*KINDS, "sentence encoder"])
def kind(request):
    return request.param


@pytest.fixture
def clip(kind, tmp_path):
    """An open_clip model of the kind, its name, and the tokens per text that its layers see."""
    if kind == "sentence encoder":
        name = register("nesf-mini")
    else:
        path = write_config(tmp_path, f"text-{kind.replace(' ', '-')}", **KINDS[kind])
        name = register(str(path))
    model, seen = build(name), []
    if kind != "sentence encoder":
        randomised(model)

    def note(_, args, options):
        seen.append((args[0] if args else options["input_ids"]).shape[1])

    part = getattr(model, "text", model)
    part.transformer.register_forward_pre_hook(note, with_kwargs=True)
    return model, name, seen


def test_what_is_cut_away_changes_nothing(clip, kind):
    model, name, seen = clip
    padded = import_open_clip().get_tokenizer(name)(TEXTS)
    wanted = model.encode_text(padded, normalize=True)
    tower = TextTower(model, tokenizer(name), "fp32")
    torch.testing.assert_close(tower.encode(TEXTS, CPU), wanted, rtol=0, atol=1e-5)
    torch.testing.assert_close(tower.encode(TEXTS[:1], CPU), wanted[:1], rtol=0, atol=1e-5)
    full = padded.shape[1]
    # The long text has 11 words, and every text a token before it and one behind.
    assert seen == ([full, full, full] if kind == "reads the padding" else [full, 13, 3])
    torch.testing.assert_close(model.encode_text(padded, normalize=True), wanted)  # as before


def test_the_texts_differ(clip):
    """Else equal embeddings would prove nothing."""
    model, name, _ = clip
    found = TextTower(model, tokenizer(name), "fp32").encode(TEXTS, CPU)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(3))
    assert found[0] @ found[1] < 0.99


def test_bf16_is_for_towers_that_open_clip_can_cast(clip, kind):
    model, name, _ = clip
    exact = TextTower(copy.deepcopy(model), tokenizer(name), "fp32").encode(TEXTS, CPU)
    cast = TextTower(model, tokenizer(name), "bf16")
    found = cast.encode(TEXTS, CPU)
    assert found.dtype == torch.float32
    if kind == "sentence encoder":
        assert cast.dtype == torch.float32
        torch.testing.assert_close(found, exact)
    else:
        assert cast.dtype == torch.bfloat16
        assert 0.99 < (found * exact).sum(1).min() < 1 - 1e-6

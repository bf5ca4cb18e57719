"""Towers: embeddings are open_clip's, closed forms are autograd's."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nesf_ros.errors import VisionError
from nesf_ros.vision.towers.autograd import relevancy_by_autograd
from nesf_ros.vision.towers.base import tower_of
from nesf_ros.vision.towers.pooled import MapTower
from nesf_ros.vision.towers.vit import ClassTokenTower


def quick_gelu() -> nn.Module:
    from open_clip.transformer import QuickGELU

    return QuickGELU()


VITS: dict[str, dict[str, Any]] = {
    "usual": {},
    "without ln_pre": {"no_ln_pre": True},
    "quick gelu": {"act_layer": quick_gelu},
    "tanh gelu": {"act_layer": lambda: nn.GELU("tanh")},
    "layer scale": {"ls_init_value": 0.5},
    "norm behind the pool": {"final_ln_after_pool": True},
}
MAPS = {
    "cnn": lambda tiny: (tiny.timm(), 64),
    "cnn with bias": lambda tiny: (tiny.timm(proj_bias=True), 64),
    "norm behind the pool": lambda tiny: (tiny.timm("test_convnext"), 64),
    "class token left out": lambda tiny: (tiny.timm("test_vit"), 160),
    "attention pool": lambda tiny: (tiny.resnet(), 64),
    "averaged vit": lambda tiny: (tiny.vit(pool_type="avg"), 32),
    "averaged vit, then norm": lambda tiny: (
        tiny.vit(pool_type="avg", final_ln_after_pool=True),
        32,
    ),
}


def encoded(visual: nn.Module, images: Tensor) -> Tensor:
    with torch.no_grad():
        return F.normalize(visual(images), dim=-1)


@pytest.mark.parametrize("options", VITS.values(), ids=VITS)
def test_a_class_token_vit_equals_open_clip_and_autograd(tiny, options):
    visual, images, texts = tiny.vit(**options), tiny.noise(5, 32), tiny.texts(7)
    tower = tower_of(visual, 32)
    look = tower.look(images)
    torch.testing.assert_close(look.embedding(), encoded(visual, images), rtol=0, atol=1e-6)
    twin = relevancy_by_autograd(tower, images, texts)
    assert twin.max() > 0.1
    torch.testing.assert_close(look.relevancy(texts), twin, rtol=0, atol=1e-5)


def test_the_twin_differentiates_open_clips_own_attention(tiny, monkeypatch):
    """The oracle of the oracle: torch's attention, watched, and a gradient through open_clip."""
    visual, images, texts = tiny.vit(), tiny.noise(2, 32), tiny.texts(3)
    seen = []
    softmax = F.softmax

    def watched(*args, **kwargs):
        seen.append(softmax(*args, **kwargs))
        return seen[-1]

    monkeypatch.setattr(F, "softmax", watched)
    forward = nn.MultiheadAttention.forward

    def with_weights(self, *args, **kwargs):
        return forward(self, *args, **{**kwargs, "need_weights": True})

    monkeypatch.setattr(nn.MultiheadAttention, "forward", with_weights)
    logits = 100 * F.normalize(visual(images), dim=-1) @ texts.T
    attention = seen[-1]
    expected = []
    for text in range(3):
        (grad,) = torch.autograd.grad(logits[:, text].sum(), attention, retain_graph=True)
        raised = (attention * grad).clamp(min=0).unflatten(0, (2, 4)).mean(1)
        expected.append(raised[:, 0, 1:].unflatten(-1, (4, 4)))
    monkeypatch.undo()
    twin = relevancy_by_autograd(tower_of(visual, 32), images, texts)
    torch.testing.assert_close(twin, torch.stack(expected, 1).detach(), rtol=0, atol=1e-5)


def test_more_blocks_by_autograd_add_to_the_last_one(tiny):
    visual, images, texts = tiny.vit(), tiny.noise(2, 32), tiny.texts(2)
    tower = tower_of(visual, 32)
    one, three = (relevancy_by_autograd(tower, images, texts, layers) for layers in (1, 3))
    assert (three >= one).all() and (three > one + 1e-3).any()
    with pytest.raises(VisionError, match="4 blocks asked of a tower that has 3"):
        relevancy_by_autograd(tower, images, texts, 4)


def test_texts_do_not_depend_on_those_asked_with_them(tiny, monkeypatch):
    look = tower_of(tiny.vit(), 32).look(tiny.noise(3, 32))
    together = look.relevancy(tiny.texts(9))
    monkeypatch.setattr("nesf_ros.vision.towers.vit.ROWS", 6)  # two texts at a time
    torch.testing.assert_close(look.relevancy(tiny.texts(9)), together)
    assert look.relevancy(tiny.texts(0)).shape == (3, 0, 4, 4)


def test_dense_features_of_a_vit_go_on_with_each_patchs_own_value(tiny):
    """MaskCLIP: attention of the last block replaced by the identity, all else as it is."""
    visual, images = tiny.vit(), tiny.noise(2, 32)
    last = visual.transformer.resblocks[-1]
    with torch.no_grad():
        x = visual._embeds(images)
        for block in visual.transformer.resblocks[:-1]:
            x = block(x)
        values = last.ln_1(x) @ last.attn.in_proj_weight[64:].T + last.attn.in_proj_bias[64:]
        x = x + last.attn.out_proj(values)
        x = x + last.mlp(last.ln_2(x))
        expected = F.normalize(visual.ln_post(x)[:, 1:] @ visual.proj, dim=-1)
    dense = tower_of(visual, 32).look(images).dense()
    torch.testing.assert_close(dense, expected.unflatten(1, (4, 4)), rtol=0, atol=1e-6)


def test_a_trimmed_look_answers_texts_and_refuses_dense_features(tiny):
    look = tower_of(tiny.vit(), 32).look(tiny.noise(2, 32))
    trimmed = look.trimmed(torch.bfloat16)
    # For each of 2 pictures in 4 bytes: an embedding (16), three scales and the attention (4 × 16);
    # in 2 bytes: the slope (128), two normalised class tokens (32) and the values (16 × 32).
    assert trimmed.nbytes == 2 * (4 * (16 + 3 + 64) + 2 * (128 + 64 + 512))
    assert look.nbytes == 2 * 4 * (16 + 3 + 64 + 128 + 64 + 512 + 512)
    exact = look.relevancy(tiny.texts(4))
    assert (trimmed.relevancy(tiny.texts(4)) - exact).abs().max() < 0.01 * exact.max()
    with pytest.raises(VisionError, match="keeps only what texts need"):
        trimmed.dense()


@pytest.mark.parametrize("make", MAPS.values(), ids=MAPS)
def test_a_map_tower_equals_open_clip_and_autograd(tiny, make):
    visual, px = make(tiny)
    images, texts = tiny.noise(2, px), tiny.texts(5)
    tower = tower_of(visual, px)
    assert isinstance(tower, MapTower)
    look = tower.look(images)
    torch.testing.assert_close(look.embedding(), encoded(visual, images), rtol=0, atol=1e-6)
    features = look.features.clone().requires_grad_()
    embedding = look.head.function(features)
    cosines = embedding @ texts.T / embedding.detach().norm(dim=-1, keepdim=True)
    for text in range(5):
        (grad,) = torch.autograd.grad(cosines[:, text].sum(), features, retain_graph=True)
        twin = features[0, :, :, 0].numel() * (features * grad).sum(-1).clamp(min=0)
        torch.testing.assert_close(look.relevancy(texts)[:, text], twin, rtol=1e-5, atol=1e-5)
    assert look.relevancy(texts).max() > 1e-3


def test_what_cells_add_is_the_cosine_on_the_mean(tiny):
    """Without the cut at 0, which t and -t share between them."""
    tower = tower_of(tiny.timm(), 64)
    look, texts = tower.look(tiny.noise(3, 64)), tiny.texts(4)
    added = look.relevancy(texts) - look.relevancy(-texts)
    torch.testing.assert_close(added.mean((2, 3)), look.embedding() @ texts.T, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "make, closed",
    [("cnn", True), ("averaged vit", True), ("attention pool", False),
     ("norm behind the pool", False)],
)  # fmt: skip
def test_only_affine_heads_are_taken_in_closed_form(tiny, make, closed):
    visual, px = MAPS[make](tiny)
    assert (tower_of(visual, px).look(tiny.noise(1, px)).head.affine is not None) == closed


@pytest.mark.parametrize("make", ["cnn with bias", "norm behind the pool"])
def test_dense_features_of_a_map_are_those_of_pictures_alike_all_over(tiny, make):
    visual, px = MAPS[make](tiny)
    look = tower_of(visual, px).look(tiny.noise(1, px))
    same = look.features[:, 1:2, :1].expand(look.features.shape).contiguous()
    expected = F.normalize(look.head.function(same), dim=-1)
    torch.testing.assert_close(look.dense()[:, 1, 0], expected, rtol=0, atol=1e-6)


def test_attention_pools_give_no_dense_features(tiny):
    with pytest.raises(VisionError, match="pools in another way"):
        tower_of(tiny.resnet(), 64).look(tiny.noise(1, 64)).dense()


@pytest.mark.parametrize(
    "make",
    [
        lambda tiny: (tiny.vit(), 32),
        lambda tiny: (tiny.vit(**VITS["quick gelu"]), 32),
        MAPS["cnn"],
        MAPS["attention pool"],
    ],
)
def test_a_bf16_trunk_differs_little_and_leaves_the_model_alone(tiny, make):
    visual, px = make(tiny)
    images, texts = tiny.noise(4, px), tiny.texts(6)
    exact, rough = (tower_of(visual, px, kind).look(images) for kind in ("fp32", "bf16"))
    assert (exact.embedding() * rough.embedding()).sum(-1).min() > 0.999
    wanted = exact.relevancy(texts)
    assert 0 < (rough.relevancy(texts) - wanted).abs().max() < 0.05 * wanted.max()
    assert rough.embedding().dtype == rough.relevancy(texts).dtype == torch.float32
    assert all(weight.dtype == torch.float32 for weight in visual.parameters())


def test_looks_leave_no_graph_behind(tiny):
    for tower in (tower_of(tiny.vit(), 32), tower_of(tiny.timm("test_convnext"), 64)):
        look = tower.look(tiny.noise(1, tower.image_px))
        for found in (look.embedding(), look.dense(), look.relevancy(tiny.texts(2))):
            assert not found.requires_grad


@pytest.mark.parametrize("make", [lambda tiny: (tiny.vit(), 32), MAPS["norm behind the pool"]])
def test_inference_mode_changes_nothing(tiny, make):
    visual, px = make(tiny)
    tower, images, texts = tower_of(visual, px), tiny.noise(2, px), tiny.texts(3)
    wanted = tower.look(images).relevancy(texts)
    with torch.inference_mode():
        assert tower.look(images).relevancy(texts).equal(wanted)


@pytest.mark.parametrize(
    "make, named",
    [
        (lambda tiny: tiny.timm("test_vit", pool="token"), "pools by 'token'"),
        (lambda tiny: tiny.vit(attentional_pool=True), "pools by AttentionalPooler"),
        (lambda tiny: tiny.vit(pool_type="none"), "'none'"),
        (lambda tiny: tiny.vit(qk_norm=True), "CustomResidualAttentionBlock"),
        (lambda tiny: nn.Linear(3, 3), "image tower Linear"),
    ],
)
def test_what_is_not_supported_is_named(tiny, make, named):
    with pytest.raises(VisionError, match=named):
        tower_of(make(tiny), 32)


def test_an_unknown_precision_is_refused(tiny):
    with pytest.raises(VisionError, match="precision 'int8'; known are fp32, bf16"):
        tower_of(tiny.vit(), 32, "int8")


def test_towers_say_what_they_are(tiny):
    tower = tower_of(tiny.vit(), 32)
    assert isinstance(tower, ClassTokenTower)
    assert (tower.dim, tower.grid, tower.image_px) == (16, (4, 4), 32)
    cnn = tower_of(tiny.timm(), 64, "bf16")
    assert (cnn.dim, cnn.grid, cnn.image_px, cnn.dtype) == (16, (2, 2), 64, torch.bfloat16)


def test_contrast_of_cells_is_a_softmax_of_cosines(tiny):
    look = tower_of(tiny.timm(), 64).look(tiny.noise(3, 64))
    texts, words = tiny.texts(5), tiny.texts(9)[5:]
    cosines = 12.0 * look.dense() @ torch.cat([texts, words]).T
    rivals = cosines[..., 5:].exp().sum(-1, keepdim=True)
    wanted = cosines[..., :5].exp() / (cosines[..., :5].exp() + rivals)
    found = look.contrast(texts, words, 12.0)
    torch.testing.assert_close(found, wanted.permute(0, 3, 1, 2))
    trimmed = look.trimmed(torch.bfloat16).contrast(texts, words, 12.0)
    assert (trimmed - found).abs().max() < 0.05


@pytest.mark.parametrize("make", [lambda t: (t.vit(), 32), lambda t: (t.resnet(), 64)])
def test_contrast_without_embeddings_of_cells_is_a_share_of_relevancy(tiny, make):
    """Of a text against itself alone a half, wherever it speaks; against nothing, all."""
    visual, px = make(tiny)
    look = tower_of(visual, px).look(tiny.noise(2, px)).trimmed(torch.bfloat16)
    text = tiny.texts(1)
    relevancy = look.relevancy(text)
    speaks = relevancy > 0.1 * relevancy.max()
    assert 0 < speaks.sum() < speaks.numel()
    for words, wanted in ((text, 0.5), (text[:0], 1.0)):
        found = look.contrast(text, words, 12.0)
        assert found[speaks].allclose(torch.tensor(wanted)) and (found[~speaks] <= wanted).all()
    many = look.contrast(tiny.texts(3), tiny.texts(6)[3:], 12.0)
    assert many.shape == (2, 3, *look.relevancy(text).shape[2:]) and 0 <= many.min() < many.max()

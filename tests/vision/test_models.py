"""Models: what is loaded is what open_clip makes of the same files, and nothing is fetched."""

import contextlib
import hashlib
import json
import logging
import pickle
import socket
import zlib
from pathlib import Path

import pytest
import torch
from torch.nn.functional import normalize

from nesf_ros.config import VisionConfig
from nesf_ros.errors import VisionError
from nesf_ros.vision import checkpoints
from nesf_ros.vision.checkpoints import HUB_CONFIG, HUB_NAMES, find_checkpoint
from nesf_ros.vision.models import build, computes_in_bf16, load_model
from nesf_ros.vision.registry import register
from nesf_ros.vision.torchvision_guard import import_open_clip

from .models_on_disk import SMALL, save, small_clip, write_config

CPU = torch.device("cpu")
TEXTS = ["a mug", "the red mug on a table", "", "Größe 🙂"]


@pytest.fixture
def no_network(monkeypatch):
    """Every name looked up and every connection tried, which must stay none."""
    tried = []

    def record(*args, **_):
        tried.append(args)
        raise OSError("no network")

    monkeypatch.setattr(socket, "getaddrinfo", record)
    monkeypatch.setattr(socket.socket, "connect", record)
    return tried


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty cache of the hub; returns a function that puts files into it."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))

    def put(repository: str, name: str) -> Path:
        folder = tmp_path / "hub" / f"models--{repository.replace('/', '--')}"
        (folder / "refs").mkdir(parents=True, exist_ok=True)
        (folder / "refs/main").write_text("c0ffee")
        (folder / "snapshots/c0ffee").mkdir(parents=True, exist_ok=True)
        return folder / "snapshots/c0ffee" / name

    return put


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_a_small_clip_from_files_equals_open_clip(tmp_path, monkeypatch, no_network, capfd, suffix):
    clip = small_clip()
    file = save(clip, tmp_path / f"weights{suffix}")
    config = VisionConfig(model=str(write_config(tmp_path)), pretrained=str(file))
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # as without pytest
    model = load_model(config, CPU)
    assert logging.getLogger().handlers == []
    images = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    tokens = import_open_clip().get_tokenizer("small-clip")(TEXTS)
    wanted_texts = clip.encode_text(tokens, normalize=True)
    wanted_images = clip.encode_image(images, normalize=True)
    torch.testing.assert_close(model.encode_text(TEXTS), wanted_texts, rtol=0, atol=1e-6)
    found = model.tower.look(images).embedding()
    torch.testing.assert_close(found, wanted_images, rtol=0, atol=1e-6)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert model.fingerprint == f"small-clip@{digest[:12]}"
    assert (model.name, model.pretrained) == (config.model, config.pretrained)
    assert (model.image_px, model.dim, model.device) == (32, 16, CPU)
    assert model.mean == import_open_clip().OPENAI_DATASET_MEAN
    assert no_network == []
    assert capfd.readouterr() == ("", "")


def test_any_number_of_texts(tmp_path, monkeypatch):
    monkeypatch.setattr("nesf_ros.vision.text_tower.TEXTS_AT_ONCE", 2)
    file = save(small_clip(), tmp_path / "weights.safetensors")
    model = load_model(VisionConfig(model=str(write_config(tmp_path)), pretrained=str(file)), CPU)
    alone = torch.cat([model.encode_text([text]) for text in TEXTS[:3]])
    torch.testing.assert_close(model.encode_text(TEXTS[:3]), alone)
    torch.testing.assert_close(alone.norm(dim=1), torch.ones(3))
    assert model.encode_text([]).shape == (0, 16)


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    """The embedded model with a random image tower, in a file of that tower alone."""
    clip = build(register("nesf-mini"))
    return clip, save(clip.visual, tmp_path_factory.mktemp("mini") / "tower.safetensors")


def test_a_file_of_the_image_tower_alone_joins_a_text_tower_that_is_there(mini, no_network, capfd):
    clip, file = mini
    model = load_model(VisionConfig(model="nesf-mini", pretrained=str(file)), CPU)
    images = torch.randn(2, 3, model.image_px, model.image_px)
    found = model.tower.look(images).embedding()
    torch.testing.assert_close(found, normalize(clip.visual(images)), rtol=0, atol=1e-5)
    phrases = ["a red couch", "a red sofa", "a trash can", "a garbage bin", "a mug", "a cup"]
    embeddings = model.encode_text(phrases)
    cosines = (embeddings @ embeddings.T).tolist()
    # all-MiniLM-L6-v2's own
    assert cosines[0][1] == pytest.approx(0.90, abs=0.005)
    assert cosines[2][3] == pytest.approx(0.68, abs=0.005)
    assert cosines[4][5] == pytest.approx(0.74, abs=0.005)
    assert cosines[0][4] < 0.35
    assert no_network == []
    assert capfd.readouterr() == ("", "")


def test_weights_are_cast_once(tmp_path, mini):
    file = save(small_clip(), tmp_path / "weights.safetensors")
    config = {"model": str(write_config(tmp_path)), "pretrained": str(file)}
    exact = load_model(VisionConfig(**config), CPU)
    cast = load_model(VisionConfig(**config, precision="bf16"), CPU)
    assert (exact.tower.dtype, cast.tower.dtype) == (torch.float32, torch.bfloat16)
    assert cast.text.dtype == torch.bfloat16
    found, wanted = cast.encode_text(TEXTS), exact.encode_text(TEXTS)
    assert found.dtype == torch.float32
    cosines = (found * wanted).sum(1)
    assert 0.99 < cosines.min() < 1 - 1e-6  # rounded, not the same weights
    sentences = load_model(VisionConfig(pretrained=str(mini[1]), precision="bf16"), CPU)
    assert sentences.text.dtype == torch.float32


@pytest.mark.parametrize(("native", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_by_itself_a_model_takes_the_precision_that_the_processor_has(
    tmp_path, monkeypatch, native, dtype
):
    file = save(small_clip(), tmp_path / "weights.safetensors")
    config = {"model": str(write_config(tmp_path)), "pretrained": str(file)}
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: native)
    model = load_model(VisionConfig(**config, precision="auto"), CPU)
    assert model.tower.dtype == model.text.dtype == dtype
    # Saved maps fit whatever the precision was.
    assert (
        model.fingerprint == load_model(VisionConfig(**config, precision="fp32"), CPU).fingerprint
    )


@pytest.mark.parametrize("native", [True, False])
def test_of_a_gpu_its_own_instructions_count(monkeypatch, native):
    monkeypatch.setattr(torch.cuda, "device", lambda device: contextlib.nullcontext())
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation: native or including_emulation
    )
    assert computes_in_bf16(torch.device("cuda", 1)) is native
    assert not computes_in_bf16(torch.device("meta"))


def test_what_is_known_of_a_tag_reaches_the_model():
    from open_clip.transformer import QuickGELU

    small_clip()  # registers it
    about = {"mean": (0.1, 0.2, 0.3), "std": (0.4, 0.5, 0.6), "quick_gelu": True, "hf_hub": "x/"}
    clip = build("small-clip", about)
    kinds = {type(block.mlp.gelu) for block in clip.visual.transformer.resblocks}
    assert kinds == {QuickGELU}
    assert clip.visual.preprocess_cfg["mean"] == (0.1, 0.2, 0.3)
    assert clip.visual.preprocess_cfg["std"] == (0.4, 0.5, 0.6)
    assert not clip.training
    assert not any(weight.requires_grad for weight in clip.parameters())


def test_a_folder_brings_its_own_weights_and_preprocessing(tmp_path):
    save(small_clip(), tmp_path / HUB_NAMES[0])
    about = {"model_cfg": SMALL, "preprocess_cfg": {"mean": [0, 0, 0], "std": [1, 1, 1]}}
    (tmp_path / HUB_CONFIG).write_text(json.dumps(about))
    model = load_model(VisionConfig(model=f"local-dir:{tmp_path}"), CPU)
    assert (model.mean, model.std) == ((0, 0, 0), (1, 1, 1))
    tokens = import_open_clip().get_tokenizer("small-clip")(["mug"])
    wanted = small_clip().encode_text(tokens, normalize=True)
    torch.testing.assert_close(model.encode_text(["mug"]), wanted, rtol=0, atol=1e-6)


def test_a_repository_in_the_hubs_cache_is_loaded_from_there(hub, no_network):
    put = save(small_clip(), hub("org/name", HUB_NAMES[0]))
    hub("org/name", HUB_CONFIG).write_text(json.dumps({"model_cfg": SMALL}))
    model = load_model(VisionConfig(model="hf-hub:org/name"), CPU)
    assert model.fingerprint == f"name@{hashlib.sha256(put.read_bytes()).hexdigest()[:12]}"
    tokens = import_open_clip().get_tokenizer("small-clip")(["mug"])
    wanted = small_clip().encode_text(tokens, normalize=True)
    torch.testing.assert_close(model.encode_text(["mug"]), wanted, rtol=0, atol=1e-6)
    assert no_network == []


def test_tags_are_found_in_the_hubs_cache(hub):
    repository = "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"
    hub(repository, HUB_NAMES[1]).touch()
    found = find_checkpoint("ViT-B-32", "laion2b_s34b_b79k")
    assert found.file.name == HUB_NAMES[1]
    hub(repository, HUB_NAMES[0]).touch()
    found = find_checkpoint("ViT-B-32", "laion2b_s34b_b79k")
    assert found.file == hub(repository, HUB_NAMES[0])
    assert found.about["mean"] == import_open_clip().OPENAI_DATASET_MEAN
    assert not found.about.get("quick_gelu")
    hub(repository, HUB_CONFIG).touch()
    assert find_checkpoint(f"hf-hub:{repository}", "").file == hub(repository, HUB_NAMES[0])


def test_embedded_weights_are_those_named_like_the_model(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "WEIGHTS", tmp_path)
    with pytest.raises(VisionError, match=r"no weights of nesf-mini come .* are: none"):
        find_checkpoint("nesf-mini", "embedded")
    (tmp_path / "nesf-mini.safetensors").touch()
    assert find_checkpoint("nesf-mini", "embedded").file == tmp_path / "nesf-mini.safetensors"
    with pytest.raises(VisionError, match=r"ViT-B-32 come .* are: nesf-mini\).* openai, laion"):
        find_checkpoint("ViT-B-32", "embedded")


@pytest.mark.parametrize(("model", "pretrained", "problem"), [
    ("ViT-B32", "openai", "unknown model 'ViT-B32'; did you mean 'ViT-B-32'"),
    ("nesfmini", "", "did you mean 'nesf-mini'"),
    ("", "", "unknown model ''"),
    ("none.json", "", r"none.json is no model configuration: .* No such file"),
    ("ViT-B-32", "laion2b", r"neither a file nor a tag of ViT-B-32; its tags are: openai, laion"),
    ("ViT-B-32", "x.safetensors", r"from x.safetensors: there is no such file"),
    ("ViT-B-32", "/etc/passwd", r"from /etc/passwd: its format is unknown. .* \.safetensors, \.pt"),
    ("ViT-B-16", "laion2b_s34b_b88k", r"`hf download laion/CLIP-ViT-B-16-laion2B-s34B-b88K "
     r"open_clip_model.safetensors`"),
    ("hf-hub:org/name", "", r"`hf download org/name open_clip_config.json open_clip_model"),
    ("hf-hub:a/b/c", "", r"'a/b/c' is no name on the hub"),
    ("local-dir:/nowhere", "", r"/nowhere has no open_clip_config.json"),
])  # fmt: skip
def test_what_is_not_here_is_named_with_the_way_to_get_it(
    hub, no_network, model, pretrained, problem
):
    with pytest.raises(VisionError, match=problem):
        load_model(VisionConfig(model=model, pretrained=pretrained), CPU)
    assert no_network == []


def test_text_encoders_and_tokenizers_are_not_fetched_either(tmp_path, hub, no_network):
    encoder = {"hf_model_name": "org/encoder", "hf_tokenizer_name": "org/words"}
    cases = {
        "needs-encoder": (encoder, "the text encoder .* `hf download org/encoder`"),
        "needs-words": (
            SMALL["text_cfg"] | {"hf_tokenizer_name": "org/words"},
            "the tokenizer of needs-words.* `hf download org/words`",
        ),
    }
    weights = save(small_clip(), tmp_path / "weights.pt")
    for name, (text, problem) in cases.items():
        config = write_config(tmp_path, name, text_cfg=text)
        with pytest.raises(VisionError, match=problem):
            load_model(VisionConfig(model=str(config), pretrained=str(weights)), CPU)
    assert no_network == []


class Bomb:
    """Unpickled, it writes a file."""

    def __init__(self, file: Path):
        self.file = file

    def __reduce__(self):
        return Path.touch, (self.file,)


@pytest.mark.parametrize("suffix", [".pt", ".bin"])
def test_code_in_a_checkpoint_is_not_run(tmp_path, suffix):
    mark, file = tmp_path / "ran", tmp_path / f"weights{suffix}"
    torch.save({"state_dict": Bomb(mark)}, file)
    config = VisionConfig(model=str(write_config(tmp_path)), pretrained=str(file))
    with pytest.raises(VisionError, match="does not hold this model's weights"):
        load_model(config, CPU)
    file.write_bytes(pickle.dumps({"state_dict": Bomb(mark)}, protocol=2))
    with pytest.raises(VisionError, match="does not hold this model's weights"):
        load_model(config, CPU)
    assert not mark.exists()
    pickle.loads(file.read_bytes())
    assert mark.exists()  # the bomb works


def damaged(tmp_path: Path, how: str) -> Path:
    whole = save(small_clip(), tmp_path / "whole.safetensors")
    file = tmp_path / "weights.safetensors"
    if how == "cut":
        file.write_bytes(whole.read_bytes()[:-100])
    elif how == "empty":
        file.touch()
    elif how == "text":
        file.write_text("version https://git-lfs.github.com/spec/v1\n")
    elif how == "text tower alone":
        save(small_clip().transformer, file)
    else:
        save(torch.nn.Linear(2, 3), file)
    return file


@pytest.mark.parametrize("how", ["cut", "empty", "text", "text tower alone", "another model"])
def test_torn_files_and_those_of_other_models(tmp_path, how):
    config = VisionConfig(model=str(write_config(tmp_path)), pretrained=str(damaged(tmp_path, how)))
    with pytest.raises(VisionError, match=r"weights.safetensors does not hold this model's"):
        load_model(config, CPU)


def test_an_image_tower_alone_is_not_enough_where_the_text_tower_has_no_weights(tmp_path):
    file = save(small_clip().visual, tmp_path / "tower.safetensors")
    config = VisionConfig(model=str(write_config(tmp_path)), pretrained=str(file))
    with pytest.raises(VisionError, match="image tower alone, and the text tower of small-clip"):
        load_model(config, CPU)


@pytest.mark.parametrize(("text", "problem"), [
    ("{", "is no model configuration"),
    ("[]", "must have embed_dim, vision_cfg, text_cfg"),
    ('{"embed_dim": 3}', "must have embed_dim, vision_cfg, text_cfg"),
    (json.dumps(SMALL | {"text_cfg": {"hf_model_name": "package:no_such_pkg/model"}}),
     r"model mine-\d+ needs the Python package no_such_pkg, .* `pip install no-such-pkg`"),
    (json.dumps(SMALL | {"embed_dim": "wide"}), r"model mine-\d+ cannot be made"),
    (json.dumps(SMALL | {"vision_cfg": SMALL["vision_cfg"] | {"image_size": [32, 48]}}),
     "pictures of 48x32 px; only square ones"),
])  # fmt: skip
def test_configurations_that_are_none(tmp_path, text, problem):
    path = tmp_path / f"mine-{zlib.crc32(text.encode())}.json"  # open_clip keeps what it is given
    path.write_text(text)
    file = save(small_clip(), tmp_path / "weights.pt")
    with pytest.raises(VisionError, match=problem):
        load_model(VisionConfig(model=str(path), pretrained=str(file)), CPU)


def test_a_configuration_does_not_take_the_name_of_another(tmp_path):
    path = write_config(tmp_path, "ViT-B-32")
    with pytest.raises(VisionError, match="name of another model of open_clip's, 'ViT-B-32'"):
        register(str(path))
    assert import_open_clip().get_model_config("ViT-B-32")["embed_dim"] == 512


def test_registering_leaves_no_files_in_the_installed_package():
    import open_clip

    register("nesf-mini")
    folder = Path(open_clip.__file__).parent / "model_configs"
    assert not (folder / "nesf-mini.json").exists()
    assert "nesf-mini" in open_clip.list_models()
    open_clip.add_model_config(folder / "ViT-B-32.json")  # reads all again
    assert "nesf-mini" in open_clip.list_models()

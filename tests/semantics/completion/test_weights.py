"""Weights on disk: what comes back, and what is refused."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from nesf_ros.errors import QueryError
from nesf_ros.semantics.completion.network import CompletionNet
from nesf_ros.semantics.completion.presets import PRESETS, Preset
from nesf_ros.semantics.completion.weights import (
    Trained,
    fill,
    path_of,
    read_about,
    write_weights,
)
from nesf_ros.vision.presets import Preset as Look

TINY = Preset(8, 1.6, (4, 8))
TRAINED = Trained(
    task="ovssc", preset="tiny", model="colours@000", look=Look((1, 0.5), 2, 1, "every other"),
    contrast=20.0, scale=2.0, threshold=0.4, slope=1.25, offset=-0.5,
)  # fmt: skip


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A network, and the file of it."""
    monkeypatch.setitem(PRESETS, "tiny", TINY)
    torch.manual_seed(0)
    net, path = CompletionNet(TINY), tmp_path / "deep" / "net.safetensors"
    write_weights(net.state_dict(), TRAINED, path)
    return net, path


def test_what_is_written_comes_back(written):
    net, path = written
    assert read_about(path, "ovssc", "colours@000") == TRAINED
    assert TRAINED.network is TINY
    other = CompletionNet(TINY)
    fill(other, path)
    for name, value in net.state_dict().items():
        torch.testing.assert_close(other.state_dict()[name], value, atol=1e-3, rtol=1e-3)
    assert not other.training
    assert not any(weight.requires_grad for weight in other.parameters())


def test_matrices_are_halved_and_vectors_are_not(written):
    net, path = written
    with safe_open(path, "pt") as file:
        kinds = {name: file.get_tensor(name).dtype for name in net.state_dict()}
    assert kinds["decode.layers.0.weight"] == kinds["encode.encoders.0.first.0.weight"]
    assert kinds["decode.layers.0.weight"] == torch.float16
    assert kinds["decode.layers.0.bias"] == torch.float32


def test_a_file_is_replaced_as_a_whole(written):
    net, path = written
    write_weights(net.state_dict(), replace(TRAINED, threshold=0.7), path)
    assert read_about(path, "ovssc", "colours@000").threshold == 0.7
    assert list(path.parent.iterdir()) == [path]


def test_weights_by_name_or_path(tmp_path, monkeypatch):
    assert path_of("embedded", "vool").parts[-3:] == (
        "semantics", "weights", "nesf-mini.vool.safetensors",
    )  # fmt: skip
    monkeypatch.setenv("HOME", str(tmp_path))
    assert path_of("~/mine.safetensors", "ovssc") == tmp_path / "mine.safetensors"


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(QueryError, match=r"no weights at .*none.*nesf_ros.training.abstraction"):
        read_about(tmp_path / "none", "ovssc", "colours@000")
    with pytest.raises(QueryError, match="no weights at"):
        read_about(tmp_path, "ovssc", "colours@000")


def test_weights_of_another_task_or_model_are_refused(written):
    _, path = written
    with pytest.raises(QueryError, match="was trained for ovssc; vool is wanted"):
        read_about(path, "vool", "colours@000")
    with pytest.raises(QueryError, match=r"relevancies of colours@000, but .* is words@111"):
        read_about(path, "ovssc", "words@111")


@pytest.mark.parametrize("keep", [0, 4, 100, 0.5])
def test_a_torn_file_is_refused(written, keep):
    _, path = written
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole)) if keep == 0.5 else keep])
    with pytest.raises(QueryError, match="does not hold weights of a 3D net"):
        read_about(path, "ovssc", "colours@000")


@pytest.mark.parametrize(
    "about",
    [
        None,
        {},
        {"trained": "no json"},
        {"trained": "[1]"},
        {"trained": '{"look": {"fractions": [1]}}'},
        {"trained": '{"look": {"size": 3, "fractions": []}}'},
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path, about):
    path = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(1)}, path, about)
    with pytest.raises(QueryError, match="does not hold weights of a 3D net"):
        read_about(path, "ovssc", "colours@000")


def test_what_a_newer_version_wrote_is_refused(written):
    net, path = written
    with safe_open(path, "pt") as file:
        told = json.loads(file.metadata()["trained"]) | {"colour": "green"}
    save_file(net.state_dict(), path, {"trained": json.dumps(told)})
    with pytest.raises(QueryError, match="does not hold weights of a 3D net.*colour"):
        read_about(path, "ovssc", "colours@000")


def test_an_unknown_preset_is_refused():
    with pytest.raises(QueryError, match=r"weights of preset 'huge'; known are paper, cpu"):
        _ = replace(TRAINED, preset="huge").network


@pytest.mark.parametrize("widths", [(4, 6), (4, 8, 8)])
def test_weights_of_another_shape_are_refused(written, widths):
    _, path = written
    with pytest.raises(QueryError, match="net.safetensors does not fit this network"):
        fill(CompletionNet(replace(TINY, widths=widths)), path)

"""The words of a small model, and the file they come in."""

import pytest
import torch
from safetensors.torch import save_file

from nesf_ros.errors import VisionError
from nesf_ros.vision.vocabulary import Vocabulary, vocabulary_beside


def test_the_nearest_word_by_hand():
    vocabulary = Vocabulary(("cup", "чашка"), torch.tensor([[1.0, 0.0], [0.6, 0.8]]), 0.7)
    cosines = vocabulary.nearest(torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
    assert cosines.tolist() == pytest.approx([0.8, 1.0])


def test_it_comes_back_from_its_file(tmp_path):
    assert vocabulary_beside(tmp_path / "mini.safetensors") is None
    vectors = torch.nn.functional.normalize(torch.randn(3, 8), dim=-1)
    Vocabulary(("a", "b c", "ü"), vectors, 0.61).save(tmp_path / "mini.words.safetensors")
    found = vocabulary_beside(tmp_path / "mini.safetensors")
    assert found.words == ("a", "b c", "ü") and found.known_above == 0.61
    torch.testing.assert_close(found.embeddings, vectors, atol=1e-3, rtol=0)
    torch.testing.assert_close(found.embeddings.norm(dim=1), torch.ones(3))


@pytest.mark.parametrize(
    ("tensors", "about"),
    [
        ({"embeddings": torch.ones(2, 4)}, {"words": '["a"]', "known_above": "0.5"}),
        ({"embeddings": torch.ones(0, 4)}, {"words": "[]", "known_above": "0.5"}),
        ({"embeddings": torch.ones(1, 4)}, {"words": "[a", "known_above": "0.5"}),
        ({"embeddings": torch.ones(1, 4)}, {"words": '["a"]'}),
        ({"embeddings": torch.ones(1, 4)}, None),
        ({"else": torch.ones(1, 4)}, {"words": '["a"]', "known_above": "0.5"}),
    ],
)
def test_a_file_that_holds_something_else_is_named(tmp_path, tensors, about):
    path = tmp_path / "mini.words.safetensors"
    save_file(tensors, path, about)
    with pytest.raises(VisionError, match=r"mini\.words\.safetensors"):
        Vocabulary.load(path)


def test_a_torn_file_is_named(tmp_path):
    path = tmp_path / "mini.words.safetensors"
    path.write_bytes(b"\x10")
    with pytest.raises(VisionError, match=r"mini\.words\.safetensors"):
        Vocabulary.load(path)

"""Prompt templates: the published lists, to the letter."""

import pytest

from nesf_ros.errors import VisionError
from nesf_ros.vision.prompts import MAX_TEMPLATES, PROMPTS, read_templates, templates_named
from nesf_ros.vision.torchvision_guard import import_open_clip


def test_the_published_sets_are_whole():
    assert {name: len(templates) for name, templates in PROMPTS.items()} == {
        "clip2scene": 85,
        "embedded": 4,
        "imagenet": 80,
        "plain": 1,
        "semabs": 2,
    }
    published = tuple(make("{}") for make in import_open_clip().OPENAI_IMAGENET_TEMPLATES)
    assert PROMPTS["imagenet"] == published
    assert PROMPTS["clip2scene"][:80] == published
    assert PROMPTS["clip2scene"][80:] == (
        "there is a {} in the scene.",
        "there is the {} in the scene.",
        "this is a {} in the scene.",
        "this is the {} in the scene.",
        "this is one {} in the scene.",
    )
    assert PROMPTS["semabs"] == (
        "a photograph of a {} in a home.",
        "a render of a {} in a game engine.",
    )
    assert PROMPTS["plain"] == ("a photo of a {}.",)


@pytest.mark.parametrize("name", PROMPTS)
def test_each_template_is_there_once_with_one_place_for_the_label(name):
    templates = PROMPTS[name]
    assert len(set(templates)) == len(templates)
    assert all(template.count("{}") == 1 for template in templates)
    assert all(template == " ".join(template.split()) for template in templates)


def test_a_file_of_the_user_is_a_set_too(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text("  ein Foto von {}\n\nça, un {} ?\n", encoding="utf-8")
    assert templates_named(str(file)) == ("ein Foto von {}", "ça, un {} ?")
    assert templates_named("plain") == PROMPTS["plain"]


@pytest.mark.parametrize(("text", "problem"), [
    ("", "has 0 templates"),
    ("\n \n", "has 0 templates"),
    ("a thing\n", r"'a thing' .* exactly one \{\}"),
    ("a {} and a {}\n", r"exactly one \{\}"),
    ("a {0}\n", r"exactly one \{\}"),
    ("a {}\n" * (MAX_TEMPLATES + 1), f"has {MAX_TEMPLATES + 1} templates"),
])  # fmt: skip
def test_files_that_hold_no_templates(tmp_path, text, problem):
    file = tmp_path / "mine.txt"
    file.write_text(text)
    with pytest.raises(VisionError, match=problem):
        read_templates(file)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(VisionError, match=r"none.txt cannot be read"):
        templates_named(str(tmp_path / "none.txt"))
    (tmp_path / "latin.txt").write_bytes(b"ein {} f\xfcr mich\n")
    with pytest.raises(VisionError, match=r"latin.txt cannot be read"):
        templates_named(str(tmp_path / "latin.txt"))
    with pytest.raises(VisionError, match="unknown prompt set 'imgnet'; did you mean 'imagenet'"):
        templates_named("imgnet")

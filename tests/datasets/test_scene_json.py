"""What a scene is beside its images: text that is broken, or says what cannot be."""

import os

import pytest

from nesf_ros.datasets.nesf import read_nesf, write_nesf
from nesf_ros.errors import DatasetError

from .labelled_scenes import set_json, small_scene


@pytest.fixture
def written(tmp_path):
    write_nesf(small_scene(), tmp_path / "7")
    return tmp_path / "7"


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (["things"], None, "has no 'things'"),
        (["things", 1, "box"], None, "has no 'box'"),
        (["things", 1, "box", "lower"], [9, 9, 9], "every upper bound"),
        (["things", 1, "name"], "floor", "a thing is named twice"),
        (["things", 1, "class_name"], "sofa", "classes that are not listed: sofa"),
        (["things", 1, "parts"], [3], "3 must be text"),
        (["classes", 0], "floor", "a class is named twice"),
        (["relations", 0, "relation"], "near", "'near' is none of in, on, behind"),
        (["relations", 0, "target"], 4, "about a thing that there is not"),
        (["captions", 0, "thing"], 4, "about a thing that there is not"),
        (["captions", 0, "text"], 4, "4 must be text"),
        (["relations", 0, "target"], -1, "must be a whole number"),
        (["views", 2], None, "has 2 views, metadata.json 3"),
        (["views", 0, "stamp_ns"], True, "must be a whole number"),
        (["bounds"], [], "list indices"),
    ],
)
def test_broken_scene_files_are_errors(written, keys, value, message):
    set_json(written / "scene.json", keys, value)
    with pytest.raises(DatasetError, match=f"scene.json.*{message}"):
        read_nesf(written)


def test_text_that_is_no_json_is_an_error(written):
    for text in ("", "{", "[" * 100_000, '{"camera": NaN}', "\xff"):
        (written / "metadata.json").write_text(text, "latin-1")
        with pytest.raises(DatasetError, match=r"metadata\.json is no JSON"):
            read_nesf(written)
    (written / "metadata.json").unlink()
    os.mkfifo(written / "metadata.json")
    with pytest.raises(DatasetError, match="missing, or no file"):
        read_nesf(written)
    with open(written / "large.json", "wb") as file:
        file.truncate(1 << 27)
    os.replace(written / "large.json", written / "metadata.json")
    with pytest.raises(DatasetError, match="more than 67108864 bytes"):
        read_nesf(written)

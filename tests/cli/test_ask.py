"""What `nesf-ros ask` tells and draws, and `nesf-ros label`."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from geometry_msgs.msg import Point

from nesf_ros import cli
from nesf_ros.cli.ask import save_picture, told
from nesf_ros.cli.found import OUTLINE, Found, picture_of
from nesf_ros.config import MapConfig
from nesf_ros.msg import Instance, TextAnswer
from nesf_ros.pipeline import NesfConfig, SemanticMapper
from nesf_ros.types import Box, Intrinsics, PosedFrame, RgbdFrame, ViewWords, Wanted
from nesf_ros.vision.models import build
from nesf_ros.vision.registry import register

CAMERA = Intrinsics(160, 120, 130.0, 130.0, 79.5, 59.5)
DOWN = np.array([[1.0, 0, 0, 0], [0, -1, 0, 0], [0, 0, -1, 2.0], [0, 0, 0, 1]])
"""2 m above the floor, looking straight down."""


def point(x, y, z):
    return Point(x=float(x), y=float(y), z=float(z))


@pytest.fixture(scope="module")
def render():
    """Renders a map: a grey floor with a red block, 40 cm wide and 30 cm high, at its middle."""
    mapper = SemanticMapper(
        NesfConfig(map=MapConfig(device="cpu", voxel_size_m=0.04, submap_radius_m=1.0,
                                 max_depth_m=4.0))
    )  # fmt: skip
    depth = np.full((120, 160), 2.0, np.float32)
    color = np.full((120, 160, 3), 120, np.uint8)
    reach = round(0.2 * 130 / 1.7)
    block = slice(60 - reach, 60 + reach), slice(80 - reach, 80 + reach)
    depth[block], color[block] = 1.7, (220, 20, 20)
    for stamp in range(1, 6):
        mapper.add_frame(
            PosedFrame(RgbdFrame(stamp, "c", color, depth, CAMERA, CAMERA, np.eye(4)), DOWN)
        )
    return mapper.render_view


def answer(exists=True):
    thing = Instance(id=3, lower=point(-0.2, -0.2, 0.2), upper=point(0.2, 0.2, 0.34),
                     centroid=point(0, 0, 0.3), score=0.81, voxel_count=99)  # fmt: skip
    return TextAnswer(text="a red block!", known=True, exists=exists, score=0.81 if exists else 0.2,
                      instances=[thing] * 7 if exists else [])  # fmt: skip


def test_words():
    text = told(answer(), 0.5)
    assert text.splitlines()[0] == "a red block!: 0.81"
    assert ("no. 3 at (0.00, 0.00, 0.30) m, 40 x 40 x 14 cm, relevancy 0.81, 99 voxels") in text
    assert text.splitlines()[-1] == "  and 2 more" and len(text.splitlines()) == 7
    assert told(TextAnswer(text="a unicorn"), 0.5).startswith("a unicorn: unknown; ")


def test_why_something_was_not_found():
    def said(score, threshold, **peak):
        missing = TextAnswer(text="mug", known=True, score=score, peak=Point(**peak))
        return told(missing, threshold)

    assert said(0.2, 0.5) == "mug: not found (0.20; above 0.50 it would be)"
    assert said(0.8374, 0.8416) == "mug: not found (0.837; above 0.842 it would be)"
    assert said(0.84, 0.8402) == "mug: not found (0.8400; above 0.8402 it would be)"
    assert said(0.5, 0.5) == "mug: not found (0.50000000; above 0.50000000 it would be)"
    assert said(0.9, 0.5) == (
        "mug: not found (0.90, but of voxels here and there that make up no thing)"
    )
    assert said(0.0, 0.84, x=float("nan")) == "mug: not found"


def test_the_picture_outlines_what_was_found(render):
    picture = picture_of(render, Found(Box((-0.2, -0.2, 0.2), (0.2, 0.2, 0.34))), "block")
    assert picture.shape == (600, 800, 3)
    outline = (picture == OUTLINE).all(2)
    rows, columns = np.nonzero(outline)
    assert outline.sum() > 200
    inside = picture[rows.min() : rows.max(), columns.min() : columns.max()].reshape(-1, 3)
    red = (inside[:, 0] > 150) & (inside[:, 1] < 60)
    assert red.mean() > 0.4


def test_what_is_less_relevant_is_not_outlined(render):
    """A box around the block and a part of the floor; to the text the left half is relevant."""

    def left_alone(camera, pose, reach_m, region, wanted):
        view = render(camera, pose, reach_m, region)
        relevancy = np.full((1, camera.height, camera.width), 0.4, np.float32)
        relevancy[:, :, : camera.width // 2] = 0.9
        relevancy[:, : camera.height // 2] = np.nan
        assert wanted == Wanted(["a block"], ("a box",))
        return replace(view, words=ViewWords(None, (), relevancy))

    found = Found(Box((-0.5, -0.5, -0.1), (0.5, 0.5, 0.34)), "a block", 0.5, ("a box",))
    camera = Intrinsics(160, 120, 130.0, 130.0, 79.5, 59.5)
    _, inside = found.seen(left_alone, camera, DOWN, found.box)
    assert inside[60:, :80].any() and not inside[:60].any() and not inside[:, 80:].any()
    _, whole = replace(found, text="").seen(lambda *a: render(*a[:4]), camera, DOWN, found.box)
    assert whole[:60].any() and whole[:, 80:].any()


def test_the_file_is_named_after_the_text(render, tmp_path):
    def with_words(camera, pose, reach_m, region, wanted):
        assert wanted.texts == ["a red block!"] and wanted.negatives == ["a box"]
        return render(camera, pose, reach_m, region)

    path = save_picture(with_words, answer(), (["a box"], 0.5), tmp_path / "new")
    assert path.name == "a-red-block.png" and cv2.imread(str(path)).shape == (600, 800, 3)


def test_label_draws_relevancy_of_a_picture(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16,
                       "patch_size": 8},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2,
                     "layers": 2},
    }  # fmt: skip
    (tmp_path / "tiny.json").write_text(json.dumps(config))
    torch.manual_seed(0)
    torch.save(build(register(str(tmp_path / "tiny.json"))).state_dict(), tmp_path / "tiny.pt")
    cv2.imwrite(str(tmp_path / "desk.png"), np.random.default_rng(0).integers(
        0, 255, (60, 80, 3)).astype(np.uint8))  # fmt: skip
    command = ["label", str(tmp_path / "desk.png"), "--model", str(tmp_path / "tiny.json"),
               "--pretrained", str(tmp_path / "tiny.pt")]  # fmt: skip
    assert cli.main([*command, "--preset", "chefer", "--texts", "a mug", "🚗"]) == 0
    said = capsys.readouterr().out
    assert "a mug: most relevant at (" in said and "🚗: most relevant at (" in said
    sheet = cv2.imread(str(tmp_path / "desk-relevancy.png"))
    assert sheet.shape == (84, 240, 3)
    assert cli.main([*command, "--preset", "best", "--texts", "a mug"]) == 2
    assert cli.main(["label", str(tmp_path / "none.png"), "--texts", "a mug"]) == 2
    assert "none.png does not exist, or is no file" in capsys.readouterr().err

import cv2
import numpy as np
import pytest

from nesf_ros.cli.label import read_image, sheet
from nesf_ros.cli.pictures import UNKNOWN_GREY
from nesf_ros.errors import DatasetError


def test_a_text_that_the_model_does_not_know_has_a_grey_panel():
    image = np.full((60, 160, 3), 40, np.uint8)
    relevancy = np.zeros((60, 160), np.float32)
    relevancy[30:] = 0.8
    panels = sheet(image, ["a mug", "a piano"], [relevancy, None])
    assert panels.shape == (60 + 24, 3 * 160, 3)
    plain, known, unknown = np.hsplit(panels[24:], 3)
    assert (plain == 40).all() and (unknown == UNKNOWN_GREY).all()
    # Turbo's ends, mixed with the picture: red where it is most relevant, a dark blue elsewhere.
    assert known[50, 80, 0] > known[50, 80, 2] and known[10, 80, 2] > known[10, 80, 0]


def test_all_texts_may_be_unknown():
    panels = sheet(np.zeros((9, 160, 3), np.uint8), ["a piano"], [None])
    assert (panels[24:, 160:] == UNKNOWN_GREY).all()


def test_what_is_no_picture_is_told_once_and_by_name(tmp_path, capfd):
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(DatasetError, match="missing.png does not exist"):
        read_image(tmp_path / "missing.png")
    with pytest.raises(DatasetError, match="text.png is no picture"):
        read_image(tmp_path / "text.png")
    assert capfd.readouterr().err == ""


def test_pixels_are_red_green_blue(tmp_path):
    cv2.imwrite(str(tmp_path / "red.png"), np.full((2, 3, 3), (0, 0, 255), np.uint8))
    assert (read_image(tmp_path / "red.png") == (255, 0, 0)).all()

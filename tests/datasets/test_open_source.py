"""Telling formats apart."""

import pytest

from nesf_ros.datasets import FORMATS, open_source
from nesf_ros.errors import DatasetError


def test_no_such_path(tmp_path):
    with pytest.raises(DatasetError, match="does not exist"):
        open_source(tmp_path / "nowhere")


def test_unknown_folder_is_told_what_each_format_needs(tmp_path):
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(DatasetError) as caught:
        open_source(str(tmp_path))
    for word in ("7-Scenes", "Redwood", "TUM", "rosbag2", "pose.txt", "groundtruth.txt"):
        assert word in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1 + len(FORMATS)

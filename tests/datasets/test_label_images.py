"""Masks and normals as images, and what is refused."""

import struct
from dataclasses import replace

import cv2
import numpy as np
import pytest

from nesf_ros.datasets.label_images import decode_normals, encode_normals, read_image
from nesf_ros.datasets.nesf import read_nesf, write_nesf
from nesf_ros.errors import DatasetError
from nesf_ros.types import Intrinsics

from .labelled_scenes import small_scene


@pytest.fixture(scope="module")
def scene():
    return small_scene()


@pytest.fixture
def written(scene, tmp_path):
    write_nesf(scene, tmp_path / "7")
    return tmp_path / "7"


def test_normals_keep_their_direction():
    rng = np.random.default_rng(0)
    normals = rng.normal(size=(20, 30, 3)).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    normals[0, 0], normals[0, 1], normals[0, 2] = 0, (1, 0, 0), (0, -1, 0)
    read = decode_normals(encode_normals(normals))
    assert np.abs(read - normals).max() < 3.2e-5
    assert (read[0, :3] == normals[0, :3]).all()
    assert np.linalg.norm(read.reshape(-1, 3)[1:], axis=1) == pytest.approx(1)


def broken(view, **changes):
    return replace(
        view, **{key: change_of(getattr(view, key)) for key, change_of in changes.items()}
    )


def with_value(value, at=(3, 4)):
    def change_of(image):
        image = image.copy()
        image[at] = value
        return image

    return change_of


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"depth_m": with_value(np.nan)}, "depth is negative or not finite"),
        ({"depth_m": with_value(np.inf)}, "depth is negative or not finite"),
        ({"depth_m": with_value(-0.1)}, "depth is negative or not finite"),
        ({"camera": lambda camera: replace(camera, height=17)}, "an image is"),
        ({"normals_world": with_value(np.nan)}, "normal is longer than 1, or not finite"),
        ({"normals_world": with_value(1.5)}, "normal is longer than 1"),
        ({"instances": with_value(4)}, "from 0 to 4; the scene has 4 things|from -1 to 4"),
        ({"instances": with_value(-2)}, "goes from -2"),
        ({"parts": with_value(2)}, "parts that the things there do not have"),
        ({"world_T_camera": with_value(np.nan, (0, 3))}, "view 1.*pose holds NaN"),
        ({"world_T_camera": with_value(2.0, (0, 0))}, "view 1.*not rigid"),
    ],
)
def test_views_that_cannot_be_are_refused_and_leave_nothing(scene, tmp_path, changes, message):
    views = (scene.views[0], broken(scene.views[1], **changes))
    with pytest.raises(DatasetError, match=message):
        write_nesf(replace(scene, views=views), tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_broken_images_are_errors(scene, written):
    views = read_nesf(written).views

    def spoiled(name, data):
        path = written / name
        whole = path.read_bytes()
        path.write_bytes(data(whole))
        with pytest.raises(DatasetError) as caught:
            views[0]
        path.write_bytes(whole)
        return str(caught.value)

    for name in ("rgba_00000.png", "depth_00000.tiff", "instance_00000.png", "normal_00000.png"):
        for share in (0.0, 0.5, 0.9):
            assert name in spoiled(name, lambda whole, end=share: whole[: int(end * len(whole))])
    # Images that say that they are larger than the memory.
    bomb = struct.pack(">II", 1 << 30, 1 << 30)
    assert "1073741824x1073741824 px" in spoiled(
        "rgba_00000.png", lambda whole: whole[:16] + bomb + whole[24:]
    )
    packed = [cv2.IMWRITE_TIFF_COMPRESSION, 8]
    large = cv2.imencode(".tiff", np.zeros((1000, 1500), np.float32), packed)[1].tobytes()
    assert "1500x1000 px; it must be 24x18" in spoiled("depth_00000.tiff", lambda _: large)
    assert "more than 68992 bytes" in spoiled("depth_00000.tiff", lambda whole: whole * 100)
    byte = cv2.imencode(".png", np.zeros((18, 24), np.uint8))[1].tobytes()
    assert "uint8" in spoiled("instance_00000.png", lambda _: byte)
    five = cv2.imencode(".png", np.full((18, 24), 5, np.uint16))[1].tobytes()
    assert "from 4 to 4; the scene has 4 things" in spoiled("instance_00000.png", lambda _: five)
    huge = Intrinsics(1 << 40, 1, 1.0, 1.0, 0.0, 0.0)
    with pytest.raises(DatasetError, match="too large to read"):
        read_image(written / "rgba_00000.png", huge, np.dtype(np.uint8))

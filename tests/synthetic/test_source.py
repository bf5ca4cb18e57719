"""The synthetic recording."""

import numpy as np
import pytest

from nesf_ros.datasets import Source
from nesf_ros.errors import ConfigError
from nesf_ros.geometry import se3
from nesf_ros.geometry.cameras import project, unproject_image
from nesf_ros.synthetic.sensor import SensorNoise
from nesf_ros.synthetic.source import ColorCamera, SyntheticSource
from nesf_ros.types import START_NS, Intrinsics

SIZE = (160, 120)
pytestmark = pytest.mark.usefixtures("quick_sources")


def test_frames_stamps_and_bytes():
    source = SyntheticSource(3, 4, 8.0, SIZE, SensorNoise())
    assert isinstance(source, Source) and len(source) == 4 and not source.skipped
    first = list(source)
    second = list(SyntheticSource(3, 4, 8.0, SIZE, SensorNoise()))
    assert [f.rgbd.stamp_ns - START_NS for f in first] == [0, 125_000_000, 250_000_000, 375_000_000]
    for a, b in zip(first, second, strict=True):
        assert a.rgbd.color.tobytes() == b.rgbd.color.tobytes()
        assert a.rgbd.depth_m.tobytes() == b.rgbd.depth_m.tobytes()
        assert a.world_T_camera.tobytes() == b.world_T_camera.tobytes()
    assert first[0].rgbd.depth_m.tobytes() != first[1].rgbd.depth_m.tobytes()


def test_noise_does_not_depend_on_what_was_read_before():
    source = SyntheticSource(3, 4, 8.0, SIZE, SensorNoise())
    last = source[3].rgbd.depth_m
    assert (last == list(source)[3].rgbd.depth_m).all()
    assert (source[-1].rgbd.depth_m == last).all()


def test_noise_is_on_top_of_the_truth():
    clean, noisy = (SyntheticSource(3, 2, 8.0, SIZE, n)[0].rgbd for n in (None, SensorNoise()))
    both = (clean.depth_m > 0) & (noisy.depth_m > 0)
    error = np.abs(noisy.depth_m - clean.depth_m)[both]
    assert 0.001 < np.median(error) < 0.02
    assert both.mean() > 0.7


def test_colour_camera_of_its_own_sees_the_same_things():
    """Depth points, carried into the colour camera, fall on the colour that they have."""
    offset = np.eye(4)
    offset[:3, 3] = 0.05, -0.01, 0.0
    camera = Intrinsics(240, 180, 200.0, 200.0, 119.5, 89.5)
    same = SyntheticSource(1, 3, 1.0, SIZE)
    other = SyntheticSource(1, 3, 1.0, SIZE, color_camera=ColorCamera(camera, offset))
    registered, split = same[1].rgbd, other[1].rgbd
    assert split.color.shape == (180, 240, 3) and split.color_intrinsics == camera
    assert (split.depth_m == registered.depth_m).all()
    points = unproject_image(split.depth_m, split.depth_intrinsics)
    pixels = project(se3.transform_points(se3.invert(split.depth_T_color), points), camera)
    inside = (pixels > 0).all(-1) & (pixels[..., 0] < 239) & (pixels[..., 1] < 179)
    u, v = np.round(pixels[inside]).astype(int).T
    difference = np.abs(split.color[v, u].astype(int) - registered.color[inside])
    assert inside.mean() > 0.7 and np.median(difference) <= 3
    assert np.mean(difference.max(1) > 40) < 0.06  # textures and occlusion at edges


def test_through_a_changed_scene_on_the_same_path():
    source = SyntheticSource(1, 40, 1.0, SIZE)
    changed = source.through(source.scene.without("table 1"))
    assert len(changed) == 40
    nearer = 0
    for a, b in zip(source, changed, strict=True):
        assert (a.world_T_camera == b.world_T_camera).all()
        beyond = np.where(b.rgbd.depth_m > 0, b.rgbd.depth_m, np.inf)
        here = a.rgbd.depth_m > 0
        assert (beyond[here] >= a.rgbd.depth_m[here] - 1e-4).all()
        nearer += int((beyond[here] > a.rgbd.depth_m[here] + 0.01).sum())
    assert nearer > 1000


def test_bad_requests():
    with pytest.raises(ConfigError, match="greater than 0"):
        SyntheticSource(0, 0)
    with pytest.raises(ConfigError, match="greater than 0"):
        SyntheticSource(0, 1, 0.0)

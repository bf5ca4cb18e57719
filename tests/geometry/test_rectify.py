import numpy as np
import pytest

from nesf_ros.errors import FrameError
from nesf_ros.geometry.rectify import Calibration, Rectifier

K = (200.0, 0, 159.5, 0, 210.0, 119.5, 0, 0, 1)
PLUMB_BOB = (-0.25, 0.08, 0.002, -0.001, 0.01)
RATIONAL = (0.5, -0.3, 0.001, 0.002, 0.05, 0.7, -0.2, 0.03)


def plumb_bob(x, y, d):
    """Brown's model, written out: where the lens puts the ray (x, y, 1)."""
    k1, k2, p1, p2, k3 = d
    r2 = x * x + y * y
    radial = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
    return (
        x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
        y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
    )


def rational(x, y, d):
    k1, k2, p1, p2, k3, k4, k5, k6 = d
    r2 = x * x + y * y
    radial = (1 + k1 * r2 + k2 * r2**2 + k3 * r2**3) / (1 + k4 * r2 + k5 * r2**2 + k6 * r2**3)
    return (
        x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
        y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
    )


def equidistant(x, y, d):
    r = np.hypot(x, y)
    theta = np.arctan(r)
    bent = theta * (1 + d[0] * theta**2 + d[1] * theta**4 + d[2] * theta**6 + d[3] * theta**8)
    return x * bent / r, y * bent / r


def coded_image(k):
    """A raw image whose value says which ray each pixel sees: smooth, so bilinear is exact."""
    v, u = np.mgrid[:240, :320]
    image = np.zeros((240, 320, 3), np.uint8)
    image[..., 0] = u // 2
    image[..., 1] = v
    return image


@pytest.mark.parametrize(
    ("model", "d", "lens"),
    [
        ("plumb_bob", PLUMB_BOB, plumb_bob),
        ("rational_polynomial", RATIONAL, rational),
        ("equidistant", (0.05, -0.01, 0.002, 0.0), equidistant),
        ("equidistant", (0.0, 0.0, 0.0, 0.0), equidistant),
    ],
)
def test_a_rectified_pixel_shows_what_the_lens_bent_away(model, d, lens):
    rectifier = Rectifier(Calibration(320, 240, K, model, d))
    image = coded_image(K)
    rectified = rectifier.color(image)
    depth = rectifier.depth(np.arange(240 * 320, dtype=np.float32).reshape(240, 320))
    for u, v in [(160, 120), (40, 30), (290, 50), (100, 200), (250, 180)]:
        x, y = lens((u - 159.5) / 200.0, (v - 119.5) / 210.0, d)
        raw_u, raw_v = 200.0 * x + 159.5, 210.0 * y + 119.5
        assert rectified[v, u, 0] == pytest.approx(raw_u / 2, abs=1.0)
        assert rectified[v, u, 1] == pytest.approx(raw_v, abs=1.0)
        row, column = divmod(int(depth[v, u]), 320)
        assert column == pytest.approx(raw_u, abs=0.51)
        assert row == pytest.approx(raw_v, abs=0.51)


def test_distorted_points_come_back_to_where_a_pinhole_camera_sees_them():
    rectifier = Rectifier(Calibration(320, 240, K, "plumb_bob", PLUMB_BOB))
    points = np.array([[0.1, 0.05], [-0.5, 0.3], [0.6, -0.4], [0.0, 0.45]])
    for x, y in points:
        bent_x, bent_y = plumb_bob(x, y, PLUMB_BOB)
        raw = np.zeros((240, 320, 3), np.uint8)
        column, row = round(200 * bent_x + 159.5), round(210 * bent_y + 119.5)
        raw[row - 1 : row + 2, column - 1 : column + 2] = 255
        v, u = np.nonzero(rectifier.color(raw)[..., 0] > 127)
        assert u.mean() == pytest.approx(200 * x + 159.5, abs=1.0)
        assert v.mean() == pytest.approx(210 * y + 119.5, abs=1.0)


def test_an_ideal_camera_costs_nothing():
    rectifier = Rectifier(Calibration(320, 240, K, "plumb_bob", (0.0,) * 5, np.eye(3).ravel()))
    image = coded_image(K)
    assert rectifier.is_identity
    assert rectifier.color(image) is image
    assert (rectifier.intrinsics.fx, rectifier.intrinsics.cy) == (200.0, 119.5)


def test_intrinsics_come_from_p_where_it_is_filled():
    p = (180.0, 0, 150.0, -9.0, 0, 185.0, 115.0, 0, 0, 0, 1, 0)
    rectifier = Rectifier(Calibration(320, 240, K, "plumb_bob", (), (), p))
    new = rectifier.intrinsics
    assert (new.fx, new.fy, new.cx, new.cy) == (180.0, 185.0, 150.0, 115.0)
    # No distortion, but another projection: pixel (150, 115) looks straight ahead.
    assert rectifier.color(coded_image(K))[115, 150, 1] == pytest.approx(119.5, abs=1)


def test_a_region_of_interest_and_binning_shift_and_shrink_the_camera():
    # Columns 80–239 and rows 60–179, two by two: pixel 0 is centred on full-resolution 80.5.
    calibration = Calibration(
        320, 240, K, "plumb_bob", PLUMB_BOB, binning=(2, 2), roi=(80, 60, 160, 120)
    )
    rectifier = Rectifier(calibration)
    camera = rectifier.intrinsics
    assert (camera.width, camera.height, camera.fx, camera.fy) == (80, 60, 100.0, 105.0)
    assert camera.cx == pytest.approx((159.5 - 80.5) / 2)
    assert camera.cy == pytest.approx((119.5 - 60.5) / 2)
    full = Rectifier(Calibration(320, 240, K, "plumb_bob", PLUMB_BOB))
    raw = coded_image(K)
    small = raw[60:180, 80:240].reshape(60, 2, 80, 2, 3).mean((1, 3)).astype(np.uint8)
    expected = full.color(raw)[60:180, 80:240].reshape(60, 2, 80, 2, 3).mean((1, 3))
    difference = rectifier.color(small)[2:-2, 2:-2] - expected[2:-2, 2:-2]
    assert np.abs(difference).max() <= 2.0


def test_depth_is_measured_along_the_turned_axis():
    # A wall at z = 2 m seen by a camera turned by 0.2 rad about y: depth follows the new axis.
    c, s = np.cos(0.2), np.sin(0.2)
    turned_R_raw = np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])
    rectifier = Rectifier(Calibration(320, 240, K, "plumb_bob", (), turned_R_raw.ravel()))
    depth_m = rectifier.depth(np.full((240, 320), 2.0, np.float32))
    for u in (140, 160, 250):
        ray = turned_R_raw.T @ ((u - 159.5) / 200.0, 0.0, 1.0)
        assert depth_m[120, u] == pytest.approx(2.0 / ray[2], rel=1e-5)


def test_masks_follow_the_nearest_pixel():
    rectifier = Rectifier(Calibration(320, 240, K, "plumb_bob", PLUMB_BOB))
    raw = np.zeros((240, 320), bool)
    raw[:, 160:] = True
    rectified = rectifier.mask(raw)
    assert rectified.dtype == bool
    assert not rectified[120, :155].any()
    assert rectified[120, 165:300].all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"k": (0.0,) * 9}, "not calibrated"),
        ({"k": (1.0,) * 8}, "3x3"),
        ({"k": (float("nan"),) + K[1:]}, "finite"),
        ({"k": (-200.0, *K[1:])}, "positive"),
        ({"distortion_model": "mei", "d": (0.1, 0.2)}, "plumb_bob, rational_polynomial"),
        ({"distortion_model": "plumb_bob", "d": (0.1, 0.2)}, "2 coefficients; it has 4 or 5"),
        ({"distortion_model": "equidistant", "d": ()}, "0 coefficients"),
        ({"distortion_model": "plumb_bob", "d": (np.inf,) * 5}, "finite"),
        ({"width": 0}, "0x240"),
    ],
)
def test_unusable_calibrations_say_why(changes, message):
    fields = {"width": 320, "height": 240, "k": K} | changes
    with pytest.raises(FrameError, match=message) as caught:
        Rectifier(Calibration(**fields))
    assert caught.value.cause == "bad_intrinsics"


def test_an_image_of_another_size_is_refused():
    rectifier = Rectifier(Calibration(320, 240, K))
    with pytest.raises(FrameError, match="64x48 px.*320x240") as caught:
        rectifier.color(np.zeros((48, 64, 3), np.uint8))
    assert caught.value.cause == "bad_size"

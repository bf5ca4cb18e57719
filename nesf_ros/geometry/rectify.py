"""Lens distortion: from a camera's calibration to images of an ideal pinhole camera.

Calibrations are those of sensor_msgs/CameraInfo: given for the full-resolution raw image, with
the part that the driver cut out (`roi`) and the pixels it merged (`binning`) beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8
from numpy import ndarray

from nesf_ros.errors import FrameError, GeometryError
from nesf_ros.geometry.pose7 import Numbers
from nesf_ros.types import Intrinsics

COEFFICIENTS = {"plumb_bob": (4, 5), "rational_polynomial": (8, 12, 14), "equidistant": (4,)}
"""Distortion models that are understood, with the numbers of coefficients each may have."""


@dataclass(frozen=True)
class Calibration:
    """The fields of a sensor_msgs/CameraInfo; matrices flat, row by row, as in the message."""

    width: int
    """Full-resolution width, px."""
    height: int
    """Full-resolution height, px."""
    k: Numbers
    """Intrinsics of the raw image, 3×3; all zeros: not calibrated."""
    distortion_model: str = ""
    d: Numbers = ()
    r: Numbers = ()
    """Rotation into the rectified camera, 3×3; empty or all zeros: none."""
    p: Numbers = ()
    """Projection of the rectified image, 3×4; empty or all zeros: that of `k`."""
    binning: tuple[int, int] = (1, 1)
    """Raw pixels merged into one, along x and y; 0 means 1."""
    roi: tuple[int, int, int, int] = (0, 0, 0, 0)
    """x, y, width, height of the part that is sent, full-resolution px; width 0: all of it."""

    def undistorted(self) -> Calibration:
        """The camera whose images have been rectified with this calibration."""
        rectified = (
            tuple(self.p[i] for i in (0, 1, 2, 4, 5, 6, 8, 9, 10)) if any(self.p) else self.k
        )
        return replace(self, k=rectified, d=(), r=())


class Rectifier:
    """Turns images of one calibrated camera into images of the pinhole camera `intrinsics`.

    Built once per calibration: the look-up maps cost a millisecond, an image then 2 ms, and
    nothing at all where the camera has no distortion. Images keep their size.
    """

    def __init__(self, calibration: Calibration):
        """Raises FrameError where the calibration is missing, malformed or of unknown kind."""
        raw = _matrix("K", calibration.k, (3, 3))
        if not raw.any():
            raise _bad(
                "K is all zeros: the camera is not calibrated. Calibrate it, or let its "
                "driver load the calibration file"
            )
        rotation = _matrix("R", calibration.r, (3, 3))
        rotation = rotation if rotation.any() else np.eye(3)
        projection = _matrix("P", calibration.p, (3, 4))[:, :3]
        projection = projection if projection.any() else raw
        distortion = _distortion(calibration)
        self.raw = _reduced(calibration, raw)
        """Intrinsics of the incoming images, distortion apart."""
        self.intrinsics = _reduced(calibration, projection)
        """Intrinsics of the outgoing images."""
        self._maps: tuple[ndarray, ndarray] | None = None
        self._depth_scale: Float32[ndarray, "height width"] | None = None
        turned = not np.allclose(rotation, np.eye(3), rtol=0, atol=1e-7)
        moved = not np.allclose(self.raw.matrix, self.intrinsics.matrix, rtol=0, atol=1e-3)
        if turned or moved or distortion is not None:
            self._maps = self._look_up(calibration.distortion_model, distortion, rotation)
        if turned:
            self._depth_scale = self._turned_depth(rotation)

    @property
    def is_identity(self) -> bool:
        """Whether images pass through untouched."""
        return self._maps is None

    def color(self, image: UInt8[ndarray, "height width 3"]) -> UInt8[ndarray, "height width 3"]:
        """Rectified colour image, bilinear; black where the raw image does not reach."""
        return self._apply(image, cv2.INTER_LINEAR)

    def depth(self, depth_m: Float32[ndarray, "height width"]) -> Float32[ndarray, "height width"]:
        """Rectified depth image, nearest pixel: no depth is ever mixed across an edge."""
        rectified = self._apply(depth_m, cv2.INTER_NEAREST)
        return rectified if self._depth_scale is None else rectified * self._depth_scale

    def mask(self, mask: Bool[ndarray, "height width"]) -> Bool[ndarray, "height width"]:
        """Rectified mask, nearest pixel; False where the raw image does not reach."""
        if self._maps is None:
            return mask
        return self._apply(mask.astype(np.uint8), cv2.INTER_NEAREST).astype(bool)

    def _apply(self, image: ndarray, interpolation: int) -> ndarray:
        if image.shape[:2] != (self.raw.height, self.raw.width):
            raise FrameError(
                f"image of {image.shape[1]}x{image.shape[0]} px, but its CameraInfo is for "
                f"{self.raw.width}x{self.raw.height} px: do the two topics belong together?",
                "bad_size",
            )
        if self._maps is None:
            return image
        return cv2.remap(image, *self._maps, interpolation)

    def _look_up(
        self, model: str, distortion: ndarray | None, rotation: ndarray
    ) -> tuple[ndarray, ndarray]:
        """Where in the raw image each rectified pixel is found, px."""
        library = cv2.fisheye if model == "equidistant" else cv2
        coefficients = np.zeros(4) if distortion is None else distortion
        size = (self.raw.width, self.raw.height)
        raw, new = self.raw.matrix, self.intrinsics.matrix
        return library.initUndistortRectifyMap(raw, coefficients, rotation, new, size, cv2.CV_32FC1)

    def _turned_depth(self, rotation: ndarray) -> Float32[ndarray, "height width"]:
        """Depth along the new optical axis per unit of depth along the old one, per pixel."""
        camera = self.intrinsics
        x = (np.arange(camera.width) - camera.cx) / camera.fx
        y = (np.arange(camera.height) - camera.cy) / camera.fy
        old_depth = x * rotation[0, 2] + y[:, None] * rotation[1, 2] + rotation[2, 2]
        return (1.0 / old_depth).astype(np.float32)


def _matrix(name: str, values: Numbers, shape: tuple[int, int]) -> Float64[ndarray, "r c"]:
    matrix = np.asarray(values, np.float64)
    if matrix.size == 0:
        return np.zeros(shape)
    if matrix.size != shape[0] * shape[1] or not np.isfinite(matrix).all():
        raise _bad(
            f"{name} is {matrix.ravel().tolist()}; it must be {shape[0]}x{shape[1]} finite numbers"
        )
    return matrix.reshape(shape)


def _distortion(calibration: Calibration) -> Float64[ndarray, " n"] | None:
    """The coefficients, None for a lens that does not distort."""
    model, values = calibration.distortion_model, np.asarray(calibration.d, np.float64).ravel()
    if not np.isfinite(values).all():
        raise _bad(f"D is {values.tolist()}; the coefficients must be finite")
    if not values.any() and model != "equidistant":  # a fisheye bends even with zeros
        return None
    if model not in COEFFICIENTS:
        raise _bad(
            f"distortion model {model!r} is not known; it must be one of "
            f"{', '.join(COEFFICIENTS)}, or publish rectified images"
        )
    if values.size not in COEFFICIENTS[model]:
        allowed = " or ".join(str(count) for count in COEFFICIENTS[model])
        raise _bad(f"{model} with {values.size} coefficients; it has {allowed}")
    return values


def _reduced(calibration: Calibration, matrix: Float64[ndarray, "3 3"]) -> Intrinsics:
    """Full-resolution intrinsics, brought to the image that is sent."""
    x, y, width, height = calibration.roi
    if width == 0 or height == 0:
        x, y, width, height = 0, 0, calibration.width, calibration.height
    bin_x, bin_y = (max(1, count) for count in calibration.binning)
    try:
        return Intrinsics(
            width // bin_x,
            height // bin_y,
            matrix[0, 0] / bin_x,
            matrix[1, 1] / bin_y,
            (matrix[0, 2] - x + 0.5) / bin_x - 0.5,
            (matrix[1, 2] - y + 0.5) / bin_y - 0.5,
        )
    except GeometryError as error:
        raise _bad(str(error)) from error


def _bad(message: str) -> FrameError:
    return FrameError(f"camera calibration: {message}", "bad_intrinsics")

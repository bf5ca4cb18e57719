"""A picture of something that was found in the map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float64, UInt8
from numpy import ndarray

from nesf_ros.cli.pictures import BACKGROUND, long_lens, looking
from nesf_ros.geometry.cameras import unproject_image
from nesf_ros.geometry.se3 import transform_points
from nesf_ros.types import NOTHING, Box, Intrinsics, View, Wanted

Render = Callable[[Intrinsics, Float64[ndarray, "4 4"], float, Box, Wanted], View]
"""Such as `MapClient.render_view` or `SemanticMapper.render_view`."""
AROUND_M, ABOVE_M = 1.0, 0.6
"""How much of the map around and above it is shown."""
DIRECTIONS = 12
ELEVATION_RAD = 0.6
SIZE_PX, TRIAL_PX = (800, 600), (160, 120)
VIEW_RAD = 0.9
FAR_M = 20.0
OUTLINE = (235, 30, 60)


@dataclass(frozen=True)
class Found:
    """What is in a box and more relevant to a text than a threshold; all that is, without one."""

    box: Box
    text: str = ""
    threshold: float = 0.0
    negatives: Sequence[str] = ()

    def seen(
        self, render: Render, camera: Intrinsics, pose: Float64[ndarray, "4 4"], shown: Box
    ) -> tuple[View, Bool[ndarray, "height width"]]:
        """A view of what is around it, and in which pixels it is."""
        wanted = Wanted([self.text], self.negatives) if self.text else NOTHING
        view = render(camera, pose, FAR_M, shown, wanted)
        points = unproject_image(view.depth_m, camera).reshape(-1, 3).astype(np.float64)
        points = transform_points(pose, points)
        inside = ((points >= self.box.lower) & (points <= self.box.upper)).all(1)
        inside = inside.reshape(view.depth_m.shape) & (view.depth_m > 0)
        if self.text and view.words is not None:
            inside &= view.words.relevancy[0] > self.threshold  # not where it is NaN
        return view, inside


def picture_of(render: Render, found: Found, caption: str) -> UInt8[ndarray, "height width 3"]:
    """The map around a thing, from where most of it can be seen, outlined."""
    lower, upper = np.array(found.box.lower), np.array(found.box.upper)
    shown = Box(
        tuple((lower - AROUND_M).tolist()),
        tuple((upper + [AROUND_M, AROUND_M, ABOVE_M]).tolist()),
    )
    trial, camera = (long_lens(*size, VIEW_RAD) for size in (TRIAL_PX, SIZE_PX))
    poses = [
        looking(azimuth, ELEVATION_RAD, shown, trial)
        for azimuth in np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False)
    ]
    visible = [int(found.seen(render, trial, pose, shown)[1].sum()) for pose in poses]
    pose = poses[int(np.argmax(visible))]
    return _drawn(*found.seen(render, camera, pose, shown), caption)


def _drawn(
    view: View, found: Bool[ndarray, "height width"], caption: str
) -> UInt8[ndarray, "height width 3"]:
    hit = view.depth_m > 0
    # What was found stands out in its colours from surroundings that are half faded.
    faded = (0.5 * view.color + 0.5 * np.array(BACKGROUND)).astype(np.uint8)
    picture = np.where(hit[..., None], faded, BACKGROUND).astype(np.uint8)
    picture[found] = view.color[found]
    outlines, _ = cv2.findContours(found.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, outlines, -1, OUTLINE, 2, cv2.LINE_AA)
    # OpenCV's fonts have no other characters.
    text = caption.encode("ascii", "replace").decode()
    cv2.putText(picture, text, (14, 32), cv2.FONT_HERSHEY_DUPLEX, 0.8, (30, 30, 30), 1, cv2.LINE_AA)
    return picture

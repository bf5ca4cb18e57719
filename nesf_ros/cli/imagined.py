"""Pictures of what no camera has seen: voxels drawn over a view of the map around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8
from numpy import ndarray

from nesf_ros.cli.found import (
    DIRECTIONS,
    ELEVATION_RAD,
    FAR_M,
    SIZE_PX,
    TRIAL_PX,
    VIEW_RAD,
    Render,
)
from nesf_ros.cli.pictures import BACKGROUND, long_lens, looking
from nesf_ros.geometry import se3
from nesf_ros.geometry.cameras import project
from nesf_ros.types import NOTHING, UNOBSERVED, Box, Intrinsics, View

AROUND_M = 0.6
"""How much of the map around the voxels is shown."""
SEEN, UNSEEN = (40, 120, 200), (240, 120, 20)
"""RGB of voxels that were observed, and of those that were not."""
OPEN, COVERED = 0.75, 0.3
"""How opaque voxels are that nothing covers, and those behind surfaces."""
ARROW = (200, 30, 120)


@dataclass(frozen=True)
class Place:
    """One of several that voxels make up."""

    middle_m: Float64[ndarray, " 3"]
    """Map frame."""
    look: Float64[ndarray, "4 4"] | None
    """Pose of a camera (map_T_camera), drawn as an arrow with a line to the middle; None: none."""


@dataclass(frozen=True)
class Imagined:
    """Voxels to be drawn."""

    middles_m: Float64[ndarray, "n 3"]
    """Map frame."""
    colors: UInt8[ndarray, "n 3"]
    voxel_m: float
    places: Sequence[Place] = ()
    """Drawn with their numbers, from 1 on."""

    @property
    def box(self) -> Box:
        """Around the voxels and the cameras, and around what is near them."""
        eyes = [place.look[None, :3, 3] for place in self.places if place.look is not None]
        shown = np.concatenate([self.middles_m, *eyes])
        lower, upper = shown.min(0) - AROUND_M, shown.max(0) + AROUND_M
        return Box(tuple(lower.tolist()), tuple(upper.tolist()))


def shaded(state: UInt8[ndarray, " n"]) -> UInt8[ndarray, "n 3"]:
    """Colours by whether voxels were observed."""
    return np.where((state == UNOBSERVED)[:, None], UNSEEN, SEEN).astype(np.uint8)


def heated(share: Float32[ndarray, " n"]) -> UInt8[ndarray, "n 3"]:
    """Colours from yellow, for 0, to red, for 1."""
    level = (255 * (1 - share.clip(0, 1))).astype(np.uint8)[:, None]
    return cv2.applyColorMap(level, cv2.COLORMAP_AUTUMN)[:, 0, ::-1]


def picture_of(
    render: Render, imagined: Imagined, caption: str
) -> UInt8[ndarray, "height width 3"]:
    """The map around voxels, from where surfaces cover fewest of them, with the voxels in it."""
    box, camera, trial = imagined.box, *(long_lens(*px, VIEW_RAD) for px in (SIZE_PX, TRIAL_PX))
    azimuths = np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False)
    poses = [looking(azimuth, ELEVATION_RAD, box, trial) for azimuth in azimuths]
    views = [render(trial, pose, FAR_M, box, NOTHING) for pose in poses]
    open_to = [
        int((~_covered(imagined, view, trial, pose)).sum())
        for view, pose in zip(views, poses, strict=True)
    ]
    pose = looking(azimuths[int(np.argmax(open_to))], ELEVATION_RAD, box, camera)
    view = render(camera, pose, FAR_M, box, NOTHING)
    hit = (view.depth_m > 0)[..., None]
    picture = np.where(hit, 0.6 * view.color + 0.4 * np.array(BACKGROUND), BACKGROUND)
    covered = _covered(imagined, view, camera, pose)
    picture = _filled(picture.astype(np.uint8), covered, imagined, (camera, pose))
    for number, place in enumerate(imagined.places, 1):
        points = [place.middle_m]
        if place.look is not None:
            points += [*(place.look[:3, 3] + np.outer([0.0, 0.35], place.look[:3, 2]))]
        there = se3.transform_points(se3.invert(pose), np.array(points))
        pixels = np.nan_to_num(project(there, camera)).round().astype(int).tolist()
        if place.look is not None:
            middle, first, last = pixels
            cv2.line(picture, last, middle, ARROW, 1, cv2.LINE_AA)
            cv2.arrowedLine(picture, first, last, ARROW, 3, cv2.LINE_AA, tipLength=0.3)
        for color, width in (((255, 255, 255), 6), ((30, 30, 30), 2)):
            cv2.putText(
                picture, str(number), pixels[0], cv2.FONT_HERSHEY_DUPLEX, 0.8, color, width,
                cv2.LINE_AA,
            )  # fmt: skip
    # OpenCV's fonts have no other characters.
    text = caption.encode("ascii", "replace").decode()
    cv2.putText(picture, text, (14, 32), cv2.FONT_HERSHEY_DUPLEX, 0.7, (30, 30, 30), 1, cv2.LINE_AA)
    return picture


def _covered(
    imagined: Imagined, view: View, camera: Intrinsics, pose: Float64[ndarray, "4 4"]
) -> Bool[ndarray, " n"]:
    """Which voxels lie behind what a view shows, or beside it."""
    there = se3.transform_points(se3.invert(pose), imagined.middles_m)
    pixels = np.nan_to_num(project(there, camera), nan=-1.0).round().clip(-1, 1e6)
    column, row = pixels.astype(int).T
    inside = (column >= 0) & (row >= 0) & (column < camera.width) & (row < camera.height)
    covered = ~inside
    depth_m = view.depth_m[row[inside], column[inside]]
    covered[inside] = (depth_m > 0) & (depth_m < there[inside, 2] - imagined.voxel_m)
    return covered


def _filled(
    picture: UInt8[ndarray, "height width 3"],
    covered: Bool[ndarray, " n"],
    imagined: Imagined,
    seen_from: tuple[Intrinsics, Float64[ndarray, "4 4"]],
) -> UInt8[ndarray, "height width 3"]:
    """Voxels as squares, the far ones first, fainter where a surface covers them."""
    camera, pose = seen_from
    there = se3.transform_points(se3.invert(pose), imagined.middles_m)
    pixels = np.nan_to_num(project(there, camera), nan=-1e4).round().clip(-1e4, 1e4).astype(int)
    bare = picture
    layers = {OPEN: bare.copy(), COVERED: bare.copy()}
    for number in np.argsort(-there[:, 2]):
        half = max(1, round(camera.fx * imagined.voxel_m / there[number, 2] / 2))
        first, last = ((pixels[number] + step).tolist() for step in (-half, half))
        layer = layers[COVERED if covered[number] else OPEN]
        cv2.rectangle(layer, first, last, imagined.colors[number].tolist(), -1)
    for share in (COVERED, OPEN):
        changed = (layers[share] != bare).any(2)[..., None]
        mixed = share * layers[share] + (1 - share) * picture
        picture = np.where(changed, mixed, picture).astype(np.uint8)
    return picture

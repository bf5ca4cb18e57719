"""NYUv2-CAD as SSCNet publishes it: scenes of one depth image and the volume that it shows.

NYUv2's Kinect images (Silberman et al. 2012), with the rooms that Guo et al. 2015 modelled from
them, voxelised by Song et al. 2017 ("SSCNet"). A scene is two files of one name in a folder such
as NYUCADtest (654 scenes) or NYUCADtrain (795):

* `NYU0001_0000.bin`: camera pose and labels of 240 × 144 × 240 voxels (`nyucad_volume`);
* `NYU0001_0000.png`: 640 × 480 depths along the optical axis, 16-bit millimetres, rotated left by
  three bits. 0 is none. In NYUCAD, depth is rendered from the models; in NYU, it is the Kinect's.

The release has no colour. Those who add NYUv2's (which is registered to the depth) keep it beside
these as `NYU0001_0000.jpg`, `NYU0001_0000_color.jpg` or `NYU0001_rgb.png`.

Every scene is a world of its own, so a folder of them is no recording; one .bin file is.
`nyucad_seen` says which of the voxels are scored, `nyucad_models` names them in all 894 classes.
Semantic Abstraction's own copy of this data set is in the format of `semabs`.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64, UInt8, UInt16
from numpy import ndarray
from PIL import Image

from nesf_ros.datasets.label_images import read_image
from nesf_ros.datasets.nyucad_volume import LabelVolume, read_volume
from nesf_ros.datasets.storing import read_bounded
from nesf_ros.errors import DatasetError
from nesf_ros.geometry.images import scale_depth
from nesf_ros.types import START_NS, Intrinsics, PosedFrame, RgbdFrame

NEEDS = "NYUv2-CAD: one .bin file, beside it its depth .png and its colour, such as NAME.jpg"
SUFFIX = ".bin"
CAMERA = Intrinsics(640, 480, 518.8579, 518.8579, 320.0, 240.0)
"""That of all scenes, for colour and depth."""
_MOST_COLOR_BYTES = 1 << 24
_RATE_HZ = 30.0


@dataclass(frozen=True)
class CadScene:
    """A depth image, and what fills the room that it shows."""

    name: str
    camera: Intrinsics
    world_T_camera: Float64[ndarray, "4 4"]
    """Pose of the optical frame (x right, y down, z forward); the world is z up, floor at 0."""
    depth_m: Float32[ndarray, "height width"]
    """Depth along the optical axis, metres; 0 where there is none."""
    color: UInt8[ndarray, "height width 3"] | None
    """RGB; None where no colour image lies beside."""
    volume: LabelVolume

    def frame(self) -> PosedFrame:
        """What the camera saw. Raises DatasetError for a scene without colour."""
        if self.color is None:
            raise DatasetError(
                f"{self.name} has no colour image; put NYUv2's beside it, as {self.name}.jpg"
            )
        images = (self.color, self.depth_m)
        rgbd = RgbdFrame(START_NS, "camera", *images, self.camera, self.camera)
        return PosedFrame(rgbd, self.world_T_camera)


def matches(path: Path) -> bool:
    """Whether the path looks like this format."""
    return path.suffix == SUFFIX and path.is_file()


def scenes_in(folder: Path) -> list[Path]:
    """The .bin files of a folder, by name. Raises DatasetError where there is none."""
    found = sorted(path for path in folder.glob(f"*{SUFFIX}") if path.is_file())
    if not found:
        raise DatasetError(f"{folder} has no {SUFFIX} file; name a folder such as NYUCADtest")
    return found


def read_nyucad(path: Path) -> CadScene:
    """The scene of a .bin file and of the images beside it; 17 MB in memory.

    Raises DatasetError where a file is missing, truncated, of another size or kind, or says what
    cannot be (`read_volume`).
    """
    volume, pose = read_volume(path)
    stored = read_image(path.with_suffix(".png"), CAMERA, np.dtype(np.uint16))
    depth_m = scale_depth(_unrotated(stored), 0.001)
    color = next((_read_color(file) for file in _color_files(path) if file.is_file()), None)
    return CadScene(path.stem, CAMERA, pose, depth_m, color, volume)


def _unrotated(stored: UInt16[ndarray, "height width"]) -> UInt16[ndarray, "height width"]:
    return (stored >> 3) | (stored << 13)


def _color_files(path: Path) -> list[Path]:
    names = [f"{path.stem}.jpg", f"{path.stem}_color.jpg", f"{path.stem.split('_')[0]}_rgb.png"]
    return [path.with_name(name) for name in names]


def _read_color(path: Path) -> UInt8[ndarray, "height width 3"]:
    data = read_bounded(path, _MOST_COLOR_BYTES)
    size = (CAMERA.width, CAMERA.height)
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as image:
            # Known before the pixels are unpacked, so that no small file can fill the memory.
            if image.size != size:
                raise DatasetError(f"{path} is of {image.size} px; it must be of {size} px")
            return np.array(image.convert("RGB"))
    # What the library raises for damage depends on where it lies.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DatasetError(f"{path} cannot be read as JPEG or PNG: {error}") from error


class CadSource:
    """The one frame of a scene as a recording; implements `Source`."""

    def __init__(self, scene: CadScene):
        """Raises DatasetError for a scene without colour."""
        self.name, self.rate_hz = scene.name, _RATE_HZ
        self.skipped: Counter[str] = Counter()
        self._frame = scene.frame()

    @property
    def poses(self) -> list[Float64[ndarray, "4 4"]]:
        """world_T_camera of the frame."""
        return [self._frame.world_T_camera]

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[PosedFrame]:
        yield self._frame


def open_nyucad(path: Path) -> CadSource:
    """The frame of a .bin file's scene; raises DatasetError as `read_nyucad`, or without colour."""
    return CadSource(read_nyucad(path))

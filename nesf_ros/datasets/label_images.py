"""Masks and normals as images: how they are coded, and checks of what is written and read.

Instance and part masks are 16-bit images of one channel: 0 where there is nothing, else the index
plus one. Normals are 16-bit images of three channels, red, green and blue for x, y and z in the
world frame: 32768 + 32767 times the component, so 32768 in all three means that there is none.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float32, Int32, UInt16
from numpy import ndarray

from nesf_ros.datasets.labelled import NOTHING, LabelledScene, LabelledThing, LabelledView
from nesf_ros.datasets.stored_views import StoredView
from nesf_ros.datasets.storing import read_bounded
from nesf_ros.errors import DatasetError, GeometryError
from nesf_ros.geometry import se3
from nesf_ros.types import Intrinsics

MAX_ID = 65534
"""Most things of a scene, and parts of a thing, that a 16-bit mask tells apart."""
MAX_PIXELS = 1 << 26
"""Largest image that is read."""
_ZERO, _UNIT = 32768, 32767
_PNG = b"\x89PNG\r\n\x1a\n"


def encode_ids(ids: Int32[ndarray, "height width"]) -> UInt16[ndarray, "height width"]:
    """A mask as it is stored."""
    return (ids + 1).astype(np.uint16)


def decode_ids(stored: UInt16[ndarray, "height width"]) -> Int32[ndarray, "height width"]:
    """A mask as it was."""
    return stored.astype(np.int32) - 1


def encode_normals(
    normals: Float32[ndarray, "height width 3"],
) -> UInt16[ndarray, "height width 3"]:
    """Unit normals as they are stored, to 1/65534."""
    return (np.rint(normals * _UNIT) + _ZERO).astype(np.uint16)


def decode_normals(
    stored: UInt16[ndarray, "height width 3"],
) -> Float32[ndarray, "height width 3"]:
    """Unit normals again; 0 where there is none."""
    normals = (stored.astype(np.float32) - _ZERO) / _UNIT
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    return np.divide(normals, length, out=np.zeros_like(normals), where=length > 0)


def write_image(path: Path, pixels: ndarray) -> None:
    """An image in the format of the path's suffix; three channels are red, green, blue.

    Through memory, because OpenCV does not say when the disk is full. Raises OSError.
    """
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(
            pixels, cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
        )
    # Every reader takes plain TIFFs (1: not compressed).
    plain = [cv2.IMWRITE_TIFF_COMPRESSION, 1] if path.suffix == ".tiff" else []
    _, data = cv2.imencode(path.suffix, pixels, plain)
    path.write_bytes(data.tobytes())


def read_image(path: Path, camera: Intrinsics, pixels: np.dtype, channels: int = 1) -> ndarray:
    """An image of the camera's size, with pixels of this type; three channels in order of RGB.

    Raises DatasetError where it is missing, broken or another; its size is known before it is
    unpacked, so that no small file can fill the memory.
    """
    if camera.width * camera.height > MAX_PIXELS:
        raise DatasetError(f"{path} would be {camera.width}x{camera.height} px, too large to read")
    shape = (camera.height, camera.width) + ((channels,) if channels > 1 else ())
    expected = int(np.prod(shape)) * pixels.itemsize
    data = read_bounded(path, 2 * expected + (1 << 16))
    size = _image_size(data)
    if size != (camera.width, camera.height):
        found = f"{size[0]}x{size[1]} px" if size else "neither a PNG nor a TIFF image"
        raise DatasetError(f"{path} is {found}; it must be {camera.width}x{camera.height} px")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise DatasetError(f"{path} cannot be read as an image: {error}") from error
    if image is None or image.dtype != pixels or image.shape != shape:
        found = "broken" if image is None else f"{image.dtype} of shape {image.shape}"
        raise DatasetError(f"{path} is {found}; it must be {pixels} of shape {shape}")
    if channels == 1:
        return image
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB if channels == 3 else cv2.COLOR_BGRA2RGBA)


def _image_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in the header of a PNG or TIFF file; None where there is no such header."""
    try:
        if data[:8] == _PNG:
            return struct.unpack(">II", data[16:24])
        order = {b"II*\x00": "<", b"MM\x00*": ">"}[data[:4]]
        (start,) = struct.unpack_from(order + "I", data, 4)
        (count,) = struct.unpack_from(order + "H", data, start)
        fields = {}
        for place in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(order + "HH", data, place)
            # Kind 3 is a 16-bit number, which stands in the first half of its field.
            number = "H" if kind == 3 else "I"
            (fields[tag],) = struct.unpack_from(order + number, data, place + 8)
        return fields[256], fields[257]
    except (struct.error, KeyError):
        return None


def check_labels(
    things: Sequence[LabelledThing],
    instances: Int32[ndarray, "height width"],
    parts: Int32[ndarray, "height width"] | None,
    where: str,
) -> None:
    """Raise DatasetError where a mask names a thing, or a part of one, that there is not."""
    if instances.min() < NOTHING or instances.max() >= len(things):
        raise DatasetError(
            f"{where}: the instance mask goes from {instances.min()} to {instances.max()}; the "
            f"scene has {len(things)} things"
        )
    # The last is for pixels of no thing, which have no part either.
    counts = np.array([*(len(thing.parts) for thing in things), 0])
    if parts is not None and ((parts < NOTHING) | (parts >= counts[instances])).any():
        raise DatasetError(f"{where}: the part mask names parts that the things there do not have")


def checked_view(scene: LabelledScene, index: int) -> LabelledView:
    """View `index` of the scene, fit to be written.

    Raises DatasetError for a pose that is not rigid, images of another size than the camera's,
    depth or normals that are not finite, negative depth, and masks that name what is not there.
    """
    view, where = scene.views[index], f"view {index} of {scene.name!r}"
    if len(scene.things) > MAX_ID:
        raise DatasetError(f"{scene.name!r} has {len(scene.things)} things, more than {MAX_ID}")
    try:
        se3.check_pose(view.world_T_camera)
    except GeometryError as error:
        raise DatasetError(f"{where}: {error}") from error
    size = (view.camera.height, view.camera.width)
    images = [view.color, view.depth_m, view.instances, view.parts, view.normals_world]
    for image in images:
        if image is not None and image.shape[:2] != size:
            raise DatasetError(f"{where}: an image is {image.shape[:2]} px, its camera {size}")
    # NaN fails both comparisons.
    if not (view.depth_m.min() >= 0 and view.depth_m.max() < np.inf):
        raise DatasetError(f"{where}: depth is negative or not finite; 0 must stand for none")
    if view.normals_world is not None and not np.abs(view.normals_world).max() <= 1 + 1e-5:
        raise DatasetError(f"{where}: a normal is longer than 1, or not finite")
    check_labels(scene.things, view.instances, view.parts, where)
    return view


def views_of_one_camera(scene: LabelledScene) -> Iterator[tuple[int, LabelledView]]:
    """Every view with its number, for formats that know one camera; each as `checked_view`.

    Raises DatasetError, beside that, for a scene without views and for views by several cameras.
    """
    if not scene.views:
        raise DatasetError(f"{scene.name!r} has no view to write")
    camera = None
    for index in range(len(scene.views)):
        view = checked_view(scene, index)
        camera = camera or view.camera
        if view.camera != camera:
            raise DatasetError(
                f"view {index} of {scene.name!r} is by {view.camera}, view 0 by {camera}; this "
                "format knows one camera"
            )
        yield index, view


class Labels(NamedTuple):
    """The images of a view that say what it shows; as in `LabelledView`."""

    instances: Int32[ndarray, "height width"]
    parts: Int32[ndarray, "height width"] | None
    normals_world: Float32[ndarray, "height width 3"] | None


def write_labels(view: LabelledView, path_of: Callable[[str], Path]) -> None:
    """Masks and normals; `path_of` says where to keep "instance", "part" and "normal"."""
    write_image(path_of("instance"), encode_ids(view.instances))
    if view.parts is not None:
        write_image(path_of("part"), encode_ids(view.parts))
    if view.normals_world is not None:
        write_image(path_of("normal"), encode_normals(view.normals_world))


def read_labels(
    things: Sequence[LabelledThing], stored: StoredView, path_of: Callable[[str], Path]
) -> Labels:
    """What `write_labels` wrote. Raises DatasetError where that is missing, broken or unfit."""
    camera, ids = stored.camera, np.dtype(np.uint16)
    instances = decode_ids(read_image(path_of("instance"), camera, ids))
    parts = decode_ids(read_image(path_of("part"), camera, ids)) if stored.parts else None
    check_labels(things, instances, parts, str(path_of("instance")))
    if not stored.normals:
        return Labels(instances, parts, None)
    return Labels(instances, parts, decode_normals(read_image(path_of("normal"), camera, ids, 3)))

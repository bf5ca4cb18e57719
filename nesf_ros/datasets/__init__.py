"""Readers of recordings: each yields posed frames, one by one, and needs no ROS.

To add a format: write a module with NEEDS (what a folder of that format holds), matches(path), and
an open function that returns a `Source`; add it to FORMATS; test it on a tiny recording that the
test writes in exactly that format. Frames that cannot be used are left out and counted by cause in
`skipped`; a pose is never made up.

Labelled scenes (`labelled.py`) have modules with both directions, write_<format>(scene, folder) and
read_<format>(path): nesf, semabs, posed_folder, and bag_writer with bag_labels. Writers fill a
`storing.new_folder`, so a scene is whole or not there; views of a scene that is read are
`stored_views.StoredViews`; the rest of it is in `scene_json`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from nesf_ros.datasets import (
    nerfstudio,
    nesf,
    nyucad,
    posed_folder,
    redwood,
    rosbag,
    semabs,
    sevenscenes,
    tum,
)
from nesf_ros.datasets.source import Source
from nesf_ros.errors import DatasetError

__all__ = ["FORMATS", "Source", "open_source"]

FORMATS: dict[ModuleType, Callable[[Path], Source]] = {
    rosbag: rosbag.open_rosbag,
    tum: tum.open_tum,
    redwood: redwood.open_redwood,
    nesf: nesf.open_nesf,
    semabs: semabs.open_semabs,
    nerfstudio: nerfstudio.open_nerfstudio,
    nyucad: nyucad.open_nyucad,
    # Its folders are 7-Scenes recordings, too, but without stamps.
    posed_folder: posed_folder.open_posed_folder,
    sevenscenes: sevenscenes.open_sevenscenes,
}
"""Modules of all formats, with what opens a recording of theirs, in the order they are tried."""


def open_source(path: str | Path) -> Source:
    """Open a recording of any known format, told by its files.

    Raises DatasetError where there is no such path, no format fits (the message says what each
    needs), or the recording is broken.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise DatasetError(f"{path} does not exist; name a folder with a recording, or a bag")
    for module, open_format in FORMATS.items():
        if module.matches(path):
            return open_format(path)
    needs = "\n".join(f"- {module.NEEDS}" for module in FORMATS)
    raise DatasetError(f"{path} is no recording of a known format. What each one needs:\n{needs}")

"""Views of a stored scene, read when they are asked for, and the same as a recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import overload

from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.datasets.folder import BAD_IMAGE
from nesf_ros.datasets.labelled import LabelledView
from nesf_ros.errors import DatasetError
from nesf_ros.types import START_NS, Intrinsics, PosedFrame, RgbdFrame

VIEW_HZ = 30.0
"""Views a second where a format has no stamps."""


@dataclass(frozen=True)
class StoredView:
    """What is known of a view without its images."""

    stamp_ns: int
    camera: Intrinsics
    parts: bool
    """Whether it has a mask of parts."""
    normals: bool

    @classmethod
    def of(cls, view: LabelledView) -> StoredView:
        """What will be known of a view that is written."""
        extras = (view.parts is not None, view.normals_world is not None)
        return cls(view.stamp_ns, view.camera, *extras)


def stamp_of(index: int) -> int:
    """Stamp of a view in a format that has none, nanoseconds."""
    return START_NS + round(index / VIEW_HZ * 1e9)


class StoredViews(Sequence[LabelledView]):
    """Views of which only the poses are in memory; indexing one reads its images."""

    def __init__(
        self,
        stored: Sequence[StoredView],
        poses: Sequence[Float64[ndarray, "4 4"]],
        load: Callable[[int], LabelledView],
    ):
        """`load` reads a view by its number, and raises DatasetError where it cannot be read."""
        self.stored, self.poses = stored, poses
        """Of every view: what is known of it, and world_T_camera."""
        self._load = load

    def __len__(self) -> int:
        return len(self.stored)

    @overload
    def __getitem__(self, index: int) -> LabelledView: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[LabelledView]: ...
    def __getitem__(self, index: int | slice) -> LabelledView | Sequence[LabelledView]:
        """One view, read now, or several, each read when indexed; raises IndexError."""
        if isinstance(index, slice):
            chosen = partial(self._load_chosen, range(len(self))[index])
            return StoredViews(self.stored[index], self.poses[index], chosen)
        return self._load(range(len(self))[index])

    def _load_chosen(self, numbers: Sequence[int], index: int) -> LabelledView:
        return self._load(numbers[index])


class LabelledSource:
    """The views of a stored scene as frames of a recording; implements `Source`."""

    def __init__(self, name: str, views: Sequence[LabelledView]):
        """Raises DatasetError where there is no view, or they are not `StoredViews`."""
        if not isinstance(views, StoredViews) or not views:
            raise DatasetError(f"{name} has no stored view")
        self.name, self._views = name, views
        self.skipped: Counter[str] = Counter()

    @property
    def rate_hz(self) -> float:
        """Views a second, by their stamps."""
        first, last = self._views.stored[0].stamp_ns, self._views.stored[-1].stamp_ns
        return (len(self) - 1) / (last - first) * 1e9 if last > first else VIEW_HZ

    @property
    def poses(self) -> Sequence[Float64[ndarray, "4 4"]]:
        """world_T_camera of every view."""
        return self._views.poses

    def __len__(self) -> int:
        return len(self._views)

    def __iter__(self) -> Iterator[PosedFrame]:
        self.skipped = Counter()
        for index in range(len(self)):
            try:
                view = self._views[index]
            except DatasetError:
                self.skipped[BAD_IMAGE] += 1
                continue
            rgbd = RgbdFrame(
                view.stamp_ns, "camera", view.color, view.depth_m, view.camera, view.camera
            )
            yield PosedFrame(rgbd, view.world_T_camera)

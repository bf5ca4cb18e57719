"""The few frames worth keeping: for fitting, re-posing after loop closure, and later questions.

A frame is kept where the camera has moved and sees something new. When there are too many, the
one that the others can best do without goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.config import KeyframesConfig
from nesf_ros.frames.overlap import CoarseView, seen_by_each, share_seen
from nesf_ros.geometry import se3
from nesf_ros.types import PosedFrame


@dataclass
class Keyframe:
    """A frame that is kept. Its pose may be corrected later; its images never change."""

    id: int
    """Number of the keyframe, from 0 in the order they came; never used twice."""
    frame: PosedFrame
    attached_bytes: int = 0
    """Memory of what others hold for this keyframe, bytes (`KeyframeStore.attach`)."""

    @property
    def nbytes(self) -> int:
        """Memory of the images and of what is attached, bytes."""
        return self.frame.nbytes + self.attached_bytes


@dataclass
class _Entry:
    """A keyframe, its thinned view, and how much of it the other keyframe `by` sees best."""

    keyframe: Keyframe
    view: CoarseView
    redundancy: float = 0.0
    by: int | None = None


class KeyframeStore:
    """Keyframes in the order they came, bounded by count and bytes. For use by one thread."""

    def __init__(self, config: KeyframesConfig, on_evict: Callable[[Keyframe], None] | None = None):
        """`on_evict` is called with each keyframe that is let go, to drop what belongs to it."""
        self._config = config
        self._on_evict = on_evict
        self._entries: dict[int, _Entry] = {}
        self._last_pose: dict[str, tuple[int, Float64[ndarray, "4 4"]]] = {}
        self._next_id = 0
        self._stale = False

    def __len__(self) -> int:
        """Keyframes held."""
        return len(self._entries)

    def __iter__(self) -> Iterator[Keyframe]:
        """Keyframes held, oldest first."""
        return (entry.keyframe for entry in self._entries.values())

    def get(self, id: int) -> Keyframe | None:
        """The keyframe of this number, None where it was never kept or has been let go."""
        entry = self._entries.get(id)
        return entry.keyframe if entry else None

    @property
    def nbytes(self) -> int:
        """Memory held, bytes."""
        return sum(keyframe.nbytes for keyframe in self)

    def offer(self, frame: PosedFrame) -> Keyframe | None:
        """Keep the frame where it is worth it, else return None.

        It is kept where its camera has moved or turned far enough since its last keyframe, and no
        keyframe already sees more than the configured share of it. May evict others.
        """
        if not self._has_moved(frame):
            return None
        view = CoarseView.of(frame)
        others = list(self._entries.values())
        seen = seen_by_each(view, [entry.view for entry in others])
        if seen.max(initial=0.0) > self._config.max_overlap:
            return None
        keyframe = Keyframe(self._next_id, frame)
        self._next_id += 1
        self._last_pose[frame.rgbd.camera] = (keyframe.id, frame.world_T_camera)
        self._entries[keyframe.id] = entry = _Entry(keyframe, view)
        _note(entry, others, seen)
        for other, share in zip(
            others, share_seen([other.view for other in others], view), strict=True
        ):
            if share > other.redundancy:
                other.redundancy, other.by = float(share), keyframe.id
        self._make_room()
        return keyframe

    def attach(self, id: int, nbytes: int) -> bool:
        """Note what others hold for a keyframe, bytes in all; may evict, as that counts too.

        Returns whether the keyframe is still held; if not, nothing should be held for it.
        """
        if id not in self._entries:
            return False
        self._entries[id].keyframe.attached_bytes = nbytes
        self._make_room()
        return id in self._entries

    def repose(self, world_T_camera: Mapping[int, Float64[ndarray, "4 4"]]) -> None:
        """Move keyframes to corrected poses; numbers that are no longer held are passed over.

        Raises GeometryError for a pose that is not rigid, and then moves none.
        """
        poses = {id: se3.check_pose(pose) for id, pose in world_T_camera.items()}
        for id, pose in poses.items():
            if id in self._entries:
                entry = self._entries[id]
                entry.keyframe.frame = replace(entry.keyframe.frame, world_T_camera=pose)
                entry.view = entry.view.moved(pose)
                self._stale = True
        for camera, (id, _) in self._last_pose.items():
            if id in poses:
                self._last_pose[camera] = (id, poses[id])

    def clear(self) -> None:
        """Let all keyframes go; their numbers are not used again."""
        gone = list(self)
        self._entries.clear()
        self._last_pose.clear()
        if self._on_evict:
            for keyframe in gone:
                self._on_evict(keyframe)

    def _has_moved(self, frame: PosedFrame) -> bool:
        if frame.rgbd.camera not in self._last_pose:
            return True
        _, last = self._last_pose[frame.rgbd.camera]
        distance_m = float(np.linalg.norm(frame.world_T_camera[:3, 3] - last[:3, 3]))
        angle_rad = se3.angle_between(last, frame.world_T_camera)
        return distance_m >= self._config.translation_m or angle_rad >= self._config.rotation_rad

    def _make_room(self) -> None:
        """Evict the most redundant keyframes, the older of equals, never the newest."""
        limit = self._config.max_mib * 2**20
        while len(self) > 1 and (len(self) > self._config.max_count or self.nbytes > limit):
            if self._stale:
                self._measure(self._entries.values())
                self._stale = False
            *older, _newest = self._entries.values()
            worst = max(older, key=lambda entry: entry.redundancy).keyframe
            del self._entries[worst.id]
            self._measure([entry for entry in self._entries.values() if entry.by == worst.id])
            if self._on_evict:
                self._on_evict(worst)

    def _measure(self, entries: Iterable[_Entry]) -> None:
        """Find anew which other keyframe sees most of each of these."""
        for entry in entries:
            others = [other for other in self._entries.values() if other is not entry]
            _note(entry, others, seen_by_each(entry.view, [other.view for other in others]))


def _note(entry: _Entry, others: list[_Entry], seen: Float64[ndarray, " others"]) -> None:
    best = int(seen.argmax()) if len(others) else None
    entry.redundancy = 0.0 if best is None else float(seen[best])
    entry.by = None if best is None else others[best].keyframe.id

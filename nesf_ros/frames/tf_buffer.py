"""Transforms by stamp: the pose of any frame in any other at the time an image was taken.

The semantics are those of tf2: a tree of edges, linear interpolation of places and slerp of
rotations between the two neighbouring samples of each edge, no extrapolation, look-ups exactly at
either end allowed. Plain Python on tuples, because a sample is seven numbers: a look-up across
four edges takes some 20 µs.
"""

from __future__ import annotations

import difflib
import threading
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float64
from numpy import ndarray

from nesf_ros.errors import GeometryError, TransformError
from nesf_ros.geometry import pose7, se3
from nesf_ros.geometry.pose7 import Numbers, Pose7


@runtime_checkable
class TransformSource(Protocol):
    """Whatever can say where a frame was: a `TransformBuffer`, or an adapter of tf2_ros."""

    def lookup(self, target: str, source: str, stamp_ns: int) -> Float64[ndarray, "4 4"]:
        """target_T_source at a stamp; raises TransformError where it is not known."""
        ...


@dataclass(slots=True)
class _Edge:
    """The history of one child frame in its parent, sorted by stamp, never empty."""

    parent: str
    static: bool
    stamps: list[int]
    samples: list[Pose7]


class TransformBuffer:
    """Keeps the transforms of the last seconds and interpolates them. Safe to share by threads."""

    def __init__(self, history_s: float):
        """Pose7s older than `history_s` before the newest one of their edge are forgotten."""
        self._history_ns = round(history_s * 1e9)
        self._edges: dict[str, _Edge] = {}
        self._frames: set[str] = set()
        self._lock = threading.Lock()
        self.events: Counter[str] = Counter()
        """Pose7s not taken as they came: bad_pose, bad_frame_id, too_old, parent_changed."""

    def add(
        self,
        parent: str,
        child: str,
        stamp_ns: int,
        translation: Numbers,
        quaternion_xyzw: Numbers,
        static: bool = False,
    ) -> None:
        """Take in the pose of `child` in `parent` (parent_T_child): metres, ROS quaternion order.

        Static transforms hold at every stamp. A sample older than the history is counted and
        ignored. A child with a new parent starts a new history: poses are never interpolated
        across the change. Raises GeometryError, and counts, what is no pose or joins a frame to
        itself.
        """
        parent, child = parent.lstrip("/"), child.lstrip("/")
        with self._lock:
            if not parent or not child or parent == child:
                self.events["bad_frame_id"] += 1
                raise GeometryError(f"transform from {child!r} to {parent!r}; name two frames")
            try:
                sample = pose7.from_parts(translation, quaternion_xyzw)
            except GeometryError as error:
                self.events["bad_pose"] += 1
                raise GeometryError(f"transform from {child!r} to {parent!r}: {error}") from error
            self._frames.update((parent, child))
            self._insert(parent, child, stamp_ns, sample, static)

    def add_matrix(
        self,
        parent: str,
        child: str,
        stamp_ns: int,
        parent_T_child: Float[ndarray, "4 4"],
        static: bool = False,
    ) -> None:
        """As `add`, from a 4×4 matrix; raises GeometryError where that is not rigid."""
        pose = se3.check_pose(parent_T_child)
        quaternion = se3.to_quaternion_xyzw(pose)
        self.add(parent, child, stamp_ns, pose[:3, 3], quaternion, static)

    def lookup(self, target: str, source: str, stamp_ns: int) -> Float64[ndarray, "4 4"]:
        """target_T_source at a stamp, exactly: no extrapolation, and 0 does not mean "latest".

        Raises TransformError with one of the causes unknown_frame, not_connected, cycle,
        extrapolation_future, extrapolation_past.
        """
        target, source = target.lstrip("/"), source.lstrip("/")
        if target == source:
            return np.eye(4)
        with self._lock:
            ups, downs = self._route(target, source)
            ancestor_T_source = self._walk(ups, stamp_ns)
            ancestor_T_target = self._walk(downs, stamp_ns)
        return pose7.to_matrix(pose7.multiply(pose7.invert(ancestor_T_target), ancestor_T_source))

    def latest_common_time(self, target: str, source: str) -> int | None:
        """Newest stamp (ns) at which target_T_source is known; None where all of it is static.

        Raises TransformError with the causes unknown_frame, not_connected, cycle.
        """
        target, source = target.lstrip("/"), source.lstrip("/")
        with self._lock:
            ups, downs = self._route(target, source) if target != source else ([], [])
            edges = [self._edges[child] for child in (*ups, *downs)]
            return min((edge.stamps[-1] for edge in edges if not edge.static), default=None)

    def frames(self) -> list[str]:
        """Names of all known frames, sorted."""
        with self._lock:
            return sorted(self._frames)

    def clear(self) -> None:
        """Forget all but the static transforms: for a clock that jumped backwards."""
        with self._lock:
            self._edges = {child: edge for child, edge in self._edges.items() if edge.static}
            self._frames = self._edges.keys() | {edge.parent for edge in self._edges.values()}

    def _insert(self, parent: str, child: str, stamp_ns: int, sample: Pose7, static: bool) -> None:
        edge = self._edges.get(child)
        if edge is None or static:
            self._edges[child] = _Edge(parent, static, [stamp_ns], [sample])
            return
        newest = edge.stamps[-1]
        if not edge.static and stamp_ns < newest - self._history_ns:
            self.events["too_old"] += 1
            return
        if edge.parent != parent or edge.static:
            self.events["parent_changed"] += 1
            if edge.static or stamp_ns > newest:
                self._edges[child] = _Edge(parent, False, [stamp_ns], [sample])
            return
        if stamp_ns > newest:
            edge.stamps.append(stamp_ns)
            edge.samples.append(sample)
            expired = bisect_left(edge.stamps, stamp_ns - self._history_ns)
            if expired:
                del edge.stamps[:expired], edge.samples[:expired]
            return
        index = bisect_left(edge.stamps, stamp_ns)
        if edge.stamps[index] == stamp_ns:
            edge.samples[index] = sample
        else:
            edge.stamps.insert(index, stamp_ns)
            edge.samples.insert(index, sample)

    def _route(self, target: str, source: str) -> tuple[list[str], list[str]]:
        """Children of the edges from source, and from target, up to their common ancestor."""
        above_source = self._chain(source)
        above_target = self._chain(target)
        position = {frame: index for index, frame in enumerate(above_source)}
        for index, frame in enumerate(above_target):
            if frame in position:
                return above_source[: position[frame]], above_target[:index]
        raise TransformError(
            f"{source!r} (under {above_source[-1]!r}) and {target!r} (under {above_target[-1]!r}) "
            "are in separate trees; publish the transform that joins them",
            "not_connected",
        )

    def _chain(self, frame: str) -> list[str]:
        """The frame, its parent, and so on up to the root."""
        chain = [frame]
        edges = self._edges
        while (edge := edges.get(chain[-1])) is not None:
            chain.append(edge.parent)
            if len(chain) > len(edges) + 1:
                raise TransformError(
                    f"the parents of {frame!r} form a loop ({' < '.join(chain[:4])} …); two nodes "
                    "publish contradictory transforms",
                    "cycle",
                )
        if frame not in self._frames:
            near = difflib.get_close_matches(frame, self._frames, n=3, cutoff=0.0)
            hint = f"the nearest are {', '.join(near)}" if near else "no transform has arrived yet"
            raise TransformError(f"frame {frame!r} is not known; {hint}", "unknown_frame")
        return chain

    def _walk(self, children: list[str], stamp_ns: int) -> Pose7:
        """Pose of the first child in the parent of the last one."""
        pose = pose7.IDENTITY
        for child in children:
            pose = pose7.multiply(self._at(child, stamp_ns), pose)
        return pose

    def _at(self, child: str, stamp_ns: int) -> Pose7:
        edge = self._edges[child]
        if edge.static:
            return edge.samples[0]
        stamps = edge.stamps
        index = bisect_left(stamps, stamp_ns)
        if index < len(stamps) and stamps[index] == stamp_ns:
            return edge.samples[index]
        if index == len(stamps):
            raise _gap(edge.parent, child, stamp_ns - stamps[-1], "future")
        if index == 0:
            raise _gap(edge.parent, child, stamps[0] - stamp_ns, "past")
        before, after = stamps[index - 1], stamps[index]
        fraction = (stamp_ns - before) / (after - before)
        return pose7.interpolate(edge.samples[index - 1], edge.samples[index], fraction)


def _gap(parent: str, child: str, gap_ns: int, side: str) -> TransformError:
    end = "newest" if side == "future" else "oldest"
    word = "after" if side == "future" else "before"
    return TransformError(
        f"the stamp is {gap_ns / 1e9:.3f} s {word} the {end} transform "
        f"from {child!r} to {parent!r}",
        f"extrapolation_{side}",
    )

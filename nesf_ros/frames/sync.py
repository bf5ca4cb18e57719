"""Colour and depth images to pairs, by stamp.

Equal stamps pair at once. Others pair with the nearest partner within the slop, as soon as no
nearer one can come: the next image of a stream is expected no sooner than its recent smallest
spacing. So a camera whose two sensors are a few milliseconds apart pairs without delay, and one
whose partner was lost is not given the neighbour's.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right, insort
from collections import deque
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from nesf_ros.frames.counters import Cause, DropCounter

ColorT = TypeVar("ColorT")
DepthT = TypeVar("DepthT")

RESET_NS = 1_000_000_000
"""A stamp this far behind the newest of its stream is no late image: the clock was set back."""
SPACINGS = 8
"""Recent distances of stamps from which the next one is foretold."""


@dataclass(frozen=True, slots=True)
class Pair(Generic[ColorT, DepthT]):
    """A colour and a depth image that belong together, with their stamps."""

    color_stamp_ns: int
    color: ColorT
    depth_stamp_ns: int
    depth: DepthT


class SyncCounts(NamedTuple):
    """Images so far; received = 2 · pairs + dropped + pending, always."""

    received: int
    pairs: int
    dropped: int
    pending: int


class _Stream:
    """Images of one kind that wait for a partner, and what is known of their rhythm."""

    def __init__(self, memory: int):
        self.pending: dict[int, object] = {}
        self.stamps: list[int] = []
        self.newest: int | None = None
        self.done: deque[int] = deque(maxlen=memory)
        self.spacings: deque[int] = deque(maxlen=SPACINGS)

    def insert(self, stamp_ns: int, payload: object) -> None:
        self.pending[stamp_ns] = payload
        insort(self.stamps, stamp_ns)
        if self.newest is None or stamp_ns > self.newest:
            if self.newest is not None:
                self.spacings.append(stamp_ns - self.newest)
            self.newest = stamp_ns

    def take(self, stamp_ns: int) -> object:
        self.stamps.remove(stamp_ns)
        self.done.append(stamp_ns)
        return self.pending.pop(stamp_ns)

    def passed(self, stamp_ns: int) -> bool:
        """Whether every image to come, in order, is stamped so or later."""
        if self.newest is None:
            return False
        return self.newest + min(self.spacings, default=0) >= stamp_ns

    def near(self, stamp_ns: int, slop_ns: int) -> list[int]:
        low = bisect_left(self.stamps, stamp_ns - slop_ns)
        return self.stamps[low : bisect_right(self.stamps, stamp_ns + slop_ns)]

    def drop_pending(self) -> int:
        """Let go of what waits; returns how many images that were."""
        count = len(self.stamps)
        self.done.extend(self.stamps)
        self.stamps.clear()
        self.pending.clear()
        return count

    def restart(self) -> int:
        """As `drop_pending`, and take every stamp as new from now on."""
        count = self.drop_pending()
        self.done.clear()
        self.newest = None
        return count


class RgbdSynchronizer(Generic[ColorT, DepthT]):
    """Pairs the images of one camera; safe to share by the threads of its two subscriptions.

    Every image is paired once, dropped with a cause, or still pending. Images may arrive out of
    order. Where stamps jump backwards, what waits is dropped and pairing starts anew.
    """

    def __init__(self, slop_s: float, queue: int, drops: DropCounter):
        """At most `queue` unmatched images are kept per stream; drops are counted in `drops`."""
        self._slop_ns = round(slop_s * 1e9)
        self._queue = queue
        self._drops = drops
        self._color = _Stream(4 * queue)
        self._depth = _Stream(4 * queue)
        self._lock = threading.Lock()
        self._received = self._pairs = self._dropped = 0
        self.clock_resets = 0
        """How often stamps have jumped backwards; other caches of stamped data need clearing."""

    def push_color(self, stamp_ns: int, color: ColorT) -> list[Pair[ColorT, DepthT]]:
        """Take in a colour image; returns the pairs that are ready now, oldest first."""
        with self._lock:
            return self._push(self._color, stamp_ns, color)

    def push_depth(self, stamp_ns: int, depth: DepthT) -> list[Pair[ColorT, DepthT]]:
        """Take in a depth image; returns the pairs that are ready now, oldest first."""
        with self._lock:
            return self._push(self._depth, stamp_ns, depth)

    def drop_pending(self, cause: Cause) -> None:
        """Drop all that waits, for instance because the node is being paused."""
        with self._lock:
            self._drop(cause, self._color.drop_pending() + self._depth.drop_pending())

    @property
    def counts(self) -> SyncCounts:
        """The balance of images at this moment."""
        with self._lock:
            pending = len(self._color.stamps) + len(self._depth.stamps)
            return SyncCounts(self._received, self._pairs, self._dropped, pending)

    def _push(self, stream: _Stream, stamp_ns: int, payload: object) -> list:
        self._received += 1
        if stream.newest is not None and stamp_ns < stream.newest - RESET_NS:
            self.clock_resets += 1
            self._drop(Cause.CLOCK_RESET, self._color.restart() + self._depth.restart())
        if stamp_ns in stream.pending or stamp_ns in stream.done:
            self._drop(Cause.DUPLICATE)
            return []
        stream.insert(stamp_ns, payload)
        pairs = self._match()
        if len(stream.stamps) > self._queue:
            pairs += self._make_room(stream)
        return sorted(pairs, key=lambda pair: pair.depth_stamp_ns)

    def _match(self) -> list[Pair]:
        """The pairs that are settled, nearest first; better pairs still open block worse ones."""
        candidates = [
            (abs(color - depth), color, depth)
            for color in self._color.stamps
            for depth in self._depth.near(color, self._slop_ns)
        ]
        pairs = []
        taken_color: set[int] = set()
        taken_depth: set[int] = set()
        for gap, color, depth in sorted(candidates):
            if color in taken_color or depth in taken_depth:
                continue
            taken_color.add(color)
            taken_depth.add(depth)
            if gap == 0 or (self._depth.passed(color + gap) and self._color.passed(depth + gap)):
                pairs.append(self._pair(color, depth))
        return pairs

    def _make_room(self, stream: _Stream) -> list[Pair]:
        """Let go of the oldest image: with its nearest partner if it has one, else dropped."""
        oldest = stream.stamps[0]
        other = self._depth if stream is self._color else self._color
        near = other.near(oldest, self._slop_ns)
        if not near:
            stream.take(oldest)
            self._drop(Cause.NO_PARTNER)
            return []
        partner = min(near, key=lambda stamp: abs(stamp - oldest))
        return [self._pair(*((oldest, partner) if other is self._depth else (partner, oldest)))]

    def _pair(self, color: int, depth: int) -> Pair:
        self._pairs += 1
        return Pair(color, self._color.take(color), depth, self._depth.take(depth))

    def _drop(self, cause: Cause, count: int = 1) -> None:
        if count:
            self._dropped += count
            self._drops.add(cause, count)

"""Ignore masks from a topic: a frame must not enter the map before its mask has come."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.errors import TransformError
from nesf_ros.frames.tf_buffer import TransformSource

MaskT = TypeVar("MaskT")


class MaskGate(TransformSource, Generic[MaskT]):
    """Answers for poses only once the mask of the same moment is there.

    Put between a `PoseWaiter` and the transforms, it makes frames wait for both alike.
    """

    def __init__(self, transforms: TransformSource, slop_s: float, capacity: int):
        """A mask serves images within `slop_s` of its stamp; the last `capacity` are kept."""
        self._transforms = transforms
        self._slop_ns = round(slop_s * 1e9)
        self._masks: deque[tuple[int, MaskT]] = deque(maxlen=capacity)
        self._lock = threading.Lock()

    def add(self, stamp_ns: int, mask: MaskT) -> None:
        """Take in a mask."""
        with self._lock:
            self._masks.append((stamp_ns, mask))

    def clear(self) -> None:
        """Forget all masks: the clock jumped backwards, and stamps mean other moments now."""
        with self._lock:
            self._masks.clear()

    def nearest(self, stamp_ns: int) -> MaskT | None:
        """The mask nearest to a stamp, None if there is none within the slop."""
        with self._lock:
            best = min(self._masks, key=lambda held: abs(held[0] - stamp_ns), default=None)
        if best is None or abs(best[0] - stamp_ns) > self._slop_ns:
            return None
        return best[1]

    def lookup(self, target: str, source: str, stamp_ns: int) -> Float64[ndarray, "4 4"]:
        """target_T_source at a stamp; TransformError "no_mask" while there is no mask for it."""
        if self.nearest(stamp_ns) is None:
            raise TransformError(
                f"no mask within {self._slop_ns / 1e6:.0f} ms of the image of {source}; does the "
                "segmenter publish one for each image, with the image's stamp?",
                "no_mask",
            )
        return self._transforms.lookup(target, source, stamp_ns)

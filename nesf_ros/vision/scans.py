"""Keyframes' pictures that were looked at once: a new text then costs milliseconds."""

from __future__ import annotations

import threading
from collections import OrderedDict

from jaxtyping import Float32, UInt8
from numpy import ndarray
from torch import Tensor

from nesf_ros.errors import VisionError
from nesf_ros.vision.crops import Sees
from nesf_ros.vision.presets import Live, Preset
from nesf_ros.vision.relevancy import Against, RelevancyExtractor, Scan


class KeyframeScans:
    """Relevancy of texts in keyframes, by the extractor. For any number of threads.

    Scans are kept within `max_bytes`; those that were longest not asked for go first.
    """

    def __init__(self, model: Sees, preset: Preset | Live, max_bytes: int = 2**28):
        """Look with a model by a preset."""
        self._max_bytes = max_bytes
        self._extractor = RelevancyExtractor(
            model.tower, preset, (model.mean, model.std), max_bytes=self._max_bytes
        )
        self._scans: OrderedDict[int, Scan] = OrderedDict()
        self._gone: set[int] = set()
        self._lock = threading.Lock()
        self._looking = threading.Lock()  # for seconds: who forgets must not wait for it

    @property
    def nbytes(self) -> int:
        """Memory held, bytes."""
        return sum(scan.nbytes for scan in list(self._scans.values()))

    def __len__(self) -> int:
        """Keyframes that are kept."""
        return len(self._scans)

    def __contains__(self, keyframe: int) -> bool:
        """Whether a keyframe's scan is kept."""
        return keyframe in self._scans

    def relevancy(
        self,
        keyframe: int,
        image: UInt8[ndarray, "height width 3"],
        texts: Float32[Tensor, "texts dim"],
        every: int = 1,
        against: Against | None = None,
    ) -> Float32[Tensor, "texts rows cols"]:
        """Relevancy of each text (unit length) at every `every`-th pixel of a keyframe's picture.

        A picture is looked at once, as long as its scan is kept; one whose scan alone is larger
        than the limit is looked at each time. Raises VisionError for texts of another model.
        """
        with self._looking:
            with self._lock:
                scan = self._scans.get(keyframe)
            if scan is None:
                try:
                    scan = self._extractor.scan(image)
                except VisionError:
                    return self._extractor.relevancy(image, texts, every, against)
            with self._lock:
                self._keep(keyframe, scan)
        return scan.relevancy(texts, every, against)

    def _keep(self, keyframe: int, scan: Scan) -> None:
        """As the one that was asked for last, unless it has been forgotten."""
        if keyframe not in self._gone:
            self._scans[keyframe] = scan
            self._scans.move_to_end(keyframe)
            while self.nbytes > self._max_bytes and len(self._scans) > 1:
                self._scans.popitem(last=False)

    def forget(self, keyframe: int) -> None:
        """Let go of a keyframe for good; at once, also while it is looked at.

        What is under way may still ask for it: it is looked at, but not kept.
        """
        with self._lock:
            self._scans.pop(keyframe, None)
            self._gone.add(keyframe)

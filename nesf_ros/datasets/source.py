"""What every recording looks like from outside, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.types import PosedFrame


@runtime_checkable
class Source(Protocol):
    """Posed frames of one camera in order of time, read one by one as they are asked for."""

    @property
    def name(self) -> str:
        """What to call it in a report."""
        ...

    @property
    def rate_hz(self) -> float:
        """Nominal frames a second; the frames' own stamps say it exactly."""
        ...

    @property
    def skipped(self) -> Mapping[str, int]:
        """Frames left out so far, by cause: of the opening, and of the newest iteration."""
        ...

    @property
    def poses(self) -> Sequence[Float64[ndarray, "4 4"]]:
        """world_T_camera of the frames where known before reading them; empty for a bag."""
        ...

    def __len__(self) -> int:
        """Frames that an iteration yields at most; fewer where some turn out to be unusable."""
        ...

    def __iter__(self) -> Iterator[PosedFrame]:
        """Start from the first frame."""
        ...

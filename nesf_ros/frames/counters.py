"""What was dropped on the way to the map, and why: every message is accounted for by cause."""

from __future__ import annotations

import threading
from collections import deque
from enum import StrEnum

from nesf_ros.errors import FrameError, GeometryError, TransformError


class Cause(StrEnum):
    """Why an image, or a frame made of it, never reached the map."""

    NO_PARTNER = "no_partner"
    DUPLICATE = "duplicate"
    CLOCK_RESET = "clock_reset"
    NO_CAMERA_INFO = "no_camera_info"
    BAD_ENCODING = "bad_encoding"
    BAD_SIZE = "bad_size"
    BAD_INTRINSICS = "bad_intrinsics"
    BAD_COMPRESSED = "bad_compressed"
    EMPTY_DEPTH = "empty_depth"
    TF_UNKNOWN_FRAME = "tf_unknown_frame"
    TF_NOT_CONNECTED = "tf_not_connected"
    TF_CYCLE = "tf_cycle"
    TF_LATE = "tf_late"
    TF_TOO_OLD = "tf_too_old"
    BAD_POSE = "bad_pose"
    NO_MASK = "no_mask"
    QUEUE_FULL = "queue_full"
    PAUSED = "paused"
    MAP_RESET = "map_reset"
    INACTIVE = "inactive"
    FAILED = "failed"


EXPLANATIONS: dict[Cause, str] = {
    Cause.NO_PARTNER: "No image of the other kind came within frames.sync_slop_s of its stamp: "
    "compare the stamps and rates of the colour and depth topics, or raise the slop.",
    Cause.DUPLICATE: "A second image with the same stamp came on the same topic: "
    "check for two publishers, or a driver that repeats images.",
    Cause.CLOCK_RESET: "Stamps jumped backwards while it waited: a recording was started again or "
    "a simulator reset. A few are normal then.",
    Cause.NO_CAMERA_INFO: "No CameraInfo has arrived for its camera: check that topic's name and "
    "publisher.",
    Cause.BAD_ENCODING: "Its encoding is none that is supported: let the driver publish rgb8 or "
    "bgr8 colour, and 16UC1 or 32FC1 depth.",
    Cause.BAD_SIZE: "Its data has another length than its size and encoding ask for, or its size "
    "is not that of its CameraInfo: check that the topics belong to one camera.",
    Cause.BAD_INTRINSICS: "Its CameraInfo is no usable calibration: calibrate the camera, or let "
    "the driver load the calibration.",
    Cause.BAD_COMPRESSED: "Its compressed data cannot be decoded: check the transport's plugin, "
    "and whether the network loses parts of messages.",
    Cause.EMPTY_DEPTH: "No pixel of its depth image holds a reading: is the camera covered, too "
    "close to a surface, or its projector off?",
    Cause.TF_UNKNOWN_FRAME: "TF does not know its frame, or the map frame: check the frame_id of "
    "the images and that the robot's description is being published.",
    Cause.TF_NOT_CONNECTED: "TF has its frame and the map frame in separate trees: is the node "
    "that joins them, localisation or odometry, running?",
    Cause.TF_CYCLE: "TF's frames form a loop: two nodes publish contradictory parents of a frame.",
    Cause.TF_LATE: "TF did not reach its stamp within frames.tf_wait_s: raise that, publish TF "
    "more often, or compare the clocks of the camera and the robot.",
    Cause.TF_TOO_OLD: "Its stamp is older than the TF history: the image came very late, the "
    "clocks differ, or frames.tf_history_s is too short. A few are normal at the start.",
    Cause.BAD_POSE: "Its pose is NaN or no rigid motion: check the node that publishes TF.",
    Cause.NO_MASK: "No ignore mask came for it within frames.tf_wait_s: does the segmenter keep "
    "up, and stamp its masks like the images?",
    Cause.QUEUE_FULL: "The map could not keep up and the oldest frames made room: lower the "
    "camera's rate or resolution, or use larger voxels.",
    Cause.PAUSED: "The map is paused: call ~/pause with paused false to go on.",
    Cause.MAP_RESET: "The map was reset while it waited: it belongs to the map that was. A few are "
    "normal then.",
    Cause.INACTIVE: "The node was not active: activate it (it does so by itself by default).",
    Cause.FAILED: "An error of this package stopped it: the log has the details. Please report it.",
}
"""One sentence per cause for the user: what it means and what to do."""

_OF_TRANSFORM_ERROR = {
    "unknown_frame": Cause.TF_UNKNOWN_FRAME,
    "not_connected": Cause.TF_NOT_CONNECTED,
    "cycle": Cause.TF_CYCLE,
    "extrapolation_future": Cause.TF_LATE,
    "extrapolation_past": Cause.TF_TOO_OLD,
    "no_mask": Cause.NO_MASK,
}


def cause_of(error: FrameError | TransformError | GeometryError) -> Cause:
    """The cause under which a frame that ended in this error is counted."""
    if isinstance(error, TransformError):
        return _OF_TRANSFORM_ERROR[error.cause]
    return Cause(error.cause) if isinstance(error, FrameError) else Cause.BAD_POSE


class DropCounter:
    """Counts drops by cause. Safe to share by threads."""

    def __init__(self) -> None:
        """All counts start at zero."""
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(Cause, 0)

    def add(self, cause: Cause, count: int = 1) -> None:
        """Count so many drops."""
        with self._lock:
            self._counts[cause] += count

    def count(self, cause: Cause) -> int:
        """Drops of one cause so far."""
        with self._lock:
            return self._counts[cause]

    def counts(self) -> dict[Cause, int]:
        """Drops of every cause that has occurred."""
        with self._lock:
            return {cause: count for cause, count in self._counts.items() if count}

    @property
    def total(self) -> int:
        """All drops so far."""
        with self._lock:
            return sum(self._counts.values())


class Rate:
    """How often something happens. For one writer and any number of readers."""

    def __init__(self, window: int = 100, idle_s: float = 2.0):
        """The rate is taken over the last `window` events; after `idle_s` without one it is 0."""
        self._times: deque[float] = deque(maxlen=window)
        self._idle_s = idle_s

    def tick(self, now_s: float) -> None:
        """It has happened, at a time of a monotonic clock."""
        self._times.append(now_s)

    def hz(self, now_s: float) -> float:
        """Events per second."""
        times = list(self._times)
        if len(times) < 2 or now_s - times[-1] > self._idle_s:
            return 0.0
        return (len(times) - 1) / max(times[-1] - times[0], 1e-9)

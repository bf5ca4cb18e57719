"""Every error this package raises on purpose.

The message says what was found, what is allowed and what to do about it.
"""


class NesfError(Exception):
    """Root of all errors raised by nesf_ros."""


class ConfigError(NesfError):
    """A setting is unknown, of the wrong type or out of range."""


class GeometryError(NesfError):
    """A pose, quaternion or camera model is not a valid one."""


class FrameError(NesfError):
    """A sensor message cannot be turned into a frame (encoding, size, unit, intrinsics).

    `cause` is the name under which the drop is counted (`nesf_ros.frames.counters.Cause`).
    """

    def __init__(self, message: str, cause: str = "bad_size"):
        super().__init__(message)
        self.cause = cause


class TransformError(NesfError):
    """No pose is known for a frame at a stamp; `cause` says which kind of gap it is."""

    def __init__(self, message: str, cause: str):
        super().__init__(message)
        self.cause = cause


class MapError(NesfError):
    """The voxel map cannot do what was asked (region too large, nothing observed yet)."""


class StorageError(MapError):
    """A map file is missing, truncated, tampered with, or outside the configured folder."""


class VisionError(NesfError):
    """A vision-language model cannot be loaded, or cannot do what was asked of it."""


class FieldError(NesfError):
    """A scene field cannot be built, fitted or rendered as asked."""


class DatasetError(NesfError):
    """A recording is not in the format its reader expects."""


class QueryError(NesfError):
    """A request is malformed, or its deadline has passed."""


class EvaluationError(NesfError):
    """A figure cannot be made from what was given."""


class ProcessError(NesfError):
    """A process that was started has failed, or ended before its time."""

"""Numbers about the running node, and their /diagnostics form."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict, deque

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from nesf_ros.frames.counters import Rate
from nesf_ros.pipeline import FrameReport, SemanticMapper
from nesf_ros.ros.camera_input import CameraInput
from nesf_ros.ros.language import LanguageThread

WINDOW = 1000
"""Frames over which times are taken."""


class Statistics:
    """What the worker has done lately. Written by the worker, read by a timer."""

    def __init__(self) -> None:
        self._times: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=WINDOW))
        self._finished = Rate()

    def add(self, report: FrameReport, seconds_of: dict[str, float]) -> None:
        """Count a frame that went into the map, with times beside those in the report.

        The node gives decode, queue (from complete messages to the map) and age (from the stamp of
        the image to the map).
        """
        self._finished.tick(time.monotonic())
        for stage, seconds in {**seconds_of, **report.seconds}.items():
            self._times[stage].append(seconds)

    def time_of(self, stage: str, seconds: float) -> None:
        """Note how long some other stage took."""
        self._times[stage].append(seconds)

    @property
    def rate_hz(self) -> float:
        """Frames integrated per second."""
        return self._finished.hz(time.monotonic())

    def values(self) -> dict[str, str]:
        """Everything, as text."""
        out = {"rate_hz": f"{self.rate_hz:.1f}"}
        for stage, times in list(self._times.items()):
            ordered = sorted(times)
            out[f"{stage}_ms.median"] = f"{statistics.median(ordered) * 1e3:.1f}"
            out[f"{stage}_ms.p99"] = f"{ordered[int(0.99 * len(ordered))] * 1e3:.1f}"
            out[f"{stage}_ms.max"] = f"{ordered[-1] * 1e3:.1f}"
        return out


def map_status(
    name: str, mapper: SemanticMapper, numbers: Statistics, queue: int, paused: bool
) -> DiagnosticStatus:
    """State of the mapper. Reads plain numbers only, so it need not wait for the worker."""
    voxel_map = mapper.map
    values = {
        **numbers.values(),
        "queue": str(queue),
        "map.sequence": str(voxel_map.revision),
        "map.submaps": str(len(voxel_map.submaps)),
        "map.mib": f"{voxel_map.nbytes / 2**20:.1f}",
        "map.refused_blocks": str(voxel_map.refused_blocks),
        "map.evicted_submaps": str(voxel_map.evicted_submaps),
        "keyframes": str(len(mapper.keyframes)),
        "device": voxel_map.device,
        "process.mib": f"{resident_mib():.0f}",
    }
    level, message = DiagnosticStatus.OK, f"{numbers.rate_hz:.1f} frames/s into the map"
    if voxel_map.refused_blocks:
        level, message = DiagnosticStatus.WARN, "map.memory_mib is used up: new space is left out"
    if mapper.fields:
        values["field.steps"] = str(mapper.fields.steps)
        if mapper.fields.failure:
            level, message = DiagnosticStatus.WARN, f"no scene field: {mapper.fields.failure}"
        elif mapper.fields.notice:
            level, message = DiagnosticStatus.WARN, mapper.fields.notice
    if mapper.language_fields:
        values["lerf.steps"] = str(mapper.language_fields.steps)
        told = mapper.layer.sized.puts if mapper.layer is not None else 0
        values["lerf.voxels_told"] = str(told)
    if paused:
        message = "paused"
    return _status(f"{name}: map", level, message, values)


def language_status(
    name: str, mapper: SemanticMapper, thread: LanguageThread | None
) -> DiagnosticStatus:
    """What the vision-language model is doing. Reads plain numbers only."""
    if thread is None:
        return _status(f"{name}: language", DiagnosticStatus.OK, "semantics.enabled is false", {})
    layer = mapper.layer
    values = {
        "state": thread.state,
        "keyframes": str(thread.seen),
        "backlog": str(thread.backlog),
        "refused": str(thread.refused),
        "untaught": str(thread.untaught),
        "look_ms": f"{1e3 * thread.look_s:.0f}",
        "voxels": str(len(layer) if layer else 0),
        "refused_voxels": str(layer.refused if layer else 0),
        "mib": f"{(layer.nbytes if layer else 0) / 2**20:.1f}",
    }
    well = thread.state in ("loading", "ready")
    level = DiagnosticStatus.OK if well else DiagnosticStatus.ERROR
    message = f"{thread.seen} keyframes in the voxels" if well else thread.state
    return _status(f"{name}: language", level, message, values)


def camera_status(name: str, camera: CameraInput) -> DiagnosticStatus:
    """What became of each message of a camera."""
    balance, integrated = camera.sync.counts, camera.integrated
    values = {f"received.{role}": str(n) for role, n in sorted(camera.received.items())}
    now_s = time.monotonic()
    values |= {f"hz.{role}": f"{rate.hz(now_s):.1f}" for role, rate in sorted(camera.rates.items())}
    values |= {"pairs": str(balance.pairs), "integrated": str(integrated),
               "waiting_for_partner": str(balance.pending),
               "waiting_for_pose": str(len(camera.waiter))}  # fmt: skip
    values |= {f"images_dropped.{c}": str(n) for c, n in camera.images_dropped.counts().items()}
    values |= {f"frames_dropped.{c}": str(n) for c, n in camera.frames_dropped.counts().items()}
    if camera.unit_hint:
        values["unit"] = camera.unit_hint
    dropped = camera.frames_dropped.total
    level = DiagnosticStatus.OK if integrated else DiagnosticStatus.WARN
    message = f"{integrated} frames in the map, {dropped} dropped"
    return _status(f"{name}: camera {camera.name}", level, message, values)


def resident_mib() -> float:
    """Memory of this process, MiB."""
    with open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _status(name: str, level: bytes, message: str, values: dict[str, str]) -> DiagnosticStatus:
    pairs = [KeyValue(key=key, value=value) for key, value in values.items()]
    return DiagnosticStatus(level=level, name=name, message=message, values=pairs)

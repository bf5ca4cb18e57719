"""What `nesf-ros doctor` checks of the machine: DDS, shared memory, GPU, caches, folders."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nesf_ros.cli.checks import FAIL, OK, WARN, Finding
from nesf_ros.config import MapConfig
from nesf_ros.errors import ConfigError
from nesf_ros.ros import environment

SEGMENT_BYTES = 64 << 20
"""Shared memory that each process takes with the packaged Fast DDS profile."""


def check_fastdds_profile() -> Iterator[Finding]:
    """The Fast DDS profile that makes images fit into shared memory."""
    chosen = [os.environ.get(name) for name in environment.PROFILE_VARIABLES]
    profile = next((Path(path) for path in chosen if path), None)
    try:
        profile = profile or environment.share_file("config/fastdds.xml")
    except ConfigError as error:
        yield Finding("Fast DDS profile", FAIL, str(error), "make setup, or colcon build again")
        return
    if profile.is_file():
        yield Finding("Fast DDS profile", OK, str(profile))
    else:
        names = " and ".join(environment.PROFILE_VARIABLES)
        yield Finding("Fast DDS profile", FAIL, f"{profile} does not exist", f"unset {names}")


def check_shared_memory() -> Iterator[Finding]:
    """Room in /dev/shm for two processes and a margin."""
    name = "shared memory"
    remedy = "mount a larger /dev/shm (containers: --shm-size=512m, or --ipc=host)"
    if not os.path.isdir("/dev/shm"):
        yield Finding(name, WARN, "no /dev/shm; images will go through UDP and be lost", remedy)
        return
    free = shutil.disk_usage("/dev/shm").free
    detail = f"{free / 2**20:.0f} MiB free in /dev/shm"
    if free >= 4 * SEGMENT_BYTES:
        yield Finding(name, OK, detail)
    else:
        yield Finding(name, WARN if free >= 2 * SEGMENT_BYTES else FAIL, detail, remedy)


def check_dds() -> Iterator[Finding]:
    """A map message through DDS and back."""
    from nesf_ros.cli.loopback import round_trip_s

    environment.prepare_process()
    seconds = round_trip_s(timeout_s=5.0)
    if seconds is None:
        remedy = "check ROS_DOMAIN_ID, RMW_IMPLEMENTATION, firewall and /dev/shm permissions"
        yield Finding("DDS round trip", FAIL, "no message came back within 5 s", remedy)
    else:
        yield Finding("DDS round trip", OK, f"1 MiB map message in {seconds * 1e3:.1f} ms")


def check_gpu() -> Iterator[Finding]:
    """CUDA: welcome, not needed."""
    import torch
    import warp

    _start_warp()
    remedy = "install the NVIDIA driver, and CUDA builds by make setup EXTRAS=gpu,ros,dev"
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    if names and warp.get_cuda_device_count() == len(names):
        yield Finding("GPU", OK, ", ".join(names))
    elif names:
        detail = f"torch sees {', '.join(names)}, Warp {warp.get_cuda_device_count()} devices"
        yield Finding("GPU", WARN, detail, remedy)
    else:
        yield Finding("GPU", OK, "none; the CPU is used")


def _start_warp() -> None:
    """Initialise Warp without its banner and its remark that there is no GPU."""
    import warp

    warp.config.log_level = warp.LOG_ERROR
    warp.init()


def check_kernel_cache() -> Iterator[Finding]:
    """Compiled Warp kernels, so that the first frame need not wait for the compiler."""
    import warp

    _start_warp()
    cache = Path(warp.config.kernel_cache_dir)
    if any(cache.glob("wp_nesf_ros.*")):
        yield Finding("kernel cache", OK, str(cache))
    else:
        detail = f"no kernels of nesf_ros in {cache}; the first frame will wait for the compiler"
        yield Finding("kernel cache", WARN, detail, "make warm")


def check_map_folder() -> Iterator[Finding]:
    """Write access to the folder that maps are saved to."""
    folder = Path(MapConfig().folder).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        remedy = "make the folder writable, or set the parameter map.folder to one that is"
        yield Finding("map folder", FAIL, f"cannot write to {folder}: {error}", remedy)
    else:
        yield Finding("map folder", OK, str(folder))

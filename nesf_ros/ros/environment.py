"""What a process must have in its environment before rclpy is imported.

Fast DDS and the dynamic linker read environment variables once, at start, so this module imports
neither rclpy nor anything that does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping
from fnmatch import fnmatch
from pathlib import Path

from nesf_ros.errors import ConfigError

PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
"""Where Fast DDS looks for its profile: the name up to version 2, and the name since version 3."""

BOOTSTRAP_VARIABLE = "_ROS_WHEELS_BOOTSTRAP_COMPLETE"
"""Set by the ROS 2 wheels once they have put their libraries on LD_LIBRARY_PATH."""


def share_file(name: str, package: Path | None = None) -> Path:
    """A file of the package's share folder, such as `config/fastdds.xml`.

    Found without the ament index: in the source tree, else in share/nesf_ros of the prefix that
    holds the Python package, be it pip's or colcon's. Raises ConfigError if there is none.
    """
    package = package or Path(__file__).absolute().parents[1]
    candidates = [prefix / "share/nesf_ros" / name for prefix in package.parents]
    if (package.parent / "package.xml").exists():
        candidates.insert(0, package.parent / name)
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise ConfigError(
        f"{name} is neither beside the package {package} nor in share/nesf_ros above it; "
        "the installation is incomplete: run `make setup`, or colcon build again"
    )


def transport_variables(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables that select the packaged Fast DDS profile; empty if the user has chosen one."""
    environ = os.environ if environ is None else environ
    if any(environ.get(name) for name in PROFILE_VARIABLES):
        return {}
    profile = str(share_file("config/fastdds.xml"))
    return dict.fromkeys(PROFILE_VARIABLES, profile)


def prepare_process(environ: MutableMapping[str, str] | None = None) -> None:
    """Set up this process, before its first `import rclpy`."""
    environ = os.environ if environ is None else environ
    for name in PROFILE_VARIABLES:
        if environ.get(name) == "":  # Fast DDS would try to read a file without a name
            del environ[name]
    environ.update(transport_variables(environ))
    # A pip install is an ament prefix too, but nobody sources it.
    prefixes = [path for path in environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if path]
    if sys.prefix not in prefixes and (Path(sys.prefix) / "share/ament_index").is_dir():
        environ["AMENT_PREFIX_PATH"] = os.pathsep.join([*prefixes, sys.prefix])


def child_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for another ROS process, of this Python or another one.

    The wheels re-execute a process once with LD_LIBRARY_PATH set for its own Python. A child must
    do so afresh, without the libraries of its parent; what the user had put there stays.
    """
    child = dict(os.environ if environ is None else environ)
    if child.pop(BOOTSTRAP_VARIABLE, None) is not None:
        paths = child.pop("LD_LIBRARY_PATH", "").split(os.pathsep)
        kept = [path for path in paths if path and not _is_own_library_path(path)]
        if kept:
            child["LD_LIBRARY_PATH"] = os.pathsep.join(kept)
    prepare_process(child)
    return child


def _is_own_library_path(path: str) -> bool:
    """Whether the wheels of this Python have put `path` on LD_LIBRARY_PATH."""
    return Path(path) == Path(sys.prefix) / "lib" or fnmatch(Path(path).name, "ros_*.libs")

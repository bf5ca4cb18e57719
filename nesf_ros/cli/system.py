"""What must be on the machine before any Python package is installed.

`make setup` runs this file by its path with the system's Python, so it uses the standard library
alone and reads with Python 3.8; `nesf-ros doctor` asks it too.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 14)
"""All dependencies have wheels for these and what lies between."""

LIBRARIES = {
    "libusb-1.0.so.0": "libusb-1.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libX11.so.6": "libx11-6",
    "libudev.so.1": "libudev1",
    "libidn2.so.0": "libidn2-0",
    "libgomp.so.1": "libgomp1",
}
"""Shared libraries that Open3D loads, and the Debian package of each."""

PROGRAMS = {"gcc": "gcc", "g++": "g++", "make": "make"}
"""Programs that compile the interfaces, and the Debian package of each."""


def missing_libraries() -> list[str]:
    """Debian packages of the shared libraries that cannot be loaded."""
    missing = []
    for library, package in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
    return missing


def missing_build_tools() -> list[str]:
    """Debian packages of what compiling the interfaces and making a virtual environment needs."""
    python = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    missing = [package for name, package in PROGRAMS.items() if shutil.which(name) is None]
    header = os.path.join(sysconfig.get_path("include"), "Python.h")
    if not os.path.exists(header):
        missing.append(python + "-dev")
    if importlib.util.find_spec("ensurepip") is None:
        missing.append(python + "-venv")
    return missing


def unsupported() -> str | None:
    """Why this Python or machine cannot take the wheels, with what to do; None if it can."""
    if not OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        return (
            f"Python {platform.python_version()} found; {supported_pythons()} work. Name another "
            "one: make setup PYTHON=python3.11"
        )
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return (
            f"{sys.platform} on {platform.machine()} found; the ROS 2 wheels exist for Linux on "
            "x86_64 only. Elsewhere install ROS 2 and build with colcon."
        )
    return None


def supported_pythons() -> str:
    """The supported Python versions, in words."""
    oldest, newest = (".".join(map(str, version)) for version in (OLDEST_PYTHON, NEWEST_PYTHON))
    return f"versions {oldest} to {newest}"


def install_command(packages: list[str]) -> list[str]:
    """The command that installs Debian packages."""
    return ["apt-get", "install", "-y", "--no-install-recommends", *packages]


def main() -> int:
    """Check; as root on Debian or Ubuntu install what is missing, else print the line to run."""
    problem = unsupported()
    if problem:
        print(problem, file=sys.stderr)
        return 1
    packages = missing_libraries() + missing_build_tools()
    if not packages:
        return 0
    command = install_command(packages)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(
            "System packages are missing (Debian and Ubuntu names). Run this, then try again:\n"
            f"  sudo {' '.join(command)}",
            file=sys.stderr,
        )
        return 1
    print("Installing system packages: " + " ".join(packages), flush=True)
    quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for step in (["apt-get", "update", "-qq"], command):
        code = subprocess.call(step, env=quiet)
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Compiles the ROS 2 interfaces for pip.

The metadata is in pyproject.toml. The build drives CMakeLists.txt, the same file that colcon uses,
and sorts what it installs: Python packages go where pip puts packages (an editable install keeps
nesf_ros/msg, srv and action beside the sources), shared libraries and share/ go to the prefix.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
# Where Python packages lie under a prefix, such as lib/python3.11/site-packages.
SITE = os.path.relpath(sysconfig.get_path("platlib"), sysconfig.get_path("data"))


class PlatformDistribution(Distribution):
    """A distribution that holds compiled code although setuptools compiles none itself."""

    def has_ext_modules(self) -> bool:
        """Make the wheel one for this platform and Python, and have build_ext run."""
        return True

    def has_data(self) -> bool:
        """Have editable installs take data files along: setuptools asks for them by this name."""
        return self.has_data_files()


class BuildInterfaces(build_ext):
    """Compile msg/, srv/ and action/, and tf2_msgs where no ROS install provides it."""

    def run(self) -> None:
        """Build into a staging prefix, then hand its parts to pip."""
        # Always afresh: an earlier build may have been in one of pip's isolated environments, whose
        # paths CMake remembers and which is gone.
        work = Path(self.build_temp).resolve()
        shutil.rmtree(work, ignore_errors=True)
        stage = work / "stage"
        prefixes = ros_prefixes()
        sources = [ROOT]
        if not provides_tf2_msgs(prefixes):
            sources.insert(0, ROOT / "third_party/tf2_msgs")
        for source in sources:
            cmake_install(source, work / source.name, stage, prefixes)

        in_place = self.editable_mode or self.inplace
        self.place_interfaces(stage, ROOT if in_place else Path(self.build_lib))
        if (stage / SITE / "tf2_msgs").exists() and not in_place:
            copy_package(stage / SITE / "tf2_msgs", Path(self.build_lib) / "tf2_msgs")
        self.add_data_files(stage, python_packages={"tf2_msgs"} if in_place else set())

    def place_interfaces(self, stage: Path, target: Path) -> None:
        """Put the generated part of nesf_ros beside its hand-written modules in `target`."""
        generated = stage / SITE / "nesf_ros"
        package = target / "nesf_ros"
        for stale in package.glob("nesf_ros_s__*.so"):
            stale.unlink()
        for kind in ("msg", "srv", "action"):
            shutil.rmtree(package / kind, ignore_errors=True)
            copy_package(generated / kind, package / kind)
        for library in generated.glob("*.so"):
            shutil.copy2(library, package)

    def add_data_files(self, stage: Path, python_packages: set[str]) -> None:
        """Declare share/, lib/ and the named Python packages of `stage` as files of the prefix."""
        # Extended in place: install_data may hold this list already.
        data_files = self.distribution.data_files
        for folder, _, names in os.walk(stage):
            place = Path(folder).relative_to(stage)
            if place.is_relative_to(SITE):
                wanted = place.relative_to(SITE).parts[:1] in {(name,) for name in python_packages}
            else:
                wanted = place.parts[:1] in {("lib",), ("share",)}
            files = [os.path.join(folder, name) for name in names if not name.endswith(".c")]
            if wanted and files:
                data_files.append((str(place), files))

    def get_outputs(self) -> list[str]:
        """Nothing that setuptools would have to find again."""
        return []


def ros_prefixes() -> list[Path]:
    """Prefixes that hold ROS 2: those of a sourced install, then the one of the wheels."""
    spec = find_spec("rosidl_parser")
    if spec is None or spec.origin is None:
        raise SystemExit(
            "No ROS 2 interface generators found. Source a ROS 2 install first, or run "
            "`make setup`, which installs them into .venv (x86-64 only)."
        )
    # <prefix>/lib/pythonX.Y/site-packages/rosidl_parser/__init__.py
    found = [Path(p) for p in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if p]
    return list(dict.fromkeys([*found, Path(spec.origin).resolve().parents[4]]))


def provides_tf2_msgs(prefixes: list[Path]) -> bool:
    """Whether a ROS install has tf2_msgs; what pip is about to remove with ours does not count."""
    package = "share/tf2_msgs/package.xml"
    with suppress(PackageNotFoundError):
        own = {Path(file.locate()).resolve() for file in distribution("nesf_ros").files or []}
        prefixes = [prefix for prefix in prefixes if (prefix / package).resolve() not in own]
    return any((prefix / package).exists() for prefix in prefixes)


def cmake_install(source: Path, build: Path, stage: Path, prefixes: list[Path]) -> None:
    """Configure, build and install one CMake project into `stage`."""
    search = [str(prefix) for prefix in (stage, *prefixes)]
    libraries = [os.path.join(prefix, "lib") for prefix in search]
    programs = [os.path.join(prefix, "bin") for prefix in search]
    environment = os.environ | {
        "AMENT_PREFIX_PATH": os.pathsep.join(search),
        "CMAKE_PREFIX_PATH": os.pathsep.join(search),
        "LD_LIBRARY_PATH": joined(libraries, os.environ.get("LD_LIBRARY_PATH")),
        "PATH": joined(programs, os.environ.get("PATH")),
        # The generators run in child processes that must see the packages this process sees.
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        # LD_LIBRARY_PATH is complete: the wheels need not re-execute each of those processes.
        "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1",
    }
    configure = [
        *("cmake", "-S", str(source), "-B", str(build), "-Wno-dev"),
        f"-DCMAKE_INSTALL_PREFIX={stage}",
        "-DCMAKE_BUILD_TYPE=Release",
        "-DCMAKE_INSTALL_RPATH=$ORIGIN;$ORIGIN/../../..",
        f"-DCMAKE_PROJECT_INCLUDE={ROOT / 'cmake/ros_wheels.cmake'}",
        "-DBUILD_TESTING=OFF",
        "-DNESF_INSTALL_MODULES=OFF",
        f"-DPYTHON_INSTALL_DIR={SITE}",
        f"-DPython3_EXECUTABLE={sys.executable}",
        *(("-G", "Ninja") if shutil.which("ninja", path=environment["PATH"]) else ()),
    ]
    jobs = str(os.cpu_count() or 1)
    subprocess.run(configure, env=environment, check=True)
    subprocess.run(
        ["cmake", "--build", str(build), "--target", "install", "--parallel", jobs],
        env=environment,
        check=True,
    )


def joined(first: list[str], rest: str | None) -> str:
    """A search path of `first`, then what was there before."""
    return os.pathsep.join([*first, *([rest] if rest else [])])


def copy_package(source: Path, target: Path) -> None:
    """Copy a generated Python package without its C sources and caches."""
    unwanted = shutil.ignore_patterns("*.c", "__pycache__")
    shutil.copytree(source, target, ignore=unwanted, dirs_exist_ok=True)


setup(distclass=PlatformDistribution, cmdclass={"build_ext": BuildInterfaces}, data_files=[])

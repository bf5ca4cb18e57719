"""What all tests share: types checked at run time, a ROS domain of their own, recordings."""

import os
from pathlib import Path

import hypothesis
import pytest
from jaxtyping import install_import_hook

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "nesf_ros"

# The gate judges a change, so it tries the same examples each time; at a desk they are drawn anew.
hypothesis.settings.register_profile("gate", derandomize=True, deadline=None)
hypothesis.settings.register_profile("desk", deadline=None)
hypothesis.settings.load_profile("gate" if os.environ.get("CI") else "desk")

# Not checked: Warp compiles its kernels from their source and reads their annotations as its own
# types, so nothing may be wrapped around them; GENERATED are the interfaces' packages.
UNCHECKED = {
    "nesf_ros.field.kernels",
    "nesf_ros.field.marching",
    "nesf_ros.voxels.fusing",
    "nesf_ros.voxels.kernels",
    "nesf_ros.voxels.raycast",
    "nesf_ros.synthetic.patterns",
    "nesf_ros.synthetic.renderers.looks",
    "nesf_ros.synthetic.renderers.shading",
    # These annotate with Warp's structs, which are objects, not types.
    "nesf_ros.voxels.integrate",
    "nesf_ros.voxels.read",
    "nesf_ros.synthetic.renderers.tables",
    # Checks its values itself, and raises errors for users.
    "nesf_ros.config",
    "nesf_ros.config_field",
    "nesf_ros.config_language",
    "nesf_ros.config_unseen",
    "nesf_ros.settings",
    "nesf_ros.ros.node_config",
}
GENERATED = {"msg", "srv", "action"}


def checked_modules() -> list[str]:
    """Every module of the package, one by one: the hook takes a name for all that lies below it.

    Packages themselves are therefore left out; their `__init__.py` only names things.
    """
    modules = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[-1] != "__init__" and parts[1] not in GENERATED:
            modules.append(".".join(parts))
    return [name for name in modules if name not in UNCHECKED]


# Where a float is wanted an int will do, as for every type checker (PEP 484).
CHECKER = "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))"

install_import_hook(checked_modules(), CHECKER)

# Two test runs on one machine, or a robot on the desk, must not hear each other. Linux has ports
# for domains 0 to 101.
os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))

from nesf_ros.ros.environment import prepare_process  # noqa: E402 - the hook comes first

prepare_process()


@pytest.fixture(scope="session")
def root() -> Path:
    """The source tree."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of small real recordings, which are not part of the project."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no recordings at {folder}")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a GPU where there is none."""
    gpu = [item for item in items if item.get_closest_marker("gpu")]
    if not gpu:
        return
    import torch

    if not torch.cuda.is_available():
        for item in gpu:
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))

"""Who may import whom: the architecture, held by reading the imports."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "nesf_ros"
GENERATED = {"msg", "srv", "action"}

FOUNDATION = {
    *("errors", "settings", "config", "config_field", "config_language", "config_unseen", "types")
}
EVERYTHING = {part.stem for part in PACKAGE.iterdir() if not part.name.startswith("_")}
MAY_IMPORT = {
    "errors": set(),
    "settings": {"errors"},
    "config": FOUNDATION,
    "config_field": {"errors", "settings"},
    "config_language": {"errors", "settings"},
    "config_unseen": {"errors", "settings"},
    "types": FOUNDATION,
    "geometry": FOUNDATION,
    "frames": FOUNDATION | {"geometry"},
    "voxels": FOUNDATION | {"geometry"},
    "vision": FOUNDATION | {"geometry"},
    "field": FOUNDATION | {"geometry"},
    "semantics": FOUNDATION | {"geometry", "vision", "voxels", "field"},
    "fields": FOUNDATION | {"geometry", "voxels", "field"},
    "language_fields": FOUNDATION | {"vision", "voxels", "fields", "semantics"},
    "unseen": FOUNDATION | {"geometry", "frames", "vision", "voxels", "semantics"},
    "answers": FOUNDATION | {"geometry", "voxels", "fields", "semantics", "unseen"},
    "pipeline": FOUNDATION
    | {"geometry", "frames", "vision", "voxels", "semantics"}
    | {"fields", "language_fields", "unseen", "answers"},
    # It writes the formats that datasets reads.
    "synthetic": FOUNDATION | {"geometry", "datasets"},
    # A bag reader uses the TF buffer and the synchroniser.
    "datasets": FOUNDATION | {"geometry", "frames"},
    "training": EVERYTHING - {"ros", "viewer", "cli"} - GENERATED,
    "evaluation": EVERYTHING - {"ros", "viewer", "cli"} - GENERATED,
    # Its replay node plays recordings and the built-in room.
    "ros": FOUNDATION
    | {"geometry", "frames", "vision", "voxels", "fields", "semantics", "unseen"}
    | {"pipeline", "datasets", "synthetic"}
    | GENERATED,
    "cli": EVERYTHING,
}
"""For each part of nesf_ros, the other parts that it may import."""

ROS_ONLY = {"rclpy", "rosidl_runtime_py", "tf2_ros", "message_filters", "sensor_msgs_py"}
"""Packages of ROS, beside all that end in _msgs or _interfaces."""


@dataclass(frozen=True)
class Import:
    """One imported module, and whether the import runs as soon as the file is loaded."""

    file: Path
    line: int
    module: str
    at_load: bool

    def __str__(self) -> str:
        return f"{self.file.relative_to(PACKAGE.parent)}:{self.line} imports {self.module}"


def parts() -> list[str]:
    """The parts of the package: subpackages, and modules at its top."""
    names = (p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists())
    return sorted(set(names) - GENERATED - {"__init__"})


def files_of(part: str) -> list[Path]:
    folder = PACKAGE / part
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def imports_in(file: Path) -> Iterator[Import]:
    """All imports of a file, relative ones and those inside functions included."""

    def visit(node: ast.AST, at_load: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(file, child.lineno, alias.name, at_load)
            elif isinstance(child, ast.ImportFrom):
                for module in modules_of(child, file):
                    yield Import(file, child.lineno, module, at_load)
            lazy = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            # What stands under TYPE_CHECKING is for type checkers, and never runs.
            lazy |= isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            yield from visit(child, at_load and not lazy)

    yield from visit(ast.parse(file.read_text()), True)


def modules_of(node: ast.ImportFrom, file: Path) -> list[str]:
    """Full names of what a `from … import …` may load."""
    package = file.relative_to(PACKAGE.parent).parent.parts
    base = list(package[: len(package) - node.level + 1]) if node.level else []
    module = ".".join([*base, *([node.module] if node.module else [])])
    # `from nesf_ros import voxels` names the part last.
    return [f"{module}.{alias.name}" for alias in node.names] if module == "nesf_ros" else [module]


def is_ros(module: str) -> bool:
    top = module.split(".")[0]
    generated = module.startswith(("nesf_ros.msg", "nesf_ros.srv", "nesf_ros.action"))
    return generated or top in ROS_ONLY or top.endswith(("_msgs", "_interfaces"))


def test_every_part_has_its_line_in_the_table():
    assert set(parts()) <= set(MAY_IMPORT)


@pytest.mark.parametrize("part", parts())
def test_a_part_imports_only_what_the_table_allows(part):
    allowed = MAY_IMPORT[part] | {part, "__version__"}
    wrong = [
        str(found)
        for file in files_of(part)
        for found in imports_in(file)
        if found.module.startswith("nesf_ros.") and found.module.split(".")[1] not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("part", sorted(set(parts()) - {"ros"}))
def test_only_the_ros_part_imports_ros_and_the_commands_when_they_run(part):
    wrong = [
        str(found)
        for file in files_of(part)
        for found in imports_in(file)
        if is_ros(found.module) and (part != "cli" or found.at_load)
    ]
    assert wrong == []


def test_the_import_reader_sees_lazy_relative_and_dotted_imports(tmp_path, monkeypatch):
    package = tmp_path / "nesf_ros"
    (package / "voxels").mkdir(parents=True)
    file = package / "voxels" / "grid.py"
    file.write_text(
        "import nesf_ros.frames.sync\n"
        "from nesf_ros import field\n"
        "from ..vision import clip\n"
        "from . import kernels\n"
        "if TYPE_CHECKING:\n"
        "    from rclpy.time import Time\n"
        "def late():\n"
        "    import rclpy.node\n"
    )
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", package)
    assert [(found.module, found.at_load) for found in imports_in(file)] == [
        ("nesf_ros.frames.sync", True),
        ("nesf_ros.field", True),
        ("nesf_ros.vision", True),
        ("nesf_ros.voxels", True),
        ("rclpy.time", False),
        ("rclpy.node", False),
    ]


@pytest.mark.parametrize("module", ["nesf_ros", "nesf_ros.pipeline", "nesf_ros.ros.environment"])
def test_the_core_loads_no_ros(module):
    code = f"import sys, {module}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1].split()
    assert module in loaded
    assert [name for name in loaded if is_ros(name)] == []

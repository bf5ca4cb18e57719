"""The package's papers agree with each other and with what was built."""

import ast
import json
import re
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from importlib import import_module, metadata
from pathlib import Path

import pytest

import nesf_ros

ROOT = Path(__file__).resolve().parents[1]
INTERFACES = sorted(
    file for kind in ("msg", "srv", "action") for file in ROOT.glob(f"{kind}/*.{kind}")
)
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGE_XML = ElementTree.parse(ROOT / "package.xml").getroot()

TF_MESSAGE_HASH = "RIHS01_e369d0f05a23ae52508854b66f6aa0437f3449d652e8cbf22d5abe85d020f087"
"""Type hash of tf2_msgs/TFMessage in every ROS 2 since Iron."""

DISTRIBUTIONS = {
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "mapbox_earcut": "mapbox-earcut",
    "open_clip": "open_clip_torch",
    "warp": "warp-lang",
    "yaml": "pyyaml",
}
"""Distributions that are not named like the module they bring."""


def declared() -> set[str]:
    """Names of all distributions that pyproject.toml asks for, but for the tools."""
    extras = PYPROJECT["project"]["optional-dependencies"]
    wanted = [*PYPROJECT["project"]["dependencies"], *extras["cpu"], *extras["gpu"]]
    wanted += extras["pathtrace"]
    return {re.split(r"[^\w.-]", line)[0] for line in wanted}


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pins}


def test_one_version_everywhere():
    assert PACKAGE_XML.findtext("version") == nesf_ros.__version__
    assert PYPROJECT["tool"]["setuptools"]["dynamic"]["version"]["attr"] == "nesf_ros.__version__"
    assert metadata.version("nesf_ros") == nesf_ros.__version__


def test_every_requirement_is_met_by_its_pin():
    packaging = pytest.importorskip("packaging.requirements", reason="part of pip and pytest")
    project = PYPROJECT["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["cpu"], *extras["ros"], *extras["dev"]]
    pins = constraints()
    for line in [*wanted, *PYPROJECT["build-system"]["requires"]]:
        requirement = packaging.Requirement(line)
        pin = pins[re.sub(r"[-_.]+", "-", requirement.name).lower()]
        assert requirement.specifier.contains(pin), f"{line} against {pin}"


def test_a_robots_numpy_is_admitted():
    packaging = pytest.importorskip("packaging.requirements", reason="part of pip and pytest")
    (numpy,) = (
        packaging.Requirement(line)
        for line in PYPROJECT["project"]["dependencies"]
        if line.startswith("numpy")
    )
    assert numpy.specifier.contains("1.26.4")
    assert numpy.specifier.contains("2.4.0")


def test_every_imported_package_is_declared():
    imported = set()
    for file in (ROOT / "nesf_ros").rglob("*.py"):
        if file.parent.name in ("msg", "srv", "action"):
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.split(".")[0])
    third_party = imported - set(sys.stdlib_module_names) - {"nesf_ros"}
    xml = {element.text for element in PACKAGE_XML.iter() if element.tag.endswith("depend")}
    # Of these two, the stand-ins in nesf_ros do the work where ROS 2 does not bring them.
    optional = {"message_filters", "sensor_msgs_py"}
    missing = {
        name
        for name in third_party - xml - optional
        if DISTRIBUTIONS.get(name, name) not in declared()
    }
    assert missing == set()


def test_package_xml_names_all_that_cmake_needs():
    cmake = (ROOT / "CMakeLists.txt").read_text()
    listed = re.search(r"set\(interface_dependencies ([^)]*)\)", cmake).group(1).split()
    found = set(re.findall(r"find_package\((\w+) REQUIRED\)", cmake)) | set(listed)
    build = {e.text for tag in ("depend", "buildtool_depend") for e in PACKAGE_XML.findall(tag)}
    assert found <= build
    used = set()
    for path in INTERFACES:
        used |= set(re.findall(r"^(\w+)/\w+", path.read_text(), re.MULTILINE))
    assert used - {"nesf_ros"} == set(listed)


@pytest.mark.parametrize("path", INTERFACES, ids=lambda path: path.stem)
def test_every_field_is_explained(path):
    """On its own line; constants are explained by the field that takes them."""
    for line in path.read_text().splitlines():
        code, _, comment = line.partition("#")
        if code.strip() and code.strip() != "---" and "=" not in code:
            assert comment.strip(), f"no comment: {line!r}"


@pytest.mark.parametrize("path", INTERFACES, ids=lambda path: path.stem)
def test_every_interface_is_compiled_with_its_fields(path):
    kind = path.suffix[1:]
    compiled = getattr(import_module(f"nesf_ros.{kind}"), path.stem)
    compiled.__import_type_support__()
    parts = {"msg": (), "srv": ("Request", "Response"), "action": ("Goal", "Result", "Feedback")}
    classes = [getattr(compiled, part) for part in parts[kind]] or [compiled]
    for part, text in zip(classes, re.split(r"^---$", path.read_text(), flags=re.M), strict=True):
        code = [line.partition("#")[0].strip() for line in text.splitlines()]
        fields = [line.split()[1] for line in code if line and "=" not in line]
        assert list(part.get_fields_and_field_types()) == fields


@pytest.mark.parametrize("path", sorted(ROOT.glob("action/*.action")), ids=lambda path: path.stem)
def test_an_action_takes_and_gives_what_its_service_does(path):
    service = (ROOT / "srv" / path.with_suffix(".srv").name).read_text()
    fields = re.sub(r"\A(#.*\n)+", "", service)  # without what it is about
    action = re.sub(r"\A(#.*\n)+", "", path.read_text())
    same, _, feedback = action.rpartition("---\n")
    assert same == fields
    assert re.findall(r"^\w+ \w+", feedback, re.M) == ["string stage", "float32 progress"]


def test_our_tf_message_is_the_official_one():
    from ament_index_python.packages import get_package_share_directory

    description = Path(get_package_share_directory("tf2_msgs"), "msg", "TFMessage.json")
    (found,) = (
        entry["hash_string"]
        for entry in json.loads(description.read_text())["type_hashes"]
        if entry["type_name"] == "tf2_msgs/msg/TFMessage"
    )
    assert found == TF_MESSAGE_HASH


@pytest.mark.ros
def test_a_tf_topic_carries_the_official_hash_on_the_wire():
    import rclpy
    from tf2_msgs.msg import TFMessage

    context = rclpy.Context()
    rclpy.init(context=context)
    try:
        node = rclpy.create_node("tf_hash", context=context)
        node.create_publisher(TFMessage, "tf_hash", 1)
        (endpoint,) = node.get_publishers_info_by_topic("tf_hash")
        assert str(endpoint.topic_type_hash) == TF_MESSAGE_HASH
    finally:
        rclpy.try_shutdown(context=context)


def test_the_executables_call_modules_that_exist():
    cmake = (ROOT / "CMakeLists.txt").read_text()
    scripts = sorted(ROOT.glob("scripts/*"))
    assert {f"scripts/{path.name}" for path in scripts} == set(re.findall(r"scripts/[\w-]+", cmake))
    for path in scripts:
        assert path.stat().st_mode & 0o111, f"{path} is not executable"
        (module,) = re.findall(r"^from (nesf_ros\S+) import main$", path.read_text(), re.M)
        folder = ROOT / module.replace(".", "/")
        assert folder.with_suffix(".py").is_file() or (folder / "__init__.py").is_file()

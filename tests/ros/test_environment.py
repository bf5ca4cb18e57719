import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from nesf_ros.errors import ConfigError
from nesf_ros.ros import environment
from nesf_ros.ros.environment import PROFILE_VARIABLES, child_environment, prepare_process

SPACE = {"dds": "http://www.eprosima.com"}


def installed(prefix: Path) -> Path:
    """A package folder as an install under `prefix` has it, with its share folder."""
    profile = prefix / "share/nesf_ros/config/fastdds.xml"
    profile.parent.mkdir(parents=True)
    profile.write_text("<dds/>")
    package = prefix / "lib/python3.12/site-packages/nesf_ros"
    package.mkdir(parents=True)
    return package


def test_share_files_come_from_the_source_tree_first(root):
    assert environment.share_file("config/fastdds.xml") == root / "config/fastdds.xml"


def test_share_files_are_found_above_an_installed_package(tmp_path):
    package = installed(tmp_path)
    wanted = tmp_path / "share/nesf_ros/config/fastdds.xml"
    assert environment.share_file("config/fastdds.xml", package) == wanted


def test_a_missing_share_file_is_an_error_that_says_what_to_do(tmp_path):
    package = installed(tmp_path)
    with pytest.raises(ConfigError, match=r"config/none.yaml is neither.*make setup"):
        environment.share_file("config/none.yaml", package)


def test_the_profile_is_chosen_unless_the_user_has_chosen_one(root):
    mine = str(root / "config/fastdds.xml")
    assert environment.transport_variables({}) == dict.fromkeys(PROFILE_VARIABLES, mine)
    for name in PROFILE_VARIABLES:
        assert environment.transport_variables({name: "/home/me/own.xml"}) == {}


def test_an_empty_profile_variable_counts_as_unset():
    environ = {PROFILE_VARIABLES[0]: "", "PATH": "/bin"}
    prepare_process(environ)
    assert environ[PROFILE_VARIABLES[0]].endswith("config/fastdds.xml")
    chosen = {PROFILE_VARIABLES[0]: "", PROFILE_VARIABLES[1]: "/home/me/own.xml"}
    prepare_process(chosen)
    assert PROFILE_VARIABLES[0] not in chosen


def test_preparing_twice_changes_nothing():
    environ = {"AMENT_PREFIX_PATH": "/opt/ros/jazzy"}
    prepare_process(environ)
    once = dict(environ)
    prepare_process(environ)
    assert environ == once
    assert environ["AMENT_PREFIX_PATH"].split(os.pathsep)[0] == "/opt/ros/jazzy"


def test_a_child_starts_without_the_libraries_of_its_parents_wheels():
    site = f"{sys.prefix}/lib/python3.11/site-packages"
    own = [f"{sys.prefix}/lib", f"{site}/ros_rclpy.libs"]
    child = child_environment(
        {environment.BOOTSTRAP_VARIABLE: "1", "LD_LIBRARY_PATH": ":".join([*own, "/opt/cuda/lib"])}
    )
    assert environment.BOOTSTRAP_VARIABLE not in child
    assert child["LD_LIBRARY_PATH"] == "/opt/cuda/lib"
    child = child_environment(
        {environment.BOOTSTRAP_VARIABLE: "1", "LD_LIBRARY_PATH": ":".join(own)}
    )
    assert "LD_LIBRARY_PATH" not in child


def test_a_sourced_ros_keeps_its_library_path():
    child = child_environment({"LD_LIBRARY_PATH": "/opt/ros/jazzy/lib"})
    assert child["LD_LIBRARY_PATH"] == "/opt/ros/jazzy/lib"


def test_a_child_process_can_load_our_interfaces():
    code = "from nesf_ros.msg import VoxelMap; VoxelMap.__import_type_support__()"
    subprocess.run([sys.executable, "-c", code], env=child_environment(), check=True)


def test_the_profile_carries_a_map_message(root):
    """Segment and message sizes hold the largest map chunk that the configuration allows."""
    tree = ElementTree.parse(root / "config/fastdds.xml")
    size = {
        name: int(tree.findtext(f".//dds:{name}", namespaces=SPACE))
        for name in ("segment_size", "maxMessageSize")
    }
    assert size == {"segment_size": 64 << 20, "maxMessageSize": 32 << 20}
    kinds = [element.text for element in tree.findall(".//dds:type", SPACE)]
    assert kinds == ["SHM", "UDPv4"]

"""The launch file, run against a minimal `launch` that records what it is asked to do.

The real one exists only in a ROS 2 install, where `ros2 launch` runs the same file.
"""

import runpy
import sys
from types import ModuleType, SimpleNamespace

import pytest

from nesf_ros.ros.environment import PROFILE_VARIABLES


class Recorded(SimpleNamespace):
    """An action or description with its arguments."""

    def __init__(self, *args, **kwargs):
        super().__init__(args=args, **kwargs)


class DeclareLaunchArgument(Recorded):
    pass


class SetEnvironmentVariable(Recorded):
    pass


class OpaqueFunction(Recorded):
    pass


class Node(Recorded):
    pass


class LaunchDescription(Recorded):
    pass


class LaunchConfiguration(Recorded):
    def perform(self, context):
        return context[self.args[0]]


FAKES = {
    "launch": [LaunchDescription],
    "launch.actions": [DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable],
    "launch.substitutions": [LaunchConfiguration],
    "launch_ros": [],
    "launch_ros.actions": [Node],
}


@pytest.fixture
def actions(monkeypatch, root):
    """A function that runs the launch file: the recorded actions, in order."""
    for name, members in FAKES.items():
        module = ModuleType(name)
        for member in members:
            setattr(module, member.__name__, member)
        monkeypatch.setitem(sys.modules, name, module)
    for name in PROFILE_VARIABLES:
        monkeypatch.delenv(name, raising=False)

    def run():
        module = runpy.run_path(str(root / "launch/perception.launch.py"))
        (found,) = module["generate_launch_description"]().args
        return found

    return run


def of_kind(found, kind):
    return [action for action in found if isinstance(action, kind)]


def started(found, **given):
    """The node that is started when `given` is given on the command line."""
    defaults = {a.args[0]: a.default_value for a in of_kind(found, DeclareLaunchArgument)}
    assert given.keys() <= defaults.keys()
    (opaque,) = of_kind(found, OpaqueFunction)
    (node,) = opaque.function(defaults | given)
    return node


def test_every_argument_has_a_description(actions):
    arguments = of_kind(actions(), DeclareLaunchArgument)
    assert {a.args[0] for a in arguments} == {
        *("camera", "map_frame", "params_file", "namespace", "use_sim_time", "name"),
    }
    assert all(len(a.description) > 15 for a in arguments)


def test_the_profile_is_set_before_the_node_starts(actions, root):
    found = actions()
    kinds = [type(action) for action in found]
    assert kinds.index(OpaqueFunction) > kinds.index(SetEnvironmentVariable)
    profile = str(root / "config/fastdds.xml")
    variables = dict(action.args for action in of_kind(found, SetEnvironmentVariable))
    assert variables == dict.fromkeys(PROFILE_VARIABLES, profile)


def test_a_profile_of_the_user_stays(actions, monkeypatch):
    monkeypatch.setenv(PROFILE_VARIABLES[0], "/home/me/own.xml")
    assert of_kind(actions(), SetEnvironmentVariable) == []


def test_without_arguments_the_parameter_file_decides(actions, root):
    node = started(actions())
    assert (node.package, node.executable, node.name) == ("nesf_ros", "perception_node", "nesf")
    assert node.parameters == [str(root / "config/perception.yaml"), {"use_sim_time": False}]


def test_arguments_lie_on_top_of_the_parameter_file(actions):
    node = started(
        actions(),
        camera="/front, /back",
        map_frame="world",
        params_file="/etc/mine.yaml",
        namespace="robot1",
        use_sim_time="true",
        name="mapper",
    )
    assert (node.name, node.namespace) == ("mapper", "robot1")
    overrides = {"use_sim_time": True, "cameras": ["/front", "/back"], "map_frame": "world"}
    assert node.parameters == ["/etc/mine.yaml", overrides]

from dataclasses import dataclass

import pytest
from rcl_interfaces.msg import ParameterType
from rclpy.node import Node
from rclpy.parameter import Parameter

from nesf_ros.config import NesfConfig, PublishConfig
from nesf_ros.errors import ConfigError
from nesf_ros.ros import parameters
from nesf_ros.ros.node_config import NodeConfig
from nesf_ros.settings import Checked, setting, walk

pytestmark = pytest.mark.ros


@pytest.fixture
def make_node(ros_context):
    nodes = []

    def make(**given):
        overrides = [Parameter(name, value=value) for name, value in given.items()]
        nodes.append(
            Node(
                "settings",
                context=ros_context,
                automatically_declare_parameters_from_overrides=True,
                parameter_overrides=overrides,
                start_parameter_services=False,
            )
        )
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()


def test_every_setting_is_declared_with_its_description_and_range(make_node):
    node = make_node()
    configs = parameters.load(node, NodeConfig(), NesfConfig())
    assert configs == [NodeConfig(), NesfConfig()]
    settings = [leaf for config in configs for leaf in walk(config)]
    assert len(settings) > 40
    for name, item, value in settings:
        about = node.describe_parameter(name)
        assert about.description.startswith(item.metadata["doc"])
        assert about.read_only == (not item.metadata["live"])
        got = node.get_parameter(name).value
        assert (tuple(got) if isinstance(value, tuple) else got) == value
        ranges = [*about.floating_point_range, *about.integer_range]
        if item.metadata["low"] is None or isinstance(value, tuple):
            assert ranges == []
        else:
            ((low, high),) = [(r.from_value, r.to_value) for r in ranges]
            assert (low, high) == (item.metadata["low"], item.metadata["high"])


def test_choices_are_part_of_the_description(make_node):
    node = make_node()
    parameters.load(node, NodeConfig())
    assert node.describe_parameter("mask_camera").description.endswith("(color, depth)")


def test_what_is_given_replaces_the_default_in_its_own_configuration(make_node):
    node = make_node(**{"map_frame": "world", "map.voxel_size_m": 0.02, "cameras": ["/a", "/b"]})
    about_node, config = parameters.load(node, NodeConfig(), NesfConfig())
    assert about_node.map_frame == "world" and about_node.cameras == ("/a", "/b")
    assert config.map.voxel_size_m == 0.02
    assert node.get_parameter("map.voxel_size_m").value == 0.02


def test_an_integer_does_where_a_real_number_is_meant(make_node):
    (config,) = parameters.load(make_node(**{"map.max_depth_m": 4}), NesfConfig())
    assert config.map.max_depth_m == 4.0 and isinstance(config.map.max_depth_m, float)


@pytest.mark.parametrize(("given", "held"), [([1.0, 0.25], (1.0, 0.25)), ([1], (1.0,))])
def test_lists_of_numbers_come_as_tuples(make_node, given, held):
    node = make_node(**{"semantics.windows": given})
    (config,) = parameters.load(node, NesfConfig())
    assert config.semantics.windows == held
    sent = node.get_parameter("semantics.windows").to_parameter_msg()
    assert parameters.from_ros(Parameter.from_parameter_msg(sent).value) == held


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("semantics.windows", [1.0, 1.5], r"windows is 1.5; it must lie in \[0.05, 1.0\]"),
        ("map.voxelsize", 0.1, "parameter 'map.voxelsize'; did you mean 'map.voxel_size_m'"),
        ("camera", "/a", "unknown parameter 'camera'; did you mean 'cameras'"),
        ("map.voxel_size_m", 0.001, r"voxel_size_m is 0.001; it must lie in \[0.005, 1.0\]"),
        ("map.voxel_size_m", True, "voxel_size_m is True; it must be of type float"),
        ("frames.queue", 2.5, "queue is 2.5; it must be of type int"),
        ("autostart", "yes", "autostart is 'yes'; it must be of type bool"),
        ("mask_camera", "thermal", "mask_camera is 'thermal'; it must be one of color, depth"),
        ("cameras", "/a", "cameras is '/a'; it must be a list of strings"),
        ("cameras", [1, 2], "it must be a list of strings"),
        ("map.max_depth_m", float("nan"), "max_depth_m is nan; it must be finite"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_the_reason(make_node, name, value, said):
    with pytest.raises(ConfigError, match=said):
        parameters.load(make_node(**{name: value}), NodeConfig(), NesfConfig())


def test_parameters_of_rclpy_itself_are_left_alone(make_node):
    node = make_node(use_sim_time=True)
    parameters.load(node, NodeConfig())
    assert node.get_parameter("use_sim_time").value is True


def test_live_settings_are_taken_over():
    changed = [Parameter("publish.rate_hz", value=5), Parameter("elsewhere", value="ignored")]
    config = parameters.update(NesfConfig(), changed)
    assert config.publish.rate_hz == 5.0
    assert config == NesfConfig(publish=PublishConfig(rate_hz=5.0))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("publish.rate_hz", 31.0, r"rate_hz is 31.0; it must lie in \[0.05, 30.0\]"),
        ("publish.rate_hz", None, "rate_hz is None; it must be of type float"),
        ("map.voxel_size_m", 0.1, "map.voxel_size_m cannot change while the node runs; restart it"),
    ],
)
def test_changes_that_cannot_be_are_refused(name, value, said):
    kind = Parameter.Type.NOT_SET if value is None else None
    with pytest.raises(ConfigError, match=said):
        parameters.update(NesfConfig(), [Parameter(name, kind, value)])


@dataclass(frozen=True)
class Small(Checked):
    gain: float = setting(0.5, "a gain", low=0.0, high=1.0, live=True)
    seed: int = setting(1, "a seed", low=0, high=9)


def test_rclpy_itself_holds_ranges_and_read_only(make_node):
    node = make_node()
    parameters.load(node, Small())
    assert node.describe_parameter("gain").type == ParameterType.PARAMETER_DOUBLE
    high, seed = node.set_parameters([Parameter("gain", value=2.0), Parameter("seed", value=2)])
    assert not high.successful and "out of range" in high.reason
    assert not seed.successful and "read-only" in seed.reason

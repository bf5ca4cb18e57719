"""The node inside the test process, where types are checked too."""

import threading

import numpy as np
import pytest
from lifecycle_msgs.srv import GetState
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.service import Service

from nesf_ros.config import MapConfig
from nesf_ros.errors import ConfigError
from nesf_ros.ros.perception_node import PerceptionNode
from nesf_ros.srv import RenderView
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.storage import save_map

from .processes import AHEAD, WALL_M, Robot

pytestmark = pytest.mark.ros
SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE


@pytest.fixture
def make_node(ros_context, tmp_path):
    nodes = []

    def make(**parameters):
        parameters = {"map.folder": str(tmp_path), "self_check_s": 0.0, **parameters}
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        nodes.append(
            PerceptionNode(context=ros_context, namespace="/inside", parameter_overrides=overrides)
        )
        return nodes[-1]

    yield make
    for node in nodes:
        node.close()
        node.destroy_node()


def start(node: PerceptionNode) -> None:
    assert node.trigger_configure() == SUCCESS
    assert node.trigger_activate() == SUCCESS


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"publish.rate": 1.0}, "unknown parameter 'publish.rate'; did you mean 'publish.rate_hz'"),
        ({"map.voxel_size_m": 7.0}, r"voxel_size_m is 7.0; it must lie in \[0.005, 1.0\]"),
        ({"cameras": ["/a", "/b", "/a"]}, "cameras names '/a' twice"),
        ({"cameras": [""]}, "cameras names ''"),
        ({"cameras": ["/a"], "mask_images": ["", "x.png"]}, "2 mask_images for 1 cameras"),
    ],
)
def test_parameters_that_cannot_be_are_refused(make_node, parameters, said):
    with pytest.raises(ConfigError, match=said):
        make_node(**parameters)


@pytest.mark.parametrize(
    "parameters", [{"map.device": "abacus"}, {"map.autosave_name": "../house"}]
)
def test_a_node_that_cannot_be_configured_stays_unconfigured(make_node, parameters):
    node = make_node(**parameters)
    assert node.trigger_configure() == FAILURE
    assert node._state_machine.current_state[1] == "unconfigured"


def test_weights_that_are_missing_are_told_at_the_start(make_node, capfd):
    node = make_node(**{"unseen.hidden": "/no/such.safetensors"})
    assert node.trigger_configure() == SUCCESS  # it can do all the rest
    assert "unseen.hidden: there are no weights at /no/such.safetensors" in capfd.readouterr().err


def test_a_node_that_cannot_be_activated_listens_to_nothing(make_node):
    node = make_node(cameras=["/a", "/b"], mask_images=["", "/no/such.png"])
    before = len(list(node.subscriptions))
    assert node.trigger_configure() == SUCCESS
    assert node.trigger_activate() == FAILURE
    assert node._state_machine.current_state[1] == "inactive"
    assert len(list(node.subscriptions)) == before


def test_a_saved_map_that_does_not_fit_is_kept_aside(make_node, tmp_path):
    old = tmp_path / "house.nesfmap"
    save_map(VoxelMap(MapConfig(voxel_size_m=0.1)), old)
    data = old.read_bytes()
    node = make_node(**{"map.autosave_name": "house"})
    assert node.trigger_configure() == SUCCESS
    assert not old.exists()
    assert (tmp_path / "house.unused.nesfmap").read_bytes() == data


def test_the_rate_of_the_map_topic_is_live(make_node):
    node = make_node(**{"publish.rate_hz": 0.5})
    start(node)
    assert node._publish_timer.timer_period_ns == 2_000_000_000
    (result,) = node.set_parameters([Parameter("publish.rate_hz", value=4)])  # an int will do
    assert result.successful
    assert node._publish_timer.timer_period_ns == 250_000_000
    assert node.engine.mapper.config.publish.rate_hz == 4.0


def test_shutting_down_while_active_saves_the_map(make_node, tmp_path):
    node = make_node(cameras=["/inside"], **{"map.autosave_name": "house", "map.autosave_s": 0.0})
    start(node)
    node.engine.mapper.reset()  # a change
    assert node.trigger_shutdown() == SUCCESS
    assert (tmp_path / "house.nesfmap").exists()
    assert node.cameras == []


@pytest.fixture
def streaming(make_node, ros_context):
    """A node that spins beside a robot, and that robot's camera."""
    node = make_node(cameras=["/inside"], **{"publish.rate_hz": 30.0})
    start(node)
    robot = Robot(ros_context)
    robot._executor.add_node(node)
    camera = robot.camera("/inside")
    robot.connect(camera)
    yield node, robot, camera
    robot.destroy_node()


def test_pictures_of_the_map_do_not_wait_for_what_is_imagined(streaming):
    node, robot, camera = streaming
    camera.send()
    robot.wait(lambda: node.cameras[0].integrated == 1)
    imagined = threading.Event()
    imagining = node.engine.preparers["unseen"].call(imagined.wait)
    view = robot.call("/inside/nesf", RenderView, "render_view", pose=AHEAD, width=16, height=12)
    assert view.success, view.message
    assert not imagining.done()
    imagined.set()


def test_a_reply_that_the_middleware_drops_is_sent_again(ros_context, make_node, monkeypatch):
    lost, send = [], Service.send_response

    def drop_first(service, response, header):
        if service.srv_name.endswith("get_state") and not lost:
            lost.append(response)
            raise SystemError("result with an exception set") from RuntimeWarning("timeout")
        send(service, response, header)

    monkeypatch.setattr(Service, "send_response", drop_first)
    robot = Robot(ros_context)
    robot._executor.add_node(make_node())
    assert robot.call("/inside/nesf", GetState, "get_state").current_state.label == "unconfigured"
    assert lost
    robot.destroy_node()


def test_frames_reset_and_pause(streaming):
    node, robot, camera = streaming
    for _ in range(3):
        camera.send()
    (counted,) = node.cameras
    robot.wait(lambda: counted.integrated == 3)
    node.engine.reset()
    camera.send()
    robot.wait(lambda: counted.integrated == 4)
    node.engine.pause(True)
    camera.send()
    robot.wait(lambda: counted.frames_dropped.counts() == {"paused": 1})
    counts = counted.sync.counts
    assert (counts.received, counts.pairs, counts.pending) == (10, 5, 0)


def test_no_view_is_made_unless_somebody_subscribes(streaming, monkeypatch):
    from nesf_ros.ros import publishing

    node, robot, camera = streaming
    made = []

    def spy(name):
        original = getattr(publishing, name)
        monkeypatch.setattr(publishing, name, lambda *args: made.append(name) or original(*args))

    encoded = []
    monkeypatch.setattr(
        node.engine.map_topics.stream, "_encode", lambda index: encoded.append(1) or []
    )
    for name in ("occupied_voxels", "occupancy_slice", "create_cloud"):
        spy(name)
    camera.send()
    robot.wait(lambda: node.cameras[0].integrated == 1)
    robot.spin(0.2)
    assert made == [] and encoded == []
    from nav_msgs.msg import OccupancyGrid

    grids = []
    robot.create_subscription(OccupancyGrid, "/inside/nesf/slice", grids.append, 1)
    robot.wait(lambda: grids)
    assert set(made) == {"occupancy_slice"} and encoded == []
    # The wall stands at 1.525 m; what lies before it is free, what lies behind is unknown.
    grid = grids[-1]
    cells = np.array(grid.data).reshape(grid.info.height, grid.info.width)
    column = ((np.array([0.8, WALL_M, 1.9]) - grid.info.origin.position.x) / 0.05).astype(int)
    row = int((0.025 - grid.info.origin.position.y) / 0.05)
    assert cells[row, column].tolist() == [0, 100, -1]
    made.clear()
    robot.spin(0.2)
    assert made == []  # nothing has changed since
    (result,) = node.set_parameters([Parameter("publish.slice_max_m", value=0.2)])
    assert result.successful
    shown = len(grids)
    robot.wait(lambda: len(grids) > shown)  # a live setting shows at once

"""Starting, stopping, being killed, and being managed."""

import signal
import time

import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rosgraph_msgs.msg import Clock

from nesf_ros.srv import GetMap, RenderView, Reset
from nesf_ros.types import OCCUPIED
from nesf_ros.voxels.storage import read_map_file

from .processes import WALL_M, NodeProcess, Robot, blocks_of, stamp, states, wall

pytestmark = pytest.mark.ros

WALL = (WALL_M, 0.0, 1.0)


def change(robot: Robot, node: NodeProcess, transition: int) -> bool:
    reply = robot.call(node, ChangeState, "change_state", transition=Transition(id=transition))
    return reply.success


def state(robot: Robot, node: NodeProcess) -> str:
    return robot.call(node, GetState, "get_state").current_state.label


def test_a_node_that_was_killed_has_its_map_back(robot, start_node, tmp_path):
    keep = {"cameras": ["/kept"], "map.folder": str(tmp_path), "map.autosave_name": "house"}
    node = start_node("/one", **keep, **{"map.autosave_s": 0.3}).wait_until_active()
    camera = robot.camera("/kept")
    robot.connect(camera)
    camera.send()
    robot.counts(node, camera, integrated=1)
    file = tmp_path / "house.nesfmap"
    robot.wait(file.exists, "the automatic save")
    robot.spin(0.5)
    before = robot.call(node, GetMap, "get_map").map
    assert node.end(signal.SIGKILL) == -signal.SIGKILL

    again = start_node("/two", **keep, **{"map.autosave_s": 0.0}).wait_until_active()
    after = robot.call(again, GetMap, "get_map").map
    assert states(blocks_of(after)) == states(blocks_of(before))
    assert list(robot.look_up(again, WALL).state) == [OCCUPIED]
    # What was reset on purpose does not come back. Ctrl-C saves, although nothing else would.
    assert robot.call(again, Reset, "reset").success
    assert again.end(signal.SIGINT) == 0
    assert "Traceback" not in again.log
    about, _ = read_map_file(file, 2**20)
    assert about["submaps"] == []


def test_it_ends_quietly_with_requests_under_way(robot, start_node):
    node = start_node("/busy", cameras=["/busy_eye"]).wait_until_active()
    camera = robot.camera("/busy_eye")
    robot.connect(camera)
    camera.send()
    robot.counts(node, camera, integrated=1)
    for _ in range(3):
        robot.request(node, RenderView, "render_view", width=1000, height=1000)
    robot.spin(0.1)
    assert node.end(signal.SIGINT) == 0
    assert "Traceback" not in node.log and "exception" not in node.log.lower()


def test_two_managed_nodes_in_two_namespaces(robot, start_node):
    left = start_node("/left", cameras=["/left_eye"], autostart=False, use_sim_time=True)
    right = start_node("/right", cameras=["/right_eye"]).wait_until_active()
    eyes = {left: robot.camera("/left_eye"), right: robot.camera("/right_eye")}
    assert state(robot, left) == "unconfigured"
    assert "not configured" in robot.call(left, GetMap, "get_map").message
    assert change(robot, left, Transition.TRANSITION_CONFIGURE)
    assert not robot.call(left, GetMap, "get_map").map.block_index  # configured: it answers
    assert change(robot, left, Transition.TRANSITION_ACTIVATE)
    robot.connect(*eyes.values())
    clock = robot.create_publisher(Clock, "/clock", 10)
    clock.publish(Clock(clock=stamp(1000 * 10**9)))
    for _ in range(2):
        eyes[left].send()
    eyes[right].send()
    robot.counts(left, eyes[left], integrated=2)
    robot.counts(right, eyes[right], integrated=1)

    assert change(robot, left, Transition.TRANSITION_DEACTIVATE)
    eyes[left].send()
    assert list(robot.look_up(left, WALL).state) == [OCCUPIED]
    assert change(robot, left, Transition.TRANSITION_ACTIVATE)
    robot.connect(*eyes.values())
    eyes[left].send()
    robot.counts(left, eyes[left], integrated=1)  # counted anew, and in balance

    # Cleaned up with a request under way: that is answered, and the map is gone.
    assert change(robot, left, Transition.TRANSITION_DEACTIVATE)
    view = robot.request(left, RenderView, "render_view", width=1000, height=1000, deadline_s=15.0)
    robot.spin(0.05)
    assert change(robot, left, Transition.TRANSITION_CLEANUP)
    answer = robot.wait(lambda: view.done() and view.result(), "the view")
    assert answer.success or "not configured" in answer.message  # it may have come too late
    assert change(robot, left, Transition.TRANSITION_CONFIGURE)
    assert change(robot, left, Transition.TRANSITION_ACTIVATE)
    assert not robot.call(left, GetMap, "get_map").map.block_index
    assert change(robot, left, Transition.TRANSITION_ACTIVE_SHUTDOWN)
    assert state(robot, left) == "finalized"
    assert left.end() == 0 and "Traceback" not in left.log
    # One that makes no sense is refused.
    assert not change(robot, right, Transition.TRANSITION_ACTIVATE)
    assert state(robot, right) == "active"
    assert list(robot.look_up(right, WALL).state) == [OCCUPIED]
    assert right.end() == 0 and "Traceback" not in right.log


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"publish.rate": 1.0}, "did you mean 'publish.rate_hz'?"),
        ({"map.device": "abacus"}, "use auto, cpu, cuda or cuda:N"),
    ],
)
def test_a_node_that_cannot_start_says_why_and_exits_with_2(start_node, parameters, said):
    node = start_node(**parameters)
    assert node.process.wait(60.0) == 2
    assert said in node.log and "Traceback" not in node.log


def test_the_self_check_names_what_is_missing(robot, start_node):
    """One second instead of five; each camera lacks something else."""
    cameras = ["/absent", "/lossy", "/lost", "/blind", "/thumb"]
    still = {"reliability": "reliable", "self_check_s": 1.0, "frames.tf_wait_s": 0.1}
    node = start_node("/check", cameras=cameras, **still)
    lossy = robot.camera("/lossy", best_effort=True)
    lost = robot.camera("/lost", None)
    blind, thumb = robot.camera("/blind"), robot.camera("/thumb")
    node.wait_until_active()
    robot.wait(lambda: lost.connected() and blind.connected() and thumb.connected())
    robot.inform(lost, thumb)
    for _ in range(3):
        for camera in (lossy, lost, blind):
            camera.send()
        thumb.send(depth=wall() * 1000)
    robot.spin(1.0)
    node.wait_for_log("/thumb: the median depth is 1525 m")
    log = node.log
    assert "/absent/depth/image_raw: nobody publishes it. Topics of that type: " in log
    assert "/lossy/color/image_raw: QoS cannot match: " in log
    assert "Set the parameter reliability to best_effort." in log
    assert "tf_unknown_frame: TF does not know its frame, or the map frame" in log
    assert "Frames that TF knows: " in log
    assert "/blind/color/camera_info: has a publisher, but no message has come" in log
    assert "no_camera_info: No CameraInfo has arrived" in log
    assert node.end() == 0


def test_a_second_interrupt_does_not_cut_the_end_off(start_node):
    node = start_node("/hasty", cameras=["/hasty_eye"]).wait_until_active()
    node.process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    assert node.process.poll() is None  # it is ending
    assert node.end(signal.SIGINT) == 0 and "Traceback" not in node.log

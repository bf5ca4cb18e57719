"""The actions of a running node: feedback, results, and goals that are called off."""

from typing import Any

import pytest
from action_msgs.msg import GoalStatus
from geometry_msgs.msg import Point, Pose, Quaternion
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.action import ActionClient

from nesf_ros import action, srv

from .processes import START_S, WALL_M, NodeProcess, Robot

pytestmark = pytest.mark.ros

AHEAD = Pose(position=Point(z=1.0), orientation=Quaternion(x=-0.5, y=0.5, z=-0.5, w=0.5))
MANY = [f"thing number {number}" for number in range(500)]
KINDS = {
    "query_relevancy": (action.QueryRelevancy, srv.QueryRelevancy),
    "query_points": (action.QueryPoints, srv.QueryPoints),
    "render_view": (action.RenderView, srv.RenderView),
}


CLIENTS: dict[str, ActionClient] = {}
"""Of the one node."""
FEEDBACK: list[Any] = []
"""Of all goals."""


class Goal:
    """A goal that was accepted, and what is heard of it."""

    def __init__(self, robot: Robot, node: NodeProcess, name: str, **fields: Any):
        kind, _ = KINDS[name]
        self._robot = robot
        path = f"{node.name}/{name}"
        if name not in CLIENTS:
            CLIENTS[name] = ActionClient(robot, kind, path)
            # A client's own callback hears no more once it knows of the goal's end.
            topic, told = f"{path}/_action/feedback", kind.Impl.FeedbackMessage
            robot.create_subscription(told, topic, FEEDBACK.append, 100)
            robot.wait(CLIENTS[name].server_is_ready, name, START_S)
            robot.spin(0.5)  # the node must have found the client as well, or its answer is lost
        sent = CLIENTS[name].send_goal_async(kind.Goal(**fields))
        self.handle = robot.wait(lambda: sent.done() and sent.result(), "the goal's acceptance")
        assert self.handle.accepted
        self._answer = self.handle.get_result_async()

    @property
    def heard(self) -> list[tuple[str, float]]:
        """Stages and progress that the node has told."""
        told = [m.feedback for m in FEEDBACK if m.goal_id == self.handle.goal_id]
        return [(feedback.stage, feedback.progress) for feedback in told]

    @property
    def ended(self) -> bool:
        return self._answer.done()

    def call_off(self) -> int:
        """Returns how many goals are being cancelled."""
        asked = self.handle.cancel_goal_async()
        reply = self._robot.wait(lambda: asked.done() and asked.result(), "the cancellation")
        return len(reply.goals_canceling)

    def end(self, status: int) -> Any:
        """The result, once there is one; how it ended must be as expected."""
        answer = self._robot.wait(lambda: self.ended and self._answer.result(), "the result")
        assert answer.status == status, answer.result.message
        assert answer.result.success == (status == GoalStatus.STATUS_SUCCEEDED)
        return answer.result


def wait_until_heard(robot: Robot, node: NodeProcess, name: str) -> None:
    """Send goals until there is feedback: it is lost while the node has not found the client."""

    def heard() -> bool:
        goal = Goal(robot, node, name)
        robot.wait(lambda: goal.ended, "the end of a goal")
        robot.spin(0.1)
        return bool(goal.heard)

    robot.wait(heard, "feedback")


@pytest.fixture(scope="module")
def fresh(start_node, vision) -> NodeProcess:
    """Has seen nothing yet, and reads each text in 80 sentences: 500 texts take their time."""
    slow = {**vision, "vision.prompts": "imagenet"}
    return start_node("/deeds", cameras=["/pupil"], **slow).wait_until_active()


@pytest.fixture(scope="module")
def node(robot: Robot, fresh: NodeProcess) -> NodeProcess:
    """With a wall in its map, in words too, and nothing that changes it."""
    for name in KINDS:
        wait_until_heard(robot, fresh, name)
    node = fresh
    camera = robot.camera("/pupil")
    robot.connect(camera)
    while not robot.call(node, srv.GetMap, "get_map").map.block_index:
        camera.send()
    name = "deeds/nesf: language"
    robot.wait(lambda: int(robot.status.get(name, {}).get("voxels", 0)) > 100, "words")
    return node


def test_a_view_before_the_first_frame_is_black(robot, fresh):
    goal = Goal(robot, fresh, "render_view", pose=AHEAD, width=20, height=10)
    view = goal.end(GoalStatus.STATUS_SUCCEEDED)
    assert bytes(view.color.data) == bytes(20 * 10 * 3)


@pytest.mark.parametrize(
    ("name", "fields", "stages"),
    [
        (
            "query_relevancy",
            {"texts": ["wall", "a red mug"], "threshold": 1e-6},
            ["reading the texts", "asking the map", "comparing the map with the texts",
             "looking for wall", "looking for a red mug", "done"],
        ),
        (
            "query_points",
            {"points": [Point(x=WALL_M, z=1.0), Point(x=0.5, z=1.0)]},
            ["asking the map", "looking up the points", "done"],
        ),
        (
            "render_view",
            {"pose": AHEAD, "width": 64, "height": 48, "texts": ["a box"], "features": True},
            ["reading the texts", "getting ready", "asking the map", "casting rays",
             "looking up the points in words", "comparing the map with the texts",
             "packing the pictures", "done"],
        ),
    ],
    ids=["query_relevancy", "query_points", "render_view"],
)  # fmt: skip
def test_an_action_tells_its_steps_and_ends_like_the_service(robot, node, name, fields, stages):
    goal = Goal(robot, node, name, **fields)
    by_action = goal.end(GoalStatus.STATUS_SUCCEEDED)
    robot.wait(lambda: goal.heard and goal.heard[-1] == ("done", 1.0), "the last feedback")
    assert [stage for stage, _ in goal.heard] == stages
    shares = [share for _, share in goal.heard]
    assert shares[0] == 0.0 and shares == sorted(shares)
    by_service = robot.call(node, KINDS[name][1], name, **fields)
    assert by_service.success, by_service.message
    for field in by_service.get_fields_and_field_types():
        ours, theirs = getattr(by_action, field), getattr(by_service, field)
        assert repr(ours) == repr(theirs), field  # NaN is not equal to itself


def test_a_long_question_is_called_off(robot, node):
    goal = Goal(robot, node, "query_relevancy", texts=MANY)
    beside = Goal(robot, node, "query_relevancy", texts=["mug"])
    assert beside.end(GoalStatus.STATUS_SUCCEEDED).answers and not goal.ended
    robot.wait(lambda: len(goal.heard) > 3, "steps")
    assert goal.call_off() == 1
    result = goal.end(GoalStatus.STATUS_CANCELED)
    assert "called off" in result.message and not result.answers and result.map_sequence
    assert list(robot.look_up(node, (WALL_M, 0.0, 1.0)).state) == [2]
    assert goal.heard[-1][1] < 1.0


def test_a_goal_that_cannot_be_met_is_aborted_with_the_reason(robot, node):
    empty = Goal(robot, node, "query_relevancy", texts=[" "])
    assert "empty text" in empty.end(GoalStatus.STATUS_ABORTED).message
    late = Goal(robot, node, "query_relevancy", texts=MANY, deadline_s=0.05)
    message = late.end(GoalStatus.STATUS_ABORTED).message
    assert message == "not answered within 0.05 s; the map is busy or too large"
    lost = Goal(robot, node, "render_view", pose=AHEAD, frame_id="moon")
    assert "'moon' is not known" in lost.end(GoalStatus.STATUS_ABORTED).message


def test_goals_of_a_node_that_is_not_configured_and_of_one_that_ends(robot, node):
    """The last test: it takes the node down, twice with a question under way."""
    assert "Traceback" not in node.log

    def change(transition: int) -> bool:
        request = Transition(id=transition)
        return robot.call(node, ChangeState, "change_state", transition=request).success

    assert change(Transition.TRANSITION_DEACTIVATE)
    cut_off = Goal(robot, node, "query_relevancy", texts=MANY)
    robot.wait(lambda: len(cut_off.heard) > 1, "steps")
    assert change(Transition.TRANSITION_CLEANUP)
    assert "not configured" in cut_off.end(GoalStatus.STATUS_ABORTED).message
    unmet = Goal(robot, node, "render_view", pose=AHEAD)
    assert "not configured" in unmet.end(GoalStatus.STATUS_ABORTED).message

    assert change(Transition.TRANSITION_CONFIGURE)
    view = Goal(robot, node, "render_view", pose=AHEAD, width=1000, height=1000)
    assert node.end() == 0
    assert not view.ended or view.end(GoalStatus.STATUS_SUCCEEDED)
    assert "Traceback" not in node.log and "exception" not in node.log.lower()

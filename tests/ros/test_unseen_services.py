"""Services about what no camera has seen, with answers that are made by hand."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from action_msgs.msg import GoalStatus
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Pose, PoseStamped
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Header
from visualization_msgs.msg import Marker, MarkerArray

from nesf_ros import action, srv
from nesf_ros.errors import QueryError
from nesf_ros.msg import Region
from nesf_ros.ros.convert import matrix_to_pose, pose_to_matrix
from nesf_ros.ros.convert_unseen import probability_of, winners_of
from nesf_ros.ros.publishing import LATCHED
from nesf_ros.ros.unseen_services import UnseenServices, about_located, check_size
from nesf_ros.semantics.completion.gathering import Gathered
from nesf_ros.semantics.completion.imagining import Space
from nesf_ros.semantics.completion.lattice import Grid
from nesf_ros.semantics.completion.results import Pieces, Reference
from nesf_ros.types import Box
from nesf_ros.unseen import Unseen

from .test_serving import WAIT_S, Bench, config  # noqa: F401 - a fixture
from .unseen_answers import GRID, LOOKING, MOMENT, completed, located

pytestmark = pytest.mark.ros
LOOKS = 4
WORDS = ["keys", "box"]


class Dreams(Unseen):
    """In the place of `Unseen`: looks at a picture each time it is let, answers what it is told."""

    def __init__(self):
        self.turns = threading.Semaphore(10**6)
        self.grid = GRID
        self.begun, self.replaced = 0, False
        self.asked, self.threads = [], []

    def gather(self, *question):
        return self._gathered("gather", *question)

    def gather_hidden(self, *question):
        return self._gathered("gather_hidden", *question)

    def complete(self, gathered, threshold, progress):
        return self._looked("complete", gathered, threshold, progress, completed())

    def locate(self, gathered, threshold, progress):
        answer = located()
        blind = tuple(replace(region, viewpoint=None) for region in answer.regions)
        blind = replace(answer, regions=blind)
        return self._looked("locate", gathered, threshold, progress, blind)

    def viewpoints(self, answer, seen):
        self._note("viewpoints")
        np.testing.assert_array_equal(seen.world_T_camera, np.eye(4))
        (blind,) = answer.regions  # one at a time, for frames to come between
        seen = [region for region in located().regions if region.lower_m == blind.lower_m]
        assert blind.viewpoint is None
        return replace(answer, regions=tuple(seen))

    def check(self, moment):
        assert moment == MOMENT
        if self.replaced:
            raise QueryError("the map was replaced")

    def forget(self, keyframe):
        """Of no use here."""

    def _note(self, step):
        self.threads.append((step, threading.current_thread().name))

    def _gathered(self, step, *question):
        *asked, check = question
        self._note(step)
        check(self.grid)
        self.asked.append(tuple(asked))
        nowhere = torch.zeros(24, dtype=torch.bool)
        return Gathered(
            ("here",),
            Space(self.grid, torch.zeros(24, dtype=torch.uint8), nowhere, nowhere, ()),
            MOMENT,
            Pieces(),
        )

    def _looked(self, step, gathered, threshold, progress, answer):
        self._note(step)
        assert gathered.texts == ("here",)
        self.asked.append(threshold)
        for number in range(LOOKS):
            progress("looking at what was seen", number / LOOKS)
            self.begun += 1
            assert self.turns.acquire(timeout=WAIT_S)
        return answer


class UnseenBench(Bench):
    kinds = {"complete_objects": srv.CompleteObjects, "locate_hidden": srv.LocateHidden}
    twin = "locate_hidden", action.LocateHidden

    def serve(self, node):
        return [UnseenServices(node, "map")]


@pytest.fixture
def bench(ros_context, config):  # noqa: F811 - a fixture
    bench = UnseenBench(ros_context, config)
    bench.let()
    for part in bench.mapper.unread(WORDS):
        bench.mapper.read(part)
    bench.mapper.unseen = Dreams()
    yield bench
    bench.mapper.unseen.turns.release(10**6)
    bench.close()


def heard_on(bench, kind, topic):
    """What a late subscriber hears."""
    messages = []
    bench.nodes[1].create_subscription(kind, topic, messages.append, LATCHED)
    bench.wait(lambda: messages)
    return messages[-1]


def test_things_are_completed(bench):
    texts = ["sofa", "chair", "zorb"]
    region = Region(lower=Point(x=1.0, y=2.0, z=-0.5), upper=Point(x=1.5, y=2.75, z=0.5))
    asked = {"texts": texts, "region": region, "resolution": 0.25, "threshold": 0.5}
    reply = bench.reply(bench.ask("complete_objects", **asked))
    assert reply.success and reply.message == "unknown to the model: zorb"
    assert bench.mapper.unseen.asked == [
        (texts, Box((1.0, 2.0, -0.5), (1.5, 2.75, 0.5)), 0.25), 0.5
    ]  # fmt: skip
    assert [answer.text for answer in reply.objects] == texts
    assert [answer.exists for answer in reply.objects] == [True, False, False]
    assert reply.frame_id == "map" and reply.threshold == 0.5
    assert reply.map_sequence == MOMENT.revision  # of the map that was asked
    assert reply.stamp == reply.winners.header.stamp == Time(sec=5, nanosec=1)
    assert reply.observed == pytest.approx(2 / 24)
    sofa = probability_of(reply.objects[0].grid)
    known = ~np.isnan(sofa)
    expected = completed().probability[0]
    np.testing.assert_allclose(sofa[known], expected[known], atol=1 / 254 + 1e-6)
    np.testing.assert_array_equal(winners_of(reply.winners), completed().winner)
    assert heard_on(bench, PointCloud2, "nesf/completion").width == 3


def test_a_hidden_thing_is_located(bench):
    reply = bench.reply(bench.ask("locate_hidden", description="the keys in the drawer"))
    assert reply.success and reply.message == ""
    description, viewer, region = bench.mapper.unseen.asked[0]
    assert str(description) == "keys in the drawer" and region is None
    np.testing.assert_array_equal(viewer, np.eye(4))
    (camera,) = bench.mapper.newest
    assert reply.camera == camera
    assert (reply.target, reply.relation, reply.reference) == ("keys", "in", "drawer")
    assert reply.reference_found and reply.reference_score == 0.625 and reply.threshold == 0.25
    assert [region.has_viewpoint for region in reply.regions] == [True, False]
    np.testing.assert_allclose(pose_to_matrix(reply.viewpoint), LOOKING, atol=1e-9)
    found = probability_of(reply.probability)
    known = ~np.isnan(found)
    np.testing.assert_allclose(found[known], located().probability[known], atol=1 / 254 + 1e-6)
    assert reply.target_known and reply.map_sequence == MOMENT.revision
    assert heard_on(bench, PointCloud2, "nesf/hidden").width == 2
    markers = heard_on(bench, MarkerArray, "nesf/hidden_markers").markers
    assert len(markers) == 6 and markers[0].action == Marker.DELETEALL


def test_relations_are_seen_from_where_the_request_says(bench):
    pose = matrix_to_pose(LOOKING)
    viewpoint = PoseStamped(header=Header(frame_id="map"), pose=pose)
    parts = {"target": "keys", "relation": "behind", "reference": "box"}
    assert bench.reply(bench.ask("locate_hidden", viewpoint=viewpoint, **parts)).success
    description, viewer, _ = bench.mapper.unseen.asked[0]
    assert str(description) == "keys behind the box"
    np.testing.assert_allclose(viewer, LOOKING, atol=1e-9)


def test_one_of_several_cameras_is_asked_for(bench):
    (front,) = bench.mapper.newest.values()
    pose = np.eye(4)
    pose[0, 3] = -1.0
    rear = replace(front, rgbd=replace(front.rgbd, camera="/rear"), world_T_camera=pose)
    bench.mapper.newest["/rear"] = rear  # the last one
    ask = {"description": "keys in the drawer", "camera": front.rgbd.camera}
    reply = bench.reply(bench.ask("locate_hidden", **ask))
    assert reply.success and reply.camera == front.rgbd.camera
    np.testing.assert_array_equal(bench.mapper.unseen.asked[0][1], np.eye(4))
    unknown = bench.reply(bench.ask("locate_hidden", **{**ask, "camera": "/side"}))
    assert not unknown.success
    assert "no image of camera '/side'" in unknown.message and "'/rear'" in unknown.message


@pytest.mark.parametrize(
    ("name", "fields", "steps"),
    [
        ("complete_objects", {"texts": ["sofa"]}, ["gather", "complete"]),
        ("locate_hidden", {"description": "keys in a box"},
         ["gather_hidden", "locate", "viewpoints", "viewpoints"]),
    ],
    ids=["complete_objects", "locate_hidden"],
)  # fmt: skip
def test_frames_go_into_the_map_while_keyframes_are_looked_at(bench, name, fields, steps):
    dreams = bench.mapper.unseen
    dreams.turns = threading.Semaphore(0)
    asked = bench.ask(name, **fields)
    for turn in range(1, 3):
        bench.wait(lambda turn=turn: dreams.begun == turn)
        bench.take_frames(2)
        assert dreams.begun == turn and not asked.done()
        dreams.turns.release()
    dreams.turns.release(LOOKS)
    assert bench.reply(asked).success and len(bench.integrated) == 4
    threads = ["nesf-worker", "prepares", "nesf-worker", "nesf-worker"]
    assert dreams.threads == list(zip(steps, threads[: len(steps)], strict=True))


def test_a_goal_tells_of_each_look_and_is_called_off(bench):
    dreams, looks = bench.mapper.unseen, []
    dreams.turns = threading.Semaphore(0)

    def hear(message):
        if message.feedback.stage == "looking at what was seen":
            looks.append(message.feedback.progress)

    goal = action.LocateHidden.Goal(description="keys in a box")
    goal = bench.reply(bench.actions.send_goal_async(goal, feedback_callback=hear))
    bench.wait(lambda: dreams.begun == 1)
    dreams.turns.release(2)  # the client knows of its goal now, and hears all that comes
    bench.wait(lambda: len(looks) >= 2 and looks[-1] > 0.2)
    # Nothing had to be read: four looks are 0.8 of 0.7 of it all.
    np.testing.assert_allclose(looks[-2:], [0.56 / 4, 0.56 / 2], rtol=1e-6)
    bench.wait(lambda: dreams.begun == 3)
    asked = goal.get_result_async()
    bench.reply(goal.cancel_goal_async())
    result = bench.reply(asked)
    assert result.status == GoalStatus.STATUS_CANCELED and "called off" in result.result.message
    dreams.turns.release(LOOKS)
    bench.preparer.call(lambda: None).result(WAIT_S)
    assert dreams.begun == 3 and "viewpoints" not in dict(dreams.threads)


def test_texts_are_read_while_keyframes_are_looked_at(bench):
    dreams = bench.mapper.unseen
    dreams.turns = threading.Semaphore(0)
    looking = bench.ask("complete_objects", texts=["box"])
    bench.wait(lambda: dreams.begun == 1)
    bench.ask("locate_hidden", description="mug on a shelf")
    bench.wait(lambda: "shelf" in bench.model.read)
    assert not looking.done()


def test_what_was_found_in_a_map_that_is_gone_is_not_told(bench):
    bench.mapper.unseen.replaced = True
    for name, fields in (
        ("complete_objects", {"texts": ["sofa"]}),
        ("locate_hidden", {"description": "keys in a box"}),
    ):
        reply = bench.reply(bench.ask(name, **fields))
        assert not reply.success and reply.message == "the map was replaced"
        assert reply.map_sequence == bench.mapper.map.revision


def test_looking_has_a_deadline(bench):
    bench.mapper.unseen.turns = threading.Semaphore(0)
    reply = bench.reply(bench.ask("complete_objects", texts=["sofa"], deadline_s=0.3))
    assert reply.message == "not answered within 0.3 s; the map is busy or too large"


def test_what_cannot_be_asked_is_refused_with_the_reason(bench):
    lost = PoseStamped(pose=Pose(position=Point(x=1.0)))
    base_link = PoseStamped(header=Header(frame_id="map"), pose=Pose(position=Point(x=1.0)))
    upside_down = Region(lower=Point(z=1.0), upper=Point(x=1.0, y=1.0))
    for name, fields, message in (
        ("complete_objects", {}, "0 texts; give 1 to 255 at a time"),
        ("complete_objects", {"texts": ["x"] * 256}, "256 texts"),
        ("complete_objects", {"texts": ["x"], "region": upside_down}, "above its lower bound"),
        ("locate_hidden", {}, "target and relation and reference missing"),
        ("locate_hidden", {"description": "keys near the box"}, "none of the relations"),
        ("locate_hidden", {"description": "keys in a box", "viewpoint": lost}, "no frame_id"),
        ("locate_hidden", {"description": "keys in a box", "viewpoint": base_link}, "straight up"),
    ):
        reply = bench.reply(bench.ask(name, **fields))
        assert not reply.success and message in reply.message, reply.message
    assert not bench.mapper.unseen.asked


def test_what_no_reply_could_hold_is_refused_before_it_is_looked_at(bench):
    bench.mapper.unseen.grid = Grid((0.0, 0.0, 0.0), 0.01, (200, 300, 250))
    reply = bench.reply(bench.ask("complete_objects", texts=["sofa"]))
    assert reply.message == (
        "2 x 200 x 300 x 250 voxels take 29 MiB, one reply at most 28; ask for a smaller region, "
        "a coarser resolution or fewer texts"
    )
    assert bench.mapper.unseen.threads == [("gather", "nesf-worker")]
    assert not bench.mapper.unseen.asked  # nothing was gathered
    check_size(bench.mapper.unseen.grid, 1, "nothing")  # half of that may be sent
    with pytest.raises(QueryError, match="ask for a smaller region"):
        check_size(bench.mapper.unseen.grid, 2, "a smaller region")


def test_without_a_model_the_reply_says_so(bench):
    bench.mapper.language = None
    reply = bench.reply(bench.ask("complete_objects", texts=["sofa"]))
    assert not reply.success and "no vision-language model" in reply.message


def test_what_is_to_know_about_a_place():
    assert about_located(located(), []) == ""
    assert about_located(located(reference_found=False), ["zorb"]) == (
        "unknown to the model: zorb; no drawer is found in the map (0.62 at best)"
    )
    assert about_located(located(regions=False), []) == (
        "no place is probable enough (0.750 at best; 0.250 would be)"
    )
    elsewhere = replace(located(), reference=Reference(True, 0.9, False), unshown=2)
    assert about_located(elsewhere, []) == (
        "the drawer that is found lies outside of the space that was searched; no keyframe shows 2 "
        "of the cubes of the region, where nothing was imagined"
    )
    wide = tuple(replace(region, too_wide=True) for region in located().regions)
    assert about_located(replace(located(), regions=wide), []) == (
        "too many voxels around 2 of the places to look for viewpoints"
    )
    many = replace(located(), regions=located().regions * 16)
    assert about_located(many, []) == "the best 32 places are told"

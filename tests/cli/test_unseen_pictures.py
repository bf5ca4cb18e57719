"""Pictures of a node's answers about what no camera has seen."""

from dataclasses import dataclass
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from geometry_msgs.msg import Point
from std_msgs.msg import Header

from nesf_ros.cli.imagined import SEEN, UNSEEN
from nesf_ros.cli.questions import imagine
from nesf_ros.cli.unseen_pictures import save_completed, save_located
from nesf_ros.errors import QueryError
from nesf_ros.msg import CompletedObject, HiddenRegion, Instance, TextAnswer
from nesf_ros.ros import map_client
from nesf_ros.ros.convert import matrix_to_pose
from nesf_ros.ros.convert_unseen import probability_message, winners_message
from nesf_ros.ros.map_client import MapClient
from nesf_ros.semantics.completion.imagining import IMAGINED
from nesf_ros.semantics.completion.lattice import Grid
from nesf_ros.semantics.hidden.descriptions import Description, parse_description
from nesf_ros.srv import CompleteObjects, LocateHidden
from nesf_ros.types import OCCUPIED, UNOBSERVED, View

GRID = Grid((1.0, 2.0, 0.0), 0.1, (4, 3, 2))
SURE = np.full(GRID.shape, IMAGINED, np.uint8)


@dataclass(frozen=True)
class Answers:
    """What `query_points` answers."""

    state: np.ndarray


class Client(MapClient):
    """A map that shows nothing; below x = 1.2 m it was observed."""

    def __init__(self):
        """No node."""

    def query_points(self, points):
        self.asked = points
        return Answers(np.where(points[:, 0] < 1.2, OCCUPIED, UNOBSERVED).astype(np.uint8))

    def render_view(self, camera, pose, max_range_m, region, wanted):
        size = camera.height, camera.width
        black, nothing = np.zeros((*size, 3), np.uint8), np.zeros(size, np.float32)
        return View(black, nothing, np.zeros((*size, 3), np.float32))


def colors_in(path):
    """Which colours of voxels can be told in a picture, lightened as they are."""
    pixels = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB).reshape(-1, 3).astype(int)
    mixed = {"seen": SEEN, "unseen": UNSEEN}
    return {
        name
        for name, color in mixed.items()
        if (np.abs(pixels - (0.75 * np.array(color) + 0.25 * 243)) < 6).all(1).any()
    }


def completed(winner, *things):
    grid = winners_message(winner, GRID, Header())
    answer = CompletedObject(text="Red box!", exists=bool(things), instances=things)
    return CompleteObjects.Response(objects=[answer], winners=grid)


def test_what_was_won_is_drawn_by_what_was_seen(tmp_path):
    winner = np.zeros(GRID.shape, np.uint8)
    winner[0, 1, 1] = winner[3, 1, 1] = winner[0, 0, 0] = 1
    winner[2] = 2  # of another text
    client = Client()
    best = Instance(lower=Point(x=1.0, y=2.1, z=0.1), upper=Point(x=1.4, y=2.2, z=0.2))
    path = save_completed(client, completed(winner, best, Instance()), 0, tmp_path)
    assert path == tmp_path / "whole-red-box.png"
    assert client.asked == pytest.approx(np.array([[1.05, 2.15, 0.15], [1.35, 2.15, 0.15]]))
    assert colors_in(path) == {"seen", "unseen"}


def test_without_any_voxel_there_is_no_picture(tmp_path):
    assert save_completed(Client(), completed(np.zeros(GRID.shape, np.uint8)), 0, tmp_path) is None
    nowhere = probability_message(np.zeros(GRID.shape, np.float32), SURE, GRID, Header())
    reply = LocateHidden.Response(probability=nowhere, threshold=0.2)
    assert save_located(Client(), reply, tmp_path) is None
    assert not list(tmp_path.iterdir())


def test_hidden_places_have_arrows_of_their_viewpoints(tmp_path):
    probability = np.zeros(GRID.shape, np.float32)
    probability[1:3, 1, 1] = 0.5
    pose = np.eye(4)
    pose[:3, 3] = 1.2, 2.1, 0.6
    said = {"target": "keys", "relation": "behind", "reference": "box", "threshold": 0.5}
    pictures = []
    for has_viewpoint in (False, True):
        region = HiddenRegion(has_viewpoint=has_viewpoint, viewpoint=matrix_to_pose(pose))
        reply = LocateHidden.Response(
            probability=probability_message(probability, SURE, GRID, Header()),
            regions=[region],
            **said,
        )
        path = save_located(Client(), reply, tmp_path)
        assert path == tmp_path / "keys-behind-the-box.png"
        pictures.append(cv2.imread(str(path)))
    without, having = pictures
    assert (without != having).any()


class Asked(Client):
    """Refuses to complete, or answers and notes how it was asked for hidden things."""

    def __init__(self, refusal=""):
        self.refusal, self.said = refusal, []

    def complete(self, texts, region):
        if self.refusal:
            raise QueryError(self.refusal)
        reply = completed(np.zeros(GRID.shape, np.uint8))
        reply.objects[0].text = texts[0]
        return reply

    def locate(self, description, region):
        self.said.append(parse_description(description))
        nowhere = probability_message(np.zeros(GRID.shape, np.float32), SURE, GRID, Header())
        return LocateHidden.Response(probability=nowhere, threshold=0.2, message="nowhere")


def found(text):
    return TextAnswer(
        text=text, exists=True, instances=[Instance(upper=Point(x=1.0, y=1.0, z=1.0))]
    )


def test_a_refusal_does_not_end_the_demo(tmp_path):
    client, told = Asked("the region takes 99 cubes"), []
    summary = imagine(client, found("a wall"), tmp_path, told.append)
    assert summary == {"unseen": "the region takes 99 cubes"} and not client.said
    assert "the region takes 99 cubes" in told[-1]


@pytest.mark.parametrize(
    ("text", "reference"),
    [("a washing machine", "washing machine"), ("a plant in a pot", "plant in a pot")],
)
def test_what_was_found_is_a_reference_whatever_its_words(tmp_path, text, reference):
    client, told = Asked(), []
    summary = imagine(client, found(text), tmp_path, told.append)
    assert client.said == [Description("keys", "in", reference)]
    assert summary == {"completed_voxels": [], "hidden_places": 0}


def test_points_are_asked_in_as_many_requests_as_they_take(monkeypatch):
    monkeypatch.setattr(map_client, "POINTS_AT_ONCE", 2)
    calls = []

    def call(self, service, points):
        calls.append(len(points))
        x = [point.x for point in points]
        color = [0] * 3 * len(x)
        return SimpleNamespace(state=[1] * len(x), probability=x, color=color, distance=x)

    monkeypatch.setattr(MapClient, "call", call)
    for count, parts in ((5, [2, 2, 1]), (0, [0])):
        calls.clear()
        points = np.arange(3.0 * count).reshape(count, 3)
        answers = MapClient.query_points(Client(), points)
        assert calls == parts and answers.color.shape == (count, 3)
        assert answers.distance_m.tolist() == points[:, 0].tolist()

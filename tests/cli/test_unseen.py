"""What `nesf-ros ask` tells of what no camera has seen."""

import pytest
from geometry_msgs.msg import Point, Pose, Quaternion

from nesf_ros import cli
from nesf_ros.cli.unseen import is_description, name_of, told_completed, told_located
from nesf_ros.msg import CompletedObject, HiddenRegion, Instance, TextAnswer, VoxelGrid
from nesf_ros.ros import environment, map_client
from nesf_ros.ros.map_client import MapClient
from nesf_ros.semantics.hidden.descriptions import RelationRefused
from nesf_ros.srv import CompleteObjects, LocateHidden, QueryRelevancy

DOWN_AHEAD = Quaternion(x=-0.6830127, y=0.6830127, z=-0.1830127, w=0.1830127)
"""Of an optical frame that looks along x and 60 degrees down."""


def region(**fields):
    return HiddenRegion(
        lower=Point(x=1.0, y=2.0), upper=Point(x=1.25, y=2.5, z=0.125),
        centroid=Point(x=1.1, y=2.25, z=0.0625), score=0.75, volume=0.015625, unobserved=0.875,
        **fields,
    )  # fmt: skip


def located(*regions, message="", found=True):
    return LocateHidden.Response(
        success=True, message=message, target="keys", relation="in", reference="drawer",
        regions=regions, threshold=0.25, reference_found=found, camera="/eye",
    )  # fmt: skip


def completed(**fields):
    thing = Instance(
        id=3, lower=Point(), upper=Point(x=2.0, y=0.9, z=0.8), centroid=Point(x=1.0, y=0.4, z=0.4),
        score=0.9, voxel_count=99,
    )  # fmt: skip
    whole = {"text": "sofa", "known": True, "exists": True, "instances": [thing], "found": True,
             **fields}  # fmt: skip
    return CompletedObject(**whole)


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ("the keys in the drawer", True),
        ("where is the mug behind the box?", True),
        ("a red mug", False),
        ('"mug on the left"', False),
        ("keys near the drawer", False),
        ("in the drawer", False),
    ],
)
def test_what_describes_a_place(text, described):
    assert is_description(text) == described


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the keys under the sofa", "say what it lies in.*or, for one name: '\"the keys under"),
        ("the mug on the table behind the sofa", "has 2 spatial relations"),
        ("in the drawer", "has no target of 'in'"),
    ],
)
def test_places_that_cannot_be_asked_for_are_refused(text, said):
    with pytest.raises(RelationRefused, match=said):
        name_of(text)


def test_names_are_asked_for_without_their_quotation_marks():
    names = [name_of(text) for text in ("a red mug", '"plug under the desk"', "keys")]
    assert names == ["a red mug", "plug under the desk", "keys"]


def test_places_are_told_with_where_to_look_from():
    view = Pose(position=Point(x=0.5, y=2.25, z=1.0), orientation=DOWN_AHEAD)
    lines = told_located(
        located(region(has_viewpoint=True, viewpoint=view, revealed=0.6), region())
    ).splitlines()
    seen_by = "as seen by /eye from (0.00, 0.00, 0.00) m"
    assert lines[0] == f"keys in the drawer: 2 places (drawer 0.00), {seen_by}"
    place = "(1.10, 2.25, 0.06) m, 25 x 50 x 12 cm, probability 0.75, 88 % of it never seen"
    assert lines[1] == (
        f"  1. {place}; look from (0.50, 2.25, 1.00) m towards 0 deg, 60 deg down: shows 60 %"
    )
    assert lines[2] == f"  2. {place}; no free place is known that shows more of it"


def test_more_places_than_anyone_reads_are_counted():
    lines = told_located(located(*[region()] * 7)).splitlines()
    assert lines[0].startswith("keys in the drawer: 7 places (drawer 0.00)") and len(lines) == 7
    assert lines[-1] == "  and 2 more"


def test_no_place_and_no_reference_are_told():
    assert told_located(located(message="no place is probable enough")) == (
        "keys in the drawer: not found; no place is probable enough"
    )
    missing = located(region(), message="no drawer is found", found=False)
    assert told_located(missing).startswith(
        "keys in the drawer: hardly a hint: 1 place (drawer 0.00; no drawer is found)"
    )


def test_whole_things_are_told():
    assert told_completed(completed(), 0.5).splitlines() == [
        "sofa 0.00: 1 thing above 0.50",
        "  whole no. 3 at (1.00, 0.40, 0.40) m, 200 x 90 x 80 cm, probability 0.90, 99 voxels",
    ]
    guessed = told_completed(completed(found=False, relevancy=0.25), 0.5).splitlines()
    assert guessed[0] == (
        "sofa 0.25: 1 thing above 0.50; hardly a hint: no sofa is found in the map"
    )
    grid = VoxelGrid(probability=[1, 128, 55])
    missing = completed(exists=False, instances=[], grid=grid)
    assert told_completed(missing, 0.6) == "sofa: not found (0.50 at best; above 0.60 it would be)"
    assert told_completed(missing, 0.4) == (
        "sofa: not found (0.50, but others are more probable there, or it makes up no thing)"
    )
    assert told_completed(completed(known=False), 0.6).startswith("sofa: unknown; ")


class Node(MapClient):
    """In the place of `MapClient`: finds what is hidden, and half of what is asked for."""

    asked: list[tuple[str, object, float]] = []

    def __init__(self, name, target):
        self.asked.clear()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        """Nothing is left open."""

    def wait_until_ready(self, timeout_s):
        """It always is."""

    def ask(self, texts, negatives, threshold):
        self.asked.append(("ask", list(texts), threshold))
        return QueryRelevancy.Response(answers=[TextAnswer(text=text) for text in texts])

    def locate(self, description, threshold, camera):
        self.asked.append(("locate", description, threshold))
        return located(region(), found=camera != "/blind")

    def complete(self, texts, threshold):
        self.asked.append(("complete", list(texts), threshold))
        return CompleteObjects.Response(
            objects=[completed(text=text, exists=False, instances=[]) for text in texts]
        )


@pytest.mark.parametrize(
    ("words", "asked", "code"),
    [
        (["a mug"], [("ask", ["a mug"], 0.0)], 1),
        (["keys in the drawer"], [("locate", "keys in the drawer", 0.0)], 0),
        (
            ["a mug", "keys in the drawer", "--threshold", "0.5"],
            [("locate", "keys in the drawer", 0.5), ("ask", ["a mug"], 0.5)],
            0,
        ),
        (["--complete", "sofa", "lid on a pot"], [("complete", ["sofa", "lid on a pot"], 0.0)], 1),
    ],
)
def test_each_text_goes_where_it_is_answered(monkeypatch, capsys, words, asked, code):
    monkeypatch.setattr(environment, "prepare_process", lambda: None)
    monkeypatch.setattr(map_client, "MapClient", Node)
    assert cli.main(["ask", *words]) == code
    assert Node.asked == asked
    said = capsys.readouterr().out
    assert ("keys in the drawer: 1 place" in said) == (code == 0)
    assert ("not found" in said) == ("sofa" in words)
    if "keys in the drawer" in words:
        assert cli.main(["ask", *words, "--camera", "/blind"]) == 1
        assert cli.main(["ask", *words, "--negatives", "wall"]) == 2
        assert "--negatives are for plain questions" in capsys.readouterr().err
    whole = "lid on a pot: asked for as one name; without --complete"
    assert (whole in said) == ("--complete" in words)

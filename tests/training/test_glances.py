import itertools

import numpy as np
import pytest
import torch

from nesf_ros.evaluation.examiner import Examiner
from nesf_ros.evaluation.glances import relevancy_in_rooms
from nesf_ros.synthetic.generate import labelled_scene
from nesf_ros.synthetic.order import Order
from nesf_ros.synthetic.splits import HELD_OUT_VISION
from nesf_ros.training.batches import Sampler
from nesf_ros.training.crops import CELL_PX, KINDS, SIZE_PX
from nesf_ros.training.glances import FIRST_ROOM, glances_of
from nesf_ros.training.settings import TrainConfig
from nesf_ros.training.shards import crop_set, read_shards, write_shard
from nesf_ros.training.vocabulary import NAMES, NONE, SURROUNDINGS


@pytest.fixture(scope="module")
def tiles():
    return list(itertools.islice(glances_of("train", 0), 24))


def test_tiles_show_what_their_cells_say(tiles):
    """What is named is in the room; a cell's label is that of some pixel of the picture."""
    scene = labelled_scene(Order.glances("train", 2), FIRST_ROOM)
    there = {thing.class_name for thing in scene.things}
    cells = SIZE_PX // CELL_PX
    for tile in tiles:
        assert tile.image.shape == (SIZE_PX, SIZE_PX, 3) and tile.names.shape == (cells, cells)
        assert tile.name == NONE and KINDS[tile.kind] == "glance"
        named = {NAMES[number] for number in np.unique(tile.names) if number != NONE}
        assert named <= there and not named & {*HELD_OUT_VISION}
    things = [tile for tile in tiles if not {*np.unique(tile.names)} <= _around()]
    assert len(things) > len(tiles) / 2


def _around():
    return {NONE, *(NAMES.index(name) for name in SURROUNDINGS)}


def test_tiles_are_the_same_each_time_and_others_in_other_shards(tiles):
    again = next(iter(glances_of("train", 0)))
    assert np.array_equal(again.image, tiles[0].image)
    assert not np.array_equal(next(iter(glances_of("train", 1))).image, tiles[0].image)


def test_share_of_tiles_in_a_batch(tiles, tmp_path):
    """Six tenths of a batch are tiles, however few tiles there are beside other crops."""
    write_shard(tmp_path / "plain", "train", 0, 48)
    write_shard(tmp_path / "glances", "train", 0, 8, glances=True)
    crops = read_shards(tmp_path / "plain", tmp_path / "glances")
    assert len(crops) == 56 and len(np.unique(crops.scene[-8:])) == 1
    assert crops.scene[-1] not in crops.scene[:-8]
    sampler = Sampler(crops, TrainConfig(batch=1000, glances=0.6))
    drawn = sampler.batch(32, 2, 0, torch.device("cpu"))
    assert float((drawn.names < 0).float().mean()) == pytest.approx(0.6, abs=0.1)
    assert len(read_shards(tmp_path / "plain", tmp_path / "glances", most=0)) == 8


def test_tiles_of_rare_classes_are_drawn_more_often(tiles):
    many = crop_set([tiles[0]] * 99 + [tiles[0]._replace(names=np.full_like(tiles[0].names, 3))])
    sampler = Sampler(many, TrainConfig(batch=400, glances=1.0, rare=1.0))
    cells = sampler.batch(32, 2, 0, torch.device("cpu")).cells
    alone = (cells == cells.flatten(1).mode().values[:, None, None]).all((1, 2))
    assert float(alone.float().mean()) > 0.05


def test_relevancy_in_rooms_is_judged_against_what_is_seen(monkeypatch):
    """Maps that are the truth are always right; the same maps turned round never."""
    import nesf_ros.evaluation.glances as module

    asked = []

    class Perfect:
        def __init__(self, *_):
            pass

        def relevancy(self, picture, texts, every, against):
            seen = asked[-1][picture[every // 2 :: every, every // 2 :: every, 0]]
            return sign * (texts[..., None] == torch.from_numpy(seen)).float()

    class Named(Examiner):
        model = type("Model", (), {"tower": None, "mean": (), "std": ()})

        def __init__(self):
            pass

        def texts(self, names):
            return torch.tensor([[float(NAMES.index(n)) if n in NAMES else -2.0] for n in names])

    def painted(order, room):
        scene = labelled_scene(order, room)
        names = [NAMES.index(thing.class_name) for thing in scene.things] + [-1]
        asked.append(np.array(names, np.float32))
        for view in scene.views:
            view.color[..., 0] = np.where(view.instances < 0, len(names) - 1, view.instances)
        return scene

    monkeypatch.setattr(module, "RelevancyExtractor", Perfect)
    monkeypatch.setattr(module, "labelled_scene", painted)
    sign = 1
    right = relevancy_in_rooms(Named(), "validation", 1)
    assert right["rooms: precision of pixels"].value == pytest.approx(1.0)
    assert right["rooms: most relevant pixel"].value == 1.0
    sign = -1
    wrong = relevancy_in_rooms(Named(), "validation", 1)
    assert wrong["rooms: most relevant pixel"].value == 0.0
    assert 0 < wrong["rooms: by chance"].value < 0.3

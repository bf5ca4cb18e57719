import itertools

import numpy as np
import pytest

from nesf_ros.errors import ConfigError, DatasetError
from nesf_ros.synthetic.objects import CLASSES
from nesf_ros.synthetic.splits import HELD_OUT_VISION
from nesf_ros.training.crops import CELL_PX, KINDS, SIZE_PX, crops_of
from nesf_ros.training.shards import crop_set, read_shards, write_shard
from nesf_ros.training.vocabulary import COLOR_NAMES, NAMES, NONE

COUNT = {"clean": 12, "crowd": 12, "tabletop": 24}


@pytest.fixture(scope="module")
def found():
    """Some crops of every kind that is made quickly."""
    return {
        kind: list(itertools.islice(crops_of(kind, "train", 7), count))
        for kind, count in COUNT.items()
    }


@pytest.mark.parametrize("kind", COUNT)
def test_crops_show_what_their_labels_say(found, kind):
    cells = SIZE_PX // CELL_PX
    for crop in found[kind]:
        assert crop.image.shape == (SIZE_PX, SIZE_PX, 3)
        assert KINDS[crop.kind] == kind
        assert crop.names.shape == crop.target.shape == (cells, cells)
        if crop.name == NONE:
            assert not crop.target.any()
            continue
        assert NAMES[crop.name] not in HELD_OUT_VISION
        own = crop.target == 1
        assert (crop.names[own] == crop.name).all() and (crop.colors[own] == crop.color).all()
        assert own.mean() == pytest.approx(crop.share, abs=0.06)
        if NAMES[crop.name] in CLASSES:
            assert crop.share >= 0.06 and crop.visible >= 0.35


def test_a_thing_alone_is_all_visible_and_near_the_middle(found):
    for crop in found["clean"]:
        assert crop.visible == pytest.approx(1.0, abs=0.02) and crop.others == 0
        rows, cols = np.nonzero(crop.target)
        cells = SIZE_PX // CELL_PX
        assert abs(rows.mean() / cells - 0.5) < 0.3 and abs(cols.mean() / cells - 0.5) < 0.3


def test_in_a_crowd_others_are_seen(found):
    crops = [crop for crop in found["crowd"] if crop.name != NONE]
    assert max(crop.others for crop in crops) > 0.02


def test_pictures_have_the_colour_that_they_are_said_to_have():
    """Red things show more red than blue, blue ones less, mean over its cells."""
    crops = itertools.islice(crops_of("clean", "train", 3, ["bucket"]), 60)
    tints: dict[str, list[float]] = {"red": [], "blue": []}
    for crop in crops:
        name = COLOR_NAMES[crop.color] if crop.color != NONE else ""
        if name in tints:
            middle = crop.image[2::4, 2::4][crop.target == 1].astype(float)
            tints[name].append(float((middle[:, 0] - middle[:, 2]).mean()))
    assert min(map(len, tints.values())) >= 2
    assert np.mean(tints["red"]) > 40 > -10 > np.mean(tints["blue"])


def test_classes_can_be_chosen_and_excluded_ones_never_come():
    only = list(itertools.islice(crops_of("clean", "test-classes", 0, ["globe", "mug"]), 30))
    assert {NAMES[crop.name] for crop in only} == {"globe", "mug"}
    without = itertools.islice(crops_of("clean", "train", 0, ["globe", "mug"]), 12)
    assert {NAMES[crop.name] for crop in without} == {"mug"}
    with pytest.raises(ConfigError, match="crops of kind 'cleen'; it must be one of clean"):
        next(crops_of("cleen", "train", 0))


def test_shards_are_the_same_each_time_and_differ_from_each_other(tmp_path):
    paths = [write_shard(tmp_path / name, "train", 0, 6) for name in "ab"]
    assert paths[0].with_suffix(".npy").read_bytes() == paths[1].with_suffix(".npy").read_bytes()
    write_shard(tmp_path / "a", "train", 3, 6)  # of clean crops, too
    crops = read_shards(tmp_path / "a")
    assert len(crops) == 12 and not np.array_equal(crops.image[:6], crops.image[6:])
    assert not {*crops.scene[:6]} & {*crops.scene[6:]}
    few = crops.picked(crops.scene == crops.scene[0])
    assert 0 < len(few) < 12 and (few.scene == crops.scene[0]).all()
    stamp = paths[0].stat().st_mtime_ns
    assert write_shard(tmp_path / "a", "train", 0, 6).stat().st_mtime_ns == stamp
    with pytest.raises(DatasetError, match="no crops in .*missing"):
        read_shards(tmp_path / "missing")


def test_crop_sets_hold_what_crops_hold(found):
    crops = found["clean"]
    table = crop_set(crops)
    assert table.share.tolist() == pytest.approx([crop.share for crop in crops])
    assert table.name.tolist() == [crop.name for crop in crops]
    assert np.array_equal(table.image[3], crops[3].image)

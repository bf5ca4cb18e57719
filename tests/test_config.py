"""Settings: what is written once, checked always, and named when it is wrong."""

import math
from dataclasses import FrozenInstanceError, fields, is_dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros import config as module
from nesf_ros.config import FramesConfig, MapConfig, NesfConfig, QueryConfig, SemanticsConfig
from nesf_ros.errors import ConfigError
from nesf_ros.ros.node_config import NodeConfig, ReplayConfig
from nesf_ros.settings import walk, with_values

COMPONENTS = [value for name, value in vars(module).items() if name.endswith("Config")]
COMPONENTS += [NodeConfig, ReplayConfig]
LEAVES = [leaf for kind in (NesfConfig, NodeConfig, ReplayConfig) for leaf in walk(kind())]


@pytest.mark.parametrize(("name", "item", "value"), LEAVES, ids=[leaf[0] for leaf in LEAVES])
def test_every_setting_says_what_it_means_and_has_limits(name, item, value):
    assert len(item.metadata["doc"]) > 10
    assert item.metadata["doc"][-1] != "."
    low, high = item.metadata["low"], item.metadata["high"]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        assert low is not None
        assert low <= value <= high
        assert type(value) is type(item.default)


def test_every_component_describes_itself():
    assert len(COMPONENTS) >= 9
    for kind in COMPONENTS:
        assert is_dataclass(kind)
        assert len(kind.__doc__) > 15
        kind()  # the defaults are valid
        assert kind() == kind()
    with pytest.raises(FrozenInstanceError):
        MapConfig().voxel_size_m = 1.0


def test_walk_names_every_leaf_in_order():
    names = [name for name, _, _ in walk(NesfConfig())]
    assert names[0] == "frames.sync_slop_s"
    assert names[-1] == "field.max_fields"
    assert len(set(names)) == len(names)
    assert all(name.count(".") == 1 for name in names)
    assert [name for name, _, _ in walk(QueryConfig())] == [f.name for f in fields(QueryConfig)]


def test_values_are_replaced_where_they_are_named_and_nowhere_else():
    old = NesfConfig()
    new = with_values(old, {"map.voxel_size_m": 0.1, "map.device": "cpu", "publish.rate_hz": 5})
    assert (new.map.voxel_size_m, new.map.device) == (0.1, "cpu")
    assert type(new.publish.rate_hz) is float  # `5` in a YAML file stands for 5.0
    changed = {n for (n, _, a), (_, _, b) in zip(walk(old), walk(new), strict=True) if a != b}
    assert changed == {"map.voxel_size_m", "map.device", "publish.rate_hz"}
    assert old == NesfConfig()
    assert with_values(MapConfig(), {"voxel_size_m": 1}).voxel_size_m == 1.0
    assert with_values(old, {}) == old


@pytest.mark.parametrize(("name", "near"), [
    ("map.voxel_size", "map.voxel_size_m"),
    ("voxel_size_m", "map.voxel_size_m"),
    ("map.max_depth", "map.max_depth_m"),
    ("frames.tf_wait", "frames.tf_wait_s"),
    ("map", "map."),
    ("", ""),
])  # fmt: skip
def test_unknown_settings_name_the_nearest(name, near):
    with pytest.raises(ConfigError, match=f"unknown setting '{name}'; did you mean '{near}"):
        with_values(NesfConfig(), {name: 1.0})


@pytest.mark.parametrize(("name", "value", "reason"), [
    ("map.voxel_size_m", 0.001, r"voxel_size_m is 0.001; it must lie in \[0.005, 1.0\]"),
    ("map.voxel_size_m", 1.5, "it must lie in"),
    ("map.voxel_size_m", -1, "it must lie in"),
    ("map.voxel_size_m", math.nan, "it must be finite"),
    ("map.voxel_size_m", math.inf, "it must be finite"),
    ("map.voxel_size_m", True, "must be of type float"),
    ("map.voxel_size_m", "0.05", "must be of type float"),
    ("map.voxel_size_m", None, "must be of type float"),
    ("frames.queue", 2.0, "must be of type int"),
    ("frames.queue", True, "must be of type int"),
    ("frames.queue", 0, r"must lie in \[1, 100\]"),
    ("map.device", 3, "must be of type str"),
    ("map.min_depth_m", 7.0, "no reading lies between them"),
])  # fmt: skip
def test_values_that_cannot_be(name, value, reason):
    with pytest.raises(ConfigError, match=reason):
        with_values(NesfConfig(), {name: value})


def test_ranges_hold_on_construction_too():
    with pytest.raises(ConfigError, match="sync_slop_s is 2.0"):
        FramesConfig(sync_slop_s=2.0)
    with pytest.raises(ConfigError, match="min_depth_m is 5.0, max_depth_m 5.0"):
        MapConfig(min_depth_m=5.0)


@pytest.mark.parametrize(("value", "reason"), [
    ((), "windows is empty; name at least one size"),
    ((1.0, 0.5, 1.0), "windows names 1.0 twice"),
    ((1.0, 0.0), r"windows is 0.0; it must lie in \[0.05, 1.0\]"),
    ((-0.5,), "windows is -0.5; it must lie in"),
    ((0.5, 2), "windows is 2.0; it must lie in"),
    ((math.nan,), "windows is nan; it must be finite"),
    ((True,), r"windows is \(True,\); it must be a list of numbers"),
    (("0.5",), "must be a list of numbers"),
    ([0.5], r"windows is \[0.5\]; it must be a list of numbers"),
    (0.5, "windows is 0.5; it must be a list of numbers"),
])  # fmt: skip
def test_windows_that_cannot_be(value, reason):
    with pytest.raises(ConfigError, match=reason):
        with_values(NesfConfig(), {"semantics.windows": value})


def test_windows_are_sizes_of_any_number():
    changed = with_values(NesfConfig(), {"semantics.windows": (1, 0.25, 0.05)}).semantics
    assert changed.windows == (1.0, 0.25, 0.05)
    assert all(type(size) is float for size in changed.windows)
    assert SemanticsConfig(windows=(1, 0.5)) == SemanticsConfig()


def test_lists_choices_and_flags():
    node = with_values(NodeConfig(), {"cameras": ("/a", "/b"), "autostart": False})
    assert node.cameras == ("/a", "/b")
    assert with_values(NodeConfig(), {"mask_images": ()}).mask_images == ()
    for value in ("/a", ["/a"], ("/a", 3), None):
        with pytest.raises(ConfigError, match="must be a list of strings"):
            with_values(NodeConfig(), {"cameras": value})
    with pytest.raises(ConfigError, match="must be one of best_effort, reliable"):
        with_values(NodeConfig(), {"reliability": "Reliable"})
    for value in (1, "true"):
        with pytest.raises(ConfigError, match="autostart .* must be of type bool"):
            with_values(NodeConfig(), {"autostart": value})


@given(st.dictionaries(st.text(), st.one_of(st.integers(), st.floats(), st.text(), st.none())))
def test_nothing_but_config_errors(values):
    try:
        with_values(NesfConfig(), values)
    except ConfigError:
        assert values
    else:
        assert not values  # text never hits a name


@given(
    st.sampled_from([leaf for leaf in walk(NesfConfig()) if type(leaf[2]) in (int, float)]),
    st.one_of(st.integers(-(10**12), 10**12), st.floats()),
)
def test_accepted_exactly_where_type_and_range_fit(leaf, value):
    name, item, default = leaf
    low, high = item.metadata["low"], item.metadata["high"]
    fits = low <= value <= high and (isinstance(default, float) or isinstance(value, int))
    if name in ("map.min_depth_m", "map.max_depth_m"):
        return  # they also depend on each other
    try:
        changed = with_values(NesfConfig(), {name: value})
    except ConfigError:
        assert not fits
    else:
        assert fits
        assert dict((n, v) for n, _, v in walk(changed))[name] == value

"""Every class of the catalogue keeps what the catalogue promises."""

import numpy as np
import open3d as o3d
import pytest

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.objects import CLASSES, build, class_named
from nesf_ros.synthetic.objects.catalog import CEILING, FAMILIES, WALL
from nesf_ros.synthetic.objects.draw import COLORS, KINDS

SEEDS = range(6)
EVERY_CLASS = pytest.mark.parametrize("name", sorted(CLASSES))


def solids_of(model):
    return [solid for part in model.parts for solid in part.solids]


@EVERY_CLASS
def test_size_and_place(name):
    about = class_named(name)
    for seed in SEEDS:
        model = build(name, seed)
        lower, upper = model.bounds
        for extent, (low, high) in zip(model.size_m, about.size_m, strict=True):
            assert low - 1e-6 <= extent <= high + 1e-6, f"{name} {seed}: {model.size_m}"
        if about.places[0] == WALL:
            assert lower[1] == pytest.approx(0, abs=1e-6)
        elif about.places[0] == CEILING:
            assert upper[2] == pytest.approx(0, abs=1e-6)
        else:
            assert lower[2] == pytest.approx(0, abs=1e-6)
        # The origin is the middle of the footprint, give or take what sticks out on one side.
        assert (np.abs(lower + upper)[:1] <= 0.6 * (upper - lower)[:1]).all()


@EVERY_CLASS
def test_it_rests_on_its_base(name):
    if class_named(name).places[0] in (WALL, CEILING):
        return
    for seed in SEEDS:
        model = build(name, seed)
        corners = np.concatenate([s.corners.reshape(-1, 3) for s in solids_of(model)])
        touching = corners[corners[:, 2] < 0.003][:, :2]
        # Weight of each solid by the divergence theorem, at the middle of its corners.
        weights = [volume(s.corners) for s in solids_of(model)]
        middles = [s.corners.reshape(-1, 3).mean(0) for s in solids_of(model)]
        center = np.average(middles, axis=0, weights=weights)[:2]
        # No direction in which the weight lies beyond all that touches the ground. Tolerance:
        # a hundredth of its size.
        margin = 0.01 * max(model.size_m)
        for angle in np.linspace(0, 2 * np.pi, 24, endpoint=False):
            way = np.array([np.cos(angle), np.sin(angle)])
            assert (touching @ way).max() + margin >= center @ way, f"{name} {seed} tips over"


def volume(corners):
    return np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6


@EVERY_CLASS
def test_solids_are_closed_and_know_their_inside(name):
    rng = np.random.default_rng(0)
    for seed in (0, 1):
        for solid in solids_of(build(name, seed)):
            vertices, index = np.unique(
                np.round(solid.corners.reshape(-1, 3), 8), axis=0, return_inverse=True
            )
            edges = index.reshape(-1, 3)[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
            codes = np.sort(edges[:, 0] * len(vertices) + edges[:, 1])
            back = np.sort(edges[:, 1] * len(vertices) + edges[:, 0])
            assert (codes == back).all(), f"{name}: a mesh with holes"
            assert volume(solid.corners) > 0, f"{name}: faces inwards"
            scene = o3d.t.geometry.RaycastingScene(1)
            scene.add_triangles(
                o3d.core.Tensor(solid.corners.reshape(-1, 3).astype(np.float32)),
                o3d.core.Tensor(np.arange(3 * len(solid.corners), dtype=np.uint32).reshape(-1, 3)),
            )
            lower, upper = solid.bounds
            points = rng.uniform(lower - 0.01, upper + 0.01, (40, 3))
            query = o3d.core.Tensor(points.astype(np.float32))
            clear = scene.compute_distance(query).numpy() > 1e-3 * np.linalg.norm(upper - lower)
            inside = scene.compute_occupancy(query, nsamples=3).numpy() > 0
            assert (solid.contains(points) == inside)[clear].all(), f"{name}: inside test"


@EVERY_CLASS
def test_receptacles_are_empty_space(name):
    rng = np.random.default_rng(0)
    about = class_named(name)
    assert set(about.holds) <= set(FAMILIES)
    for seed in SEEDS:
        model = build(name, seed)
        assert bool(model.receptacles) == bool(about.holds), f"{name}: what does it hold?"
        for space in model.receptacles:
            assert space.relation in ("in", "on")
            points = rng.uniform(space.lower, space.upper, (300, 3))
            points = points[space.contains(points)]
            for solid in solids_of(model):
                assert not solid.contains(points).any(), f"{name} {seed}: {space} is not empty"
            # Something carries what rests there: right below its floor, most of it is solid.
            below = points.copy()
            below[:, 2] = space.lower[2] - 0.002
            held = np.zeros(len(below), bool)
            for solid in solids_of(model):
                held |= solid.contains(below)
            assert held.mean() > 0.5, f"{name} {seed}: {space} has no floor"


@EVERY_CLASS
def test_instances_differ_and_repeat(name):
    sizes = {tuple(np.round(build(name, seed).size_m, 5)) for seed in range(12)}
    assert len(sizes) >= 10, f"{name}: {len(sizes)} shapes among 12 instances"
    first, again = build(name, 3), build(name, 3)
    assert all(
        a.corners.tobytes() == b.corners.tobytes() and a.material.color == b.material.color
        for a, b in zip(solids_of(first), solids_of(again), strict=True)
    )


@EVERY_CLASS
def test_words(name):
    about = class_named(name)
    model = build(name, 0)
    names = [part.name for part in model.parts]
    assert len(names) == len(set(names)) and all(n == n.lower() for n in (name, *names))
    assert name not in about.aliases
    assert model.main.color_name in ("", *COLORS)
    assert model.main.kind in (*KINDS, "food", "plant"), model.main.kind


@pytest.mark.parametrize("name", ["book", "can", "cereal box", "jar", "soda can", "wine bottle"])
def test_printed_words_are_known(name):
    words = {build(name, seed).words for seed in range(20)} - {""}  # open books have none
    assert len(words) > 2 and all(said == said.upper() for said in words)


def test_a_mug_says_what_its_print_says():
    mugs = [build("mug", seed) for seed in range(30)]
    printed = [any(part.name == "print" for part in mug.parts) for mug in mugs]
    assert [bool(mug.words) for mug in mugs] == printed and any(printed)
    assert [mug.scaled(2.0).words for mug in mugs] == [mug.words for mug in mugs]


def test_unknown_class_names_the_nearest():
    with pytest.raises(ConfigError, match="did you mean cube"):
        build("cubee", 0)

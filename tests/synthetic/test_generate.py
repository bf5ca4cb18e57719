"""Data sets: the same bytes whoever makes them, nothing lost on the way."""

import resource
from concurrent.futures import Future
from dataclasses import replace

import cv2
import numpy as np
import pytest

from nesf_ros.cli import main
from nesf_ros.datasets import open_source
from nesf_ros.datasets.posed_folder import read_posed_folder
from nesf_ros.errors import ConfigError, DatasetError
from nesf_ros.geometry.cameras import project, unproject_image
from nesf_ros.synthetic import generate as module
from nesf_ros.synthetic.generate import (
    WRITERS,
    class_table,
    generate,
    labelled_scene,
    visible_things,
)
from nesf_ros.synthetic.manifest import read_manifest
from nesf_ros.synthetic.order import FORMATS, KINDS, STYLES, Order
from nesf_ros.synthetic.scenes import SCENES
from nesf_ros.synthetic.splits import HELD_OUT_COMPLETION, HELD_OUT_VISION
from nesf_ros.synthetic.trajectory import STYLES as PATHS

ORDER = Order(kind="klevr", views=3, width=64, height=48)


@pytest.fixture
def one_process(monkeypatch):
    """Jobs run here and now: starting workers takes seconds."""

    class Pool:
        def __init__(self, *about):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *about):
            pass

        def submit(self, function, *args):
            job = Future()
            try:
                job.set_result(function(*args))
            except DatasetError as error:
                job.set_exception(error)
            return job

    monkeypatch.setattr(module, "ProcessPoolExecutor", Pool)


def bytes_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".jsonl"
    }


def test_names_in_the_order_are_those_of_the_registries():
    assert set(KINDS) == set(SCENES) and set(STYLES) == set(PATHS) and set(FORMATS) == set(WRITERS)


@pytest.fixture(scope="module")
def scene():
    return labelled_scene(replace(ORDER, views=6, width=160, height=120), 0)


def test_depth_reprojects_between_views(scene):
    """A point that one view sees lies, in another, on what that view sees there, or behind it."""
    checked = 0
    for first in scene.views[:3]:
        points = unproject_image(first.depth_m, first.camera)[first.depth_m > 0]
        world = points @ first.world_T_camera[:3, :3].T + first.world_T_camera[:3, 3]
        labels = first.instances[first.depth_m > 0]
        for second in scene.views[3:]:
            back = np.linalg.inv(second.world_T_camera)
            seen = world @ back[:3, :3].T + back[:3, 3]
            pixels = np.round(project(seen, second.camera)).astype(int)
            inside = ((pixels >= 0) & (pixels < [160, 120])).all(1) & (seen[:, 2] > 0)
            u, v = pixels[inside].T
            depth = second.depth_m[v, u]
            there = (depth > 0) & (np.abs(depth - seen[inside, 2]) < 0.02 * depth)
            same = second.instances[v, u][there] == labels[inside][there]
            assert same.mean() > 0.97
            # What is not there is hidden by something nearer: at that pixel, or at an outline
            # beside it.
            nearest = cv2.erode(second.depth_m, np.ones((3, 3)))[v, u]
            hidden = nearest < 1.02 * seen[inside, 2]
            assert hidden[~there & (depth > 0)].mean() > 0.98
            checked += there.sum()
    assert checked > 5000


def test_masks_agree_with_occupancy(scene):
    """A step behind the surface lies inside the thing that the mask names, a step before, air."""
    for view in scene.views:
        rays = unproject_image(view.depth_m, view.camera)[view.depth_m > 0]
        rays = rays @ view.world_T_camera[:3, :3].T
        origin = view.world_T_camera[:3, 3]
        inwards = -view.normals_world[view.depth_m > 0].astype(np.float64)
        labels = view.instances[view.depth_m > 0]
        step = 2e-3 * inwards
        within = scene.instance_at(origin + rays + step)
        assert (within == labels).mean() > 0.97
        assert (scene.instance_at(origin + rays - step) == -1).mean() > 0.95


def test_hidden_things_are_in_no_image():
    room = labelled_scene(replace(ORDER, kind="room", views=8), 0)
    things = {thing.name: index for index, thing in enumerate(room.things)}
    seen = frozenset().union(*(visible_things(view.instances) for view in room.views))
    assert set(range(len(things))) - seen, "a room without a single hidden thing"
    for told in room.relations:
        assert told.reference in visible_things(room.views[told.view].instances)


def test_captions_and_classes(scene):
    assert scene.split == "train" and scene.seed == 100_000
    assert {thing.class_name for thing in scene.things} <= set(scene.classes)
    assert {caption.kind for caption in scene.captions} >= {"class"}
    assert class_table("klevr") == scene.classes
    assert len(class_table("room")) > 90


@pytest.mark.parametrize("split", ["train", "train-3d"])
def test_held_out_classes_are_absent(split):
    held_out = set(HELD_OUT_VISION) | (set(HELD_OUT_COMPLETION) if split == "train-3d" else set())
    for index in range(3):
        scene = labelled_scene(replace(ORDER, kind="tabletop", split=split, views=1), index)
        assert not held_out & {thing.class_name for thing in scene.things}


def test_same_order_same_bytes_whoever_works(tmp_path, one_process):
    generate(ORDER, tmp_path / "a", 2)
    generate(ORDER, tmp_path / "b", 1)
    generate(ORDER, tmp_path / "b", 2)  # goes on
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")
    records = read_manifest(tmp_path / "b")[1]
    assert [record.index for record in records] == [0, 1]
    assert sum(map(len, bytes_of(tmp_path / "b").values())) == sum(r.nbytes for r in records)


@pytest.mark.slow
def test_workers_make_the_same_bytes(tmp_path):
    generate(ORDER, tmp_path / "many", 2, workers=2)
    with pytest.MonkeyPatch.context() as patch:
        one_process.__wrapped__(patch)
        generate(ORDER, tmp_path / "one", 2)
    assert bytes_of(tmp_path / "many") == bytes_of(tmp_path / "one")


def test_a_scene_that_was_not_written_down_is_made_anew(tmp_path, one_process):
    generate(ORDER, tmp_path, 1)
    before = bytes_of(tmp_path)
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text(manifest.read_text().splitlines(keepends=True)[0])
    scene = next(path for path in tmp_path.iterdir() if path.is_dir())
    next(scene.glob("*.png")).write_bytes(b"broken")
    generate(ORDER, tmp_path, 1)
    assert bytes_of(tmp_path) == before


def test_an_interrupted_run_goes_on(tmp_path, one_process):
    def stop(record):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(ORDER, tmp_path / "cut", 3, progress=stop)
    assert len(read_manifest(tmp_path / "cut")[1]) >= 1
    made = []
    records = generate(ORDER, tmp_path / "cut", 3, progress=made.append)
    assert [r.index for r in records] == [0, 1, 2] and len(made) <= 2
    generate(ORDER, tmp_path / "whole", 3)
    assert bytes_of(tmp_path / "cut") == bytes_of(tmp_path / "whole")


def test_a_full_disk_keeps_what_is_finished(tmp_path, one_process):
    generate(ORDER, tmp_path, 1)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))  # no file beyond 2 kB
    try:
        with pytest.raises(DatasetError):
            generate(ORDER, tmp_path, 3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [record.index for record in read_manifest(tmp_path)[1]] == [0]
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1
    assert len(generate(ORDER, tmp_path, 3)) == 3


@pytest.mark.parametrize("scenes, workers", [(0, 1), (-3, 0), (1, -1), (1, 10_000), (100_001, 1)])
def test_impossible_counts(tmp_path, scenes, workers):
    with pytest.raises(ConfigError):
        generate(ORDER, tmp_path / "set", scenes, workers)
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize(
    "setting", [{"kind": "attic"}, {"views": 0}, {"width": 8}, {"path_traced": 1.5}, {"split": "x"}]
)
def test_impossible_orders(setting):
    with pytest.raises(ConfigError):
        replace(ORDER, **setting)


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_opens_as_a_recording(tmp_path, format):
    scene = labelled_scene(ORDER, 0)
    WRITERS[format](scene, tmp_path / "scene")
    frames = list(open_source(tmp_path / "scene"))
    assert len(frames) == 3
    for frame, view in zip(frames, scene.views, strict=True):
        assert frame.rgbd.color.tobytes() == view.color.tobytes()
        assert frame.world_T_camera == pytest.approx(view.world_T_camera, abs=1e-5)
        near = (view.depth_m > 0) & (view.depth_m < 60)
        assert frame.rgbd.depth_m[near] == pytest.approx(view.depth_m[near], abs=6e-4)


def test_noise_changes_images_and_no_label():
    clean, noisy = (
        labelled_scene(replace(ORDER, kind="tabletop", noise=noise), 0) for noise in (False, True)
    )
    for a, b in zip(clean.views, noisy.views, strict=True):
        assert (a.instances == b.instances).all() and (a.color != b.color).any()
        both = (a.depth_m > 0) & (b.depth_m > 0)
        error = np.abs(a.depth_m - b.depth_m)[both] / a.depth_m[both] ** 2
        assert 0 < np.median(error) < 0.01


def test_command(tmp_path, capsys, one_process):
    out = str(tmp_path / "set")
    command = ["synthesize", out, "--kind", "klevr", "--views", "2", "--scenes", "1",
               "--width", "64", "--height", "48"]  # fmt: skip
    assert main(command) == 0
    assert "1 scenes" in capsys.readouterr().out
    assert main(["synthesize", out, "--verify"]) == 0
    victim = next((tmp_path / "set").rglob("*.color.png"))
    victim.write_bytes(victim.read_bytes()[:-1] + b"x")
    assert main(["synthesize", out, "--verify"]) == 1
    assert victim.name in capsys.readouterr().out
    assert main([*command, "--split", "test"]) == 2
    assert "other settings (split: train)" in capsys.readouterr().err
    assert read_posed_folder(victim.parent).split == "train"


def test_preview(tmp_path, capsys):
    sheets = ["--preview", "classes", "--classes", "cube"]
    assert main(["synthesize", str(tmp_path / "p"), *sheets]) == 0
    scenes = ["--preview", "scenes", "--kind", "klevr", "--views", "2", "--scenes", "1"]
    assert main(["synthesize", str(tmp_path / "p"), *scenes]) == 0
    names = sorted(path.name for path in (tmp_path / "p").iterdir())
    assert names == ["classes-00.png", *(f"klevr-0100000-{n}.png"
                                         for n in ("relations", "section", "views"))]  # fmt: skip
    assert main(["synthesize", str(tmp_path), "--preview", "classes", "--classes", "cub"]) == 2
    assert "did you mean cube" in capsys.readouterr().err

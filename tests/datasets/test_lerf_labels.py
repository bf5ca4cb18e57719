"""Labels as LERF and LangSplat published theirs, written here in their layouts."""

import json

import pytest

from nesf_ros.datasets.lerf_labels import read_existence, read_lerf_labels, read_ovs_labels
from nesf_ros.errors import DatasetError


def keyframe(x, fov=90):
    """A camera of a path: at (x, 2, 3), OpenGL axes along the world's, matrix by columns."""
    matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, x, 2, 3, 1]
    properties = f'[["FOV",{fov}],["NAME","Camera 0"],["TIME",0]]'
    return {"matrix": str(matrix), "fov": fov, "aspect": 16 / 9, "properties": properties}


def labelme(shapes):
    return {"version": "5.2.1", "flags": {}, "shapes": shapes, "imagePath": "0_rgb.png",
            "imageData": None, "imageHeight": 270, "imageWidth": 480}  # fmt: skip


def rectangle(label, *points):
    return {"label": label, "points": points, "group_id": None, "shape_type": "rectangle",
            "flags": {}}  # fmt: skip


@pytest.fixture
def lerf(tmp_path):
    path = {"keyframes": [keyframe(0), keyframe(7, 60)], "camera_type": "perspective",
            "render_height": 1080, "render_width": 1920, "camera_path": [], "fps": 24}  # fmt: skip
    (tmp_path / "keyframes.json").write_text(json.dumps(path))
    spoon = {**rectangle("wooden spoon", [1, 1], [9, 1], [9, 5]), "shape_type": "polygon"}
    shapes = [[rectangle("red mug", [60, 80], [20, 30])], [spoon]]  # the first drawn from below
    for number, there in enumerate(shapes):
        (tmp_path / f"{number}_rgb.json").write_text(json.dumps(labelme(there)))
    return tmp_path


def test_lerf_boxes_and_cameras(lerf):
    first, second = read_lerf_labels(lerf)
    assert (first.name, first.number, first.width, first.height) == ("0_rgb", 0, 480, 270)
    assert first.labels == ("red mug",) and first.marks[0].box_px == (20, 30, 60, 80)
    assert first.hit("red mug", 20, 80) and not first.hit("red mug", 61, 50)
    assert not first.hit("blue mug", 30, 50)
    # 90° from top to bottom: the focal length is half the height. The middle is a pixel's corner.
    assert first.camera.fx == first.camera.fy == pytest.approx(135)
    assert (first.camera.cx, first.camera.cy) == (239.5, 134.5)
    assert second.camera.fx == pytest.approx(135 * 3**0.5)
    # Optical axes: down is OpenGL's -y, forward its -z.
    assert second.world_T_camera[:3].tolist() == [[1, 0, 0, 7], [0, -1, 0, 2], [0, 0, -1, 3]]


def test_masks(lerf):
    """A rectangle of 41 × 51 pixels, edges included; a triangle of half 8 × 4."""
    first, second = read_lerf_labels(lerf)
    assert first.mask("red mug").sum() == 41 * 51 and first.mask("red mug")[30, 20]
    spoon = second.mask("wooden spoon")
    assert spoon[1, 1] and spoon[5, 9] and not spoon[5, 1] and 16 <= spoon.sum() <= 32
    assert not second.mask("red mug").any() and second.mask("red mug").shape == (270, 480)


def change(folder, name, **keys):
    about = json.loads((folder / name).read_text())
    (folder / name).write_text(json.dumps({**about, **keys}))


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"shapes": [{"points": [[0, 0]], "shape_type": "polygon"}]}, "1_rgb.json has no 'label'"),
        ({"shapes": [{**rectangle("a", [0, 0]), "shape_type": "circle"}]}, "shape 'circle'; it"),
        ({"shapes": [rectangle("a", [0, 0], [1])]}, "1_rgb.json: "),
        ({"shapes": [rectangle(5, [0, 0], [1, 1])]}, "label 5; it must be text"),
        ({"imageWidth": 300}, "1_rgb is 300x270 px, but its view 1.78 : 1"),
        ({"imageHeight": "270"}, "'270' must be a whole number"),
    ],
)
def test_broken_lerf_labels(lerf, keys, words):
    change(lerf, "1_rgb.json", **keys)
    with pytest.raises(DatasetError, match=words):
        read_lerf_labels(lerf)


def test_broken_camera_paths(lerf):
    flat = {**keyframe(0), "matrix": str([0] * 15 + [1])}
    change(lerf, "keyframes.json", keyframes=[keyframe(0), flat])
    with pytest.raises(DatasetError, match="1_rgb.json: pose is not rigid"):
        read_lerf_labels(lerf)
    change(lerf, "keyframes.json", keyframes=[keyframe(0)])
    with pytest.raises(DatasetError, match="view 1, but keyframes.json has 1"):
        read_lerf_labels(lerf)
    (lerf / "keyframes.json").unlink()
    with pytest.raises(DatasetError, match="keyframes.json is missing"):
        read_lerf_labels(lerf)


@pytest.fixture
def ovs(tmp_path):
    def thing(category, x, y):
        box = [x, y, x + 10, y + 20]
        outline = [[x, y], [x + 10, y], [x + 10, y + 20], [x, y + 20]]
        return {"category": category, "group": 1, "segmentation": outline, "area": 200.0,
                "layer": 1.0, "bbox": box, "iscrowd": False, "note": ""}  # fmt: skip

    info = {"description": "ISAT", "folder": "", "name": "frame_00041.jpg", "width": 986,
            "height": 728, "depth": 3, "note": ""}  # fmt: skip
    things = [thing("noodles", 100, 200), thing("bowl", 5, 6), thing("noodles", 300, 400)]
    about = {"info": info, "objects": things}
    (tmp_path / "frame_00041.json").write_text(json.dumps(about))
    return tmp_path


def test_ovs_outlines_and_boxes(ovs):
    """A label that is marked twice is hit in either of its boxes, and its mask has both."""
    (view,) = read_ovs_labels(ovs)
    assert (view.name, view.number, view.width, view.height) == ("frame_00041", 41, 986, 728)
    assert view.labels == ("noodles", "bowl") and view.camera is None
    assert view.hit("noodles", 305, 415) and view.hit("noodles", 100, 220)
    assert not view.hit("noodles", 10, 10) and view.hit("bowl", 10, 10)
    assert view.mask("noodles").sum() == 2 * 11 * 21 and view.mask("noodles").shape == (728, 986)


def test_broken_ovs_labels(ovs, tmp_path):
    change(ovs, "frame_00041.json", objects=[{"category": "a", "bbox": [1, 2, 3]}])
    with pytest.raises(DatasetError, match="frame_00041.json: cannot reshape"):
        read_ovs_labels(ovs)
    change(ovs, "frame_00041.json", objects=[{"category": "a", "bbox": [1, 2, 3, 4]}])
    with pytest.raises(DatasetError, match="has no 'segmentation'"):
        read_ovs_labels(ovs)
    with pytest.raises(DatasetError, match="has no file"):
        read_ovs_labels(tmp_path / "nowhere")


def test_existence(tmp_path):
    with pytest.raises(DatasetError, match=r"has none of labels.yaml, coco_labels.yaml"):
        read_existence(tmp_path)
    (tmp_path / "labels.yaml").write_text("waldo: true\ntoy elephant: false\n")
    assert read_existence(tmp_path) == {"waldo": True, "toy elephant": False}
    (tmp_path / "coco_labels.yaml").write_text("cup: 1\n")
    assert read_existence(tmp_path) == {"waldo": True, "toy elephant": False, "cup": True}
    for text in ("- waldo", "waldo: perhaps", "waldo: 2"):
        (tmp_path / "coco_labels.yaml").write_text(text)
        with pytest.raises(DatasetError, match="must say true or false of each phrase"):
            read_existence(tmp_path)
    (tmp_path / "coco_labels.yaml").write_text("a: [")
    with pytest.raises(DatasetError, match="is no YAML"):
        read_existence(tmp_path)

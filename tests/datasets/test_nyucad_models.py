"""Annotations of rooms, written here as MATLAB would."""

import struct
import zlib

import numpy as np
import pytest
from scipy.io import savemat

from nesf_ros.datasets import mat5
from nesf_ros.datasets.mat5 import MAX_DEPTH, read_mat
from nesf_ros.datasets.nyucad_models import named_volume, read_fine_classes, read_models
from nesf_ros.datasets.nyucad_volume import FINE_CLASSES, OUTSIDE, LabelVolume
from nesf_ros.errors import DatasetError


def cell(*values):
    out = np.empty((1, len(values)), object)
    out[0] = [*values, None][: len(values)]
    return out


def thing(name, *parts, floor_m=-1.2):
    corners = cell({"x": 0.0, "y": floor_m, "z": 0.0}, {"x": 1.0, "y": floor_m, "z": 0.0})
    about = {"label": name, "surfaces": cell({"polygon": {"pts": corners}})}
    if not parts:
        return {"model": about}
    comp = [{"vertices": np.array(p, float), "faces": np.array([[1, 2, 3]])} for p in parts]
    return {"model": about, "mesh": {"comp": cell(*comp)}}


def upright_triangle(x):
    """At x, of 10 cm, in the annotation's axes."""
    return [[x, -1.2, -2.0], [x, -1.1, -2.0], [x, -1.2, -2.1]]


def write_room(path, *things, compress=True):
    model = {"camera": {"R": np.eye(3)}, "objects": cell(*things)}
    savemat(path, {"model": model}, do_compression=compress)
    return path


@pytest.mark.parametrize("compress", [True, False])
def test_objects_stand_upright_on_the_floor(tmp_path, compress):
    parts = (upright_triangle(0.0), upright_triangle(0.5))
    things = (thing("floor"), thing("puppy toy", *parts), thing("cup", upright_triangle(1.0)))
    puppy, cup = read_models(write_room(tmp_path / "1.mat", *things, compress=compress))
    assert (puppy.name, cup.name) == ("puppy toy", "cup")
    # (x, y up, z) becomes (x, −z, height over the floor).
    np.testing.assert_allclose(puppy.vertices_world[:3], [[0, 2, 0], [0, 2, 0.1], [0, 2.1, 0]])
    assert puppy.triangles.tolist() == [[0, 1, 2], [3, 4, 5]]
    np.testing.assert_allclose(puppy.vertices_world[3], [0.5, 2, 0])


def test_rooms_that_cannot_be(tmp_path):
    path = tmp_path / "1.mat"
    with pytest.raises(DatasetError, match="no object named floor"):
        read_models(write_room(path, thing("cup"), thing("bed")))
    with pytest.raises(DatasetError, match="not finite, or a face has others"):
        read_models(write_room(path, thing("floor"), thing("cup", [[0, 0, np.nan]] * 3)))
    with pytest.raises(DatasetError, match="is no annotation of a room"):
        read_models(write_room(path, {"name": "cup"}, thing("floor")))
    savemat(path, {"other": 1})
    with pytest.raises(DatasetError, match="has no variable model"):
        read_models(path)


def test_voxels_take_the_name_of_the_nearest_object_of_their_class(tmp_path):
    things = [thing("floor"), *(thing(n, upright_triangle(x)) for n, x in NAMES.items())]
    models = read_models(write_room(tmp_path / "1.mat", *things))
    mapping = {"puppy toy": "music", "ipod": "music", "bed": "bed", "book": "lamp"}
    music, bed, car = (1 + FINE_CLASSES.index(name) for name in ("music", "bed", "car"))
    labels = np.array([music, 0, bed, music, OUTSIDE, car], np.int16).reshape(6, 1, 1)
    volume = LabelVolume(labels, FINE_CLASSES, np.array([0.0, 2.0, 0.0]), 0.25)
    named = named_volume(volume, models, mapping)
    assert named.classes == ("bed", "car", "ipod", "puppy toy")
    # The bed is nearer to the first and to the fourth, but of another class.
    assert named.labels.ravel().tolist() == [4, 0, 1, 3, OUTSIDE, 2]
    with pytest.raises(DatasetError, match="only a volume in SSCNet's 36 classes"):
        named_volume(named, models, mapping)


NAMES = {"puppy toy": 0.05, "ipod": 1.0, "bed": 0.0, "book": 0.7}


def write_mapping(path, **changed):
    tables = {
        "nyu894class": cell("book", "puppy toy"),
        "mapNYU894To40": cell("books", "otherprop"),
        "nyu40class": cell("books", "otherprop"),
        "mapNYU40to36": cell("dont_care", "household_appliance"),
    }
    savemat(path, tables | changed)
    return path


def test_classes_of_names(tmp_path):
    path = write_mapping(tmp_path / "ClassMapping.mat")
    assert read_fine_classes(path) == {"book": "dont_care", "puppy toy": "household_appliance"}
    for changed, match in (
        ({"nyu40class": cell("books", "other")}, "otherprop"),
        ({"nyu894class": cell("book", "a", "b")}, "do not fit each other"),
        ({"mapNYU40to36": cell("toys", "bed")}, r"maps to \['toys'\]"),
    ):
        with pytest.raises(DatasetError, match=match):
            read_fine_classes(write_mapping(path, **changed))


def element(kind, content):
    return struct.pack("<II", kind, len(content)) + content + b"\0" * (-len(content) % 8)


def matrix(mat_class, shape, *parts):
    flags = element(6, struct.pack("<II", mat_class, 0))
    dims = element(5, struct.pack("<2i", *shape))
    return element(14, flags + dims + element(1, b"a") + b"".join(parts))


def mat_file(*elements):
    return b"MATLAB".ljust(124) + struct.pack("<H", 0x100) + b"IM" + b"".join(elements)


def nested(depth):
    inner = matrix(6, (1, 1), element(9, struct.pack("<d", 5.0)))
    for _ in range(depth):
        inner = matrix(1, (1, 1), inner)
    return inner


def packed(content):
    squeezed = zlib.compress(content)
    return struct.pack("<II", 15, len(squeezed)) + squeezed


def test_the_files_of_these_tests_are_read(tmp_path):
    path = tmp_path / "a.mat"
    for content in (mat_file(nested(0)), mat_file(packed(nested(3)))):
        path.write_bytes(content)
        assert read_mat(path, "a")["a"] == 5.0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89HDF", "is no MATLAB 5 file"),
        (mat_file(nested(MAX_DEPTH + 1)), "deep in others"),
        (mat_file(packed(nested(10**4))), "deep in others"),
        (mat_file(matrix(1, (2**30, 2**30), b"")), "of shape .* in .* bytes"),
        (mat_file(matrix(4, (1, 2**31 - 1), element(16, b""))), "of shape"),
        (mat_file(matrix(17, (1, 1), b"")), "unknown kind"),
        (mat_file(nested(1))[:-9], "bytes"),
        (mat_file(packed(nested(1))[:-9]), "cannot be read"),
    ],
)
def test_hostile_files(tmp_path, content, message):
    path = tmp_path / "a.mat"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        read_mat(path, "a")


def test_what_unpacks_to_too_much_is_not_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "a.mat"
    value = element(9, struct.pack("<d", 0.0) * 1000)
    content = mat_file(*[packed(matrix(6, (1, 1000), value))] * 2)
    path.write_bytes(content)
    assert read_mat(path, "a")["a"].shape == (1000,)
    monkeypatch.setattr(mat5, "MAX_BYTES", 2 * 8000)
    with pytest.raises(DatasetError, match="unpacks to more than 16000 bytes"):
        read_mat(path, "a")

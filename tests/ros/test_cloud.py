import struct
import sys
import types

import numpy as np
from sensor_msgs.msg import PointField
from std_msgs.msg import Header

from nesf_ros.ros import cloud

POINTS = np.array([[1.0, 2.0, 3.0], [-4.0, 5.5, 0.25]], np.float32)
COLORS = np.array([[255, 128, 1], [0, 0, 0]], np.uint8)
PROBABILITY = np.array([0.75, 0.5], np.float32)


def make():
    return cloud.create_cloud(Header(frame_id="map"), POINTS, COLORS, PROBABILITY)


def test_the_bytes_are_those_of_the_documented_layout():
    message = make()
    names = [(f.name, f.offset, f.datatype, f.count) for f in message.fields]
    assert names == [
        (name, 4 * i, PointField.FLOAT32, 1)
        for i, name in enumerate(("x", "y", "z", "rgb", "probability"))
    ]
    # rgb is 0x00RRGGBB in the bytes of a float, as PCL and RViz have it.
    expected = struct.pack("<fffIf", 1, 2, 3, 0xFF8001, 0.75)
    expected += struct.pack("<fffIf", -4, 5.5, 0.25, 0, 0.5)
    assert bytes(message.data) == expected
    assert (message.height, message.width) == (1, 2)
    assert (message.point_step, message.row_step) == (20, 40)
    assert not message.is_bigendian and message.header.frame_id == "map"


def test_the_points_come_back():
    records = cloud.read_records(make())
    np.testing.assert_array_equal(np.stack([records[a] for a in "xyz"], 1), POINTS)
    np.testing.assert_array_equal(records["probability"], PROBABILITY)


def test_a_cloud_without_points_is_one():
    empty = np.zeros((0, 3))
    message = cloud.create_cloud(
        Header(), empty.astype(np.float32), empty.astype(np.uint8), np.zeros(0, np.float32)
    )
    assert (message.width, message.row_step, len(message.data)) == (0, 0, 0)


def test_sensor_msgs_py_does_the_work_where_it_is_installed(monkeypatch):
    taken = []
    library = types.ModuleType("sensor_msgs_py.point_cloud2")

    def create_cloud(header, fields, points):
        taken.append((header.frame_id, [f.name for f in fields], points.dtype.itemsize))
        return cloud.cloud_of_records(header, points)

    library.create_cloud = create_cloud
    monkeypatch.setitem(sys.modules, "sensor_msgs_py", types.ModuleType("sensor_msgs_py"))
    monkeypatch.setitem(sys.modules, "sensor_msgs_py.point_cloud2", library)
    monkeypatch.setattr(cloud, "find_spec", lambda name: name == "sensor_msgs_py")
    assert bytes(make().data)[:4] == struct.pack("<f", 1)
    assert taken == [("map", ["x", "y", "z", "rgb", "probability"], 20)]

"""PointCloud2 by sensor_msgs_py where it is installed, else the same bytes by numpy."""

from __future__ import annotations

from importlib.util import find_spec

import cv2
import numpy as np
from jaxtyping import Float32, UInt8
from numpy import ndarray
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from nesf_ros.ros.convert import to_array

FIELDS = [
    PointField(name=name, offset=4 * number, datatype=PointField.FLOAT32, count=1)
    for number, name in enumerate(("x", "y", "z", "rgb", "probability"))
]
"""Metres in the header's frame; rgb packed into a float as RViz and PCL do; 0–1."""


def create_cloud(
    header: Header,
    points: Float32[ndarray, "n 3"],
    colors: UInt8[ndarray, "n 3"],
    probability: Float32[ndarray, " n"],
) -> PointCloud2:
    """A cloud of coloured points with a probability each."""
    records = np.zeros(len(points), [(field.name, "<f4") for field in FIELDS])
    records["x"], records["y"], records["z"] = points.T
    red, green, blue = colors.astype(np.uint32).T
    records["rgb"] = ((red << 16) | (green << 8) | blue).view(np.float32)
    records["probability"] = probability
    if find_spec("sensor_msgs_py"):
        from sensor_msgs_py.point_cloud2 import create_cloud as create

        return create(header, FIELDS, records)
    return cloud_of_records(header, records)


def cloud_of_records(header: Header, records: ndarray) -> PointCloud2:
    """What sensor_msgs_py makes of a structured array with `FIELDS`."""
    return PointCloud2(
        header=header,
        height=1,
        width=len(records),
        fields=FIELDS,
        is_bigendian=False,
        is_dense=False,
        point_step=records.itemsize,
        row_step=records.nbytes,
        data=to_array(records.view(np.uint8)),
    )


def read_records(cloud: PointCloud2) -> ndarray:
    """The points of a cloud made here, as a structured array."""
    return np.frombuffer(cloud.data, [(field.name, "<f4") for field in cloud.fields])


def shades(relevancy: Float32[ndarray, " n"]) -> UInt8[ndarray, "n 3"]:
    """RGB for relevancies 0–1: blue is not relevant, red is."""
    table = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_TURBO)
    return table[(255 * relevancy + 0.5).astype(np.uint8), 0, ::-1].copy()

import math

import numpy as np
import pytest
from geometry_msgs.msg import Point, Pose, Quaternion
from hypothesis import given
from hypothesis import strategies as st
from nav_msgs.msg import Odometry
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, RegionOfInterest
from std_msgs.msg import Header

from nesf_ros.errors import FrameError, GeometryError, QueryError
from nesf_ros.geometry import se3
from nesf_ros.geometry.rectify import Rectifier
from nesf_ros.msg import Region, VoxelGrid, VoxelMap
from nesf_ros.ros import convert
from nesf_ros.types import Box, Intrinsics
from nesf_ros.voxels.updates import BlockUpdate

HEADER = Header(frame_id="camera")
NUMBERS = st.floats(-100, 100)


def over_the_wire(message):
    """What a subscriber gets."""
    return deserialize_message(serialize_message(message), type(message))


@given(st.integers(0, 2**31 * 10**9 - 1))
def test_stamps_survive(stamp_ns):
    stamp = convert.ns_to_stamp(stamp_ns)
    assert 0 <= stamp.nanosec < 10**9
    assert convert.stamp_to_ns(stamp) == stamp_ns


@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.float32, np.float64])
def test_flat_arrays_keep_their_values_and_run_row_by_row(kind):
    values = np.arange(6, dtype=kind).reshape(2, 3)
    assert convert.to_array(values).tolist() == [0, 1, 2, 3, 4, 5]
    assert convert.to_array(values.T).tolist() == [0, 3, 1, 4, 2, 5]


@pytest.mark.parametrize(
    ("encoding", "pixel", "rgb"),
    [
        ("rgb8", (1, 2, 3), (1, 2, 3)),
        ("bgr8", (1, 2, 3), (3, 2, 1)),
        ("rgba8", (1, 2, 3, 255), (1, 2, 3)),
        ("bgra8", (1, 2, 3, 255), (3, 2, 1)),
        ("mono8", (7,), (7, 7, 7)),
    ],
)
def test_colour_survives_in_every_encoding(encoding, pixel, rgb):
    pixels = np.zeros((4, 5, len(pixel)), np.uint8)
    pixels[2, 3] = pixel
    message = over_the_wire(convert.image_message(pixels, encoding, HEADER))
    assert (message.height, message.width, message.step) == (4, 5, 5 * len(pixel))
    assert message.header.frame_id == "camera"
    color = convert.color_of(message)
    assert color.shape == (4, 5, 3)
    assert color[2, 3].tolist() == list(rgb)
    assert color.sum() == sum(rgb)


def test_metric_depth_survives_and_holes_become_zero():
    depth = np.array([[1.5, np.nan], [np.inf, -1.0], [0.0, 2.25]], np.float32)
    message = over_the_wire(convert.image_message(depth, "32FC1", HEADER))
    assert convert.depth_of(message, 0.5).tolist() == [[1.5, 0], [0, 0], [0, 2.25]]


def test_depth_in_units_is_scaled():
    raw = np.array([[0, 1500], [65535, 10]], np.uint16)
    message = over_the_wire(convert.image_message(raw, "16UC1", HEADER))
    np.testing.assert_allclose(convert.depth_of(message, 0.001), [[0, 1.5], [0, 0.01]])


def test_big_endian_depth_is_read():
    raw = np.array([[1000, 2000]], ">u2")
    message = convert.image_message(raw, "16UC1", HEADER)
    message.is_bigendian = 1
    np.testing.assert_allclose(convert.depth_of(over_the_wire(message), 0.001), [[1, 2]])


def test_images_that_cannot_be_read_say_so():
    with pytest.raises(FrameError, match="'yuv422' is not supported") as caught:
        convert.color_of(Image(encoding="yuv422", height=1, width=1))
    assert caught.value.cause == "bad_encoding"
    with pytest.raises(FrameError, match="cannot be decoded") as caught:
        convert.color_of(CompressedImage(format="jpeg", data=b"none"))
    assert caught.value.cause == "bad_compressed"


def test_an_ideal_camera_survives_as_camera_info():
    camera = Intrinsics(640, 480, 500.0, 510.0, 319.5, 239.5)
    message = over_the_wire(convert.info_message(camera, HEADER))
    rectifier = Rectifier(convert.calibration_of(message))
    assert rectifier.intrinsics == camera
    assert rectifier.is_identity


def test_a_calibration_takes_all_of_camera_info():
    message = CameraInfo(
        width=8, height=6, distortion_model="plumb_bob", d=[0.1, 0.2], k=np.arange(9.0),
        r=np.arange(9.0) + 10, p=np.arange(12.0) + 20, binning_x=2, binning_y=3,
        roi=RegionOfInterest(x_offset=1, y_offset=2, width=3, height=4),
    )  # fmt: skip
    got = convert.calibration_of(over_the_wire(message))
    assert (got.width, got.height, got.distortion_model) == (8, 6, "plumb_bob")
    assert list(got.d) == [0.1, 0.2]
    assert (got.k[4], got.r[8], got.p[11]) == (4.0, 18.0, 31.0)
    assert (got.binning, got.roi) == ((2, 3), (1, 2, 3, 4))
    assert got == convert.calibration_of(message)


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS), st.tuples(*[st.floats(-1, 1)] * 4))
def test_poses_survive(place, quaternion):
    norm = math.hypot(*quaternion)
    if norm < 0.1:
        return
    unit = [part / norm for part in quaternion]
    matrix = se3.from_quaternion_xyzw(place, unit)
    transform = over_the_wire(convert.matrix_to_transform(matrix))
    pose = over_the_wire(convert.matrix_to_pose(matrix))
    np.testing.assert_allclose(convert.pose_to_matrix(pose), matrix, atol=1e-12)
    t = transform.translation
    assert pose == Pose(position=Point(x=t.x, y=t.y, z=t.z), orientation=transform.rotation)


def test_a_pose_that_was_never_filled_in_is_the_identity_or_an_error():
    np.testing.assert_array_equal(convert.pose_to_matrix(Pose()), np.eye(4))
    with pytest.raises(GeometryError, match="has norm 0"):
        convert.pose_to_matrix(Pose(orientation=Quaternion(w=0.0)))
    assert Odometry().pose.pose == Pose()


def test_points_become_rows():
    points = [Point(x=1.0, y=2.0, z=3.0), Point(z=-1.0)]
    assert convert.points_to_array(points).tolist() == [[1, 2, 3], [0, 0, -1]]
    assert convert.points_to_array([]).shape == (0, 3)


def region(lower, upper) -> Region:
    corners = [Point(**dict(zip("xyz", map(float, c), strict=True))) for c in (lower, upper)]
    return Region(lower=corners[0], upper=corners[1])


def test_a_region_that_was_left_out_is_the_whole_map():
    assert convert.box_of(Region(), np.eye(4)) is None


def test_a_box_goes_out_as_a_region_and_comes_back():
    box = Box((-1.0, 0.5, 0.0), (1.0, 2.0, 3.0))
    assert convert.region_message(box) == region(box.lower, box.upper)
    assert convert.box_of(over_the_wire(convert.region_message(box)), np.eye(4)) == box
    assert convert.box_of(convert.region_message(None), np.eye(4)) is None


def test_a_region_in_a_turned_frame_is_enclosed():
    half = math.sqrt(0.5)
    # 45° about z, then 10 m along x: a square of side 2 becomes a diamond, 2·√2 across.
    map_T_region = se3.from_quaternion_xyzw(
        [10, 0, 0], [0, 0, math.sin(math.pi / 8), math.cos(math.pi / 8)]
    )
    box = convert.box_of(region((-1, -1, 0), (1, 1, 3)), map_T_region)
    np.testing.assert_allclose(box.lower, (10 - 2 * half, -2 * half, 0), atol=1e-12)
    np.testing.assert_allclose(box.upper, (10 + 2 * half, 2 * half, 3), atol=1e-12)


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        ((1, 1, 1), (0, 0, 0)),
        ((0, 0, 0), (1, 1, 0)),
        ((0, 0, 0), (1, 1, math.nan)),
        ((-math.inf, 0, 0), (1, 1, 1)),
    ],
)
def test_regions_that_are_none_are_refused(lower, upper):
    with pytest.raises(QueryError, match="every upper bound must be finite and above"):
        convert.box_of(region(lower, upper), np.eye(4))


def test_a_map_message_lists_blocks_as_its_comments_say():
    codes = np.arange(512).astype(np.uint8)
    update = BlockUpdate(
        block_index=np.array([[1, -2, 3], [4, 5, 6]], np.int32),
        block_uniform=np.array([0, 1], np.uint8),
        occupancy=codes,
        color=np.zeros(3 * 512, np.uint8),
        removed_index=np.array([[7, 8, 9]], np.int32),
    )
    message = over_the_wire(convert.map_message(update, 0.05, HEADER))
    assert isinstance(message, VoxelMap)
    assert message.block_size == 8 and message.voxel_size == np.float32(0.05)
    assert list(message.block_index) == [1, -2, 3, 4, 5, 6]
    assert list(message.block_uniform) == [0, 1]
    assert list(message.occupancy) == codes.tolist()
    assert list(message.removed_index) == [7, 8, 9]


def test_in_a_grid_message_x_runs_fastest_then_y_then_z():
    codes = np.zeros((2, 3, 4), np.uint8)  # x, y, z
    codes[1, 0, 0], codes[0, 1, 0], codes[0, 0, 1] = 10, 20, 30
    message = over_the_wire(convert.grid_message(codes, (1.0, 2.0, 3.0), 0.1, HEADER))
    assert isinstance(message, VoxelGrid)
    assert (message.size_x, message.size_y, message.size_z) == (2, 3, 4)
    assert message.probability[1] == 10
    assert message.probability[2] == 20
    assert message.probability[2 * 3] == 30
    assert sum(message.probability) == 60
    assert (message.origin.x, message.origin.y, message.origin.z) == (1.0, 2.0, 3.0)

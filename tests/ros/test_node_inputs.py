"""Ignore masks and compressed images, over DDS."""

import struct

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import Header

from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED

from .processes import HEIGHT, WALL_M, WIDTH, Camera, NodeProcess, Robot, image, shade, stamp, wall

pytestmark = pytest.mark.ros


def left_half() -> np.ndarray:
    """A mask of the left half of the image, 0 or 255."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[:, : WIDTH // 2] = 255
    return mask


@pytest.fixture(scope="module")
def masked(start_node, tmp_path_factory) -> NodeProcess:
    file = tmp_path_factory.mktemp("masks") / "robot.png"
    cv2.imwrite(str(file), left_half()[:, ::-1])  # the static one hides the right half
    parameters = {"mask_topic": "mask", "mask_images": ["", str(file)], "frames.tf_wait_s": 0.4}
    return start_node(cameras=["/people", "/arm"], **parameters).wait_until_active()


@pytest.fixture(scope="module")
def cameras(robot: Robot, masked: NodeProcess) -> tuple[Camera, Camera]:
    people = robot.camera("/people", mask=True)
    arm = robot.camera("/arm", (0.0, 10.0, 1.0), mask=True)
    robot.connect(people, arm)
    return people, arm


def send_mask(robot: Robot, camera: Camera, mask: np.ndarray, stamp_ns: int) -> None:
    camera.publishers["mask"].publish(image(mask, "mono8", stamp_ns, camera.frame))
    robot.spin(0.05)


def test_what_a_mask_hides_never_enters_the_map(robot, masked, cameras):
    people, _ = cameras
    for _ in range(3):  # the mask is later than its image, as a segmenter's is
        stamp_ns = people.send()
        robot.spin(0.05)
        send_mask(robot, people, left_half(), stamp_ns)
    robot.counts(masked, people, integrated=3)
    # Left is towards +y. Not even free space is carved through a person.
    answer = robot.look_up(
        masked, (WALL_M, -0.4, 1.0), (WALL_M, 0.4, 1.0), (0.8, -0.2, 1.0), (0.8, 0.2, 1.0)
    )
    assert list(answer.state) == [OCCUPIED, UNOBSERVED, FREE, UNOBSERVED]


def test_an_image_without_a_mask_is_dropped(robot, masked, cameras):
    people, _ = cameras
    integrated = robot.counts(masked, people)["integrated"]
    people.send()
    values = robot.counts(masked, people, **{"frames_dropped.no_mask": 1})
    assert values["integrated"] == integrated


def test_a_mask_of_the_wrong_size_drops_its_image(robot, masked, cameras):
    people, _ = cameras
    stamp_ns = people.tick()
    send_mask(robot, people, left_half()[::2], stamp_ns)
    people.send(stamp_ns)
    robot.counts(masked, people, **{"frames_dropped.bad_size": 1, "frames_dropped.failed": 0})
    masked.wait_for_log("mask of 160x60 px")


def test_a_static_mask_adds_to_the_topic(robot, masked, cameras):
    _, arm = cameras
    stamp_ns = arm.tick()
    top = np.zeros((HEIGHT, WIDTH), np.uint8)
    top[: HEIGHT // 2] = 1  # anything above 0 hides
    send_mask(robot, arm, top, stamp_ns)
    arm.send(stamp_ns)
    robot.counts(masked, arm, integrated=1)
    points = [(WALL_M, 10.0 + y, 1.0 + z) for y in (0.4, -0.4) for z in (0.3, -0.3)]
    answer = robot.look_up(masked, *points)
    assert list(answer.state) == [UNOBSERVED, OCCUPIED, UNOBSERVED, UNOBSERVED]


def test_a_mask_from_before_a_clock_reset_is_not_used(robot, masked, cameras):
    people, _ = cameras
    before = robot.counts(masked, people)
    later = people.tick()
    people.send(later - 100 * 10**9)  # back in time: dropped for want of a mask
    send_mask(robot, people, left_half(), later - 50 * 10**9)
    people.send(later - 90 * 10**9)
    people.send(later - 95 * 10**9)  # back again, which forgets the mask above
    people.send(later - 50 * 10**9)
    missing = before["frames_dropped.no_mask"]
    values = robot.counts(masked, people, pairs=before["pairs"] + 4, waiting_for_pose=0)
    assert values["integrated"] == before["integrated"]
    assert values["frames_dropped.no_mask"] + values["frames_dropped.clock_reset"] == missing + 4


def compressed(data: bytes, form: str, stamp_ns: int, frame: str) -> CompressedImage:
    header = Header(stamp=stamp(stamp_ns), frame_id=frame)
    return CompressedImage(header=header, format=form, data=data)


def test_compressed_images_are_read(robot, start_node):
    topics = {
        "color_topic": "color/image_raw/compressed",
        "depth_topic": "depth/image_raw/compressedDepth",
    }
    node = start_node("/packed", cameras=["/zip"], **topics).wait_until_active()
    camera = robot.camera("/zip", compressed=True)
    robot.connect(camera)
    stamp_ns = camera.tick()
    jpeg = cv2.imencode(".jpg", shade(200, 100, 50)[..., ::-1])[1].tobytes()
    png = cv2.imencode(".png", (wall() * 1000).astype(np.uint16))[1].tobytes()
    color = compressed(jpeg, "rgb8; jpeg compressed bgr8", stamp_ns, camera.frame)
    header = struct.pack("<iff", 0, 0.0, 0.0)
    depth = compressed(header + png, "16UC1; compressedDepth png", stamp_ns, camera.frame)
    camera.send(stamp_ns, color=color, depth=depth)
    robot.counts(node, camera, integrated=1)
    answer = robot.look_up(node, (WALL_M, 0.0, 1.0))
    assert list(answer.state) == [OCCUPIED]
    np.testing.assert_allclose(answer.color, [200, 100, 50], atol=4)
    stamp_ns = camera.tick()
    color.header.stamp = stamp(stamp_ns)
    torn = compressed(header + png[:40], "16UC1; compressedDepth png", stamp_ns, camera.frame)
    camera.send(stamp_ns, color=color, depth=torn)
    robot.counts(node, camera, integrated=1, **{"frames_dropped.bad_compressed": 1})
    assert node.end() == 0

"""Messages of one camera to a frame, without a node."""

import cv2
import numpy as np
import pytest
from std_msgs.msg import Header

from nesf_ros.config import FramesConfig
from nesf_ros.errors import ConfigError, FrameError
from nesf_ros.frames.counters import Cause
from nesf_ros.ros.convert import image_message, info_message, ns_to_stamp
from nesf_ros.ros.decoder import FrameDecoder
from nesf_ros.ros.node_config import NodeConfig
from nesf_ros.types import Intrinsics

pytestmark = pytest.mark.ros

CAMERA = Intrinsics(8, 6, 10.0, 10.0, 3.5, 2.5)
HEADER = Header(stamp=ns_to_stamp(5), frame_id="optical")
COLOR = image_message(np.full((6, 8, 3), 90, np.uint8), "rgb8", HEADER)
DEPTH = image_message(np.full((6, 8), 2000, np.uint16), "16UC1", HEADER)


def left_half() -> np.ndarray:
    mask = np.zeros((6, 8), np.uint8)
    mask[:, :4] = 255
    return mask


def decoder(**settings) -> FrameDecoder:
    topics = {"depth_info": "/camera/depth/camera_info"}
    made = FrameDecoder(0, (NodeConfig(**settings), FramesConfig()), topics)
    made.info |= dict.fromkeys(("color", "depth"), info_message(CAMERA, HEADER))
    return made


def test_a_frame_has_the_pixels_in_metres_and_the_name_of_its_camera():
    frame = decoder().decode(COLOR, DEPTH, None, np.eye(4))
    assert (frame.stamp_ns, frame.camera) == (5, "/camera")
    assert (frame.depth_intrinsics, frame.color_intrinsics) == (CAMERA, CAMERA)
    np.testing.assert_allclose(frame.depth_m, np.full((6, 8), 2.0), rtol=1e-6)
    assert (frame.color == 90).all()


@pytest.mark.parametrize("of", ["color", "depth"])
def test_masks_of_both_kinds_take_readings_away(tmp_path, of):
    file, top = tmp_path / "mask.png", np.zeros((6, 8), np.uint8)
    top[0] = 255
    cv2.imwrite(str(file), top)
    masked = decoder(mask_images=(str(file),), mask_camera=of)
    frame = masked.decode(COLOR, DEPTH, image_message(left_half(), "mono8", HEADER), np.eye(4))
    np.testing.assert_allclose(frame.depth_m[1:, 4:], 2.0, rtol=1e-6)
    assert not frame.depth_m[0].any() and not frame.depth_m[:, :4].any()


def test_what_cannot_be_decoded_says_why():
    deaf = decoder()
    del deaf.info["depth"]
    with pytest.raises(FrameError, match="no CameraInfo on /camera/depth/camera_info") as error:
        deaf.decode(COLOR, DEPTH, None, np.eye(4))
    assert error.value.cause == Cause.NO_CAMERA_INFO
    small = image_message(np.zeros((3, 4), np.uint8), "mono8", HEADER)
    with pytest.raises(FrameError, match="mask of 4x3 px, but the color camera has 8x6"):
        decoder().decode(COLOR, DEPTH, small, np.eye(4))
    everything = image_message(np.full((6, 8), 255, np.uint8), "mono8", HEADER)
    with pytest.raises(FrameError, match="holds no reading at all") as error:
        decoder(mask_camera="depth").decode(COLOR, DEPTH, everything, np.eye(4))
    assert error.value.cause == Cause.EMPTY_DEPTH
    with pytest.raises(ConfigError, match="mask_images: /gone.png cannot be read"):
        decoder(mask_images=("/gone.png",))

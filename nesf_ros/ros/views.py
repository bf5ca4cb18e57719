"""Rendered views of the map, as RenderView.srv tells of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from std_msgs.msg import Header

from nesf_ros.errors import QueryError
from nesf_ros.ros.convert import color_of, depth_of, image_message
from nesf_ros.ros.serving import REPLY_BYTES
from nesf_ros.srv import RenderView
from nesf_ros.types import Intrinsics, View, ViewWords

BYTES_PER_PIXEL = 3 + 4 + 12
"""Of colour, depth, normals."""
DEFAULT_SIZE = (640, 480)
DEFAULT_VIEW_RAD = np.deg2rad(70.0)


def camera_of(request: RenderView.Request) -> Intrinsics:
    """The camera of a request, zeros replaced by the defaults its comments name."""
    width, height = request.width or DEFAULT_SIZE[0], request.height or DEFAULT_SIZE[1]
    fx = request.fx or width / 2 / float(np.tan(DEFAULT_VIEW_RAD / 2))
    cx, cy = request.cx or (width - 1) / 2, request.cy or (height - 1) / 2
    return Intrinsics(width, height, fx, request.fy or fx, cx, cy)


def check_size(camera: Intrinsics, request: RenderView.Request, labelled: bool) -> None:
    """Raises QueryError for a view that no reply could hold."""
    count = len(request.texts)
    most = REPLY_BYTES // (BYTES_PER_PIXEL + 4 * count + 3 * request.features + labelled)
    if camera.width * camera.height > most:
        texts = f" with {count} texts" if count else ""
        raise QueryError(
            f"{camera.width}x{camera.height} px; one reply holds at most {most} px{texts}: ask for "
            "a smaller view"
        )


def fill_view(response: RenderView.Response, view: View, header: Header) -> None:
    """Put a view into a response."""
    response.color = image_message(view.color, "rgb8", header)
    response.depth = image_message(view.depth_m, "32FC1", header)
    response.normals = image_message(view.normals_world, "32FC3", header)
    response.drawn_by = view.drawn_by
    words = view.words
    if words is None:
        return
    response.message = about_unknown(words.unknown)
    response.relevancy = [image_message(each, "32FC1", header) for each in words.relevancy]
    if words.label is not None:
        response.label = image_message(words.label, "mono8", header)
        response.label_names = list(words.label_names)
    if words.features is not None:
        response.features = image_message(words.features, "rgb8", header)


def about_unknown(texts: Sequence[str]) -> str:
    """What to know about texts that a model was trained with nothing near to."""
    return f"unknown to the model: {', '.join(texts)}" if texts else ""


def view_of(reply: RenderView.Response) -> View:
    """The view in a response."""
    size = reply.color.height, reply.color.width
    normals = np.frombuffer(reply.normals.data, np.float32).reshape(*size, 3)
    label = np.frombuffer(reply.label.data, np.uint8).reshape(size) if reply.label.width else None
    relevancy = [np.frombuffer(image.data, np.float32) for image in reply.relevancy]
    features = color_of(reply.features) if reply.features.width else None
    words = None
    if label is not None or features is not None or relevancy:
        names = tuple(reply.label_names)
        texts = np.array(relevancy, np.float32).reshape(-1, *size)
        words = ViewWords(label, names, texts, features=features)
    return View(color_of(reply.color), depth_of(reply.depth, 1.0), normals, words, reply.drawn_by)

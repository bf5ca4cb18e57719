"""Views that a scene field draws, in the time that a request has."""

import numpy as np
import pytest

from nesf_ros import action, srv
from nesf_ros.ros.services import MapServices
from nesf_ros.types import View
from tests.semantics.test_language import wall

from .test_serving import Bench, config  # noqa: F401 - a fixture

pytestmark = pytest.mark.ros
SIZE = {"width": 8, "height": 6}


class Pictures(Bench):
    """Asks for views."""

    kinds = {"render_view": srv.RenderView}
    twin = "render_view", action.RenderView

    def serve(self, node):
        return [MapServices(node, "map", {})]


class Field:
    """In the place of `Fields`: draws in ten parts, each a second by its own clock."""

    def __init__(self):
        self.now_s, self.parts = 0.0, 0

    def monotonic(self):
        return self.now_s

    def view(self, camera, pose, far_m, progress):
        for part in range(1, 11):
            self.now_s, self.parts = self.now_s + 1.0, part
            progress("drawing", part / 10)
        shape = camera.height, camera.width
        color, normals = np.zeros((*shape, 3), np.uint8), np.zeros((*shape, 3), np.float32)
        return View(color, np.ones(shape, np.float32), normals, drawn_by="field")


@pytest.fixture
def bench(ros_context, config):  # noqa: F811
    bench = Pictures(ros_context, config)
    bench.mapper.add_frame(wall(2))
    yield bench
    bench.close()


@pytest.mark.parametrize(("deadline_s", "drawn_by"), [(13.0, "field"), (12.0, "voxels")])
def test_the_field_draws_where_it_can_be_in_time(bench, monkeypatch, deadline_s, drawn_by):
    """Ten seconds are less than eight tenths of 13 s, and more than those of 12 s."""
    field = Field()
    bench.mapper.fields = field
    monkeypatch.setattr("nesf_ros.ros.services.time", field)
    reply = bench.reply(bench.ask("render_view", deadline_s=deadline_s, **SIZE))
    bench.mapper.fields = None
    assert reply.success, reply.message
    assert reply.drawn_by == drawn_by and reply.depth.width == SIZE["width"]
    if drawn_by == "voxels":
        assert field.parts == 1  # it is known after the first part
        assert "the scene field takes some 10 s for this picture" in reply.message
    else:
        assert field.parts == 10 and not reply.message

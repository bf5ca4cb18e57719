"""Keyframes as clouds: which pixel of the colour picture speaks for a point of the depth image."""

import numpy as np
import pytest
import torch

from nesf_ros.semantics.completion.cells import BACKGROUND
from nesf_ros.semantics.completion.looking import Glimpse, Looker, chosen
from nesf_ros.semantics.completion.volume import Volume
from nesf_ros.semantics.reading import Reader
from nesf_ros.types import Intrinsics, PosedFrame, RgbdFrame
from nesf_ros.vision.scans import KeyframeScans
from nesf_ros.vision.tiles import whole
from tests.voxels.scenes import facing

DEPTH = Intrinsics(8, 6, 8.0, 8.0, 3.5, 2.5)
COLOR = Intrinsics(320, 240, 320.0, 320.0, 159.5, 119.5)
"""Its cells are of 4 px."""


def frame(color=COLOR, depth_camera=DEPTH, depth_T_color=None, pose=None, holes=()):
    """A wall 2 m ahead, all over both pictures."""
    depth = np.full((depth_camera.height, depth_camera.width), 2.0, np.float32)
    for row, column in holes:
        depth[row, column] = 0.0
    rgbd = RgbdFrame(
        1, "camera", np.zeros((color.height, color.width, 3), np.uint8), depth, color, depth_camera,
        np.eye(4) if depth_T_color is None else depth_T_color,
    )  # fmt: skip
    return PosedFrame(rgbd, np.eye(4) if pose is None else pose)


def moved(x):
    out = np.eye(4)
    out[0, 3] = x
    return out


def test_a_point_takes_the_pixel_of_a_colour_camera_beside():
    glimpse = Glimpse.of(7, frame(depth_T_color=moved(0.1), holes=[(0, 0)]))
    assert (glimpse.keyframe, glimpse.every, len(glimpse.points_map)) == (7, 4, 47)
    # Depth pixel (u 4, v 3) is at x = y = 0.5 / 8 · 2 m = 0.125 m. For the colour camera x is
    # 0.025 m: u = 320 · 0.025 / 2 + 159.5 = 163.5, v = 139.5; of 4 px, cells 41 and 35.
    at = 3 * 8 + 4 - 1  # one reading before it is missing
    torch.testing.assert_close(glimpse.points_map[at], torch.tensor([0.125, 0.125, 2.0]))
    assert glimpse.pixels[at].tolist() == [35, 41]


def test_what_the_colour_camera_does_not_show_is_left_out():
    glimpse = Glimpse.of(0, frame(depth_T_color=moved(0.5)))
    # It shows x from −0.5 m on; the first two columns are at −0.875 and −0.625 m.
    assert len(glimpse.points_map) == 6 * 6
    assert glimpse.points_map[:, 0].min() == pytest.approx(-0.375)
    backwards = np.diag([-1.0, 1.0, -1.0, 1.0])
    assert len(Glimpse.of(0, frame(depth_T_color=backwards)).points_map) == 0


def test_points_lie_where_the_depth_camera_stands():
    glimpse = Glimpse.of(0, frame(pose=facing(np.pi / 2, (1.0, 2.0, 1.5))))
    # Looking along y: the wall is at y = 4, and what is right in the image lies along x.
    assert torch.allclose(glimpse.points_map[:, 1], torch.tensor(4.0))
    torch.testing.assert_close(
        glimpse.points_map[3 * 8 + 4], torch.tensor([1.125, 4.0, 1.375]), atol=1e-6, rtol=0
    )


@pytest.mark.parametrize("size", [(768, 1024), (376, 672), (725, 1280), (480, 640), (90, 120)])
def test_every_size_of_picture_has_the_cells_that_relevancy_is_given_in(size):
    height, width = size
    camera = Intrinsics(width, height, width, width, (width - 1) / 2, (height - 1) / 2)
    glimpse = Glimpse.of(0, frame(camera, camera))
    maps = whole(size).merge(torch.zeros(1, 1, 4, 4), size, glimpse.every)
    rows, columns = maps.shape[1:]
    last = glimpse.pixels.amax(0)
    assert glimpse.pixels.amin(0).tolist() == [0, 0]
    assert rows - 2 <= last[0] < rows and columns - 2 <= last[1] < columns


def test_a_large_depth_image_is_thinned():
    camera = Intrinsics(640, 480, 500.0, 500.0, 319.5, 239.5)
    assert len(Glimpse.of(0, frame(camera, camera)).points_map) == 80 * 60


def glimpse_of(keyframe, *cells):
    """Of a keyframe that shows some cells of 1 m along x; negative ones lie outside."""
    points = torch.tensor([[cell + 0.5, 0.5, 0.5] for cell in cells])
    return Glimpse(keyframe, frame(), points, torch.zeros(len(cells), 2, dtype=torch.int64), 4)


CUBE = Volume((0.0, 0.0, 0.0), 0.0, 16.0, 64)


def test_keyframes_are_chosen_by_what_they_add():
    a, b, c = glimpse_of(0, 1, 2, 3), glimpse_of(1, 3, 4), glimpse_of(2, 5)
    d, outside = glimpse_of(3, 1, 2), glimpse_of(4, -1, -7)
    held = [d, outside, c, b, a]
    # b and c add one cell each, but b shows two; d adds nothing.
    assert [g.keyframe for g in chosen(held, CUBE, 5)] == [0, 1, 2, 3]
    assert [g.keyframe for g in chosen(held, CUBE, 2)] == [0, 1]
    assert chosen([outside], CUBE, 5) == []


def test_many_points_in_a_place_show_no_more_than_one():
    near = glimpse_of(0, 1, *(1 + 0.01 * n for n in range(9)))
    assert [g.keyframe for g in chosen([near, glimpse_of(1, 2, 3)], CUBE, 2)] == [1, 0]


def test_of_equals_the_older_keyframe_is_chosen():
    assert [g.keyframe for g in chosen([glimpse_of(9, 1), glimpse_of(4, 1)], CUBE, 1)] == [4]


class Words(Reader):
    """The background's words are numbers from 0 on."""

    def __init__(self):
        pass

    def embed(self, texts):
        return torch.arange(len(texts))[:, None].float()


class Scans(KeyframeScans):
    """Relevancy of a text is its first number, plus row and a tenth of the column."""

    def __init__(self):
        self.asked, self.forgotten, self.kept = [], [], set()

    def relevancy(self, keyframe, image, texts, every, against):
        assert len(against.words) == len(BACKGROUND) and against.scale == 20
        self.asked.append((keyframe, len(texts), every))
        if keyframe not in self.forgotten:
            self.kept.add(keyframe)
        row, column = torch.meshgrid(torch.arange(60.0), torch.arange(80.0), indexing="ij")
        return texts[:, 0, None, None] + row + column / 10

    def __contains__(self, keyframe):
        return keyframe in self.kept

    def forget(self, keyframe):
        self.forgotten.append(keyframe)


def looker_of(scans):
    return Looker(scans, Words(), 20.0)


def test_relevancy_is_taken_where_points_are_seen():
    glimpse = Glimpse.of(7, frame(depth_T_color=moved(0.1)))
    cloud = looker_of(Scans()).cloud(glimpse, torch.tensor([[100.0], [200.0]]))
    at, here = 3 * 8 + 4, 35 + 4.1
    torch.testing.assert_close(cloud.relevancy[:, at], torch.tensor([100.0, 200.0]) + here)
    mean, highest = (len(BACKGROUND) - 1) / 2 + here, len(BACKGROUND) - 1 + here
    torch.testing.assert_close(cloud.background[:, at], torch.tensor([mean, highest]))
    assert cloud.points_map is glimpse.points_map


def test_the_background_of_a_keyframe_is_made_once():
    scans = Scans()
    looker, glimpse, text = looker_of(scans), Glimpse.of(7, frame()), torch.ones(1, 1)
    first, second = looker.cloud(glimpse, text), looker.cloud(glimpse, text)
    assert scans.asked == [(7, 1 + len(BACKGROUND), 4), (7, 1, 4)]
    assert torch.equal(first.background, second.background)
    assert torch.equal(first.relevancy, second.relevancy)
    looker.forget(7)
    scans.kept.clear()
    for _ in range(2):  # by whoever still has it: nothing of it is kept
        looker.cloud(glimpse, text)
        assert scans.asked.pop() == (7, 1 + len(BACKGROUND), 4)
    assert scans.forgotten == [7]


def test_a_label_is_seen_alike_whatever_else_is_asked():
    glimpse, texts = Glimpse.of(7, frame()), torch.tensor([[3.0], [5.0], [8.0]])
    together = looker_of(Scans()).cloud(glimpse, texts)
    alone = looker_of(Scans()).cloud(glimpse, texts[1:2])
    assert torch.equal(together.relevancy[1], alone.relevancy[0])
    assert torch.equal(together.background, alone.background)

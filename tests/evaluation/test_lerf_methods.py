"""What is compared with language fields, and these, on a room of two colours."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from nesf_ros.config import MapConfig, NesfConfig, SemanticsConfig, VisionConfig
from nesf_ros.evaluation.lerf_methods import (
    EVERY,
    SINGLE,
    Effort,
    Studied,
    without_patches,
    without_sizes,
)
from nesf_ros.evaluation.lerf_scenes import LerfScene
from nesf_ros.field.fit import Fitter
from nesf_ros.field.hash_grid import Lattices
from nesf_ros.semantics.lerf.presets import PRESETS, LerfPreset
from nesf_ros.semantics.lerf.supervision import Crops
from nesf_ros.types import PosedFrame, RgbdFrame
from tests.semantics.test_language import BLUE, CAMERA, RED, ColorModel

pytestmark = pytest.mark.slow  # fields are fitted

TINY = LerfPreset(Crops((0.25, 0.5)), (Lattices(4, 4, 12, 0.64, 0.04),), width=32, rays=256,
                  steps=60, min_views=2, sizes_m=(0.2, 0.4))  # fmt: skip
DEPTH_M = 1.5
TEXTS = ["red", "blue", "green"]


def wall(x: float) -> PosedFrame:
    """A wall 1.5 m ahead of a camera at x: red left of x = 0, blue right of it."""
    right = x + (np.arange(64) - 31.5) / 50 * DEPTH_M > 0
    color = np.tile(np.where(right[:, None], BLUE, RED).astype(np.uint8), (48, 1, 1))
    depth, pose = np.full((48, 64), DEPTH_M, np.float32), np.eye(4)
    pose[0, 3] = x
    return PosedFrame(RgbdFrame(1, "camera", color, depth, CAMERA, CAMERA, np.eye(4)), pose)


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    prompts = tmp_path_factory.mktemp("prompts") / "prompts.txt"
    prompts.write_text("{}\n")
    config = NesfConfig(
        map=MapConfig(device="cpu", voxel_size_m=0.05, max_depth_m=3.0),
        vision=VisionConfig(prompts=str(prompts)),
        semantics=SemanticsConfig(canonical=("thing", "stuff")),
    )
    scene = LerfScene("wall", tuple(wall(x) for x in (-0.2, 0.0, 0.2)), (wall(0.1),), (), ())
    studied = Studied(scene, ColorModel(), config, Effort(1000.0, 60))

    def run(self, seconds):  # so many steps, however long they take
        self.config = replace(self.config, rays=256, tints=64)
        while self.steps < 100:
            self.step()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Fitter, "run", run)
        assert studied.fitter.steps == 100
    return studied


def sides(view):
    """Medians left and right in the held-out view, whose middle is 0.1 m right of the border."""
    u = (np.arange(view.shape[2]) + 0.5) * 64 / view.shape[2] - 0.5
    x = 0.1 + (u - 31.5) / 50 * DEPTH_M
    return [np.nanmedian(view[:, :, side], (1, 2)) for side in (x < -0.25, x > 0.25)]


METHODS = {
    "voxel mean": Studied.voxel_mean,
    "single view": Studied.single_view,
    "lerf": lambda studied: studied.lerf(TINY),
    "live map": lambda studied: studied.live_map(TINY),
    "without sizes": lambda studied: studied.lerf(without_sizes(TINY)),
    "without patches": lambda studied: studied.lerf(without_patches(TINY)),
}


@pytest.mark.parametrize("name", METHODS)
def test_each_method_sees_which_side_is_red_and_which_is_blue(studied, name):
    found = METHODS[name](studied).view(TEXTS, studied.scene.held_out[0])
    assert found.shape[0] == 3 and found.shape[1] / found.shape[2] == pytest.approx(0.75, abs=0.1)
    known = found[np.isfinite(found)]
    assert known.min() >= 0 and known.max() <= 1 and len(known) > 0.5 * found.size
    left, right = sides(found)
    assert left[0] > 0.9 and right[1] > 0.9  # red, blue
    assert max(left[1], right[0], left[2], right[2]) < 0.5


@pytest.mark.parametrize("name", ["voxel mean", "lerf", "live map"])
def test_points_are_on_the_wall_and_of_its_colours(studied, name):
    found = METHODS[name](studied).points(TEXTS)
    assert found.relevancy.shape == (3, len(found.points)) and len(found.points) > 500
    np.testing.assert_allclose(found.points[:, 2], DEPTH_M, atol=0.15)
    peaks = found.points[found.relevancy[:2].argmax(1)]
    assert peaks[0, 0] < 0 < peaks[1, 0]
    assert found.relevancy[2].max() < 0.5


def test_a_single_picture_knows_no_points(studied):
    assert studied.single_view().points is None


def test_what_too_few_frames_have_seen_is_not_answered_for(studied):
    """At min_views 3 only what all frames show; 4 is more than there are."""
    every = studied.lerf(TINY).points(TEXTS)
    often = studied.lerf(replace(TINY, min_views=3))
    some = often.points(TEXTS)
    assert 0 < len(some.points) < len(every.points)
    x = 1.5 * 31.5 / 50 - 0.2  # what the outermost cameras both show reaches so far
    assert np.abs(some.points[:, 0]).max() < x + 0.1 < np.abs(every.points[:, 0]).max()
    view = often.view(TEXTS, studied.scene.held_out[0])
    assert np.isnan(view).any() and np.isfinite(view).any()


def test_what_methods_share_is_made_once(studied):
    assert studied.language(TINY) is studied.language(replace(TINY))
    assert studied.dense is studied.dense and studied.map is studied.map
    assert studied.language(TINY).steps == studied.effort.language_steps
    looks = len(studied._crops)
    studied.language(without_patches(TINY))  # of the same crops
    assert len(studied._crops) == looks


def test_rays_of_a_view_end_on_the_wall(studied):
    rays = studied.seen(studied.scene.held_out[0])
    assert len(rays) == 32 * 24
    hit = rays.distance_m > 0
    assert hit.float().mean() > 0.9
    ends = rays.at(rays.distance_m[:, None])[hit, 0]
    assert float((ends[:, 2] - DEPTH_M).abs().median()) < 0.03
    # Row by row, from the upper left: x of the first two columns is 2 px apart.
    assert torch.allclose(rays.origins[0], torch.tensor([0.1, 0.0, 0.0]))
    first, second = rays.directions[:2]
    assert float(second[0] / second[2] - first[0] / first[2]) == pytest.approx(EVERY / 50, abs=1e-5)


def test_ablations_of_a_preset():
    cpu = PRESETS["cpu"]
    assert without_sizes(cpu).crops == replace(cpu.crops, fractions=(SINGLE,))
    assert without_patches(cpu).patch_weight == 0.0 < cpu.patch_weight
    assert replace(without_sizes(cpu), crops=cpu.crops) == cpu
    assert replace(without_patches(cpu), patch_weight=cpu.patch_weight) == cpu

import cv2
import numpy as np
import pytest

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.lighting import Lighting
from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.renderers.atlas import bake
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.solids import ball, box, cylinder
from nesf_ros.synthetic.things import Model, Part, Thing, placement
from nesf_ros.types import Box

MATERIAL = Material((0.5,) * 3, (0.5,) * 3)


@pytest.fixture
def scene():
    """Long and short, thin and round, an odd number of triangles apart from pairs."""
    solids = (
        box((1.5, 0.02, 0.3), MATERIAL),
        ball(0.05, MATERIAL, sides=8),
        cylinder(0.1, 0.4, MATERIAL, top_radius_m=0.0, sides=7),
    )
    things = [
        Thing(f"{i}", "thing", Model((Part("all", (s,)),), MATERIAL), placement(i, 0, 0))
        for i, s in enumerate(solids)
    ]
    return Scene("pieces", things, Lighting(()), Box((-1, -1, 0), (3, 1, 1)))


def hues(triangles, barycentric):
    """A colour of its own for every triangle."""
    color = np.stack([triangles * 37 % 256, triangles * 91 % 256, triangles % 256], axis=1)
    return color.astype(np.float32) / 255


def sampled(atlas, triangles, weights):
    """What a bilinear lookup finds at weights (n, 3) of corners."""
    at = np.einsum("nc,ncd->nd", weights, atlas.places[triangles])
    x, y = (at * atlas.image.shape[1::-1] - 0.5).astype(np.float32).T
    return cv2.remap(atlas.image, x[None], y[None], cv2.INTER_LINEAR)[0]


def spots(scene, count, rng):
    """Random triangles, and weights of points all over them, edges and corners included."""
    triangles = rng.integers(0, len(scene.triangles), count)
    weights = rng.dirichlet([0.3, 0.3, 0.3], count)
    return triangles, np.where(weights.max(1, keepdims=True) > 0.95, np.round(weights), weights)


@pytest.mark.parametrize("size", [1024, 128])
def test_no_triangle_shows_the_colour_of_another(scene, size):
    atlas = bake(scene, hues, size)
    assert max(atlas.image.shape) <= size
    triangles, weights = spots(scene, 5000, np.random.default_rng(0))
    want = np.round(255 * hues(triangles, weights))
    np.testing.assert_allclose(sampled(atlas, triangles, weights), want, atol=1)


def test_every_point_has_its_own_colour(scene):
    def place(triangles, barycentric):
        corners = scene.triangles[triangles]
        u, v = barycentric.T[:, :, None]
        points = (1 - u - v) * corners[:, 0] + u * corners[:, 1] + v * corners[:, 2]
        return ((points + 1) / 4).astype(np.float32)

    atlas = bake(scene, place)
    triangles, weights = spots(scene, 5000, np.random.default_rng(1))
    want = 255 * place(triangles, weights[:, 1:])
    np.testing.assert_allclose(sampled(atlas, triangles, weights), want, atol=1.5)


def test_texels_are_a_256th_of_a_solid_but_no_finer_than_a_millimetre(scene):
    atlas = bake(scene, hues)
    corners = scene.triangles
    texels = (atlas.places[:, 1] - atlas.places[:, 0]) * atlas.image.shape[1::-1]
    per_m = np.linalg.norm(texels, axis=1) / np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1)
    box_, ball_ = per_m[scene.solid_of == 0], per_m[scene.solid_of == 1]
    assert box_.min() > 256 / 1.5 * 0.99 and np.median(box_) < 256 / 1.5 * 1.6
    # A ball 0.1 m wide: texels of a millimetre, or a little less where counts are rounded up.
    assert 999 < np.median(ball_) < 1700


def test_more_triangles_than_there_is_room_for_are_refused(scene):
    with pytest.raises(ConfigError, match="triangles do not fit"):
        bake(scene, hues, 16)

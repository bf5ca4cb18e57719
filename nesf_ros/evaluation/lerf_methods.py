"""The methods that `evaluate lerf` compares, on one scene: what they share is made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64
from numpy import ndarray
from torch import Tensor

from nesf_ros.config import NesfConfig
from nesf_ros.evaluation.lerf_metrics import Answers, PointRelevancy
from nesf_ros.evaluation.lerf_scenes import LerfScene
from nesf_ros.field.cells import Cells
from nesf_ros.field.fit import Fitter
from nesf_ros.field.rays import Rays, camera_rays
from nesf_ros.field.rendering import render_rays
from nesf_ros.field.replay import Replay
from nesf_ros.field.scene_field import SceneField
from nesf_ros.geometry.cameras import unproject_image
from nesf_ros.geometry.se3 import transform_points
from nesf_ros.semantics.dense import dense_features
from nesf_ros.semantics.fusion import fuse_keyframe
from nesf_ros.semantics.lerf.cache import in_voxels, middles, picked, put, sized_codes
from nesf_ros.semantics.lerf.choice import best_sizes
from nesf_ros.semantics.lerf.fit import Along, LanguageFitter, surfaces
from nesf_ros.semantics.lerf.language_field import LanguageField
from nesf_ros.semantics.lerf.presets import LerfPreset
from nesf_ros.semantics.lerf.supervision import CropPyramid, Crops, Lesson, crop_pyramid
from nesf_ros.semantics.lookup import rows_at
from nesf_ros.semantics.reading import Model, Reader
from nesf_ros.semantics.relevancy import Asked, relevancies, relevancy
from nesf_ros.types import PosedFrame, unheard
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.sized import Sizes

EVERY = 2
"""Pixels of a view for each place that is asked."""
MARGIN_M = 0.08
"""Around depth readings: where a scene field looks for surfaces."""
SINGLE = 0.15
"""The only crops' side of LERF's ablation, of the picture's shorter side (§4.4)."""
SINGLE_WINDOWS = (0.5, 0.25)
"""Through which a single picture is looked at: those that did best on validation scenes."""
AT_ONCE = 8192


@dataclass(frozen=True)
class Effort:
    """How long fields are fitted, on two cores about as a robot would have it."""

    scene_s: float = 25.0
    language_steps: int = 1000


class Studied:
    """One scene, and all that several methods make of its frames."""

    def __init__(
        self, scene: LerfScene, model: Model, config: NesfConfig, effort: Effort | None = None
    ):
        self.scene, self.model, self.config = scene, model, config
        self.effort = effort or Effort()
        self.reader = Reader(model, config.vision, config.semantics)
        self._crops: dict[tuple[int, Crops], CropPyramid] = {}
        self._fields: dict[LerfPreset, LanguageFitter] = {}
        self._seen: dict[int, Rays] = {}

    @cached_property
    def dense(self) -> list[Float32[Tensor, "rows cols dim"]]:
        """The frames' dense features, as the map takes them."""
        windows = self.config.semantics.windows
        return [dense_features(self.model, f.rgbd.color, windows) for f in self.scene.frames]

    @cached_property
    def map(self) -> VoxelMap:
        """The frames in voxels."""
        voxels = VoxelMap(self.config.map)
        for frame in self.scene.frames:
            voxels.integrate(frame)
        return voxels

    @cached_property
    def fitter(self) -> Fitter:
        """The frames in a scene field."""
        torch.manual_seed(0)
        far_m = self.config.map.max_depth_m
        points = [
            transform_points(f.world_T_camera, _surface(f)[:: EVERY**2].astype(np.float64))
            for f in self.scene.frames
        ]
        cells = Cells.around(torch.from_numpy(np.concatenate(points)).float(), MARGIN_M)
        fitter = Fitter(SceneField(cells.box), cells, Replay(far_m))
        for frame in self.scene.frames:
            fitter.add(frame)
        fitter.run(self.effort.scene_s)
        return fitter

    def layer(self, sizes: Sizes) -> FeatureLayer:
        """The frames' dense features in the map's voxels: their weighted means."""
        tower = self.model.tower
        layer = FeatureLayer(
            self.config.semantics, self.model.fingerprint, tower.dim, self.map.device, sizes
        )
        for frame, dense in zip(self.scene.frames, self.dense, strict=True):
            fuse_keyframe(self.map, layer, frame, dense)
        return layer

    def language(self, preset: LerfPreset) -> LanguageFitter:
        """A language field, taught by all frames."""
        if preset in self._fields:
            return self._fields[preset]
        torch.manual_seed(0)
        dim = self.model.tower.dim
        field = LanguageField(self.fitter.field.box, preset, dim, dim)
        language = LanguageFitter(field, self.fitter, preset)
        for number, frame in enumerate(self.scene.frames):
            key = number, preset.crops
            if key not in self._crops:
                self._crops[key] = crop_pyramid(self.model, frame.rgbd.color, preset.crops)
            language.teach(frame, Lesson(self._crops[key], self.dense[number].half()))
        while language.steps < self.effort.language_steps:
            language.step()
        self._fields[preset] = language
        return language

    def asked(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Embeddings of texts and of canonical phrases."""
        return self.reader.embed(texts), self.reader.phrases(())

    def seen(self, view: PosedFrame) -> Rays:
        """Rays of a view, with the distance of the scene field's surface; 0 where there is none."""
        if id(view) in self._seen:
            return self._seen[id(view)]
        camera = view.rgbd.color_intrinsics
        v, u = np.mgrid[: camera.height : EVERY, : camera.width : EVERY]
        pose = view.world_T_camera @ view.rgbd.depth_T_color
        origins, directions = camera_rays(camera, pose, np.stack([u.ravel(), v.ravel()], 1))
        o, d = (
            torch.from_numpy(np.ascontiguousarray(x, np.float32)) for x in (origins, directions)
        )
        far_m = self.config.map.max_depth_m
        found = render_rays(self.fitter.field, self.fitter.cells, o, d, far_m)
        hit = found.distance_m > 0
        self._seen[id(view)] = Rays(o, d, found.distance_m, found.color, hit)
        return self._seen[id(view)]

    def voxel_mean(self) -> Answers:
        """Dense features averaged in voxels (`semantics.fusion`)."""
        layer = self.layer(Sizes())
        return self._by_layer(layer, lambda texts: Asked(*self.asked(texts)))

    def live_map(self, preset: LerfPreset) -> Answers:
        """What the services answer: a language field together with the voxels' means."""
        layer, language = self.layer(Sizes(preset.sizes_m, preset.min_views)), self.language(preset)
        size_m = self.config.map.voxel_size_m
        for rows in torch.arange(len(layer)).split(AT_ONCE):
            due = picked(layer, rows)
            points = in_voxels(self.fitter.field, due.voxels, size_m)
            put(layer, due, sized_codes(language.language, points, due, preset.sizes_m))

        def asked(texts: Sequence[str]) -> Asked:
            pair = self.asked(texts)
            return Asked(*pair, best_sizes(layer, *pair))

        return self._by_layer(layer, asked)

    def single_view(self) -> Answers:
        """The held-out picture itself, looked at alone: no map, no other views."""

        def view(texts: Sequence[str], frame: PosedFrame) -> Float[ndarray, "texts h w"]:
            dense = dense_features(self.model, frame.rgbd.color, SINGLE_WINDOWS, 2 * EVERY)
            embedded, phrases = self.asked(texts)
            cells = dense.flatten(0, 1)
            found = relevancy(cells @ embedded.T, cells @ phrases.T)
            return found.T.reshape(len(texts), *dense.shape[:2]).numpy()

        return Answers(view)

    def lerf(self, preset: LerfPreset) -> Answers:
        """A language field, alone."""
        field = self.language(preset)
        layer = self.layer(Sizes(preset.sizes_m, preset.min_views))
        rows = (layer.column("views") >= preset.min_views).nonzero()[:, 0]
        voxels, size_m = layer.table.voxels(rows), self.config.map.voxel_size_m
        places = in_voxels(self.fitter.field, voxels, size_m)
        own = Along(field.language, places[:, None], torch.ones(len(places), 1))

        @lru_cache(maxsize=2)
        def chosen(texts: tuple[str, ...]) -> tuple[Int64[Tensor, " texts"], Tensor]:
            """Number of the size for each text, and the relevancy of all places by size."""
            found = torch.stack(
                [
                    self._relevancy(own, torch.full((len(places), 1), size), texts)
                    for size in preset.sizes_m
                ]
            )
            return found.amax(1).argmax(0), found

        def points(texts: Sequence[str]) -> PointRelevancy:
            sizes, found = chosen(tuple(texts))
            each = found.permute(2, 0, 1)[torch.arange(len(texts)), sizes]
            return PointRelevancy(middles(voxels, size_m).double().numpy(), each.numpy())

        def view(texts: Sequence[str], frame: PosedFrame) -> Float[ndarray, "texts h w"]:
            sizes, _ = chosen(tuple(texts))
            rays = self.seen(frame)
            hit = self._known(layer, rays, preset.min_views)
            out = np.full((len(texts), len(rays)), np.nan, np.float32)
            t, weights = surfaces(self.fitter, rays[hit], preset.samples)
            along = Along(field.language, rays[hit].at(t), weights)
            for number in sizes.unique().tolist():
                mine = (sizes == number).nonzero()[:, 0]
                some = [texts[i] for i in mine.tolist()]
                scale = torch.full_like(t, preset.sizes_m[number])
                found = self._relevancy(along, scale, some)
                out[np.ix_(mine.numpy(), hit.numpy())] = found.T.numpy()
            return self._as_image(out, frame)

        return Answers(view, points)

    @torch.no_grad()
    def _relevancy(self, along: Along, scale: Tensor, texts: Sequence[str]) -> Tensor:
        embedded, phrases = self.asked(texts)
        seen = along.embeddings(scale)
        return relevancy(seen @ embedded.T, seen @ phrases.T)

    def _by_layer(self, layer: FeatureLayer, asked: Callable[[Sequence[str]], Asked]) -> Answers:
        size_m = self.config.map.voxel_size_m

        def points(texts: Sequence[str]) -> PointRelevancy:
            centres = middles(layer.table.voxels(), size_m).double().numpy()
            return PointRelevancy(
                centres, relevancies(layer, asked(texts), None, unheard).T.numpy()
            )

        def view(texts: Sequence[str], frame: PosedFrame) -> Float[ndarray, "texts h w"]:
            rays = self.seen(frame)
            hit = (rays.distance_m > 0).nonzero()[:, 0]
            ends = rays.at(rays.distance_m[:, None])[hit, 0]
            rows = rows_at(layer, ends.double(), size_m)
            out = np.full((len(texts), len(rays)), np.nan, np.float32)
            found = relevancies(layer, asked(texts), rows[rows >= 0], unheard)
            out[:, hit[rows >= 0].numpy()] = found.T.numpy()
            return self._as_image(out, frame)

        return Answers(view, points)

    def _known(self, layer: FeatureLayer, rays: Rays, min_views: int) -> Tensor:
        """Which rays end where enough frames have looked (LERF §3.5)."""
        ends = rays.at(rays.distance_m[:, None])[:, 0]
        rows = rows_at(layer, ends.double(), self.config.map.voxel_size_m)
        often = layer.column("views")[rows.clamp(min=0)] >= min_views
        return (rays.distance_m > 0) & (rows >= 0) & often

    def _as_image(self, values: ndarray, frame: PosedFrame) -> ndarray:
        camera = frame.rgbd.color_intrinsics
        return values.reshape(len(values), -(-camera.height // EVERY), -(-camera.width // EVERY))


def without_sizes(preset: LerfPreset) -> LerfPreset:
    """LERF's ablation: crops of one size only."""
    return replace(preset, crops=replace(preset.crops, fractions=(SINGLE,)))


def without_patches(preset: LerfPreset) -> LerfPreset:
    """LERF's ablation: no regulariser."""
    return replace(preset, patch_weight=0.0)


def _surface(frame: PosedFrame) -> ndarray:
    depth = frame.rgbd.depth_m
    return unproject_image(depth, frame.rgbd.depth_intrinsics)[depth > 0]

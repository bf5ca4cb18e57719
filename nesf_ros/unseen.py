"""What no camera has seen: the whole shape of things, and where hidden ones may be.

A request has three steps. `gather` takes from the map what is needed, in the map's thread, in some
30 ms for each cube of space and 0.2 s for a million voxels. `complete` and `locate` look at
keyframes and imagine, in a thread of their own: the first look at a picture takes a good part of a
second. `viewpoints` asks the map from where a hidden region could be seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial

import numpy as np
import torch
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.config import NesfConfig
from nesf_ros.errors import MapError, QueryError
from nesf_ros.frames.keyframes import KeyframeStore
from nesf_ros.geometry.se3 import check_pose
from nesf_ros.semantics.completion.gathering import Described, Gathered, Gatherer, highest_state
from nesf_ros.semantics.completion.imagining import imagine
from nesf_ros.semantics.completion.lattice import Grid
from nesf_ros.semantics.completion.looking import Looker
from nesf_ros.semantics.completion.nets import Completer, Locator
from nesf_ros.semantics.completion.results import (
    Completed,
    HiddenRegion,
    Located,
    Moment,
    Pieces,
    Reference,
)
from nesf_ros.semantics.completion.weights import Trained
from nesf_ros.semantics.hidden.descriptions import Description
from nesf_ros.semantics.hidden.viewpoints import best_viewpoint
from nesf_ros.semantics.language import LanguageMap
from nesf_ros.semantics.questions import Question
from nesf_ros.types import Box, PosedFrame, Progress, unheard, within
from nesf_ros.vision.presets import Preset
from nesf_ros.vision.scans import KeyframeScans
from nesf_ros.voxels.map import VoxelMap

MOST_LABELS = 255
"""Of one request: so many can be told apart in `Completed.winner`."""
MOST_REGIONS = 32
"""Regions of a hidden thing that are told, the best ones."""
IMAGINED = 0.9
"""Progress once everything is imagined."""


def _anything(_: Grid) -> None:
    """Refuses nothing."""


class Unseen:
    """Answers for a map with language. Which thread each step is for, the module says."""

    def __init__(
        self,
        config: NesfConfig,
        voxel_map: VoxelMap,
        keyframes: KeyframeStore,
        language: LanguageMap,
    ):
        """Weights are loaded when they are first asked for."""
        self._config, self._map = config, voxel_map
        self._keyframes, self._language = keyframes, language
        self._gatherer = Gatherer(config, voxel_map, language.layer)
        self._lookers: dict[tuple[Preset, float], Looker] = {}
        self._pieces = Pieces()

    @cached_property
    def _completer(self) -> Completer:
        return Completer(self._config.unseen.completion, *self._of_model)

    @cached_property
    def _locator(self) -> Locator:
        return Locator(self._config.unseen.hidden, *self._of_model)

    @property
    def _of_model(self) -> tuple[str, torch.device]:
        return self._language.model.fingerprint, torch.device(self._map.device)

    def forget(self, keyframe: int) -> None:
        """Let go of a keyframe that is no longer kept; in any thread."""
        self._gatherer.forget(keyframe)
        for looker in list(self._lookers.values()):
            looker.forget(keyframe)

    def clear(self) -> None:
        """Know nothing again that was found before: the map is another one; in any thread."""
        self._pieces = Pieces()

    def gather(
        self,
        labels: Sequence[str],
        region: Box | None = None,
        voxel_m: float = 0.0,
        check: Callable[[Grid], None] = _anything,
    ) -> Gathered:
        """What is needed to complete things in a region, or in all of the map.

        `voxel_m` is the edge of the answer's voxels, 0: the network's cells. `check` may refuse
        these before anything costs time. Raises QueryError.
        """
        if isinstance(labels, str):
            raise QueryError(f"the labels are one text, {labels[:60]!r}; give a list of texts")
        count, most = len(labels), self._config.query.max_voxels
        if not 1 <= count <= MOST_LABELS:
            raise QueryError(f"{count} labels; give 1 to {MOST_LABELS} at a time")
        box = region or self._gatherer.extent()
        preset = self._completer.trained.network
        cubes = self._gatherer.cubes(box, 0.0, preset)
        grid, parts = self._gatherer.voxels(box, voxel_m, preset.side_m / preset.cells)
        check(grid)
        fine = grid.split(parts)
        if count * math.prod(fine.shape) > most:
            raise QueryError(
                f"{count} labels, each at {math.prod(fine.shape)} points; query.max_voxels allows "
                f"{most} in all: choose fewer labels or a smaller region"
            )
        space = self._gatherer.space(fine, cubes, self._held())
        answers = self._language.ask(Question(tuple(labels))).texts
        seen = tuple(Reference.of(answer, grid) for answer in answers)
        return Gathered(tuple(labels), space, self._moment(), self._pieces, parts, seen)

    def gather_hidden(
        self,
        description: Description,
        viewer: Float64[ndarray, "4 4"],
        region: Box | None = None,
        check: Callable[[Grid], None] = _anything,
    ) -> Gathered:
        """What is needed to say where a described thing may be.

        `viewer` (map_T_camera) says what is left and what is behind. Without a region it is looked
        for in the cube before the viewer, or, where the best reference that the map has lies
        elsewhere, about that one. `check` as in `gather`. Raises QueryError.
        """
        preset = self._locator.trained.network
        pose = check_pose(viewer)
        cube = self._gatherer.cube_before(pose, preset)
        answer = self._language.ask(Question((description.reference,))).texts[0]
        best = answer.instances[0] if answer.exists else None
        if region is None and best and cube.index(torch.tensor([best.centroid_m])) < 0:
            cube = self._gatherer.cube_about(best.centroid_m, cube.yaw_rad, preset)
        box = region or cube.box
        cubes = (cube,) if region is None else self._gatherer.cubes(box, cube.yaw_rad, preset)
        grid, _ = self._gatherer.voxels(box, 0.0, cube.cell_m)
        check(grid)
        return Gathered(
            (description.target, description.reference),
            self._gatherer.space(grid, cubes, self._held()),
            self._moment(),
            self._pieces,
            seen=(Reference.of(answer, grid),),
            described=Described(description, pose),
        )

    def complete(
        self, gathered: Gathered, threshold: float = 0.0, progress: Progress = unheard
    ) -> Completed:
        """Imagine the whole shape of things. `threshold` 0: as validated. Raises QueryError."""
        completer = self._completer
        limit = _checked(threshold) or completer.trained.threshold
        texts, known = self._read(gathered.texts)
        model = (completer.trained, self._looker(completer.trained), completer)
        found, basis = imagine(
            gathered.space, texts, len(texts), model, within(progress, 0.0, IMAGINED)
        )
        found[[not each for each in known]] = 0.0
        progress("putting voxels together", IMAGINED)
        grid, parts = gathered.grid, gathered.parts
        found = grid.highest(found, parts)
        best, which = found.max(0)
        shaped = found.numpy()
        winner = torch.where(best >= limit, which + 1, 0).to(torch.uint8).numpy()
        pieces = (
            gathered.pieces.of(text, grid, np.where(winner == n + 1, shaped[n], 0), limit)
            for n, text in enumerate(gathered.texts)
        )
        return Completed(
            gathered.texts,
            tuple(known),
            gathered.seen,
            grid,
            shaped,
            grid.highest(basis[None], parts)[0].numpy(),
            winner,
            highest_state(grid, gathered.space.state, parts).numpy(),
            tuple(map(tuple, pieces)),
            limit,
            gathered.space.unshown,
            gathered.space.observed,
            gathered.moment,
        )

    def locate(
        self, gathered: Gathered, threshold: float = 0.0, progress: Progress = unheard
    ) -> Located:
        """Imagine where a described thing may be. `threshold` 0: as validated."""
        described = gathered.described
        if described is None:
            raise QueryError("no description was gathered for; use `gather_hidden`")
        description = described.description
        locator = self._locator
        limit = _checked(threshold) or locator.trained.threshold
        texts, known = self._read(gathered.texts)
        decode = partial(locator.logits, relation=description.relation)
        model = (locator.trained, self._looker(locator.trained), decode)
        found = imagine(gathered.space, texts, 1, model, within(progress, 0.0, IMAGINED))
        progress("putting voxels together", IMAGINED)
        grid = gathered.space.grid
        probability, basis, state = (
            each.view(grid.shape).numpy() for each in (found[0][0], found[1], gathered.space.state)
        )
        pieces = gathered.pieces.of(str(description), grid, probability, limit)
        regions = [HiddenRegion.of(piece, grid, probability, state) for piece in pieces]
        regions.sort(key=lambda region: -region.score * region.unobserved)
        return Located(
            description,
            grid,
            probability,
            basis,
            state,
            tuple(regions[:MOST_REGIONS]),
            known[0],
            gathered.seen[0],
            limit,
            described.viewer,
            gathered.space.unshown,
            gathered.moment,
        )

    def viewpoints(self, located: Located, seen: PosedFrame) -> Located:
        """The same, with poses that would reveal most of each region; in the map's thread.

        They are for the depth camera that took `seen`, and start from there. QueryError where the
        map has been replaced by another one.
        """
        self.check(located.moment)
        regions = tuple(self._looked_for(located, region, seen) for region in located.regions)
        return replace(located, regions=regions, camera=seen.rgbd.camera)

    def check(self, moment: Moment) -> None:
        """QueryError if what was found was not found in this map."""
        if moment.map_id != self._map.map_id:
            raise QueryError("the map was replaced by another one meanwhile; ask again")

    def _moment(self) -> Moment:
        return Moment(self._map.map_id, self._map.revision, self._map.stamp_ns)

    def _looked_for(self, located: Located, region: HiddenRegion, seen: PosedFrame) -> HiddenRegion:
        grid = located.grid
        points = np.array(grid.origin_m) + (region.voxels + 0.5) * grid.voxel_m
        weights = located.probability[tuple(region.voxels.T)]
        camera, from_m = seen.rgbd.depth_intrinsics, seen.world_T_camera[:3, 3]
        reach = self._config.reach
        try:
            viewpoint = best_viewpoint(self._map, points, weights, camera, reach, from_m)
        except MapError:
            return replace(region, too_wide=True)
        return replace(region, viewpoint=viewpoint)

    def _held(self) -> list[tuple[int, PosedFrame]]:
        return [(keyframe.id, keyframe.frame) for keyframe in self._keyframes]

    def _looker(self, trained: Trained) -> Looker:
        """Nets that look at pictures in the same way share what was seen."""
        way = trained.look, trained.contrast
        if way not in self._lookers:
            most = int(self._config.unseen.scan_mib * 2**20)
            scans = KeyframeScans(self._language.model, trained.look, most)
            self._lookers[way] = Looker(scans, self._language.reader, trained.contrast)
        return self._lookers[way]

    def _read(self, texts: Sequence[str]) -> tuple[torch.Tensor, list[bool]]:
        reader = self._language.reader
        embedded = reader.embed(texts)
        return embedded, reader.known(embedded)


def _checked(threshold: float) -> float:
    if not 0 <= threshold < 1:
        raise QueryError(f"threshold {threshold:g}; it lies between 0 and 1")
    return threshold

"""What no camera has seen: the whole shape of things, and where hidden ones may be.

A request has three steps. `gather` takes from the map what is needed, in the map's thread, in some
30 ms for each cube of space. `complete` and `locate` look at keyframes and imagine, in a thread of
their own: the first look at a picture takes a good part of a second. `viewpoints` asks the map from
where a hidden region could be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.config import NesfConfig
from nesf_ros.errors import QueryError
from nesf_ros.frames.keyframes import KeyframeStore
from nesf_ros.geometry.se3 import check_pose
from nesf_ros.semantics.completion.gathering import Gatherer
from nesf_ros.semantics.completion.imagining import Space, imagine
from nesf_ros.semantics.completion.lattice import Grid
from nesf_ros.semantics.completion.looking import Looker
from nesf_ros.semantics.completion.nets import Completer, Locator
from nesf_ros.semantics.completion.results import Completed, HiddenRegion, Located, Pieces
from nesf_ros.semantics.completion.volume import Volume
from nesf_ros.semantics.completion.weights import Trained
from nesf_ros.semantics.hidden.descriptions import Description
from nesf_ros.semantics.hidden.viewpoints import Viewpoint, best_viewpoint
from nesf_ros.semantics.language import LanguageMap
from nesf_ros.semantics.questions import Question
from nesf_ros.types import Box, Intrinsics, PosedFrame, Progress, unheard, within
from nesf_ros.vision.presets import Preset
from nesf_ros.vision.scans import KeyframeScans
from nesf_ros.voxels.map import VoxelMap

MOST_LABELS = 255
"""Of one request: so many can be told apart in `Completed.winner`."""
MOST_REGIONS = 32
"""Regions of a hidden thing that are told, the best ones."""
IMAGINED = 0.9
"""Progress once everything is imagined."""


@dataclass(frozen=True)
class Gathered:
    """What the map gives for a request."""

    texts: tuple[str, ...]
    """Labels; or the target and the reference of a description."""
    space: Space
    description: Description | None = None
    reference: tuple[bool, float] = (False, 0.0)
    """Whether the map has the reference, and its score."""
    viewer: Float64[ndarray, "4 4"] | None = None
    """map_T_camera of who says what is left and what is behind."""


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
        self, labels: Sequence[str], region: Box | None = None, voxel_m: float = 0.0
    ) -> Gathered:
        """What is needed to complete things in a region, or in all of the map.

        `voxel_m` is the edge of the answer's voxels, 0: the network's cells. Raises QueryError.
        """
        count, most = len(labels), self._config.query.max_voxels
        if not 1 <= count <= MOST_LABELS:
            raise QueryError(f"{count} labels; give 1 to {MOST_LABELS} at a time")
        box = region or self._gatherer.extent()
        cubes = self._gatherer.cubes(box, 0.0, self._completer.trained.network)
        space = self._gatherer.space(box, voxel_m, cubes, self._held())
        if count * len(space.state) > most:
            raise QueryError(
                f"{count} labels, each in {len(space.state)} voxels; query.max_voxels allows "
                f"{most} in all: choose fewer labels, a smaller region, or coarser voxels"
            )
        return Gathered(tuple(labels), space)

    def gather_hidden(
        self,
        description: Description,
        region: Box | None = None,
        viewer: Float64[ndarray, "4 4"] | None = None,
        voxel_m: float = 0.0,
    ) -> Gathered:
        """What is needed to say where a described thing may be.

        `viewer` (map_T_camera) says what is left and what is behind; without it the newest keyframe
        does. Without a region it is looked for in the cube before the viewer. Raises QueryError.
        """
        preset = self._locator.trained.network
        pose = self._newest().world_T_camera if viewer is None else check_pose(viewer)
        cube = Volume.before(pose, preset.side_m, preset.cells, self._gatherer.floor_m())
        box = region or cube.box
        cubes = (cube,) if region is None else self._gatherer.cubes(box, cube.yaw_rad, preset)
        answer = self._language.ask(Question((description.reference,))).texts[0]
        return Gathered(
            (description.target, description.reference),
            self._gatherer.space(box, voxel_m, cubes, self._held()),
            description,
            (answer.exists, answer.score),
            pose,
        )

    def complete(
        self, gathered: Gathered, threshold: float = 0.0, progress: Progress = unheard
    ) -> Completed:
        """Imagine the whole shape of things. `threshold` 0: as validated. Raises QueryError."""
        completer = self._completer
        limit = _checked(threshold) or completer.trained.threshold
        texts, known = self._read(gathered.texts)
        model = (completer.trained, self._looker(completer.trained), completer)
        found = imagine(gathered.space, texts, len(texts), model, within(progress, 0.0, IMAGINED))
        found[[not each for each in known]] = 0.0
        best, which = found.max(0)
        grid = gathered.space.grid
        shaped = found.view(-1, *grid.shape).numpy()
        winner = torch.where(best >= limit, which + 1, 0).to(torch.uint8).view(grid.shape).numpy()
        progress("putting voxels together", IMAGINED)
        return Completed(
            gathered.texts,
            tuple(known),
            grid,
            shaped,
            winner,
            gathered.space.state.view(grid.shape).numpy(),
            tuple(
                tuple(self._pieces.of(text, grid, np.where(winner == n + 1, shaped[n], 0), limit))
                for n, text in enumerate(gathered.texts)
            ),
            limit,
        )

    def locate(
        self, gathered: Gathered, threshold: float = 0.0, progress: Progress = unheard
    ) -> Located:
        """Imagine where a described thing may be. `threshold` 0: as validated."""
        description, viewer = gathered.description, gathered.viewer
        if description is None or viewer is None:
            raise QueryError("no description was gathered for; use `gather_hidden`")
        locator = self._locator
        limit = _checked(threshold) or locator.trained.threshold
        texts, _ = self._read(gathered.texts)

        def decode(cells: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
            return locator.logits(cells, points, description.relation)

        model = (locator.trained, self._looker(locator.trained), decode)
        found = imagine(gathered.space, texts, 1, model, within(progress, 0.0, IMAGINED))[0]
        grid, state = gathered.space.grid, gathered.space.state
        progress("putting voxels together", IMAGINED)
        shaped = found.view(grid.shape).numpy(), state.view(grid.shape).numpy()
        pieces = self._pieces.of(str(description), grid, shaped[0], limit)[:MOST_REGIONS]
        return Located(
            description,
            grid,
            *shaped,
            tuple(HiddenRegion.of(piece, grid, *shaped) for piece in pieces),
            *gathered.reference,
            limit,
            viewer,
        )

    def viewpoints(self, located: Located) -> Located:
        """The same, with poses that would reveal most of each region; in the map's thread."""
        camera = self._newest().rgbd.depth_intrinsics
        regions = tuple(
            replace(region, viewpoint=self._viewpoint(located, region, camera))
            for region in located.regions
        )
        return replace(located, regions=regions)

    def _viewpoint(
        self, located: Located, region: HiddenRegion, camera: Intrinsics
    ) -> Viewpoint | None:
        size_m, origin = located.grid.voxel_m, np.array(located.grid.origin_m)
        ends = (np.array([region.lower_m, region.upper_m]) - origin) / size_m
        low, high = ends.round().astype(int).tolist()
        weights = located.probability[tuple(map(slice, low, high))]
        part = Grid(region.lower_m, size_m, weights.shape)
        weights = np.where(weights >= located.threshold, weights, 0.0).reshape(-1)
        points = part.centers().double().numpy()
        eye = self._newest().world_T_camera[:3, 3]
        return best_viewpoint(self._map, points, weights, camera, self._config.reach, from_m=eye)

    def _held(self) -> list[tuple[int, PosedFrame]]:
        return [(keyframe.id, keyframe.frame) for keyframe in self._keyframes]

    def _newest(self) -> PosedFrame:
        keyframe = self._keyframes.newest
        if keyframe is None:
            raise QueryError("no keyframe is held, so nothing can be looked at: let frames come in")
        return keyframe.frame

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

"""The scene fields of the map: one for each submap, fitted in spare time.

The thread that owns the map hands over keyframes, the thread of spare time fits; where they meet,
they wait for one step at most.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.config_field import FieldConfig
from nesf_ros.errors import FieldError
from nesf_ros.field.cells import MOST, Cells
from nesf_ros.field.fit import Fitter
from nesf_ros.field.hash_grid import Lattices
from nesf_ros.field.rendering import render_view
from nesf_ros.field.replay import Replay
from nesf_ros.field.scene_field import SceneField
from nesf_ros.types import Intrinsics, PosedFrame, Progress, View, unheard
from nesf_ros.voxels.grid import BLOCK
from nesf_ros.voxels.map import Submap, VoxelMap
from nesf_ros.voxels.near import near_surface
from nesf_ros.voxels.read import render

EXAM = 1 / 4
"""Size of the views at which field and voxels are compared."""
EXAMINE_EVERY = 50
"""Steps between two comparisons."""
MEMORY = 0.5
"""Weight of the examinations so far against the newest."""


@dataclass
class Examination:
    """A keyframe, and what the voxels showed there once it was in the map."""

    frame: PosedFrame
    voxels: View
    """At the colour camera, `EXAM` times its size."""

    def shows(self, frame: PosedFrame) -> bool:
        """Whether it is of these images; a keyframe's pose may have been corrected since."""
        return self.frame.rgbd is frame.rgbd


@dataclass
class SubmapField:
    """The field of one submap."""

    submap: Submap
    fitter: Fitter
    revision: int = -1
    """Of the map, when its cells were brought up to date."""
    waiting: deque[Examination] = field(default_factory=deque)
    """Keyframes that it has not learned from yet."""
    learned: list[Examination] = field(default_factory=list)
    lead: float = 0.0
    """By how much its colours at keyframes are nearer to the truth than the voxels', 0–1."""

    def holds(self, frame: PosedFrame) -> bool:
        """Whether it learns from a keyframe, or will."""
        return any(known.shows(frame) for known in (*self.learned, *self.waiting))


class SceneFields:
    """Fields around the places that the robot has been to."""

    def __init__(self, config: FieldConfig, voxel_map: VoxelMap):
        self._config, self._map = config, voxel_map
        self.lock = threading.RLock()
        """To be held by whoever uses `entries`."""
        self.entries: list[SubmapField] = []
        """The one used last comes last."""
        self.device = torch.device(voxel_map.device)
        """Where fields are fitted: the map's, until that fails."""
        self.failure = ""
        """Why there is no field."""
        self.notice = ""
        """What else there is to say of them."""

    def reset(self) -> None:
        """Forget all fields."""
        with self.lock:
            self.entries = []

    def add_keyframe(self, frame: PosedFrame) -> None:
        """Hand over a keyframe that is in the map; for the thread that owns the map."""
        if self.failure:
            return
        submap = self._map.active
        assert submap is not None, "a keyframe is in the map before it comes here"
        camera = frame.rgbd.color_intrinsics.scaled(EXAM)
        pose = frame.world_T_camera @ frame.rgbd.depth_T_color
        seen = render(self._map, camera, pose, self._map.config.max_depth_m)
        with self.lock:
            try:
                entry = self._entry(submap)
            except FieldError as error:  # the map goes on without
                self.failure = str(error)
                return
            self._follow(entry)
            entry.waiting.append(Examination(frame, seen))

    def forget(self, frame: PosedFrame) -> None:
        """Learn no more from a keyframe."""
        with self.lock:
            for entry in self.entries:
                entry.waiting = deque(new for new in entry.waiting if not new.shows(frame))
                kept = [known for known in entry.learned if not known.shows(frame)]
                if len(kept) < len(entry.learned):
                    entry.learned = kept
                    entry.fitter.keep([known.frame for known in kept])

    def work(self) -> bool:
        """Do one step of what there is to do; False if there is nothing. For any one thread.

        Should the GPU fail, as for want of memory, fields begin anew on the CPU.
        """
        with self.lock:
            try:
                return self._work()
            except RuntimeError as error:  # torch has no narrower class for all that CUDA raises
                if self.device.type == "cpu":
                    raise
                self._to_cpu(error)
        return True

    def _work(self) -> bool:
        for entry in reversed(self.entries):
            if entry.waiting:
                self._learn(entry, entry.waiting.popleft())
                return True
            if entry.learned and not entry.fitter.done:
                entry.fitter.step()
                if entry.fitter.steps % EXAMINE_EVERY == 0:
                    self._examine(entry)
                return True
        return False

    def view(
        self,
        camera: Intrinsics,
        world_T_camera: Float64[ndarray, "4 4"],
        far_m: float,
        progress: Progress = unheard,
    ) -> View | None:
        """What a camera sees of the field around it; None where voxels are the better answer.

        They are where fitting has failed, too: such a field is left behind by the map.
        """
        if self.failure:
            return None
        place = world_T_camera[:3, 3]
        with self.lock:
            leading = [
                entry.fitter
                for entry in self.entries
                if entry.lead > 0 and entry.fitter.cells.surrounds(place)
            ]
        if not leading:
            return None
        chosen = leading[-1]
        where = camera, world_T_camera, far_m
        return render_view(chosen.field, chosen.cells, *where, self.lock, progress).as_view()

    @property
    def voxel_size_m(self) -> float:
        """Of the map."""
        return self._map.config.voxel_size_m

    @property
    def steps(self) -> int:
        """Steps of all fields."""
        return sum(entry.fitter.steps for entry in self.entries)

    def _entry(self, submap: Submap) -> SubmapField:
        """The field of a submap, the last of the list from now on; the oldest makes room."""
        for index, entry in enumerate(self.entries):
            if entry.submap is submap:
                self.entries.append(self.entries.pop(index))
                return entry
        cells = Cells.over(
            submap.grid.box(self._map.block_m), self._cell_m(submap), str(self.device)
        )
        cells.alive[:] = False
        made = SubmapField(submap, self._fitter(cells))
        if self.entries:  # what decodes one room's features decodes the next one's
            last, field = self.entries[-1].fitter.field, made.fitter.field
            field.trunk.load_state_dict(last.trunk.state_dict())
            field.shade.load_state_dict(last.shade.state_dict())
        self.entries = [*self.entries[1 - self._config.max_fields :], made]
        return made

    def _cell_m(self, submap: Submap) -> float:
        """Edge of a cell: a voxel's, or as many voxels' as it takes for a box of few enough."""
        voxels, along = math.prod(submap.grid.shape) * BLOCK**3, 1
        while along < BLOCK and voxels / along**3 > MOST:
            along *= 2
        return along * self.voxel_size_m

    def _fitter(self, cells: Cells) -> Fitter:
        lattices = Lattices(log2_entries=self._config.log2_entries, finest_m=self._config.finest_m)
        made = SceneField(cells.box, lattices, self._config.truncation_m).to(self.device)
        return Fitter(made, cells, Replay(self._map.config.max_depth_m))

    def _to_cpu(self, error: RuntimeError) -> None:
        """Have all fields learn again on the CPU, from the keyframes, which are there."""
        reason = str(error).partition("\n")[0]
        self.notice = f"{self.device} failed ({reason}); fields go on on the CPU"
        self.device = torch.device("cpu")
        anew = []
        for entry in self.entries:
            old = entry.fitter.cells
            try:
                alive = old.alive.cpu()
            except RuntimeError:  # all is lost there: whatever is clear must show by itself
                alive = torch.ones(old.alive.shape, dtype=torch.bool)
            cells = Cells(old.lower, old.size_m, alive)
            waiting = deque([*entry.learned, *entry.waiting])
            anew.append(SubmapField(entry.submap, self._fitter(cells), waiting=waiting))
        self.entries = anew

    def _follow(self, entry: SubmapField) -> None:
        """Let cells live and die where the map has changed."""
        cells = entry.fitter.cells
        index, near = near_surface(self._map, cells.box, entry.revision)
        index, near = index.to(self.device), near.to(self.device)
        offset = torch.tensor(entry.submap.grid.offset, device=index.device)
        x, y, z = (index - offset).long().unbind(1)
        along = round(cells.size_m / self.voxel_size_m)
        per = BLOCK // along
        near = near.view(-1, per, along, per, along, per, along).any((2, 4, 6))
        shape = [n // per for n in cells.alive.shape]
        inside = (x >= 0) & (y >= 0) & (z >= 0)
        inside &= (x < shape[0]) & (y < shape[1]) & (z < shape[2])
        blocked = cells.alive.view(shape[0], per, shape[1], per, shape[2], per)
        blocked[x[inside], :, y[inside], :, z[inside]] = near[inside]
        entry.revision = self._map.revision

    def _learn(self, entry: SubmapField, new: Examination) -> None:
        entry.fitter.add(new.frame)
        entry.learned.append(new)

    def _examine(self, entry: SubmapField) -> None:
        """Compare field and voxels at a keyframe that both know."""
        chosen = entry.learned[entry.fitter.steps // EXAMINE_EVERY % len(entry.learned)]
        rgbd = chosen.frame.rgbd
        camera = rgbd.color_intrinsics.scaled(EXAM)
        pose = chosen.frame.world_T_camera @ rgbd.depth_T_color
        fitter, far_m = entry.fitter, self._map.config.max_depth_m
        found = render_view(fitter.field, fitter.cells, camera, pose, far_m)
        size = camera.width, camera.height
        truth = cv2.resize(rgbd.color, size, interpolation=cv2.INTER_AREA) / 255.0
        both = (found.depth_m > 0) & (chosen.voxels.depth_m > 0)
        if both.any():
            ours = np.abs(found.color - truth)[both].mean()
            theirs = np.abs(chosen.voxels.color / 255.0 - truth)[both].mean()
            entry.lead = MEMORY * entry.lead + (1 - MEMORY) * float(theirs - ours)

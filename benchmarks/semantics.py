"""What the map's voxels are called, against what they are.

Protocol: five rooms of the split "test", 48 hand-held views of 640×480 at 1 Hz with the errors of a
depth camera; every sixth view is held out, the others go into a map of 5 cm voxels one by one, and
those that the keyframe store takes are fused. Labels: the classes of all things of the room, each
as its class name, by the model's own prompts; "unknown" counts as a wrong answer.

3D: an occupied voxel is truly of the class of which most pixels of the mapped views end in it;
mean IoU over the room's classes. 2D: the map's labels, rendered into the held-out views, against
the class of every pixel; beside it the labels of the held-out picture's own dense features, which
need no map. The rival fuses the same features into the same voxels, averaged without visibility:
into every occupied voxel of the view's frustum. The oracle is a model whose features are the true
classes of the pixels under each cell: what it misses is lost to voxels, cells and visibility alone.

Kept: cosine of a voxel's embedding with the mean that was kept whole. Times: medians over
keyframes; all labels of a layer of 200 000 voxels with 60 names, median of 5.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy import ndarray
from torch import Tensor
from tqdm import tqdm

from benchmarks.report import Report
from benchmarks.semantics_rival import fuse_everything
from nesf_ros.config import KeyframesConfig, MapConfig, SemanticsConfig, VisionConfig
from nesf_ros.datasets.labelled import LabelledScene, LabelledView
from nesf_ros.evaluation.segmentation import Confusion
from nesf_ros.frames.keyframes import KeyframeStore
from nesf_ros.geometry.cameras import unproject_image
from nesf_ros.geometry.se3 import transform_points
from nesf_ros.semantics.calibration import Calibration, calibration_of
from nesf_ros.semantics.dense import EVERY, dense_features
from nesf_ros.semantics.fusion import fuse_keyframe, occupied_voxels_of
from nesf_ros.semantics.labels import LabelSet, relabel
from nesf_ros.semantics.lookup import rows_at
from nesf_ros.synthetic.generate import labelled_scene
from nesf_ros.synthetic.order import Order
from nesf_ros.types import PosedFrame, RgbdFrame
from nesf_ros.vision.models import VisionModel, load_model
from nesf_ros.vision.text import TextEncoder
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.read import render

ROOMS, VIEWS, SIZE = 5, 48, (640, 480)
HELD_OUT = 6
"""One view in so many is not mapped."""
VOXELS, NAMES = 200_000, 60
"""Of the layer whose labelling is timed."""


class Oracle:
    """Knows every pixel's class; embeddings of classes are random directions."""

    dim, fingerprint = 384, "oracle@000000000000"

    def __init__(self, scene: LabelledScene):
        classes = sorted({thing.class_name for thing in scene.things})
        random = torch.randn(len(classes), self.dim, generator=torch.Generator().manual_seed(0))
        self.words = dict(zip(classes, F.normalize(random, dim=1), strict=True))
        self._of_thing = torch.stack([self.words[thing.class_name] for thing in scene.things])

    def embed(self, labels: Sequence[str]) -> Tensor:
        """One direction for each class."""
        return torch.stack([self.words[label] for label in labels])

    def dense(self, view: LabelledView) -> Tensor:
        """Mean direction of the classes in each cell."""
        things = F.one_hot(torch.from_numpy(view.instances).long() + 1, len(self._of_thing) + 1)
        share = F.avg_pool2d(things[..., 1:].float().permute(2, 0, 1), EVERY)
        return F.normalize(share.permute(1, 2, 0) @ self._of_thing, dim=-1)


@dataclass
class Sight:
    """What looks at views and knows words: a model, or the oracle."""

    name: str
    dim: int
    dense: Callable[[LabelledView], Tensor]
    labels: LabelSet


@dataclass
class Scores:
    """Figures of one way to see, over all rooms."""

    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        """One more sample."""
        self.values.setdefault(name, []).append(value)

    def mean(self, name: str) -> float:
        """Mean over rooms."""
        return float(np.mean(self.values[name]))


def run(args: argparse.Namespace) -> Report:
    """Labels of the oracle and of the model over all rooms, and times."""
    sights: dict[str, Callable[[LabelledScene], Sight]] = {"oracle": sight_of_oracle}
    windows = SemanticsConfig(windows=tuple(args.windows)).windows  # which are checked
    if args.model != "oracle":
        config = VisionConfig(model=args.model, pretrained=args.pretrained)
        model = load_model(config, torch.device("cpu"))
        encoder = TextEncoder(model, config.prompts)
        sights[model.fingerprint] = partial(sight_of_model, model, encoder, windows)
    report = Report("semantics", {"rooms": ROOMS})
    scores = {name: Scores() for name in sights}
    for number in tqdm(range(ROOMS), disable=args.json):
        scene = labelled_scene(order(), number)
        for name, sight in sights.items():
            score_room(scene, sight(scene), scores[name])
    for name, found in scores.items():
        report.figures[name] = {key: round(found.mean(key), 4) for key in found.values}
        per_room = [round(value, 3) for value in found.values["3D mIoU"]]
        report.figures[f"{name}, 3D mIoU per room"] = per_room
        gain = found.mean("3D mIoU") - found.mean("3D mIoU, rival")
        report.at_least(f"{name}: 3D mIoU above the rival's", gain, 0.0)
        report.at_least(f"{name}: cosine to the whole embedding", found.mean("kept"), 0.98)
    report.figures["ms per relabelling of 200k voxels"] = round(time_relabelling(), 1)
    return report


def order() -> Order:
    """The rooms."""
    return Order("room", "test", VIEWS, *SIZE, style="handheld", noise=True)


def sight_of_oracle(scene: LabelledScene) -> Sight:
    """A sight that knows the room's classes."""
    oracle = Oracle(scene)
    sure = Calibration(scale=100.0, unknown_below=0.0, relevant_above=0.5)
    names = tuple(sorted(oracle.words))
    return Sight(oracle.fingerprint, oracle.dim, oracle.dense, LabelSet.of(names, oracle, sure))


def sight_of_model(
    model: VisionModel, encoder: TextEncoder, windows: Sequence[float], scene: LabelledScene
) -> Sight:
    """A sight by a vision-language model, through windows of some sizes."""
    names = sorted({thing.class_name for thing in scene.things})
    calibration = calibration_of(model.fingerprint, SemanticsConfig())
    labels = LabelSet.of(names, encoder, calibration)

    def dense(view: LabelledView) -> Tensor:
        return dense_features(model, view.color, windows)

    return Sight(model.fingerprint, model.dim, dense, labels)


def score_room(scene: LabelledScene, sight: Sight, scores: Scores) -> None:
    """Map a room, label it, and compare."""
    voxel_map = VoxelMap(MapConfig(device="cpu"))
    mine, rival, whole = (
        FeatureLayer(SemanticsConfig(feature_dims=dims), sight.name, sight.dim, "cpu")
        for dims in (64, 64, 1024)
    )
    keyframes = KeyframeStore(KeyframesConfig())
    times: dict[str, list[float]] = {"look": [], "fuse": [], "label": []}
    mapped = [view for number, view in enumerate(scene.views) if number % HELD_OUT]
    for frame, view in zip(map(frame_of, mapped), mapped, strict=True):
        voxel_map.integrate(frame)
        if keyframes.offer(frame) is None:
            continue
        dense = timed(times["look"], lambda view=view: sight.dense(view))
        rows = timed(times["fuse"], lambda f=frame, d=dense: fuse_keyframe(voxel_map, mine, f, d))
        timed(times["label"], lambda rows=rows: relabel(mine, sight.labels, rows))
        fuse_keyframe(voxel_map, whole, frame, dense)
        fuse_everything(voxel_map, rival, frame, dense)
    relabel(rival, sight.labels)
    truth = voxel_truth(scene, mapped, voxel_map, sight.labels.names)
    for name, layer in (("", mine), (", rival", rival)):
        confusion = in_space(layer, *truth, len(sight.labels.names))
        scores.add(f"3D mIoU{name}", confusion.mean_iou)
        scores.add(f"3D accuracy{name}", confusion.accuracy)
        confusion = in_views(scene, voxel_map, layer, sight.labels)
        scores.add(f"2D mIoU{name}", confusion.mean_iou)
        scores.add(f"2D labelled{name}", confusion.labelled)
    scores.add("2D mIoU, picture alone", in_pictures(scene, sight).mean_iou)
    scores.add("kept", kept(mine, whole))
    scores.add("keyframes", len(keyframes))
    for name, values in times.items():
        scores.add(f"{name}, ms per keyframe", float(np.median(values)))


def timed(times: list[float], work: Callable[[], Any]) -> Any:
    """What `work` returns; its milliseconds are noted."""
    start = time.perf_counter()
    result = work()
    times.append(1e3 * (time.perf_counter() - start))
    return result


def frame_of(view: LabelledView) -> PosedFrame:
    """A view as the mapper gets it."""
    rgbd = RgbdFrame(view.stamp_ns, "camera", view.color, view.depth_m, view.camera, view.camera)
    return PosedFrame(rgbd, view.world_T_camera)


def classes_of(scene: LabelledScene, view: LabelledView, names: tuple[str, ...]) -> ndarray:
    """Number of the class of every pixel, −1 where there is nothing."""
    table = np.array([*(names.index(thing.class_name) for thing in scene.things), -1])
    return table[view.instances]


def voxel_truth(
    scene: LabelledScene, views: list[LabelledView], voxel_map: VoxelMap, names: tuple[str, ...]
) -> tuple[Tensor, ndarray]:
    """Occupied voxels, and the class of which most pixels end in each; −1 where none does."""
    voxels = occupied_voxels_of(voxel_map, voxel_map.block_index())
    layer = FeatureLayer(SemanticsConfig(feature_mib=1024.0), "votes@0", 8, "cpu")
    places = layer.table.add(voxels).numpy()
    votes = np.zeros((len(voxels), len(names)), np.int32)
    limit_m = voxel_map.config.max_depth_m
    for view in views:
        classes = classes_of(scene, view, names)
        read = (view.depth_m > 0) & (view.depth_m <= limit_m) & (classes >= 0)
        points = unproject_image(view.depth_m, view.camera)[read].astype(np.float64)
        points = transform_points(view.world_T_camera, points)
        index = np.floor(points / voxel_map.config.voxel_size_m).astype(np.int64)
        rows = layer.table.rows_of(torch.from_numpy(index)).numpy()
        np.add.at(votes, (rows[rows >= 0], classes[read][rows >= 0]), 1)
    return voxels, np.where(votes.any(1), votes.argmax(1), -1)[places]


def in_space(layer: FeatureLayer, voxels: Tensor, truth: ndarray, classes: int) -> Confusion:
    """Labels of voxels against the truth."""
    confusion = Confusion(classes)
    confusion.add(truth, labels_of(layer, layer.table.rows_of(voxels)))
    return confusion


def labels_of(layer: FeatureLayer, rows: Tensor) -> ndarray:
    """Class numbers of rows; −1 for none, and for rows that are none."""
    found = layer.column("label")[rows.clamp(min=0)].long() - 1
    return torch.where(rows < 0, -1, found).numpy()


def in_views(
    scene: LabelledScene, voxel_map: VoxelMap, layer: FeatureLayer, labels: LabelSet
) -> Confusion:
    """The map's labels, rendered into held-out views."""
    confusion = Confusion(len(labels.names))
    for view in held_out(scene):
        depth_m = render(voxel_map, view.camera, view.world_T_camera).depth_m
        points = unproject_image(depth_m, view.camera).reshape(-1, 3).astype(np.float64)
        points = transform_points(view.world_T_camera, points)
        rows = rows_at(layer, torch.from_numpy(points), voxel_map.config.voxel_size_m)
        rows[torch.from_numpy(depth_m.ravel() == 0)] = -1
        confusion.add(classes_of(scene, view, labels.names).ravel(), labels_of(layer, rows))
    return confusion


def in_pictures(scene: LabelledScene, sight: Sight) -> Confusion:
    """Labels of held-out pictures by their own dense features."""
    confusion = Confusion(len(sight.labels.names))
    for view in held_out(scene):
        dense = sight.dense(view)
        cosines = (dense @ sight.labels.embeddings.T).permute(2, 0, 1)[None]
        size = (view.camera.height, view.camera.width)
        every = F.interpolate(cosines, size, mode="bilinear")[0].flatten(1).T
        label, _ = sight.labels.classify(every.contiguous())
        truth = classes_of(scene, view, sight.labels.names).ravel()
        confusion.add(truth, label.numpy().astype(np.int64) - 1)
    return confusion


def held_out(scene: LabelledScene) -> Iterator[LabelledView]:
    """Views that are not mapped."""
    return (view for number, view in enumerate(scene.views) if number % HELD_OUT == 0)


def kept(layer: FeatureLayer, whole: FeatureLayer) -> float:
    """Mean cosine of embeddings with those that were kept whole."""
    voxels = layer.table.voxels()
    rows = whole.table.rows_of(voxels)
    both = rows >= 0
    mine = layer.embeddings(both.nonzero()[:, 0])
    return float(F.cosine_similarity(mine, whole.embeddings(rows[both])).mean())


def time_relabelling() -> float:
    """Milliseconds to label VOXELS voxels with NAMES names."""
    layer = FeatureLayer(SemanticsConfig(), "random@0", 384, "cpu")
    random = torch.Generator().manual_seed(0)
    voxels = torch.stack([torch.arange(VOXELS) % 450, torch.arange(VOXELS) // 450, torch.zeros(
        VOXELS, dtype=torch.int64)], 1)  # fmt: skip
    features = F.normalize(torch.randn(VOXELS, 384, generator=random), dim=1)
    layer.fuse(voxels, layer.learn(features).encode(features), torch.ones(VOXELS))
    texts = F.normalize(torch.randn(NAMES, 384, generator=random), dim=1)
    names = tuple(f"name {number}" for number in range(NAMES))
    labels = LabelSet(names, texts, Calibration(100.0, 0.1, 0.5))
    times: list[float] = []
    for _ in range(6):
        timed(times, lambda: relabel(layer, labels))
    return float(np.median(times[1:]))

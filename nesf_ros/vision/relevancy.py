"""Where in a picture a text is: SemAbs' multi-scale relevancy extractor (§3.2).

A picture is cut into tiles of several sizes, each looked at also mirrored and in other colours.
One forward pass over them serves all texts, those asked later included.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int64, UInt8
from numpy import ndarray
from torch import Tensor

from nesf_ros.errors import VisionError
from nesf_ros.vision.jitter import jittered
from nesf_ros.vision.presets import Live, Preset
from nesf_ros.vision.tiles import resized
from nesf_ros.vision.towers.base import Look, Tower


@dataclass(frozen=True)
class Against:
    """Words that texts are to stand out from, cell by cell, before tiles are put together.

    So a cell that speaks for much says little, as in LERF's relevancy (§3.4): on the embedded
    model's views of full rooms it is worth ten points of average precision.
    """

    words: Float32[Tensor, "words dim"]
    """Embeddings, unit length."""
    scale: float
    """Of cosines."""


@dataclass(frozen=True)
class Part:
    """A batch of tiles that a tower has looked at."""

    look: Look
    places: Int64[Tensor, " n"]
    """Of each crop, the number of its tile among those of all tilings."""
    mirrored: Bool[Tensor, " n"]
    """Of each crop, whether it is the tile's mirror image."""


@dataclass(frozen=True)
class Scan:
    """A picture that a tower has looked at: texts are answered without looking again."""

    size: tuple[int, int]
    """Height and width of the picture, pixels."""
    preset: Preset
    tower: Tower = field(repr=False)
    parts: Sequence[Part] = field(repr=False)

    @property
    def nbytes(self) -> int:
        """Memory held, bytes."""
        return sum(part.look.nbytes for part in self.parts)

    def relevancy(
        self,
        texts: Float32[Tensor, "texts dim"],
        every: int = 1,
        against: Against | None = None,
    ) -> Float32[Tensor, "texts rows cols"]:
        """Relevancy of each text (unit length) at every `every`-th pixel of the picture, ≥ 0.

        With `against`, how far it stands out from other words, 0–1. Raises VisionError if the texts
        are of another model.
        """
        return _merged(self, self.parts, texts, every, against)


class RelevancyExtractor:
    """Looks at pictures by a preset."""

    def __init__(
        self,
        tower: Tower,
        preset: Preset | Live,
        normalisation: tuple[Sequence[float], Sequence[float]],
        batch: int = 32,
        max_bytes: int = 2**30,
    ):
        """`normalisation` is mean and deviation of RGB (0–1) that the tower expects.

        `batch` crops are looked at together; a scan holds at most `max_bytes`.
        """
        self._tower = tower
        self._preset = preset
        self._normalisation = normalisation
        self._batch = batch
        self._max_bytes = max_bytes
        self._ms_per_crop: float | None = None

    def scan(self, image: UInt8[ndarray, "height width 3"]) -> Scan:
        """Look at an RGB picture and keep what texts need.

        Raises VisionError if that exceeds the bytes allowed, or the picture is no such picture.
        """
        _check(image)
        preset = self._chosen(image)
        size = (image.shape[0], image.shape[1])
        start, parts, held = time.perf_counter(), [], 0
        for part in self._parts(image, preset):
            parts.append(part)
            held += part.look.nbytes
            self._check_bytes(held, sum(len(p.places) for p in parts), preset.crops(size))
        self._learn(1e3 * (time.perf_counter() - start) / preset.crops(size))
        return Scan(size, preset, self._tower, parts)

    def relevancy(
        self,
        image: UInt8[ndarray, "height width 3"],
        texts: Float32[Tensor, "texts dim"],
        every: int = 1,
        against: Against | None = None,
    ) -> Float32[Tensor, "texts rows cols"]:
        """As `scan(image).relevancy(…)`, keeping nothing: for presets of many tiles."""
        _check(image)
        preset = self._chosen(image)
        scan = Scan((image.shape[0], image.shape[1]), preset, self._tower, ())
        return _merged(scan, self._parts(image, preset), texts, every, against)

    def _chosen(self, image: ndarray) -> Preset:
        """The preset; for a budget, the first picture is looked at to learn what a crop costs."""
        if isinstance(self._preset, Preset):
            return self._preset
        size = (image.shape[0], image.shape[1])
        known = self._ms_per_crop
        if known is None:
            trial = self._preset.trial(size)
            for _ in range(2):  # the first time pays for what is set up once
                start = time.perf_counter()
                for _part in self._parts(image, trial):
                    pass
            self._ms_per_crop = known = 1e3 * (time.perf_counter() - start) / trial.crops(size)
        return self._preset.choose(size, known)

    def _learn(self, ms_per_crop: float) -> None:
        """Follow what a crop costs, slowly: a load on the machine may pass."""
        known = self._ms_per_crop
        self._ms_per_crop = ms_per_crop if known is None else 0.8 * known + 0.2 * ms_per_crop

    def _check_bytes(self, held: int, seen: int, crops: int) -> None:
        needed = held * crops // seen
        if needed > self._max_bytes:
            raise VisionError(
                f"a scan of {crops} crops would hold {needed >> 20} MiB, more than the "
                f"{self._max_bytes >> 20} MiB allowed; ask for relevancy() of the image at once, "
                "which keeps nothing, take a smaller preset, or raise max_bytes"
            )

    def _parts(self, image: ndarray, preset: Preset) -> Iterator[Part]:
        """Look at all tiles, batch by batch."""
        held: list[tuple[Tensor, Tensor, Tensor]] = []
        for crop in self._crops(image, preset):
            if held and sum(len(h[0]) for h in held) + len(crop[0]) > self._batch:
                yield self._part(held)
                held = []
            held.append(crop)
        yield self._part(held)

    def _planes(self, image: ndarray) -> UInt8[Tensor, "3 height width"]:
        """The image on the tower's device, a colour at a time: so tiles are cut fast."""
        return torch.from_numpy(image.transpose(2, 0, 1).copy()).to(self._tower.device)

    def _part(self, held: list[tuple[Tensor, Tensor, Tensor]]) -> Part:
        images, places, mirrored = (torch.cat(column) for column in zip(*held, strict=True))
        return Part(self._tower.look(images).trimmed(self._tower.dtype), places, mirrored)

    def _crops(self, image: ndarray, preset: Preset) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Crops as the tower takes them, their places and whether they are mirrored."""
        device = self._tower.device
        colours = [self._planes(jittered(image, index)) for index in range(1 + preset.jitters)]
        first = 0
        for tiling in preset.tilings((image.shape[0], image.shape[1])):
            for coloured in colours:
                for start in range(0, len(tiling), self._batch):
                    which = slice(start, min(start + self._batch, len(tiling)))
                    tiles = tiling.cut(coloured, which)
                    images = resized(tiles, self._tower.image_px, *self._normalisation)
                    places = torch.arange(first + which.start, first + which.stop, device=device)
                    mirrored = torch.zeros(len(images), dtype=torch.bool, device=device)
                    if preset.mirrors == "every other":
                        mirrored = tiling.every_other(which).to(device)
                        images[mirrored] = images[mirrored].flip(-1)
                    yield images, places, mirrored
                    if preset.mirrors == "all":
                        yield images.flip(-1), places, ~mirrored
            first += len(tiling)


def _check(image: ndarray) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise VisionError(
            f"an image of {image.dtype} with shape {image.shape}; relevancy is for RGB images of "
            "uint8, height × width × 3"
        )


def _merged(
    scan: Scan, parts: Iterable[Part], texts: Tensor, every: int, against: Against | None
) -> Tensor:
    """The mean over mirror images and colours, then over tiles of a size, then over sizes.

    The first mean is taken of the small maps: enlarging comes once, behind it.
    """
    tower = scan.tower
    if texts.ndim != 2 or texts.shape[1] != tower.dim:
        raise VisionError(
            f"text embeddings of shape {tuple(texts.shape)}; this model's are texts × {tower.dim}. "
            "Embed the texts with the model that looks at the picture"
        )
    tilings = scan.preset.tilings(scan.size)
    counts = [len(tiling) for tiling in tilings]
    sums = torch.zeros(sum(counts), len(texts), *tower.grid, device=tower.device)
    texts = texts.to(tower.device)
    words = against.words.to(tower.device) if against else None
    for part in parts:
        if against and words is not None:
            maps = part.look.contrast(texts, words, against.scale)
        else:
            maps = part.look.relevancy(texts)
        maps[part.mirrored] = maps[part.mirrored].flip(-1)
        sums.index_add_(0, part.places, maps)
    means = (sums / scan.preset.variants).split(counts)
    merged = (
        tiling.merge(mean, scan.size, every) for tiling, mean in zip(tilings, means, strict=True)
    )
    return functools.reduce(Tensor.add_, merged).div_(len(tilings))  # one large map at a time

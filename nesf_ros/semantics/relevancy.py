"""How well voxels answer a text, and how much of a place has been looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from nesf_ros.errors import QueryError
from nesf_ros.types import Box, Progress
from nesf_ros.vision.memory import by_halves
from nesf_ros.voxels.blocks import BLOCKS_AT_ONCE
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.grid import BLOCK
from nesf_ros.voxels.map import VoxelMap, voxel_range
from nesf_ros.voxels.state import occupancy_code

TEMPERATURE = 10.0
"""LERF's code; its paper's formula leaves it out."""
DOUBT = 0.3
"""Views at 1 m that say nothing, of every voxel. Without them, voxels at the rim of what was seen,
which one view has grazed, answer most questions best: in validation scenes the most relevant voxel
was that of the right thing for 39 % of phrases instead of 61 %."""
MAX_SCORES = 2**28
"""Relevancies of one question: 1 GiB."""
AT_ONCE = 2**24
"""Cosines held at a time: 64 MiB."""


@dataclass(frozen=True)
class Asked:
    """What voxels are compared with."""

    texts: Float32[Tensor, "texts dim"]
    """Of unit length; so `phrases`."""
    phrases: Float32[Tensor, "phrases dim"]
    """Canonical ones, that the texts are held against."""
    sizes: Int64[Tensor, " texts"] | None = None
    """Number of the size at which each text is looked for, where the layer knows sizes."""


def trust(layer: FeatureLayer, rows: Int64[Tensor, " n"] | slice) -> Float32[Tensor, " n"]:
    """How far the embeddings of rows are to be believed, 0–1: the more was seen, the farther.

    As if each voxel had been seen `DOUBT` times before, at 1 m, and had fitted no text better than
    a phrase. LERF leaves out what few views have seen (§3.5); a robot that has come by once may
    still be asked about what it has seen.
    """
    weight = layer.column("weight")[rows]
    return weight / (weight + DOUBT)


def relevancy(
    texts: Float32[Tensor, "n texts"],
    phrases: Float32[Tensor, "n phrases"],
    trusted: Float32[Tensor, " n"] | None = None,
) -> Float32[Tensor, "n texts"]:
    """Relevancy of texts, 0–1, from cosines of texts and of canonical phrases with something.

    Against each phrase a softmax of the two; the least of them counts (LERF §3.5), which is the
    one against the phrase that is nearest. 0.5: as near as that phrase. Log-odds are as many times
    as large as something is `trusted` (0–1).
    """
    lead = TEMPERATURE * (texts - phrases.amax(1, keepdim=True))
    return (lead if trusted is None else lead * trusted[:, None]).sigmoid()


def relevancies(
    layer: FeatureLayer, asked: Asked, rows: Int64[Tensor, " n"] | None, progress: Progress
) -> Float32[Tensor, "n texts"]:
    """Relevancy of texts in rows of a layer (all where None), 0–1; in main memory.

    Voxels that a language field has been asked about answer by size, the others by their mean.
    QueryError for more than `MAX_SCORES`.
    """
    count, texts = len(layer) if rows is None else len(rows), len(asked.texts)
    if count * texts > MAX_SCORES:
        raise QueryError(
            f"{texts} texts in {count} voxels are more than {MAX_SCORES} answers at a time; ask "
            "for fewer texts, or in a smaller region"
        )
    out = torch.empty(count, texts)

    def of(part: range) -> Tensor:
        chosen = slice(part.start, part.stop) if rows is None else rows[part.start : part.stop]
        return _scores(layer, asked, chosen).cpu()

    step = max(1, AT_ONCE // (texts + len(asked.phrases)))
    for start in range(0, count, step):
        progress("comparing the map with the texts", start / count)
        part = range(start, min(start + step, count))
        out[part.start : part.stop] = by_halves(of, part)
    return out


def _scores(layer: FeatureLayer, asked: Asked, rows: Int64[Tensor, " n"] | slice) -> Tensor:
    texts, phrases = asked.texts.to(layer.device), asked.phrases.to(layer.device)
    if asked.sizes is None:
        cosines = layer.similarity(torch.cat([texts, phrases]), rows)
        return relevancy(cosines[:, : len(texts)], cosines[:, len(texts) :], trust(layer, rows))
    columns, basis = layer.table.columns, layer.basis
    assert basis is not None, "sizes are chosen from codes, which have a basis"
    known, trusted = layer.sized.known(columns, rows), trust(layer, rows)
    out = torch.zeros((len(known), len(texts)), device=layer.device)
    for size in asked.sizes.unique().tolist():
        mine = (asked.sizes == size).to(layer.device)
        some = torch.cat([texts[mine], phrases])
        cosines = layer.sized.cosines(columns, some, (size, rows), basis)
        count = len(some) - len(phrases)
        out[:, mine] = relevancy(cosines[:, :count], cosines[:, count:], trusted)
    if not bool(known.all()):
        unknown = (~known).nonzero()[:, 0]
        where = (
            torch.arange(len(layer), device=layer.device)[rows] if isinstance(rows, slice) else rows
        )
        out[unknown] = _scores(layer, replace(asked, sizes=None), where[unknown])
    return out


def observed_fraction(voxel_map: VoxelMap, box: Box) -> float:
    """Share of a box's voxels that are known to be free or occupied, 0–1."""
    first, last = voxel_range(box, voxel_map.config.voxel_size_m)
    lower, upper = (torch.from_numpy(c).to(voxel_map.device) for c in (first, last))
    known = 0
    for index in voxel_map.block_index(box).split(BLOCKS_AT_ONCE):
        corner = index.long() * BLOCK
        blocks = voxel_map.blocks(index)
        step = torch.arange(BLOCK, device=index.device)
        # Per block and axis, which of its eight layers lie within the box.
        inside = [
            (corner[:, axis, None] + step >= lower[axis])
            & (corner[:, axis, None] + step < upper[axis])
            for axis in range(3)
        ]
        counts = torch.stack([layer.sum(1) for layer in inside]).prod(0)
        known += int(counts[blocks.free_weight > 0].sum())
        detailed = blocks.row >= 0
        x, y, z = (layer[detailed] for layer in inside)
        within = z[:, :, None, None] & y[:, None, :, None] & x[:, None, None, :]
        code = occupancy_code(blocks.tsdf, blocks.weight, voxel_map.config.truncation_voxels)
        known += int((within.flatten(1) & (code[blocks.row[detailed]] > 0)).sum())
    return known / float(np.prod((last - first).astype(float)))

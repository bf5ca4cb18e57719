"""LERF's two experiments on long-tail scenes: localisation and existence (LERF §4.2, §4.3).

There are two protocols, whose figures must not be mixed. *Rendered 2D*: a relevancy map is made
for each held-out view. *3D points*: every point that the map knows has a relevancy. Each figure's
name says which it is. Intervals are over scenes (`figures.mean_over`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation.figures import (
    Figure,
    average_precision_over,
    best_threshold,
    mean_over,
)
from nesf_ros.evaluation.lerf_scenes import LerfScene, Sight, existence
from nesf_ros.types import Box, PosedFrame

RENDERED, POINTS = PROTOCOLS = ("rendered 2D", "3D points")


@dataclass(frozen=True)
class PointRelevancy:
    """What a map knows of its points."""

    points: Float[ndarray, "n 3"]
    """Map frame, metres: those that are visible from somewhere, not what is inside things."""
    relevancy: Float[ndarray, "texts n"]
    """0–1; NaN where nothing is known."""


@dataclass(frozen=True)
class Answers:
    """A method that has seen the frames of one scene."""

    view: Callable[[Sequence[str], PosedFrame], Float[ndarray, "texts height width"]]
    """Relevancy of texts as the camera of a held-out view would see it, 0–1, NaN where nothing is
    known; of any size, to be stretched over the view."""
    points: Callable[[Sequence[str]], PointRelevancy] | None = None
    """None for a method that knows no points."""


Method = Callable[[LerfScene], Answers]
"""Learns a scene from its `frames` alone."""


@dataclass(frozen=True)
class Verdicts:
    """What was right and what was not; samples in the order of scenes, phrases and views."""

    hits: Bool[ndarray, " samples"]
    """Localisation: was it found."""
    hit_scenes: Int[ndarray, " samples"]
    hit_kinds: tuple[str, ...]
    """One of `lerf_queries.KINDS` for each sample."""
    chances: Float[ndarray, " samples"]
    """Share of the image, or of the known points, that would have been a hit."""
    scores: Float[ndarray, " asked"]
    """Existence: the largest relevancy of a phrase in a scene; 0 where nothing is known."""
    there: Bool[ndarray, " asked"]
    score_scenes: Int[ndarray, " asked"]


def judged(method: Method, scenes: Sequence[LerfScene], voxel_size_m: float) -> dict[str, Verdicts]:
    """Ask a method everything, for each of PROTOCOLS that it can answer in.

    Protocol, rendered 2D: each phrase in each held-out view that shows what it names; a hit if the
    largest relevancy lies in the box around what is seen of it, edges included. It exists if any
    pixel of any held-out view exceeds a threshold. 3D points: each phrase once; a hit if the point
    of the largest relevancy lies in the box of the thing, or part, grown by a voxel on all sides.
    It exists if any point exceeds a threshold. Of equals, the first one counts; a map that is the
    same everywhere points nowhere.

    Raises EvaluationError where maps or points do not fit the phrases.
    """
    each = [judge(method(scene), scene, existence(scene, scenes), voxel_size_m) for scene in scenes]
    return joined(each)


@dataclass(frozen=True)
class SceneVerdict:
    """What was right in one scene."""

    hits: list[tuple[bool, str, float]]
    """Of each phrase (and view): whether it was found, its kind, by what chance it would be."""
    scores: list[tuple[float, bool]]
    """Of each phrase of all scenes: its largest relevancy, and whether it is true of something."""


def judge(
    answers: Answers, scene: LerfScene, there: dict[str, bool], voxel_size_m: float
) -> dict[str, SceneVerdict]:
    """As `judged`, one scene; `there` is its `existence` among all scenes."""
    found = {RENDERED: _rendered(answers, scene, there)}
    if answers.points:
        found[POINTS] = _by_points(answers.points, scene, there, voxel_size_m)
    return found


def joined(scenes: Sequence[dict[str, SceneVerdict]]) -> dict[str, Verdicts]:
    """What was judged scene by scene, taken together, by protocol."""
    names = [name for name in PROTOCOLS if all(name in found for found in scenes)]
    return {name: _joined([found[name] for found in scenes]) for name in names}


def _rendered(answers: Answers, scene: LerfScene, there: dict[str, bool]) -> SceneVerdict:
    texts = list(dict.fromkeys([*(asked.query.text for asked in scene.asked), *there]))
    best = np.zeros(len(texts))
    hits: dict[tuple[int, int], tuple[bool, str, float]] = {}
    for number, view in enumerate(scene.held_out):
        maps = answers.view(texts, view)
        _check(maps, texts)
        best = np.fmax(best, [_largest(m) for m in maps])
        for index, asked in enumerate(scene.asked):
            for sight in asked.sights:
                if sight.view == number:
                    inside = _in_box(maps[index], sight.box_px, sight.mask.shape)
                    hits[index, number] = (inside, asked.query.kind, _share(sight))
    return SceneVerdict(
        [hits[index, s.view] for index, asked in enumerate(scene.asked) for s in asked.sights],
        [(float(best[texts.index(text)]), bool(is_there)) for text, is_there in there.items()],
    )


def _by_points(
    ask: Callable[[Sequence[str]], PointRelevancy],
    scene: LerfScene,
    there: dict[str, bool],
    voxel_size_m: float,
) -> SceneVerdict:
    texts = list(dict.fromkeys([*(asked.query.text for asked in scene.asked), *there]))
    known = ask(texts)
    _check(known.relevancy, texts)
    hits = []
    for values, asked in zip(known.relevancy, scene.asked, strict=False):
        inside, peak = _within(known.points, asked.box, voxel_size_m), _peak(values)
        hit = peak is not None and bool(inside[peak])
        hits.append((hit, asked.query.kind, float(inside.mean()) if len(inside) else 0.0))
    best = [_largest(values) for values in known.relevancy]
    return SceneVerdict(
        hits, [(best[texts.index(text)], is_there) for text, is_there in there.items()]
    )


def _check(relevancy: Float[ndarray, "*shape"], texts: Sequence[str]) -> None:
    if len(relevancy) != len(texts):
        raise EvaluationError(f"{len(relevancy)} relevancies for {len(texts)} texts")


def _largest(values: Float[ndarray, "*shape"]) -> float:
    """0 where nothing is known."""
    known = values[np.isfinite(values)]
    return float(known.max()) if known.size else 0.0


def _peak(values: Float[ndarray, "*shape"]) -> int | None:
    """Flat index of the largest value; None where no value stands out."""
    known = np.where(np.isfinite(values), values, -np.inf).ravel()
    if not known.size or known.max() == -np.inf or known.max() == values.min():
        return None
    return int(known.argmax())


def _in_box(
    values: Float[ndarray, "height width"],
    box_px: tuple[int, int, int, int],
    size_px: tuple[int, int],
) -> bool:
    """Whether the peak lies in a box of an image of (height, width) that the map covers."""
    peak = _peak(values)
    if peak is None:
        return False
    row, column = np.unravel_index(peak, values.shape)
    y, x = ((np.array([row, column]) + 0.5) * size_px / values.shape - 0.5).tolist()
    left, upper, right, lower = box_px
    return left - 0.5 <= x <= right + 0.5 and upper - 0.5 <= y <= lower + 0.5


def _share(sight: Sight) -> float:
    left, upper, right, lower = sight.box_px
    return (right + 1 - left) * (lower + 1 - upper) / sight.mask.size


def _within(points: Float[ndarray, "n 3"], box: Box, margin_m: float) -> Bool[ndarray, " n"]:
    lower, upper = np.array(box.lower) - margin_m, np.array(box.upper) + margin_m
    return np.all((points >= lower) & (points <= upper), axis=1)


def _joined(parts: Sequence[SceneVerdict]) -> Verdicts:
    hits = [(*hit, number) for number, part in enumerate(parts) for hit in part.hits]
    scores = [(*score, number) for number, part in enumerate(parts) for score in part.scores]
    return Verdicts(
        np.array([hit for hit, *_ in hits], bool),
        np.array([number for *_, number in hits], int),
        tuple(kind for _, kind, *_ in hits),
        np.array([chance for *_, chance, _ in hits], float),
        np.array([score for score, *_ in scores], float),
        np.array([there for _, there, _ in scores], bool),
        np.array([number for *_, number in scores], int),
    )


def existence_threshold(validation: Verdicts) -> float:
    """The relevancy from which on a thing is said to exist, best for validation scenes."""
    return best_threshold(validation.scores[validation.there], validation.scores[~validation.there])


def figures(
    verdicts: dict[str, Verdicts], thresholds: dict[str, float] | None = None
) -> dict[str, Figure]:
    """Figures of what was judged; each name says the protocol.

    Localisation is a share of hits, of all phrases and of each kind; by chance it would be that of
    a pixel, or point, taken blindly. For existence: average
    precision, and, where a threshold from validation is given for the protocol, the precision
    (share of what is said to be there that is) and the recall (share of what is there that is said
    to be) at it.
    """
    found: dict[str, Figure] = {}
    for name, them in verdicts.items():
        found[f"localisation, {name}"] = mean_over(them.hits, them.hit_scenes)
        found[f"localisation by chance, {name}"] = mean_over(them.chances, them.hit_scenes)
        for kind in dict.fromkeys(them.hit_kinds):
            mask = np.array([k == kind for k in them.hit_kinds])
            title = f"localisation by {kind}, {name}"
            found[title] = mean_over(them.hits[mask], them.hit_scenes[mask])
        title = f"existence, average precision, {name}"
        found[title] = average_precision_over(them.scores, them.there, them.score_scenes)
        if thresholds and name in thresholds:
            said = them.scores > thresholds[name]
            for title, values, mask in (
                ("precision", them.there, said),
                ("recall", said, them.there),
            ):
                if mask.any():
                    figure = mean_over(values[mask], them.score_scenes[mask])
                    found[f"existence, {title}, {name}"] = figure
    return found


def lead(first: Verdicts, second: Verdicts) -> Figure:
    """By how much the first method finds more than the second, both asked the same.

    Protocol: mean difference of hits, phrase by phrase and view by view; the first leads beyond
    the interval where its lower end is above 0. Raises EvaluationError for other samples.
    """
    if first.hit_kinds != second.hit_kinds or (first.hit_scenes != second.hit_scenes).any():
        raise EvaluationError("the two methods were not asked the same")
    return mean_over(first.hits.astype(float) - second.hits, first.hit_scenes)

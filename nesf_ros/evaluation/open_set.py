"""Whether a model can tell what it knows from what it does not.

Two questions: is a *query* far from every phrase of the training's text bank, and does a *picture*
show nothing of what is asked for? Thresholds come from one half of the samples, rates from the
other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32
from numpy import ndarray

from nesf_ros.evaluation.examiner import CAPTIONED, Examiner, of_classes
from nesf_ros.evaluation.figures import auroc, best_threshold
from nesf_ros.synthetic.splits import HELD_OUT_VISION, SYNONYMS
from nesf_ros.training.bank import all_words
from nesf_ros.training.shards import CropSet
from nesf_ros.training.vocabulary import NAMES

FAR = (
    "giraffe", "elephant", "volcano", "skyscraper", "submarine", "waterfall", "dinosaur",
    "rocket launch pad", "parachute", "windmill", "lighthouse", "octopus", "penguin", "tractor",
    "helicopter", "tank", "bridge", "fountain", "statue", "tent", "campfire", "snowman", "horse",
    "cow", "spider", "butterfly", "tree", "mountain", "river", "cloud", "rainbow", "moon", "crown",
    "sword", "shield", "cannon", "telescope", "microscope", "stethoscope", "syringe", "wheelchair",
    "accordion", "trumpet", "violin", "harp", "saxophone", "chandelier", "hammock", "canoe",
    "surfboard", "snowboard", "ski", "ice skate", "trophy", "fire hydrant", "traffic light",
    "parking meter", "gravestone", "scarecrow", "anvil", "loom", "spinning wheel", "barrel",
)  # fmt: skip
"""Things that no scene has."""
ASKED_AS = ("where is the {}?", "find my {}", "the {} on the left", "is there {} here")
"""How people ask for what is known; in no caption."""


@dataclass(frozen=True)
class Separation:
    """How well a score tells known from unknown."""

    auroc: float
    threshold: float
    """From one half of the samples."""
    known_kept: float
    """Share of the known in the other half that reach it."""
    unknown_refused: float
    """Share of the unknown in the other half that do not."""


def separation(
    known: Float[ndarray, " n"], unknown: Float[ndarray, " m"], seed: int = 0
) -> Separation:
    """Threshold from a random half of each side, everything else from the other."""
    rng = np.random.default_rng(seed)
    halves = []
    for scores in (known, unknown):
        order = rng.permutation(len(scores))
        halves.append((scores[order[::2]], scores[order[1::2]]))
    (known_tuned, known_tested), (unknown_tuned, unknown_tested) = halves
    threshold = best_threshold(known_tuned, unknown_tuned)
    return Separation(
        auroc(known_tested, unknown_tested),
        threshold,
        float((known_tested >= threshold).mean()),
        float((unknown_tested < threshold).mean()),
    )


def queries_known(examiner: Examiner) -> Separation:
    """Largest cosine of a query with any word that is trained.

    Known: names of classes and their synonyms (`splits.SYNONYMS`), asked for in sentences. Unknown:
    held-out classes and FAR, in the same sentences.
    """
    bank = examiner.texts(all_words())

    def nearest(words: list[str]) -> Float32[ndarray, " n"]:
        asked = [ASKED_AS[i % len(ASKED_AS)].format(word) for i, word in enumerate(words)]
        found: Float32[ndarray, " n"] = (examiner.texts(asked) @ bank.T).max(1).values.numpy()
        return found

    synonyms = [word for name, word in SYNONYMS.items() if name in CAPTIONED]
    return separation(nearest([*CAPTIONED, *synonyms]), nearest([*HELD_OUT_VISION, *FAR]))


def pictures_known(examiner: Examiner, crops: CropSet, held_out: CropSet) -> Separation:
    """Largest cosine of a crop with any captioned class: of captioned and of held-out things."""
    names = examiner.texts(CAPTIONED)
    sides = (of_classes(crops, CAPTIONED), of_classes(held_out, HELD_OUT_VISION))
    known, unknown = ((examiner.images(side) @ names.T).max(1).values.numpy() for side in sides)
    return separation(known, unknown)


def pairs_known(examiner: Examiner, crops: CropSet, seed: int = 0) -> Separation:
    """Cosine of a crop with its class, and with something that no scene has."""
    crops = of_classes(crops, CAPTIONED)
    images, names = examiner.images(crops), examiner.texts(CAPTIONED)
    others = examiner.texts((*HELD_OUT_VISION, *FAR))
    rng = np.random.default_rng(seed)
    own = [CAPTIONED.index(NAMES[int(number)]) for number in crops.name]
    wrong = rng.integers(len(others), size=len(crops))
    known, unknown = ((images * t).sum(1).numpy() for t in (names[own], others[wrong]))
    return separation(known, unknown)

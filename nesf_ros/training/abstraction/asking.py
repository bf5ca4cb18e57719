"""What is asked about a room: texts, and descriptions of what is there and of what is not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nesf_ros.datasets.labelled import LabelledScene
from nesf_ros.synthetic.objects import CLASSES
from nesf_ros.synthetic.relations import UNRELATED
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.splits import HELD_OUT_COMPLETION, HELD_OUT_VISION, SYNONYMS
from nesf_ros.synthetic.things import Thing
from nesf_ros.training.abstraction.rooms import ABSENT, Words

DESCRIPTIONS = 12
"""Per view, at the most; those in other words come on top."""
REWORDED = "test-rooms"
"""Split whose descriptions are said in synonyms, too."""


def texts_of(labelled: LabelledScene, rng: np.random.Generator) -> tuple[str, ...]:
    """Classes of the room, their synonyms, and what it has not."""
    here = sorted({thing.class_name for thing in labelled.things})
    known = {*CLASSES} - {*here} - {*HELD_OUT_VISION} - {*UNRELATED}
    if labelled.split == "train-3d":
        known -= {*HELD_OUT_COMPLETION}
    absent = rng.choice(sorted(known), ABSENT, replace=False).tolist()
    synonyms = [SYNONYMS[name] for name in here if name in SYNONYMS]
    return tuple(dict.fromkeys([*here, *synonyms, *absent]))


def descriptions_of(
    labelled: LabelledScene,
    scene: Scene,
    visible: Sequence[frozenset[int]],
    texts: tuple[str, ...],
) -> tuple[tuple[Words, ...], ...]:
    """For each view: true relations of what is there, and hidden places of what is not."""
    rng = np.random.default_rng((labelled.seed, 8))
    found = []
    for view, seen in enumerate(visible):
        true = [
            (
                labelled.things[r.target].class_name,
                r.relation,
                labelled.things[r.reference].class_name,
            )
            for r in labelled.relations
            if r.view == view
        ]
        hidden = [
            (str(rng.choice(texts[-ABSENT:])), relation, thing.class_name)
            for number, thing in enumerate(scene.things)
            if number in seen and thing.class_name not in UNRELATED
            for relation in ("behind", *_holding(thing))
        ]
        half = DESCRIPTIONS // 2
        chosen = [*_balanced(true, half, rng), *_balanced(hidden, half, rng)]
        if labelled.split == REWORDED:
            chosen = list(dict.fromkeys([*chosen, *_reworded(chosen, texts)]))
        found.append(tuple((texts.index(a), relation, texts.index(b)) for a, relation, b in chosen))
    return tuple(found)


def _holding(thing: Thing) -> list[str]:
    """Whether things can be in it or on it."""
    return sorted({space.relation for space in thing.model.receptacles})


def _reworded(
    words: Sequence[tuple[str, str, str]], texts: tuple[str, ...]
) -> list[tuple[str, str, str]]:
    """Those that name what has a synonym among the texts, said by it."""
    other = {name: synonym for name, synonym in SYNONYMS.items() if synonym in texts}
    said = [(other.get(a, a), relation, other.get(b, b)) for a, relation, b in words]
    return [new for new, old in zip(said, words, strict=True) if new != old]


def _balanced(
    words: Sequence[tuple[str, str, str]], count: int, rng: np.random.Generator
) -> list[tuple[str, str, str]]:
    """Some of them without repetition, relations in turn."""
    by_relation: dict[str, list[tuple[str, str, str]]] = {}
    pool = list(dict.fromkeys(words))
    for number in rng.permutation(len(pool)):
        by_relation.setdefault(pool[number][1], []).append(pool[number])
    chosen: list[tuple[str, str, str]] = []
    while len(chosen) < min(count, len(pool)):
        chosen += [group.pop() for group in by_relation.values() if group]
    return chosen[:count]

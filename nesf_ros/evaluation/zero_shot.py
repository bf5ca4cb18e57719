"""What a vision-language model knows of the synthetic world, in figures.

Every figure is over crops of scenes that training has not seen, with an interval over scenes.
`zero_shot` is the whole protocol; texts go through the model's prompt templates.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float32, Float64, Int64
from numpy import ndarray
from torch import Tensor

from nesf_ros.evaluation.examiner import (
    CAPTIONED,
    CLUTTER,
    Asked,
    Examiner,
    Texts,
    of_classes,
)
from nesf_ros.evaluation.figures import Figure, mean_over
from nesf_ros.synthetic.captions import COLOR_WORDS, MATERIAL_WORDS, nouns
from nesf_ros.synthetic.objects import CLASSES
from nesf_ros.synthetic.splits import HELD_OUT_VISION, SYNONYMS
from nesf_ros.training.shards import CropSet
from nesf_ros.training.vocabulary import COLOR_NAMES, MATERIALS, NAMES, NONE

FEW = 60
"""Classes of a list such as a robot may have."""


def names_right(asked: Asked, texts: Texts, labels: Sequence[str]) -> Bool[ndarray, " n"]:
    """For each crop, whether its class's text is the nearest of all; `labels` are their classes."""
    numbers = np.array([NAMES.index(label) for label in labels])
    return numbers[(asked.images @ texts.T).argmax(1).numpy()] == asked.crops.name


def right_among(
    asked: Asked, texts: Texts, others: int, draws: int = 20, seed: int = 0
) -> Float64[ndarray, " n"]:
    """For each crop, how often its class is the nearest among so many others, drawn by chance.

    `texts` are those of CAPTIONED. A robot is asked about a list of its own, not about all classes.
    """
    rng = np.random.default_rng(seed)
    scores = asked.images @ texts.T
    own = torch.tensor([CAPTIONED.index(NAMES[int(number)]) for number in asked.crops.name])
    mine = scores.gather(1, own[:, None])[:, 0].clone()
    scores[torch.arange(len(own)), own] = -2.0
    rounds = [scores[:, rng.choice(len(CAPTIONED), others, replace=False)] for _ in range(draws)]
    return np.mean([(mine > drawn.max(1).values).numpy() for drawn in rounds], axis=0)


def renamed_right(
    asked: Asked,
    names: Texts,
    others: Float32[Tensor, "classes dim"],
    classes: Sequence[str],
) -> Bool[ndarray, " n"]:
    """The same, where the true class goes by another name and all other classes by their own.

    Args:
        asked: crops of `classes`.
        names: texts of CAPTIONED.
        others: another text of each of `classes`.
        classes: their names.
    """
    row = {NAMES.index(name): index for index, name in enumerate(classes)}
    places = torch.tensor([row[int(number)] for number in asked.crops.name])
    own = torch.tensor([CAPTIONED.index(NAMES[int(number)]) for number in asked.crops.name])
    rivals = asked.images @ names.T
    rivals[torch.arange(len(own)), own] = -1.0
    true = (asked.images * others[places]).sum(1)
    return (true > rivals.max(1).values).numpy()


def described_right(
    asked: Asked, texts: Texts, words: int, truth: Int64[ndarray, " n"]
) -> Bool[ndarray, " n"]:
    """Whether the right one of all "adjective class" phrases is the nearest.

    Args:
        asked: crops of CAPTIONED.
        texts: of all pairs, class by class.
        words: how many adjectives there are.
        truth: number of each crop's adjective.
    """
    own = np.array([CAPTIONED.index(NAMES[int(number)]) for number in asked.crops.name])
    best = (asked.images @ texts.T).argmax(1).numpy()
    return best == own * words + truth


def hard_negatives_beaten(asked: Asked, examiner: Examiner, seed: int = 0) -> Bool[ndarray, " n"]:
    """Whether "colour class" beats phrases with one fact exchanged.

    Protocol: against two other colours of the same class, and two other classes of its family in
    the same colour; crops without a colour word are to be left out before.
    """
    rng = np.random.default_rng(seed)
    phrases: list[list[str]] = []
    for name, color in zip(asked.crops.name, asked.crops.color, strict=True):
        label, family = NAMES[int(name)], CLASSES[NAMES[int(name)]].family
        near = [n for n in CAPTIONED if CLASSES[n].family == family and n != label]
        rivals = rng.choice(near if len(near) > 1 else list(CAPTIONED), 2, replace=False)
        colors = rng.choice([c for c in COLOR_NAMES if c != COLOR_NAMES[int(color)]], 2, False)
        said = COLOR_NAMES[int(color)]
        phrases.append(
            [f"{said} {label}", *(f"{c} {label}" for c in colors), *(f"{said} {n}" for n in rivals)]
        )
    flat = sorted({text for row in phrases for text in row})
    place = {text: index for index, text in enumerate(flat)}
    rows = torch.tensor([[place[text] for text in row] for row in phrases])
    scores = (examiner.texts(flat)[rows] * asked.images[:, None]).sum(-1)
    return (scores.argmax(1) == 0).numpy()


def zero_shot(examiner: Examiner, crops: CropSet, held_out: CropSet) -> dict[str, Figure]:
    """All figures on crops of captioned classes, and on crops of held-out ones."""
    crops = of_classes(crops, CAPTIONED)
    asked = Asked(crops, examiner.images(crops))
    names = examiner.texts(CAPTIONED)
    found: dict[str, Figure] = {}

    def note(name: str, right: ndarray, mask: ndarray) -> None:
        if mask.any():
            found[name] = mean_over(right, crops.scene[mask])

    right = names_right(asked, names, CAPTIONED)
    clean, clutter = crops.kind == 0, crops.others >= CLUTTER
    note("class, clean", right[clean], clean)
    note("class, clutter", right[clutter], clutter)
    note("class, tables", right[crops.kind == 2], crops.kind == 2)
    note("class, rooms", right[crops.kind == 3], crops.kind == 3)
    few = right_among(asked, names, FEW)
    note(f"class of {FEW}, clean", few[clean], clean)
    note(f"class of {FEW}, clutter", few[clutter], clutter)
    for title, table, column, words in (
        ("colour", COLOR_NAMES, crops.color, COLOR_WORDS),
        ("material", MATERIALS, crops.material, MATERIAL_WORDS),
    ):
        has = column != NONE
        adjectives = [words.get(word, (word,))[0] for word in table]
        part = asked.where(has)
        alone = examiner.texts([f"{word} thing" for word in adjectives])
        hits = (part.images @ alone.T).argmax(1).numpy() == column[has]
        note(title, hits, has)
        pairs = examiner.texts([f"{word} {name}" for name in CAPTIONED for word in adjectives])
        hits = described_right(part, pairs, len(table), column[has].astype(np.int64))
        for where, mask in (("clean", clean), ("clutter", clutter)):
            note(f"{title} + class, {where}", hits[mask[has]], has & mask)
    has = crops.color != NONE
    note("hard negatives", hard_negatives_beaten(asked.where(has), examiner), has)
    _other_names(examiner, asked, names, note)
    _held_out(examiner, held_out, found)
    return found


def _other_names(examiner: Examiner, asked: Asked, names: Texts, note) -> None:
    """Aliases that captions use, and synonyms that none does; compared with the name itself."""
    crops = asked.crops
    aliases = {name: nouns(name)[1:] for name in CAPTIONED if len(nouns(name)) > 1}
    synonyms = {name: (word,) for name, word in SYNONYMS.items() if name in CAPTIONED}
    for title, table in (("aliases", aliases), ("synonyms", synonyms)):
        classes = tuple(table)
        mask = np.isin(crops.name, [NAMES.index(name) for name in classes])
        if not mask.any():
            continue
        part = asked.where(mask)
        most = max(map(len, table.values()))
        rounds = [
            renamed_right(
                part, names, examiner.texts([table[n][i % len(table[n])] for n in classes]), classes
            )
            for i in range(most)
        ]
        note(title, np.mean(rounds, axis=0), mask)
        note(f"{title}: the names themselves", names_right(part, names, CAPTIONED), mask)


def _held_out(examiner: Examiner, crops: CropSet, found: dict[str, Figure]) -> None:
    """Crops of classes that training never shows: among all classes, and among themselves."""
    crops = of_classes(crops, HELD_OUT_VISION)
    if not len(crops):
        return
    asked = Asked(crops, examiner.images(crops))
    for title, labels in (
        ("held-out, of all", (*CAPTIONED, *HELD_OUT_VISION)),
        ("held-out, of themselves", HELD_OUT_VISION),
    ):
        right = names_right(asked, examiner.texts(labels), labels)
        found[title] = mean_over(right, crops.scene)

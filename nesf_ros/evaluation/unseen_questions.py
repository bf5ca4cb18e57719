"""What is asked in each column of Semantic Abstraction's tables 1, 2 and 4, on made rooms (§4).

| column | rooms | asked, and scored |
|---|---|---|
| Novel Room | test-rooms | every class that the view shows; descriptions |
| Novel Visual | test-visual | the same, before looks that training never shows |
| Novel Synonyms | test-rooms | what has a synonym, by it; descriptions that name one |
| Novel Class | test-classes | the six held-out classes; descriptions that name one |

All classes that a view shows are asked for together, as §3.3 has them compete for every point;
scored are those of the column alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nesf_ros.synthetic.splits import HELD_OUT_COMPLETION, SYNONYMS
from nesf_ros.training.abstraction.approaches import Task
from nesf_ros.training.abstraction.rooms import Room, Words
from nesf_ros.training.abstraction.truth import CLASSES_OF


@dataclass(frozen=True)
class Asked:
    """What is asked in one view, and which of it is scored."""

    words: tuple[Words, ...]
    scored: tuple[bool, ...]


@dataclass(frozen=True)
class Column:
    """Rooms, and what is asked there."""

    title: str
    split: str
    by_label: bool
    """Whether the release takes the mean over labels (over samples in VOOL), and not over rooms."""
    renamed: bool
    """Whether classes go by their synonyms."""
    scores: Callable[[str], bool]
    """Whether a text makes what names it count."""

    def asked(self, task: Task, room: Room, view: int) -> Asked:
        """Of a view; nothing at all where nothing would be scored."""
        words = self._labels(room, view) if task == "ovssc" else self._said(room, view)
        texts = room.about.texts
        if task == "ovssc":
            scored = tuple(self.scores(texts[target]) for target, _, _ in words)
        else:
            scored = (True,) * len(words)
        return Asked(words, scored) if any(scored) else Asked((), ())

    def _labels(self, room: Room, view: int) -> tuple[Words, ...]:
        shown = room.seen_in(view).nonzero()[:, 0].tolist()
        names = sorted({room.about.classes[thing] for thing in shown})
        if self.renamed:
            names = [SYNONYMS.get(name, name) for name in names]
        return tuple((room.about.texts.index(name), "", 0) for name in dict.fromkeys(names))

    def _said(self, room: Room, view: int) -> tuple[Words, ...]:
        texts = room.about.texts
        ends = [
            (words, (texts[words[0]], texts[words[2]])) for words in room.about.descriptions[view]
        ]
        return tuple(
            words
            for words, pair in ends
            if any(map(self.scores, pair)) and (self.renamed or not any(map(_is_synonym, pair)))
        )


def _is_synonym(text: str) -> bool:
    return text in CLASSES_OF


def _any(_: str) -> bool:
    return True


def _held_out(text: str) -> bool:
    return text in HELD_OUT_COMPLETION


VALIDATION = Column("Validation", "validation-3d", False, False, _any)
COLUMNS = (
    Column("Novel Room", "test-rooms", False, False, _any),
    Column("Novel Visual", "test-visual", False, False, _any),
    Column("Novel Synonyms", "test-rooms", True, True, _is_synonym),
    Column("Novel Class", "test-classes", True, False, _held_out),
)

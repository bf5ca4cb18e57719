"""The text bank: every phrase that crops are matched with, embedded once by the frozen text tower.

Each class has many phrases (its name and aliases, in several sentences), and so has each colour
and each material, alone and with each class. Held-out classes (`splits.HELD_OUT_VISION`) and
`splits.SYNONYMS` have none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32
from safetensors.torch import load_file, save_file
from torch import Tensor

from nesf_ros.synthetic.captions import COLOR_WORDS, MATERIAL_WORDS, nouns, phrase
from nesf_ros.synthetic.splits import HELD_OUT_VISION
from nesf_ros.training.vocabulary import COLOR_NAMES, MATERIALS, NAMES

Embed = Callable[[Sequence[str]], Float32[Tensor, "texts dim"]]
"""Unit vectors of some texts."""

KNOWN = tuple(name for name in NAMES if name not in HELD_OUT_VISION)
"""The classes that are trained: those of the catalogue, and the surroundings."""
FRAMES = ("{}", "a photo of {}", "a picture of {}", "there is {}", "{} in a room")
"""Sentences around a phrase with its article."""
ALONE = ("{}", "a {} thing", "a {} object", "something {}")
"""Sentences around a colour or a material."""
_CLASS_VARIANTS, _PAIR_VARIANTS = 24, 4


@dataclass(frozen=True)
class TextBank:
    """Embeddings, unit length; the first variant is the plainest."""

    names: Float32[Tensor, "classes variants dim"]
    colors: Float32[Tensor, "colors alone_variants dim"]
    materials: Float32[Tensor, "materials alone_variants dim"]
    color_names: Float32[Tensor, "color_pairs pair_variants dim"]
    """Pair number: class number x colours + colour number."""
    material_names: Float32[Tensor, "material_pairs pair_variants dim"]
    """Pair number: class number x materials + material number."""

    def to(self, device: torch.device) -> TextBank:
        """The same bank on a device."""
        return TextBank(*(getattr(self, field.name).to(device) for field in fields(self)))

    def save(self, path: Path) -> None:
        """Write it as safetensors."""
        tensors = {field.name: getattr(self, field.name).contiguous() for field in fields(self)}
        save_file(tensors, path)

    @classmethod
    def load(cls, path: Path) -> TextBank:
        """Read what `save` wrote."""
        return cls(**load_file(path))


def class_texts(name: str) -> tuple[str, ...]:
    """Phrases for a class, the bare name first; then its name and aliases in every frame."""
    return (name, *(frame.format(phrase(noun)) for noun in nouns(name) for frame in FRAMES))


def all_words() -> tuple[str, ...]:
    """Every name of a class, every colour and every material that is trained."""
    words = {noun for name in KNOWN for noun in nouns(name)}
    words |= {word for color in COLOR_NAMES for word in COLOR_WORDS.get(color, (color,))}
    return tuple(sorted(words | {word for name in MATERIALS for word in MATERIAL_WORDS[name]}))


def color_texts(color: str) -> tuple[str, ...]:
    """Phrases for anything of a colour."""
    return tuple(form.format(word) for word in COLOR_WORDS.get(color, (color,)) for form in ALONE)


def material_texts(material: str) -> tuple[str, ...]:
    """Phrases for anything of a material."""
    return tuple(form.format(word) for word in MATERIAL_WORDS[material] for form in ALONE)


def pair_texts(name: str, adjectives: Sequence[str], seed: int = 0) -> tuple[str, ...]:
    """Phrases such as "a red mug": the plainest first, then with aliases in frames, by chance."""
    rng = np.random.default_rng((seed, *name.encode(), *adjectives[0].encode()))
    texts = [phrase(name, str(adjectives[0]))]
    for _ in range(_PAIR_VARIANTS - 1):
        noun, word = rng.choice(nouns(name)), rng.choice(adjectives)
        texts.append(str(rng.choice(FRAMES)).format(phrase(str(noun), str(word))))
    return tuple(texts)


def make_bank(embed: Embed, classes: Sequence[str] = KNOWN) -> TextBank:
    """Embed all phrases of some classes."""
    rows = {
        "names": [_cycled(class_texts(name), _CLASS_VARIANTS) for name in classes],
        "colors": [_cycled(color_texts(c), 2 * len(ALONE)) for c in COLOR_NAMES],
        "materials": [_cycled(material_texts(m), 2 * len(ALONE)) for m in MATERIALS],
        "color_names": [
            pair_texts(name, COLOR_WORDS.get(color, (color,)))
            for name in classes
            for color in COLOR_NAMES
        ],
        "material_names": [
            pair_texts(name, MATERIAL_WORDS[m]) for name in classes for m in MATERIALS
        ],
    }
    return TextBank(**{field: _embedded(embed, texts) for field, texts in rows.items()})


def _cycled(texts: Sequence[str], count: int) -> tuple[str, ...]:
    """As many texts as wanted: the first ones, or all of them again and again."""
    return tuple(texts[index % len(texts)] for index in range(count))


def _embedded(embed: Embed, rows: Sequence[Sequence[str]]) -> Float32[Tensor, "rows variants dim"]:
    flat = [text for row in rows for text in row]
    distinct = sorted(set(flat))
    known = embed(distinct)
    place = {text: index for index, text in enumerate(distinct)}
    return known[torch.tensor([place[text] for text in flat])].view(len(rows), len(rows[0]), -1)

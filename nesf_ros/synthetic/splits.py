"""What is trained on and what is held back, fixed once and for all.

Seeds of the splits never overlap, and with them rooms, instances, paths and captions. Two
disjoint lists of classes are held out: VISION from the vision-language model, COMPLETION from the
3D nets, whose held-out classes the vision-language model does know. Novel textures and lights
(`objects.draw.NOVEL_PATTERNS`, `lighting`) appear in "test-visual" alone, and the words of
SYNONYMS in no caption at all.
"""

from __future__ import annotations

from dataclasses import dataclass

from nesf_ros.errors import ConfigError

HELD_OUT_VISION = (
    "drill", "fan", "globe", "guitar", "radio", "tennis racket", "train", "umbrella", "watermelon",
    "whisk",
)  # fmt: skip
"""Classes that no image and no caption shows to the vision-language model in training."""

HELD_OUT_COMPLETION = ("mug", "pot", "safe", "wine bottle", "teddy bear", "basketball")
"""Classes that the 3D nets never complete in training: the paper's six (Semantic Abstraction,
§6.4), among them a small, a middling and a large container."""

SYNONYMS = {
    # The paper's pairs (§6.4), where there is such a class.
    "television": "tv",
    "sofa": "couch",
    "house plant": "plant in a pot",
    "bookcase": "bookshelf",
    "baseball bat": "rawlings big stick maple bat",
    "pillow": "cushion",
    "arm chair": "recliner",
    "bread": "loaf of sourdough",
    "cell phone": "mobile phone",
    "desktop": "computer",
    "dumbbell": "gym weights",
    "fridge": "refrigerator",
    "garbage can": "trash can",
    "laptop": "computer",
    "outlet": "electric plug",
    "dresser": "wardrobe",
    "stairs": "staircase",
    # Ours.
    "glasses": "spectacles",
    "backpack": "rucksack",
    "stove": "cooker",
    "vacuum cleaner": "hoover",
    "flashlight": "torch",
    "wrench": "spanner",
    "football": "soccer ball",
    "truck": "lorry",
    "airplane": "aeroplane",
    "vessel": "ship",
    "rug": "carpet",
    "clock": "timepiece",
    "loudspeaker": "stereo speaker",
    "pan": "skillet",
    "kettle": "water boiler",
}
"""For each class a name that no caption uses."""

_SEEDS_PER_SPLIT = 100_000


@dataclass(frozen=True)
class Split:
    """Which scenes belong to a split."""

    number: int
    """Its place in the order of all splits: seeds start at 100 000 times this."""
    excluded: tuple[str, ...]
    """Classes that never appear."""
    novel: bool = False
    """Textures and lights that training never shows."""

    def seed(self, index: int) -> int:
        """Seed of its scene number `index`. Raises ConfigError beyond the split's range."""
        if not 0 <= index < _SEEDS_PER_SPLIT:
            raise ConfigError(f"scene {index}; a split has scenes 0 to {_SEEDS_PER_SPLIT - 1}")
        return self.number * _SEEDS_PER_SPLIT + index


_BOTH = (*HELD_OUT_VISION, *HELD_OUT_COMPLETION)

SPLITS = {
    "train": Split(1, HELD_OUT_VISION),
    "validation": Split(2, HELD_OUT_VISION),
    "test": Split(3, HELD_OUT_VISION),
    "train-3d": Split(4, _BOTH),
    "validation-3d": Split(5, _BOTH),
    "test-rooms": Split(6, _BOTH),
    "test-visual": Split(7, _BOTH, novel=True),
    "test-classes": Split(8, ()),
}
"""The vision-language model is trained on "train", tuned on "validation", tested on "test"; the 3D
nets on those of "-3d", tested on novel rooms, novel looks, and scenes with all classes. Novel
synonyms are words put to "test-rooms". Seeds below 100 000 belong to no split: tests, benchmarks
and the demo use them."""


def split_named(name: str) -> Split:
    """Look a split up. Raises ConfigError for an unknown one."""
    if name not in SPLITS:
        raise ConfigError(f"there is no split {name!r}; it must be one of {', '.join(SPLITS)}")
    return SPLITS[name]

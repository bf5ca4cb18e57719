"""How closely a picture is looked at: the relevancy extractor's presets, and a budget in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nesf_ros.errors import VisionError
from nesf_ros.vision.tiles import Tiling, tile, whole


@dataclass(frozen=True)
class Preset:
    """Which tiles of a picture are looked at, and how often."""

    fractions: tuple[float, ...]
    """Sides of the tiles, of the picture's shorter side; none: the whole picture, squeezed."""
    strides: int = 4
    """Tiles move by their side divided by this."""
    jitters: int = 0
    """Copies in other colours, beside the picture in its own."""
    mirrors: Literal["none", "every other", "all"] = "none"
    """Which tiles are seen in the mirror: every other one instead, or all of them also."""
    cover: bool = True
    """Whether tiles reach the lower and right edge; False leaves them out as SemAbs' release."""

    @property
    def variants(self) -> int:
        """How often each tile is looked at."""
        return (1 + self.jitters) * (2 if self.mirrors == "all" else 1)

    def tilings(self, size: tuple[int, int]) -> tuple[Tiling, ...]:
        """The tiles over a picture of a height and width."""
        if not self.fractions:
            return (whole(size),)
        return tuple(tile(size, part, self.strides, self.cover) for part in self.fractions)

    def crops(self, size: tuple[int, int]) -> int:
        """Pictures that the tower sees for one of this height and width."""
        return self.variants * sum(map(len, self.tilings(size)))


PRESETS = {
    "paper": Preset((1, 1 / 2, 1 / 3, 1 / 4), jitters=5, mirrors="all"),
    "code": Preset((1, 2 / 3, 1 / 2, 1 / 4), jitters=5, mirrors="all"),
    "chefer": Preset(()),
}
"""SemAbs' appendix 6.3; its release, where sizes differ; Chefer et al., one pass, one scale."""

_SIZES = PRESETS["paper"].fractions
LADDER = (
    Preset(()),
    Preset(_SIZES[:2], strides=1, mirrors="every other"),
    Preset(_SIZES[:2], strides=2, mirrors="every other"),
    Preset(_SIZES[:3], strides=2, mirrors="every other"),
    Preset(_SIZES[:3], strides=2, jitters=1, mirrors="every other"),
    Preset(_SIZES[:3], strides=2, jitters=1, mirrors="all"),
    Preset(_SIZES, strides=2, jitters=3, mirrors="every other"),
    Preset(_SIZES, strides=2, jitters=5, mirrors="every other"),
    Preset(_SIZES, strides=2, jitters=5, mirrors="all"),
)
"""What `Live` chooses from, by growing cost.

Found on views of validation rooms, with the embedded model: for the same cost, tiles that overlap
by half, another colour and the mirror bring a map nearer to that of `paper` than smaller tiles side
by side; to mirror every other tile instead costs nothing.
"""


@dataclass(frozen=True)
class Live:
    """As many tiles as a time allows."""

    budget_ms: float
    """For one picture, without texts; the smallest step of the ladder is taken at any rate."""
    ladder: tuple[Preset, ...] = LADDER

    def trial(self, size: tuple[int, int]) -> Preset:
        """What to time a tower with: the smallest preset that fills a batch somewhat."""
        return next((p for p in self.ladder if p.crops(size) >= 8), self.ladder[-1])

    def choose(self, size: tuple[int, int], ms_per_crop: float) -> Preset:
        """The dearest preset within the budget."""
        affordable = [p for p in self.ladder if p.crops(size) * ms_per_crop <= self.budget_ms]
        return max(affordable, key=lambda p: p.crops(size), default=self.ladder[0])


def preset_named(name: str, budget_ms: float) -> Preset | Live:
    """A preset by name, `live` (within `budget_ms`) among them; VisionError for other names."""
    if name == "live":
        return Live(budget_ms)
    if name not in PRESETS:
        raise VisionError(f"relevancy preset {name!r}; known are {', '.join(PRESETS)} and live")
    return PRESETS[name]

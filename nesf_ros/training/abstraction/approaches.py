"""What learns to complete and to find: Semantic Abstraction, and the paper's baselines (§4).

All have the same U-Net, see the same situations, and are trained for the same time; they differ in
what they are shown, and in what they do with words.

| task  | semabs | chefer | truth | semaware | clipspatial |
|---|---|---|---|---|---|
| ovssc | relevancy | relevancy by Chefer et al. | masks | colours, class embeddings | |
| vool  | relevancies | the same, by Chefer | masks | colours, embeddings | the sentence's |
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import torch
from jaxtyping import Float, Float32, Int64
from torch import Tensor, nn

from nesf_ros.semantics.completion.cells import Cloud, channels
from nesf_ros.semantics.completion.network import CompletionNet
from nesf_ros.semantics.completion.presets import Preset
from nesf_ros.semantics.hidden.network import POINTING, HiddenNet, pointed
from nesf_ros.training.abstraction.rooms import Words
from nesf_ros.training.abstraction.situations import Situation
from nesf_ros.training.abstraction.truth import CLASSES_OF
from nesf_ros.types import RELATIONS

Task = Literal["ovssc", "vool"]
Embed = Callable[[Sequence[str]], Float32[Tensor, "texts dim"]]
Answer = Callable[[Float32[Tensor, "rows n 3"]], Float[Tensor, "asked n"]]
"""Logits of points 0–1 along the axes of the cube: of others for each that is asked, or, where
there is but one row, of the same for all."""
SCALE = 8.0
"""What relevancies are multiplied by, as the release does by 50: then they vary by about 1."""


class Approach(ABC):
    """A network, and how it is asked."""

    net: nn.Module

    def looked_at(self, situation: Situation, asked: Sequence[Words]) -> Answer:
        """Look at a situation: what comes back answers for points as often as it is asked.

        A label is asked for as `Words` whose target, alone, counts.
        """
        return self._looked_at(situation, asked)

    def logits(
        self, situation: Situation, asked: Sequence[Words], points: Float32[Tensor, "asked n 3"]
    ) -> Float[Tensor, "asked n"]:
        """For points 0–1 along the axes of the cube."""
        return self.looked_at(situation, asked)(points)

    @abstractmethod
    def _looked_at(self, situation: Situation, asked: Sequence[Words]) -> Answer: ...


def approach(task: Task, name: str, preset: Preset, embed: Embed, dim: int) -> Approach:
    """One of the table above, with random weights. KeyError for another."""
    ovssc: dict[str, Callable[[], Approach]] = {
        "semabs": lambda: Completion(preset, "live"),
        "chefer": lambda: Completion(preset, "chefer"),
        "truth": lambda: Completion(preset, "masks"),
        "semaware": lambda: AwareCompletion(preset, embed, dim),
    }
    vool: dict[str, Callable[[], Approach]] = {
        "semabs": lambda: Hidden(preset, "live"),
        "chefer": lambda: Hidden(preset, "chefer"),
        "truth": lambda: Hidden(preset, "masks"),
        "semaware": lambda: AwareHidden(preset, embed, dim),
        "clipspatial": lambda: ClipSpatial(preset),
    }
    return {"ovssc": ovssc, "vool": vool}[task][name]()


NAMES: dict[Task, tuple[str, ...]] = {
    "ovssc": ("semabs", "chefer", "semaware", "truth"),
    "vool": ("semabs", "chefer", "semaware", "clipspatial", "truth"),
}


class Completion(Approach):
    """§3.3, with the relevancy of each label by one way of looking."""

    def __init__(self, preset: Preset, look: str):
        self.net = self._net = CompletionNet(preset)
        self._look, self._preset = look, preset

    def _looked_at(self, situation: Situation, asked: Sequence[Words]) -> Answer:
        cells = _cells(situation, _seen(situation, [a[0] for a in asked], self._look), self._preset)
        return _completed(self._net, cells)


class AwareCompletion(Approach):
    """SemAware: sees colours, and learns itself which features go with which class's embedding."""

    def __init__(self, preset: Preset, embed: Embed, dim: int):
        self.net = self._net = CompletionNet(preset, out=dim)
        self._embed, self._preset = embed, preset

    def _looked_at(self, situation: Situation, asked: Sequence[Words]) -> Answer:
        words = self._embed([situation.room.about.texts[a[0]] for a in asked])
        return _pointed_out(self._net, _colored(situation, self._preset), words)


class Hidden(Approach):
    """§3.4: the relevancies of target and reference, and an embedding per relation."""

    def __init__(self, preset: Preset, look: str):
        self.net = self._net = HiddenNet(preset)
        self._look, self._preset = look, preset

    def _looked_at(self, situation: Situation, asked: Sequence[Words]) -> Answer:
        texts = [a[0] for a in asked] + [a[2] for a in asked]
        once = list(dict.fromkeys(texts))  # the same are the reference of many descriptions
        cells = _cells(situation, _seen(situation, once, self._look), self._preset)
        features = _encoded(self._net.encode, cells)
        targets, references = features[[once.index(text) for text in texts]].chunk(2)
        pairs, relations = torch.cat([targets, references], 1), _relations(asked)
        return lambda points: self._net.locate(pairs, relations, points.expand(len(asked), -1, -1))


class AwareHidden(Approach):
    """SemAware: colours against an embedding of target, reference and relation."""

    def __init__(self, preset: Preset, embed: Embed, dim: int):
        self._completion = CompletionNet(preset, out=POINTING)
        self._relation = nn.Embedding(len(RELATIONS), POINTING)
        self._mix = nn.Linear(2 * dim + POINTING, POINTING)
        self.net = nn.ModuleDict(
            {"completion": self._completion, "relations": self._relation, "mix": self._mix}
        )
        self._embed, self._preset = embed, preset

    def _looked_at(self, situation: Situation, asked: Sequence[Words]) -> Answer:
        texts = situation.room.about.texts
        target = self._embed([texts[words[0]] for words in asked])
        reference = self._embed([texts[words[2]] for words in asked])
        relation = self._relation(_relations(asked))
        wanted = self._mix(torch.cat([target, reference, relation], 1))
        return _pointed_out(self._completion, _colored(situation, self._preset), wanted)


class ClipSpatial(Approach):
    """Leaves space to the vision-language model, too: the relevancy of the whole sentence."""

    def __init__(self, preset: Preset):
        self.net = self._net = CompletionNet(preset)
        self._preset = preset

    def _looked_at(self, situation: Situation, asked: Sequence[Words]) -> Answer:
        known = situation.room.about.descriptions[situation.views[0]]
        clouds = situation.told([known.index(words) for words in asked])
        clouds = _hinted(situation, clouds, [words[0] for words in asked])
        return _completed(self._net, _cells(situation, clouds, self._preset))


def _encoded(
    encode: nn.Module, cells: Float32[Tensor, "n channels x y z"]
) -> Float32[Tensor, "n width x y z"]:
    """Features in the precision that they are sampled in: points come in many parts."""
    return encode(cells).float()


def _completed(net: CompletionNet, cells: Float32[Tensor, "asked channels x y z"]) -> Answer:
    features = _encoded(net.encode, cells)
    return lambda points: net.decode(features, points.expand(len(features), -1, -1))[..., 0]


def _pointed_out(
    net: CompletionNet,
    cells: Float32[Tensor, "1 channels x y z"],
    wanted: Float[Tensor, "asked dim"],
) -> Answer:
    features = _encoded(net.encode, cells)
    return lambda points: pointed(
        net.decode(features.expand(len(points), -1, -1, -1, -1), points), wanted
    )


def _seen(situation: Situation, texts: Sequence[int], look: str) -> list[Cloud]:
    if look == "masks":
        return _masks(situation, texts)
    return _hinted(situation, situation.clouds(texts, look), texts)


def _masks(situation: Situation, texts: Sequence[int]) -> list[Cloud]:
    return situation.masks([situation.room.about.texts[text] for text in texts], CLASSES_OF)


def _hinted(situation: Situation, clouds: list[Cloud], texts: Sequence[int]) -> list[Cloud]:
    if not situation.hint:
        return clouds
    return [
        replace(cloud, relevancy=cloud.relevancy + situation.hint * mask.relevancy)
        for cloud, mask in zip(clouds, _masks(situation, texts)[: len(clouds)], strict=True)
    ]


def _cells(
    situation: Situation, clouds: Sequence[Cloud], preset: Preset
) -> Float32[Tensor, "asked channels x y z"]:
    looked, relevancy = situation.relevant(clouds, SCALE, preset.reduction)
    return channels(torch.cat([situation.shape, looked]), relevancy)


def _colored(situation: Situation, preset: Preset) -> Float32[Tensor, "1 channels x y z"]:
    """As many channels as the others have: colours in place of background and relevancy."""
    looked, colors = situation.relevant(situation.colors(), 1.0, "mean")
    return torch.cat([situation.shape, looked[:1], colors])[None]


def _relations(asked: Sequence[Words]) -> Int64[Tensor, " asked"]:
    return torch.tensor([RELATIONS.index(words[1]) for words in asked])

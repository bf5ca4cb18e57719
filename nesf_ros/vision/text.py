"""Labels to embeddings: prompt templates, their mean, and a cache."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from jaxtyping import Float32
from torch import Tensor

from nesf_ros.errors import QueryError
from nesf_ros.vision.memory import by_halves
from nesf_ros.vision.prompts import templates_named

MAX_CHARACTERS = 500
"""Of a label. Models cut off what is longer than some 50 words, and so answer another question."""

LABELS_AT_ONCE = 8
"""Labels encoded before other threads get their turn: a question passes a list of hundreds."""


@runtime_checkable
class Encoder(Protocol):
    """What turns texts into embeddings of unit length; `models.VisionModel` for one."""

    def encode_text(self, texts: Sequence[str]) -> Float32[Tensor, "texts dim"]:
        """One embedding for each text as it stands."""


class TextEncoder:
    """Embeds labels through a set of prompt templates. For any number of threads."""

    def __init__(self, model: Encoder, templates: str, cache_size: int = 4096):
        """Templates by the name of a set, or a file; the last `cache_size` labels are kept.

        Raises VisionError for an unknown set.
        """
        self._model = model
        self._templates = templates_named(templates)
        self._cache_size = cache_size
        self._cache: OrderedDict[str, Float32[Tensor, " dim"]] = OrderedDict()
        self._cache_lock = threading.Lock()
        self._model_lock = threading.Lock()

    def embed(self, labels: Sequence[str]) -> Float32[Tensor, "labels dim"]:
        """Unit vectors: the label in each template encoded, their mean, normalised.

        White space around and inside a label does not count, upper and lower case do. Labels seen
        before do not wait for those that others are having encoded. Raises QueryError for no
        label, an empty one, one of more than `MAX_CHARACTERS` or with half a surrogate pair.
        """
        names = [clean(label) for label in labels]
        if not names:
            raise QueryError("no text was given; give at least one")
        found = self._cached(names)
        fresh = [name for name in dict.fromkeys(names) if name not in found]
        for start in range(0, len(fresh), LABELS_AT_ONCE):
            with self._model_lock:
                found |= self._encoded(fresh[start : start + LABELS_AT_ONCE])
        return torch.stack([found[name] for name in names])

    def fresh(self, labels: Sequence[str]) -> list[str]:
        """Those of some labels, clean and each once, that would have to be encoded.

        The others have been asked for once more: they stay. Raises QueryError as `embed` does, but
        for no label.
        """
        names = [clean(label) for label in labels]
        found = self._cached(names)
        return [name for name in dict.fromkeys(names) if name not in found]

    def _encoded(self, names: list[str]) -> dict[str, Float32[Tensor, " dim"]]:
        """Embeddings of labels, encoded but for those that another thread has had encoded."""
        found = self._cached(names)
        if fresh := [name for name in names if name not in found]:
            found |= zip(fresh, self._encode(fresh), strict=True)
            self._keep(found)
        return found

    def _encode(self, names: list[str]) -> Float32[Tensor, "names dim"]:
        prompts = [template.replace("{}", name) for name in names for template in self._templates]
        encoded = by_halves(self._model.encode_text, prompts)
        encoded = encoded.unflatten(0, (-1, len(self._templates)))
        return F.normalize(encoded.mean(1), dim=-1)

    def _cached(self, names: list[str]) -> dict[str, Float32[Tensor, " dim"]]:
        with self._cache_lock:
            found = {name: self._cache[name] for name in names if name in self._cache}
            for name in found:
                self._cache.move_to_end(name)
        return found

    def _keep(self, found: dict[str, Float32[Tensor, " dim"]]) -> None:
        with self._cache_lock:
            for name, embedding in found.items():
                self._cache[name] = embedding.clone()  # a view would keep its neighbours, too
            while len(self._cache) > self._cache_size:
                self._cache.popitem(last=False)


def clean(label: str) -> str:
    """The label with single spaces. Raises QueryError for what cannot be asked."""
    name = " ".join(label.split())
    if not name:
        raise QueryError("an empty text was given; say what to look for")
    if len(name) > MAX_CHARACTERS:
        raise QueryError(
            f"a text of {len(name)} characters was given; at most {MAX_CHARACTERS} are read: "
            f"{name[:40]!r} …"
        )
    try:
        name.encode()
    except UnicodeEncodeError:
        raise QueryError(f"text {name[:40]!r} holds half a surrogate pair, no character") from None
    return name

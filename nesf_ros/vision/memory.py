"""Work that is done in parts where a GPU's memory does not hold all of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from nesf_ros.errors import QueryError

ItemsT = TypeVar("ItemsT", bound=Sequence | Tensor)

_log = logging.getLogger(__name__)


def by_halves(work: Callable[[ItemsT], Tensor], items: ItemsT) -> Tensor:
    """`work(items)`; where memory runs out, of each half of them, put together along axis 0.

    Raises QueryError where there is too little for a single item.
    """
    try:
        return work(items)
    except torch.OutOfMemoryError as error:
        if len(items) < 2:
            raise QueryError(f"the GPU has too little memory left for this: {error}") from None
        _log.warning("out of GPU memory with %d items at once; trying half of them", len(items))
    # Here, where the exception no longer holds what it was raised amid.
    torch.cuda.empty_cache()
    half = len(items) // 2
    parts: list[ItemsT] = [items[:half], items[half:]]  # type: ignore[list-item]
    return torch.cat([by_halves(work, part) for part in parts])

"""Names of labels, and the bytes that stand for them in messages."""

from __future__ import annotations

import hashlib

import torch
from jaxtyping import Int16, Int64, UInt8
from torch import Tensor

MOST_ON_WIRE = 255
"""Names that one byte can tell apart, beside none."""


class LabelTable:
    """Any number of names; those that some voxel has had are given a byte, in the order they came.

    A byte never changes its meaning. Should more than 255 names come up, voxels of the later ones
    are sent without a label.
    """

    FINE_BITS = 5
    """Confidences that differ in so many lowest bits alone look the same."""

    def __init__(self, names: tuple[str, ...]):
        self.names = names
        self.wire_names: tuple[str, ...] = ()
        """Name n − 1 belongs to byte n."""
        self._codes = torch.zeros(len(names) + 1, dtype=torch.uint8)
        digests = [hashlib.blake2b(name.encode(), digest_size=4).digest() for name in names]
        numbers = [0, *(int.from_bytes(digest, "little") for digest in digests)]
        self._prints = torch.tensor(numbers, dtype=torch.int64)

    def note(self, label: Int16[Tensor, " n"]) -> None:
        """Give a byte to the names that these voxels have."""
        for number in label.unique().tolist():
            if number and not self._codes[number] and len(self.wire_names) < MOST_ON_WIRE:
                self.wire_names += (self.names[number - 1],)
                self._codes[number] = len(self.wire_names)

    def codes(self, label: Int16[Tensor, "*shape"]) -> UInt8[Tensor, "*shape"]:
        """Bytes for labels."""
        return self._codes.to(label.device)[label.long()]

    def prints(self, label: Int16[Tensor, "*shape"]) -> Int64[Tensor, "*shape"]:
        """A number that depends on the name of each label alone; 0 for none."""
        return self._prints.to(label.device)[label.long()]

"""How a language field is built, taught and asked: LERF as published, and what a robot affords."""

from __future__ import annotations

from dataclasses import dataclass

from nesf_ros.field.hash_grid import Lattices
from nesf_ros.semantics.lerf.supervision import Crops


@dataclass(frozen=True)
class LerfPreset:
    """Sizes and rates."""

    crops: Crops = Crops()
    """That teach it."""
    lattices: tuple[Lattices, ...] = (Lattices(6, 8, 16, 0.64, 0.02),)
    """Of the hash grids, whose features are joined."""
    width: int = 128
    """Of the layers of the head for embeddings."""
    layers: int = 2
    """Hidden ones of it."""
    rays: int = 1024
    """Of one step."""
    samples: int = 3
    """Of a ray: those of the largest weights are kept of twice as many."""
    table_rate: float = 1e-2
    net_rate: float = 1e-2
    last_rate: float = 0.1
    """Share of the learning rates that is left after `steps`."""
    steps: int = 1000
    """In which the rates fall."""
    patch_weight: float = 0.1
    """Weight of the regulariser against that of crops; 0: without one."""
    min_views: int = 2
    """So many keyframes must have seen what is to be answered for (LERF §3.5)."""
    sizes_m: tuple[float, ...] = (0.1, 0.15, 0.22, 0.33, 0.5, 0.75)
    """That are tried for a question."""


PRESETS = {
    "paper": LerfPreset(
        lattices=(Lattices(12, 8, 19, 0.64, 0.08), Lattices(12, 8, 19, 0.08, 0.005)),
        width=256,
        layers=3,
        rays=4096,
        samples=24,
        steps=30_000,
        patch_weight=10.0,
        min_views=5,
        sizes_m=tuple(n * 2 / 30 for n in range(1, 31)),
    ),
    "cpu": LerfPreset(Crops(limit=600, least_px=28)),
    "live": LerfPreset(Crops((0.125, 0.25, 0.5), limit=200), (Lattices(6, 8, 15, 0.64, 0.02),)),
}
"""The paper's text, with the grids and the weights of its authors' code; what two cores train in a
minute; what they train beside a live map."""

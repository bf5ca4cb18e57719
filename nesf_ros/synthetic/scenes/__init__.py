"""Scenes by seed: furnished rooms, cluttered tables, NeSF's KLEVR and ToyBox.

To add a kind of scene: write a function that takes a `Stage` and returns a `Scene` in a module
beside these, put things with `Stage.put` (which refuses what would intersect or not rest), and
add it to `SCENES` with the counts it allows and the camera paths that suit it. The tests run
over every kind: nothing intersects, everything rests, the same seed gives the same bytes.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.objects import CLASSES, class_named
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.scenes.placing import Stage
from nesf_ros.synthetic.scenes.rooms import room
from nesf_ros.synthetic.scenes.tabletop import tabletop
from nesf_ros.synthetic.scenes.toybox import (
    KLEVR_CLASSES,
    TOYBOX5_CLASSES,
    TOYBOX13_CLASSES,
    klevr,
    toybox5,
    toybox13,
)

__all__ = ["SCENES", "SceneKind", "make_scene"]


@dataclass(frozen=True)
class SceneKind:
    """One kind of scene."""

    make: Callable[[Stage], Scene]
    counts: tuple[int, int]
    """Fewest and most objects (walls, floor and the like not counted)."""
    styles: tuple[str, ...]
    """Camera paths that suit it, keys of `trajectory.STYLES`; the first is the usual one."""
    classes: tuple[str, ...] = ()
    """All class names it may show, surroundings first; empty where that is the whole catalogue."""

    @property
    def style(self) -> str:
        """The usual camera path."""
        return self.styles[0]


_AROUND = ("hemisphere", "orbit")
_GROUND = ("floor", "backdrop")

SCENES: dict[str, SceneKind] = {
    "room": SceneKind(room, (1, 150), ("glances", "rounds", "handheld", "robot")),
    "klevr": SceneKind(klevr, (1, 20), _AROUND, ("floor", *KLEVR_CLASSES)),
    "tabletop": SceneKind(tabletop, (2, 60), (*_AROUND, "sweep")),
    "toybox5": SceneKind(toybox5, (1, 20), _AROUND, (*_GROUND, *TOYBOX5_CLASSES)),
    "toybox13": SceneKind(toybox13, (1, 20), _AROUND, (*_GROUND, *TOYBOX13_CLASSES)),
}


def make_scene(
    kind: str,
    seed: int,
    *,
    novel: bool = False,
    classes: Sequence[str] | None = None,
    exclude: Sequence[str] = (),
    count: int | None = None,
) -> Scene:
    """A scene of a kind; the same arguments give the same scene.

    Args:
        kind: a key of SCENES.
        seed: of everything that is left to chance.
        novel: decorate and light it as no training scene is.
        classes: the only classes of objects that may occur; all where None.
        exclude: classes that must not occur.
        count: how many objects, not counting the room itself; drawn where None.

    Raises:
        ConfigError: for an unknown kind or class, a count that the kind does not allow, classes
            of which the kind can use none, and where so many objects find no place.
    """
    if kind not in SCENES:
        near = difflib.get_close_matches(kind, SCENES) or list(SCENES)
        raise ConfigError(f"there is no kind of scene {kind!r}; did you mean {', '.join(near)}?")
    low, high = SCENES[kind].counts
    if count is not None and not low <= count <= high:
        raise ConfigError(f"{count} objects in a {kind} scene; it takes {low} to {high}")
    allowed = list(CLASSES) if classes is None else [class_named(name).name for name in classes]
    unwanted = {class_named(name).name for name in exclude}
    return SCENES[kind].make(
        Stage(kind, seed, [name for name in allowed if name not in unwanted], novel, count)
    )

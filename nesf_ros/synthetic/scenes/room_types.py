"""What belongs into rooms of several types, and where it stands.

To add a type of room: add a `RoomType` to ROOMS. Classes that the catalogue lacks, or that a
scene leaves out, are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Wish:
    """What a room shall have."""

    names: tuple[str, ...]
    """Any of these classes."""
    way: str
    """A key of `ways.WAYS`."""
    count: tuple[int, int] = (1, 1)
    near: tuple[str, ...] = ()
    """Beside, before, around or above any of these classes; left out where there is none."""


@dataclass(frozen=True)
class RoomType:
    """A type of room."""

    tags: tuple[str, ...]
    """Names by which the catalogue's classes say where they belong."""
    size_m: tuple[float, float]
    floors: tuple[str, ...]
    walls: tuple[str, ...]
    wishes: tuple[Wish, ...]
    windows: tuple[int, int] = (1, 2)
    sill_m: float = 0.9
    liked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What a class of furniture mostly holds: classes, wherever they belong, and families."""


_WALLED = (
    Wish(("radiator",), "below window", (0, 1)),
    Wish(("curtain",), "window", (0, 3)),
    Wish(("picture frame",), "hang", (1, 4)),
    Wish(("clock", "mirror", "shelf"), "hang", (0, 3)),
    Wish(("outlet", "outlet", "light switch"), "hang", (0, 2)),
)
"""What hangs in any room that people live in."""
_LIGHT = Wish(("ceiling lamp",), "ceiling", (1, 1))

ROOMS: dict[str, RoomType] = {
    "living room": RoomType(
        ("living room",),
        (3.9, 5.8), ("planks", "planks", "carpet"), ("paint", "paint", "wallpaper"),
        (
            Wish(("sofa",), "wall"),
            Wish(("rug",), "before", (0, 1), ("sofa",)),
            Wish(("coffee table", "coffee table", "ottoman"), "before", (1, 1), ("sofa",)),
            Wish(("media console", "media console", "cabinet"), "opposite", (1, 1), ("sofa",)),
            Wish(("table",), "middle", (0, 1)),
            Wish(("chair",), "around", (3, 5), ("table",)),
            Wish(("side table", "lamp"), "beside", (0, 2), ("sofa",)),
            Wish(("arm chair",), "corner", (1, 2)),
            Wish(("bookcase",), "wall", (1, 3)),
            _LIGHT,
            Wish(("cabinet", "bookcase", "sofa", "desk"), "wall", (1, 2)),
            Wish(("house plant",), "corner", (0, 2)),
            Wish(("lamp",), "corner", (0, 1)),
            *_WALLED,
        ),
        liked={
            "media console": ("television", "game controller", "loudspeaker", "remote control"),
            "sofa": ("pillow", "remote control"), "arm chair": ("pillow",),
            "bookcase": ("book", "decoration", "toy", "stationery", "electronics"),
            "table": ("plate", "mug", "vase", "bowl", "glass", "cake"),
            "coffee table": ("book", "mug", "remote control", "candle", "bowl", "decoration"),
            "shelf": ("book", "decoration", "toy"), "bowl": ("apple", "orange", "banana", "pear"),
        },
    ),
    "kitchen": RoomType(
        ("kitchen", "dining room"),
        (3.5, 5.0), ("tiles", "tiles", "stone", "planks"), ("paint", "paint", "tiles"),
        (
            Wish(("sink",), "wall"),
            Wish(("stove",), "beside", (1, 1), ("sink",)),
            Wish(("dishwasher", "cabinet"), "beside", (1, 1), ("sink",)),
            Wish(("fridge",), "wall"),
            Wish(("table",), "middle", (1, 1)),
            Wish(("chair", "chair", "stool"), "around", (2, 4), ("table",)),
            Wish(("cabinet",), "wall", (1, 3)),
            _LIGHT,
            Wish(("shelf",), "hang", (1, 3)),
            Wish(("garbage can",), "corner", (0, 1)),
            *_WALLED,
        ),
        sill_m=1.05,
        liked={
            "cabinet": ("microwave", "toaster", "kettle", "coffee machine", "kitchenware"),
            "fridge": ("food",), "stove": ("pot", "pan", "kettle"), "dishwasher": ("kitchenware",),
            "table": ("plate", "bowl", "mug", "glass", "food", "fork", "knife"),
            "sink": ("plate", "cup", "sponge"), "shelf": ("kitchenware", "jar", "can"),
            "bowl": ("apple", "orange", "banana", "pear", "tomato", "egg"),
        },
    ),
    "bedroom": RoomType(
        ("bedroom",),
        (3.8, 5.2), ("planks", "carpet", "carpet"), ("paint", "wallpaper"),
        (
            Wish(("bed",), "wall"),
            Wish(("nightstand",), "beside", (1, 2), ("bed",)),
            Wish(("dresser",), "wall", (1, 1)),
            Wish(("rug",), "middle", (0, 1)),
            Wish(("desk",), "wall", (0, 1)),
            Wish(("chair",), "at front", (1, 1), ("desk",)),
            Wish(("bookcase", "cabinet", "media console"), "wall", (0, 2)),
            Wish(("arm chair", "ottoman", "coat rack"), "corner", (0, 2)),
            _LIGHT,
            Wish(("house plant", "lamp"), "corner", (0, 1)),
            *_WALLED,
        ),
        liked={
            "bed": ("pillow", "pillow", "teddy bear", "book", "clothing"),
            "nightstand": ("lamp", "clock", "book", "glass", "glasses", "cell phone"),
            "desk": ("laptop", "display", "lamp", "book", "keyboard", "stationery"),
            "bookcase": ("book", "toy", "decoration"), "dresser": ("clothing", "decoration"),
            "shelf": ("book", "toy", "decoration"),
        },
    ),
    "office": RoomType(
        ("office",),
        (3.5, 5.2), ("carpet", "carpet", "planks", "stone"), ("paint",),
        (
            Wish(("desk",), "wall", (1, 3)),
            Wish(("chair",), "at front", (1, 3), ("desk",)),
            Wish(("bookcase",), "wall", (1, 3)),
            Wish(("drawer unit",), "wall", (1, 2)),
            Wish(("cabinet", "safe"), "wall", (0, 2)),
            Wish(("table",), "middle", (0, 1)),
            Wish(("chair",), "around", (2, 4), ("table",)),
            _LIGHT,
            Wish(("coat rack", "house plant", "garbage can"), "corner", (1, 3)),
            *_WALLED,
        ),
        liked={
            "desk": ("laptop", "display", "keyboard", "mouse", "telephone", "lamp", "stationery"),
            "bookcase": ("book", "stationery", "printer"), "drawer unit": ("stationery", "printer"),
            "table": ("laptop", "mug", "telephone", "notebook", "pen", "tablet"),
            "cabinet": ("stationery", "electronics"), "shelf": ("book", "stationery"),
        },
    ),
    "bathroom": RoomType(
        ("bathroom",),
        (3.2, 4.0), ("tiles", "tiles", "stone"), ("tiles", "tiles", "paint"),
        (
            Wish(("bathtub",), "corner"),
            Wish(("washbasin",), "wall", (1, 2)),
            Wish(("mirror",), "hang", (1, 1), ("washbasin",)),
            Wish(("toilet",), "wall"),
            Wish(("washing machine",), "wall", (0, 1)),
            Wish(("cabinet",), "wall", (1, 2)),
            Wish(("stool", "ottoman"), "wall", (0, 1)),
            _LIGHT,
            Wish(("shelf",), "hang", (1, 3)),
            Wish(("basket", "garbage can"), "corner", (0, 2)),
            Wish(("outlet",), "hang", (0, 1)),
        ),
        windows=(0, 1), sill_m=1.35,
        liked={"cabinet": ("bathroom",), "shelf": ("bathroom",), "washbasin": ("bathroom",)},
    ),
    "hall": RoomType(
        ("hall", "hallway"),
        (3.2, 4.6), ("planks", "tiles", "stone"), ("paint", "wallpaper"),
        (
            Wish(("stairs",), "wall", (0, 1)),
            Wish(("dresser", "cabinet"), "wall", (1, 2)),
            Wish(("bench", "ottoman", "chair"), "wall", (1, 2)),
            Wish(("coat rack",), "corner", (1, 2)),
            Wish(("rug",), "middle", (0, 1)),
            Wish(("bookcase", "side table", "media console"), "wall", (1, 3)),
            _LIGHT,
            Wish(("bicycle", "arm chair"), "wall", (0, 2)),
            Wish(("house plant", "lamp", "basket"), "corner", (0, 2)),
            *_WALLED,
        ),
        windows=(0, 1),
        liked={"bench": ("shoe", "handbag", "hat"), "dresser": ("keys", "decoration", "clothing")},
    ),
    "workshop": RoomType(
        ("workshop", "garage"),
        (4.0, 6.0), ("stone",), ("paint",),
        (
            Wish(("desk", "table"), "wall", (1, 2)),
            Wish(("stool", "chair"), "around", (0, 2), ("desk", "table")),
            Wish(("bookcase",), "wall", (1, 3)),
            Wish(("cabinet", "drawer unit", "safe"), "wall", (1, 3)),
            Wish(("bicycle",), "wall", (0, 2)),
            Wish(("ladder",), "wall", (0, 1)),
            Wish(("shelf",), "hang", (1, 4)),
            _LIGHT,
            Wish(("washing machine", "garbage can"), "corner", (0, 2)),
            Wish(("outlet", "clock"), "hang", (0, 2)),
        ),
        windows=(0, 1), sill_m=1.2,
        liked={
            "desk": ("tool",), "table": ("tool",), "drawer unit": ("tool",), "cabinet": ("tool",),
            "bookcase": ("box", "toolbox", "tool", "can"), "shelf": ("tool", "can", "jar"),
        },
    ),
}  # fmt: skip

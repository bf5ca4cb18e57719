"""Books, notebooks and paper: things that carry words."""

from __future__ import annotations

import cv2
import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import face_up, shown
from nesf_ros.synthetic.objects.pieces import lying
from nesf_ros.synthetic.objects.prints import Picture, label, packaging
from nesf_ros.synthetic.solids import box, extruded, torus
from nesf_ros.synthetic.things import Model, Part, placement, turned

_TITLES = (
    "LOST RIVER", "NIGHT SKY", "MODERN ART", "THE GARDEN", "SEA STORIES", "HISTORY", "COOKING",
    "ALGEBRA", "POEMS", "GREEN HILLS", "ATLAS", "THE WINTER", "ROBOTS", "PHYSICS", "WILD BIRDS",
)  # fmt: skip
_AUTHORS = ("A. LINDEN", "M. OKORO", "J. FERRO", "S. TANAKA", "L. BRANDT", "R. SILVA")
_COVERS = ("red", "blue", "green", "orange", "yellow", "purple", "turquoise", "brown", "black")


@object_class("book", "stationery", size_m=((0.02, 0.46), (0.015, 0.34), (0.01, 0.36)),
              places=(SURFACE,), rooms=("office", "living room", "bedroom"),
              aliases=("novel", "hardcover", "paperback", "textbook"))  # fmt: skip
def book(draw: Draw) -> Model:
    """A book with a title: closed and lying, closed and standing, or open."""
    width, height, thick = draw.size(0.11, 0.2), draw.size(0.17, 0.28), draw.size(0.014, 0.05)
    cover = draw.material(draw.choice(("paper", "leather")), *_COVERS, pattern="blotches")
    paper = draw.material("cardboard", "white", "beige", pattern="bands")
    if draw.chance(0.2):
        return _open_book(width, height, 0.6 * thick, (cover, paper))
    board, title = draw.size(0.002, 0.003), draw.choice(_TITLES)
    boards = [box((width, board, height), cover, (0, side * (thick - board) / 2, 0))
              for side in (-1, 1)]  # fmt: skip
    spine = box((board, thick, height), cover, (width / 2, 0, 0))
    pages = box((width - 0.006, thick - 1.5 * board, height - 0.008), paper, (-0.002, 0, 0.004))
    image = packaging(draw, title, draw.choice(_AUTHORS), cover.color, (160, 220))
    area = (0.94 * width, 0.96 * height)
    front = shown(image, area, cover, (0, thick / 2, 0.02 * height), 0.0016)
    dark = sum(cover.color) < 1.6
    ink = (0.95, 0.93, 0.85) if dark else (0.1, 0.1, 0.12)
    words = np.rot90(label(title.replace(" ", "-"), cover.color, ink, (220, 40)), -1)
    side = shown(np.ascontiguousarray(words), (0.9 * thick, 0.9 * height), cover,
                 (0, 0, 0.05 * height), 0.0016)  # fmt: skip
    side = side.moved(placement(width / 2 + board / 2, 0, 0, -np.pi / 2))
    parts = (Part("cover", (*boards, spine, front, side)), Part("pages", (pages,)))
    if draw.chance(0.6):
        lay = placement(0, height / 2, thick / 2) @ turned("x", np.pi / 2)
        parts = (parts[0].moved(lay), parts[1].moved(lay))
    return Model(parts, cover, words=title)


def _open_book(
    width: float, height: float, thick: float, materials: tuple[Material, Material]
) -> Model:
    """A book that lies open, lines of print on its pages."""
    cover, paper = materials
    back = box((2 * width + 0.01, height, 0.003), cover)
    arch = [(0, 0.25), (0.12, 0.75), (0.3, 1.0), (0.6, 0.95), (0.96, 0.6), (1.0, 0.0), (0, 0)]
    halves, prints = [], []
    for side in (-1, 1):
        outline = [(side * a * (width - 0.004), -b * thick) for a, b in arch]
        block = lying(extruded(outline, height - 0.008, paper), "y", (0, 0.004 - height / 2, 0.002))
        halves.append(block)
        page = face_up(_text_page(), (0.5 * width, 0.85 * height), paper, (0, 0, 0), 0.0012)
        slope = np.arctan(0.45 * thick / (0.5 * width))
        pose = placement(side * 0.62 * width, 0, 0.002 + 0.9 * thick) @ turned("y", side * slope)
        prints.append(page.moved(pose))
    return Model((Part("cover", (back,)), Part("pages", (*halves, *prints))), cover)


def _text_page() -> Picture:
    """Grey lines of print on white paper, some of them short."""
    image = np.full((96, 64, 3), 245, np.uint8)
    for row in range(6, 92, 6):
        image[row : row + 2, 4 : 40 if row % 30 == 0 else 60] = 90
    return image


@object_class("notebook", "stationery", size_m=((0.08, 0.26), (0.1, 0.34), (0.008, 0.04)),
              places=(SURFACE,), rooms=("office", "bedroom"),
              aliases=("spiral notebook", "notepad", "exercise book"))  # fmt: skip
def notebook(draw: Draw) -> Model:
    """A lying notebook with wire rings along one edge."""
    width, height, thick = draw.size(0.1, 0.21), draw.size(0.14, 0.29), draw.size(0.006, 0.014)
    cover = draw.material("plastic", *_COVERS)
    paper = draw.material("cardboard", "white", pattern="bands")
    wire = draw.material("metal", "grey", "black")
    block = box((width - 0.004, height - 0.004, thick - 0.002), paper, (0, 0, 0.001))
    lids = [box((width, height, 0.0014), cover, (0, 0, z)) for z in (0, thick - 0.0014)]
    words = draw.choice(("NOTES", "NOTEBOOK", "SKETCHES", "DIARY", "IDEAS", "HOMEWORK"))
    image = label(words, (0.96, 0.95, 0.9), (0.12, 0.12, 0.2), (128, 48))
    title = face_up(image, (0.6 * width, 0.24 * width), cover, (0, -0.18 * height, thick), 0.0012)
    above = draw.chance(0.4)  # along the upper edge, which is away from the reader
    span, thin = width if above else height, 0.0012
    ring, count = thick / 2 + 0.004, int(span / draw.size(0.011, 0.016))
    loop, loops = torus(ring, thin, wire, sides=8), []
    for place in 0.94 * span * ((np.arange(count) + 0.5) / count - 0.5):
        x, y = (place, 0.005 - height / 2) if above else (width / 2 - 0.005, place)
        loops.append(lying(loop, "x" if above else "y", (x, y, ring + thin)))
    return Model((Part("cover", (*lids, title)), Part("pages", (block,)),
                  Part("spiral", tuple(loops))), cover)  # fmt: skip


@object_class("envelope", "stationery", size_m=((0.13, 0.34), (0.07, 0.3), (0.002, 0.1)),
              places=(SURFACE,), rooms=("office", "hall"),
              aliases=("letter", "mail envelope", "mail"))  # fmt: skip
def envelope(draw: Draw) -> Model:
    """An envelope: with address and stamp, or its back with the flap."""
    width = draw.size(0.15, 0.3)
    depth, thick = width * draw.size(0.5, 0.72), 0.003
    paper = draw.material("paper", "white", "white", "beige", "brown", "pink", "blue",
                          pattern="blotches")  # fmt: skip
    body = box((width, depth, thick), paper)
    image = np.full((160, int(160 * width / depth), 3), np.round(255 * np.array(paper.color)))
    address = draw.chance(0.5)
    picture = (_addressed if address else _seamed)(draw, image.astype(np.uint8))
    face = face_up(picture, (0.995 * width, 0.99 * depth), paper, (0, 0, thick), 0.0008)
    front = Part("envelope", (body, face))
    if address:
        return Model((front,), paper)
    tip, half = (0.06 * width, draw.size(0.5, 0.66) * depth), 0.49 * width
    outline = [(-half, 0.0), (half, 0.0), tip, (-tip[0], tip[1])]
    flap = extruded(outline, 0.0012, paper, (0, -depth / 2, thick + 0.0009))
    lift = turned("x", draw.choice((0.0, draw.size(0.2, 0.9))), (0, -depth / 2, thick))
    return Model((front, Part("flap", (flap.moved(lift),))), paper)


def _addressed(draw: Draw, image: Picture) -> Picture:
    """The front of an envelope: a stamp, an address, a sender."""
    height, width = image.shape[:2]
    ink = (40, 40, 70)
    for row in range(draw.count(3, 4)):
        start, y = int(0.42 * width), int((0.5 + 0.11 * row) * height)
        end = start + int(draw.size(0.25, 0.48) * width)
        cv2.line(image, (start, y), (end, y), ink, 4)
    for row in range(2):
        y = int((0.12 + 0.07 * row) * height)
        cv2.line(image, (10, y), (10 + int(0.22 * width), y), ink, 2)
    corner, size = (width - 46, 10), (36, 44)
    paint = tuple(float(255 * c) for c in draw.color(draw.choice(("red", "blue", "green"))))
    far = (corner[0] + size[0], corner[1] + size[1])
    cv2.rectangle(image, corner, far, (250, 250, 245), -1)
    cv2.rectangle(image, (corner[0] + 4, corner[1] + 4), (far[0] - 4, far[1] - 4), paint, -1)
    for radius in (14, 19):
        cv2.circle(image, (corner[0] - 6, 34), radius, (60, 60, 60), 1, cv2.LINE_AA)
    return image


def _seamed(draw: Draw, image: Picture) -> Picture:
    """The back of an envelope: seams that run from the lower corners to the middle."""
    height, width = image.shape[:2]
    tip = (width // 2, int(draw.size(0.5, 0.6) * height))
    shade = tuple(float(0.7 * c) for c in image[0, 0])
    for corner in (0, width - 1):
        cv2.line(image, (corner, height - 1), tip, shade, 3, cv2.LINE_AA)
    return image

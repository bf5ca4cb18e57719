"""`nesf-ros label`: where texts are in one picture, without a map or ROS."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jaxtyping import Float32, UInt8
from numpy import ndarray


def add_parser(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "label",
        help="where texts are in one picture",
        description="Show how relevant each part of a picture is to each text.",
    )
    parser.add_argument("image", type=Path, help="a picture (JPEG, PNG)")
    parser.add_argument("--texts", nargs="+", required=True, metavar="TEXT")
    parser.add_argument("--out", type=Path, help="picture to write (IMAGE-relevancy.png, here)")
    parser.add_argument(
        "--preset", default="live", help="paper, code, chefer, or live: a budget in time"
    )
    parser.add_argument(
        "--budget-ms", type=float, default=2000.0, help="of --preset live, ms (%(default)s)"
    )
    parser.add_argument("--model", help="as vision.model (the embedded one)")
    parser.add_argument("--pretrained", help="as vision.pretrained")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Look, tell where each text is most relevant, and draw it."""
    import torch

    from nesf_ros.cli.pictures import write_picture
    from nesf_ros.config import VisionConfig
    from nesf_ros.settings import with_values
    from nesf_ros.vision.models import load_model
    from nesf_ros.vision.presets import preset_named
    from nesf_ros.vision.relevancy import RelevancyExtractor
    from nesf_ros.vision.text import TextEncoder

    given = {"model": args.model, "pretrained": args.pretrained}
    config = with_values(VisionConfig(), {key: value for key, value in given.items() if value})
    image = read_image(args.image)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = load_model(config, device)
    texts = TextEncoder(model, config.prompts).embed(args.texts)
    preset = preset_named(args.preset, args.budget_ms)
    extractor = RelevancyExtractor(model.tower, preset, (model.mean, model.std))
    maps = extractor.relevancy(image, texts).cpu().numpy()
    known = [True] * len(maps)
    if (words := model.vocabulary) is not None:
        known = (words.nearest(texts) >= words.known_above).tolist()
    for text, near, relevancy in zip(args.texts, known, maps, strict=True):
        if not near:
            print(f"{text}: unknown; the model was trained with nothing like it")
            continue
        v, u = divmod(int(relevancy.argmax()), relevancy.shape[1])
        print(f"{text}: most relevant at ({u}, {v}) px, {relevancy.max():.3f}")
    out = args.out or Path(f"{args.image.stem}-relevancy.png")
    shown = [relevancy if near else None for relevancy, near in zip(maps, known, strict=True)]
    write_picture(out, sheet(image, args.texts, shown))
    print(f"drawn in {out.absolute()}")
    return 0


def read_image(path: Path) -> UInt8[ndarray, "h w 3"]:
    """RGB pixels of a file. DatasetError where it cannot be read."""
    import cv2

    from nesf_ros.errors import DatasetError

    if not path.is_file():  # OpenCV would complain in words of its own
        raise DatasetError(f"{path} does not exist, or is no file; name a picture")
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise DatasetError(f"{path} is no picture that OpenCV can read; give a JPEG or PNG")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


def sheet(
    image: UInt8[ndarray, "h w 3"],
    texts: list[str],
    maps: Sequence[Float32[ndarray, "h w"] | None],
) -> UInt8[ndarray, "H W 3"]:
    """The picture, then for each text its relevancy laid over it; scaled to the largest of all.

    None in place of a relevancy: a text that the model does not know; its panel is grey.
    """
    import cv2
    import numpy as np

    from nesf_ros.cli.pictures import UNKNOWN_GREY

    most = max([1e-9, *(float(relevancy.max()) for relevancy in maps if relevancy is not None)])
    cells = [_titled(image, "")]
    for text, relevancy in zip(texts, maps, strict=True):
        if relevancy is None:
            grey = np.full_like(image, UNKNOWN_GREY)
            cells.append(_titled(grey, f"{text} (unknown)"))
            continue
        shade = cv2.applyColorMap((255 * relevancy / most).astype(np.uint8), cv2.COLORMAP_TURBO)
        laid = (0.45 * image + 0.55 * cv2.cvtColor(shade, cv2.COLOR_BGR2RGB)).astype(np.uint8)
        cells.append(_titled(laid, f"{text} ({relevancy.max():.2f})"))
    columns = min(3, len(cells))
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % columns)
    rows = [np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)]
    return np.vstack(rows)


def _titled(pixels: ndarray, title: str) -> ndarray:
    import cv2
    import numpy as np

    strip = np.full((24, pixels.shape[1], 3), 255, np.uint8)
    text = title.encode("ascii", "replace").decode()
    cv2.putText(strip, text, (4, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([strip, pixels])

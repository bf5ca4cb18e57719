"""Prompt templates: what a label is put into before it is encoded."""

from __future__ import annotations

import difflib
from pathlib import Path

from nesf_ros.errors import VisionError

TEMPLATES = Path(__file__).parent / "templates"
MAX_TEMPLATES = 1000


def read_templates(file: Path) -> tuple[str, ...]:
    """The templates of a UTF-8 text file, one per line; empty lines do not count.

    Raises VisionError if there is none, or too many, or one without exactly one {}.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise VisionError(f"prompt templates {file} cannot be read: {error}") from None
    templates = tuple(line.strip() for line in lines if line.strip())
    if not 0 < len(templates) <= MAX_TEMPLATES:
        raise VisionError(f"{file} has {len(templates)} templates; 1 to {MAX_TEMPLATES} are fine")
    for template in templates:
        if template.count("{}") != 1:
            raise VisionError(
                f"template {template!r} in {file} must have exactly one {{}}, for the label"
            )
    return templates


PROMPTS = {file.stem: read_templates(file) for file in sorted(TEMPLATES.glob("*.txt"))}
"""The sets that come with the package.

imagenet: CLIP's 80 for ImageNet; semabs: Semantic Abstraction's two, for photographs and renders;
clip2scene: CLIP2Scene's 85, ImageNet's and five "in the scene"; plain: CLIP's simplest; embedded:
those that the embedded model was trained with.
"""


def templates_named(name: str) -> tuple[str, ...]:
    """A set by its name, or by the path of a text file. Raises VisionError if there is none."""
    if name in PROMPTS:
        return PROMPTS[name]
    if name.endswith(".txt"):
        return read_templates(Path(name).expanduser())
    near = difflib.get_close_matches(name, PROMPTS, n=1, cutoff=0.0)[0]
    raise VisionError(
        f"unknown prompt set {name!r}; did you mean {near!r}? There are {', '.join(PROMPTS)}, or "
        "the path of a .txt file with a template per line"
    )

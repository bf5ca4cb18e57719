"""Where a model's weights are on this machine. Nothing is ever fetched from the network.

A file that is missing is an error that names it and the command that gets it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nesf_ros.errors import VisionError
from nesf_ros.vision.registry import HUB, LOCAL
from nesf_ros.vision.torchvision_guard import import_open_clip
from nesf_ros.vision.vocabulary import SUFFIX as WORDS

WEIGHTS = Path(__file__).parent / "weights"
"""The weights that come with this package, one file per model, named like it."""

EMBEDDED = "embedded"
"""The `pretrained` of models whose weights lie in `WEIGHTS`."""

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
"""Of weight files; all but the first are read by torch with `weights_only`."""

HUB_NAMES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
"""What open_clip calls a model's weights on the hub, best first."""

HUB_CONFIG = "open_clip_config.json"

_lock = threading.RLock()


@dataclass(frozen=True)
class Checkpoint:
    """Weights on disk."""

    file: Path
    about: dict[str, Any] = field(default_factory=dict)
    """What open_clip knows about a tag: `mean`, `std`, `quick_gelu` …"""

    def digest(self) -> str:
        """First twelve hexadecimal digits of the file's SHA-256."""
        with self.file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:12]


def find_checkpoint(model: str, pretrained: str) -> Checkpoint:
    """The weights of a registered model, from what this machine has.

    `pretrained` is a tag of open_clip, a file, or `EMBEDDED`; models that begin with local-dir: or
    hf-hub: bring their own. Raises VisionError that names the missing file and how to get it.
    """
    if model.startswith(LOCAL):
        return Checkpoint(_in_folder(Path(model.removeprefix(LOCAL))))
    if model.startswith(HUB):
        repository = model.removeprefix(HUB)
        wanted = (HUB_CONFIG, HUB_NAMES[0])
        _in_hub(repository, (HUB_CONFIG,), model, wanted)
        return Checkpoint(_in_hub(repository, HUB_NAMES, model, wanted))
    if pretrained == EMBEDDED:
        return Checkpoint(_embedded(model))
    about = import_open_clip().get_pretrained_cfg(model, pretrained)
    if about:
        return Checkpoint(_of_tag(f"the weights {pretrained} of {model}", about), about)
    return Checkpoint(_user_file(model, pretrained))


def needs_from_hub(name: str, file: str, what: str) -> None:
    """Raise VisionError if `name` is a repository of which the hub's cache lacks `file`.

    An empty name or a folder needs nothing. The error has the command that gets all of it.
    """
    if name and not Path(name).is_dir():
        _in_hub(name, (file,), what, ())


@contextmanager
def offline() -> Iterator[None]:
    """Inside, the hub's clients look into their cache alone, and libraries log errors only.

    open_clip and transformers would otherwise fetch what a model names: text encoders, tokenizers.
    """
    from huggingface_hub import constants

    root, silent = logging.getLogger(), logging.NullHandler()
    with _lock, _quiet_transformers():
        online = constants.HF_HUB_OFFLINE
        constants.HF_HUB_OFFLINE = True
        # open_clip logs to the root, which without a handler would get one for good.
        root.addHandler(silent)
        root.addFilter(_is_worth_saying)
        try:
            yield
        finally:
            root.removeFilter(_is_worth_saying)
            root.removeHandler(silent)
            constants.HF_HUB_OFFLINE = online


@contextmanager
def _quiet_transformers() -> Iterator[None]:
    from transformers.utils import logging as reports

    verbosity, bar = reports.get_verbosity(), reports.is_progress_bar_enabled()
    reports.set_verbosity_error()
    reports.disable_progress_bar()
    try:
        yield
    finally:
        reports.set_verbosity(verbosity)
        if bar:
            reports.enable_progress_bar()


def _is_worth_saying(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR or "open_clip" not in record.pathname


def _embedded(model: str) -> Path:
    file = WEIGHTS / f"{model}.safetensors"
    if file.is_file():
        return file
    files = (path.name for path in WEIGHTS.glob("*.safetensors"))
    names = sorted(name.removesuffix(".safetensors") for name in files if WORDS not in name)
    known = ", ".join(names) or "none"
    tags = ", ".join(import_open_clip().list_pretrained_tags_by_model(model)) or "none"
    raise VisionError(
        f"no weights of {model} come with this package (embedded are: {known}). Set pretrained "
        f"to a file, or to a tag of open_clip (for {model}: {tags})"
    )


def _user_file(model: str, pretrained: str) -> Path:
    file = Path(pretrained).expanduser()
    if file.suffix in SUFFIXES and file.is_file():
        return file
    if file.suffix in SUFFIXES or os.sep in pretrained:
        problem = "there is no such file" if file.suffix in SUFFIXES else "its format is unknown"
        raise VisionError(
            f"the weights of {model} cannot be read from {file}: {problem}. Give the path of a "
            f"file that ends in {', '.join(SUFFIXES)}"
        )
    tags = ", ".join(import_open_clip().list_pretrained_tags_by_model(model)) or "none"
    raise VisionError(
        f"{pretrained!r} is neither a file nor a tag of {model}; its tags are: {tags}"
    )


def _in_folder(folder: Path) -> Path:
    """The weights in a folder as open_clip and the hub lay it out."""
    if not (folder / HUB_CONFIG).is_file():
        raise VisionError(f"{folder} has no {HUB_CONFIG}, so it holds no open_clip model")
    files = sorted(
        path for path in folder.iterdir() if path.suffix in SUFFIXES and WORDS not in path.name
    )
    usual = [folder / name for name in HUB_NAMES if folder / name in files]
    if usual or len(files) == 1:
        return (usual or files)[0]
    found = ", ".join(path.name for path in files) or "none"
    raise VisionError(
        f"{folder} must hold one file of weights, {HUB_NAMES[0]} for instance; found: {found}"
    )


def _of_tag(what: str, about: dict[str, Any]) -> Path:
    """The file of an open_clip tag, in the cache where open_clip itself would have put it."""
    if about.get("hf_hub"):
        repository, name = os.path.split(about["hf_hub"])
        names = (name,) if name else HUB_NAMES
        if name.endswith((".bin", ".pth")):
            names = (f"{name[:-4]}.safetensors", name)
        return _in_hub(repository, names, what, names[:1])
    file = Path("~/.cache/clip").expanduser() / os.path.basename(about["url"])
    if not file.is_file():
        raise VisionError(
            f"{what} are not on this machine: {file} is missing. Where there is a network, run "
            f"`curl -L --create-dirs -o {file} {about['url']}`, or set pretrained to a file"
        )
    return file


def _in_hub(repository: str, names: tuple[str, ...], what: str, wanted: tuple[str, ...]) -> Path:
    """The first of `names` that the hub's cache has of a repository.

    For the error: `what` it is for, the files that are `wanted`, none for all.
    """
    from huggingface_hub import constants, try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    for name in names:
        try:
            found = try_to_load_from_cache(repository, name)
        except HFValidationError as error:
            raise VisionError(f"{repository!r} is no name on the hub: {error}") from None
        if isinstance(found, str):
            return Path(found)
    command = " ".join(("hf download", repository, *wanted))
    raise VisionError(
        f"{what}: {' or '.join(names)} of {repository} is not in {constants.HF_HUB_CACHE}. Where "
        f"there is a network, run `{command}`; if that is another machine, copy its folder here"
    )

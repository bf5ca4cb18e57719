"""Model configurations: open_clip's own, those of this package, and files of the user."""

from __future__ import annotations

import difflib
import json
import tempfile
import threading
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nesf_ros.errors import VisionError
from nesf_ros.vision.torchvision_guard import import_open_clip

CONFIGS = Path(__file__).parent / "configs"
"""One open_clip model configuration per file, named like the model."""

IN_PACKAGE = "package:"
"""Begins a path that starts inside an installed Python package: package:MODULE/FOLDER."""

LOCAL, HUB = "local-dir:", "hf-hub:"
"""open_clip's own ways to name a model outside its list: a folder, a repository."""

_lock = threading.Lock()


def register(model: str) -> str:
    """Make a model known to open_clip and return the name it has there.

    `model` is a name that open_clip or this package knows, or the path of a configuration (.json),
    or begins with `LOCAL` or `HUB`. Raises VisionError naming the nearest model for an unknown
    name, and for a configuration that cannot be read or needs a Python package that is missing.
    """
    if model.startswith((LOCAL, HUB)):
        return model
    open_clip = import_open_clip()
    own = model.endswith(".json")
    path = Path(model).expanduser() if own else CONFIGS / f"{model}.json"
    if own or path.is_file():
        with _lock:
            return _register_file(path)
    if open_clip.get_model_config(model) is None:
        known = [*open_clip.list_models(), *(path.stem for path in CONFIGS.glob("*.json"))]
        near = difflib.get_close_matches(model, known, n=1, cutoff=0.0)[0]
        raise VisionError(
            f"unknown model {model!r}; did you mean {near!r}? A model is one that open_clip "
            "lists, the path of a .json configuration, local-dir:FOLDER or hf-hub:NAME"
        )
    return model


def _register_file(path: Path) -> str:
    """Hand a configuration to open_clip with the paths inside packages filled in."""
    open_clip = import_open_clip()
    import_module("nesf_ros.vision.mini_cnn")  # by which timm knows the embedded image tower
    config = _read(path)
    known = open_clip.get_model_config(path.stem)
    if known is not None and known != config:
        raise VisionError(
            f"{path} has the name of another model of open_clip's, {path.stem!r}; rename the file"
        )
    if known is None:
        # open_clip takes configurations from files only.
        with tempfile.TemporaryDirectory() as folder:
            filled = Path(folder) / path.name
            filled.write_text(json.dumps(config))
            open_clip.add_model_config(filled)
    return path.stem


def _read(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise VisionError(f"{path} is no model configuration: {error}") from None
    keys = ("embed_dim", "vision_cfg", "text_cfg")
    if not isinstance(config, dict) or not all(key in config for key in keys):
        raise VisionError(f"{path} is no model configuration; it must have {', '.join(keys)}")
    return _with_packages(config, path)


def _with_packages(value: Any, path: Path) -> Any:
    """`value` with each package:MODULE/FOLDER replaced by that folder's path."""
    if isinstance(value, dict):
        return {key: _with_packages(inner, path) for key, inner in value.items()}
    if not isinstance(value, str) or not value.startswith(IN_PACKAGE):
        return value
    module, _, folder = value.removeprefix(IN_PACKAGE).partition("/")
    spec = find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise VisionError(
            f"model {path.stem} needs the Python package {module}, which is not installed; run "
            f"`pip install {module.replace('_', '-')}`"
        )
    return str(Path(spec.submodule_search_locations[0]) / folder)

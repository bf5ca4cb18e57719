"""open_clip, importable also where torchvision's compiled operators do not fit torch.

torchvision has no CPU build for every torch. Its operators then fail to load, which nobody here
needs, but it also fails to import, since it describes the shapes of two operators that are not
there. Declaring those two cures that; where the real ones load, nothing is done.
"""

from __future__ import annotations

import re
import sys
import threading
from types import ModuleType

import torch

MISSING = re.compile(r"operator torchvision::(nms|qnms) does not exist")
_lock = threading.Lock()
_declared: list[torch.library.Library] = []
"""Kept: torch forgets what a Library declared when it is collected."""


def ensure_torchvision() -> None:
    """Make `import torchvision` work. Raises what that import raises for any other reason."""
    with _lock:
        while True:
            try:
                import torchvision  # noqa: F401 - imported for its success

                return
            except RuntimeError as error:
                found = MISSING.search(str(error))
                if not found:
                    raise
                _declare(found[1])


def import_open_clip() -> ModuleType:
    """The module open_clip. Takes seconds the first time: call it where a model is needed."""
    ensure_torchvision()
    import open_clip

    return open_clip


def _declare(operator: str) -> None:
    """Declare an operator without implementation, and forget the import that missed it."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _declared.append(library)
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]

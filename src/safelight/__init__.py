"""safelight: a darkroom for learned picture reconstruction.

    restorer = safelight.load()
    color = restorer("grandmother.jpg")

The names are imported when they are first used, so that `import safelight` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from safelight.pixels.files import read_photo, write_photo
    from safelight.runtime.restore import load
    from safelight.tasks.hints import Hint, HintSet
    from safelight.tasks.holes_files import write_mask

__version__ = "0.1.0"
__all__ = ["Hint", "HintSet", "__version__", "load", "read_photo", "write_mask", "write_photo"]

_HOMES = {
    "Hint": "safelight.tasks.hints",
    "HintSet": "safelight.tasks.hints",
    "load": "safelight.runtime.restore",
    "read_photo": "safelight.pixels.files",
    "write_mask": "safelight.tasks.holes_files",
    "write_photo": "safelight.pixels.files",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'safelight' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

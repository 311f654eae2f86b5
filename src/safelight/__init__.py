"""safelight: a darkroom for learned picture reconstruction.

    import safelight

    restorer = safelight.load()  # the bundled colorizer; or "fill", "scratches", "figures", or MODEL.onnx
    color = restorer("grandmother.jpg")  # float32 (h, w, 3), sRGB 0..1
    safelight.write_photo("grandmother-color.png", color, like="grandmother.jpg")

docs/python.md is the page on it. Whatever is wrong with what was given is a SafelightError, whose message is one line.
The names are imported when they are first used, so that `import safelight` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from safelight.errors import HintError, ModelError, PhotoError, SafelightError
    from safelight.masks.files import write_mask
    from safelight.pixels.files import Photo, read_photo, write_photo
    from safelight.provenance.mark import mark
    from safelight.tasks.colorize.hints import Hint, HintSet
    from safelight.tasks.registry import load

__version__ = "0.1.0"
__all__ = [
    "Hint",
    "HintError",
    "HintSet",
    "ModelError",
    "Photo",
    "PhotoError",
    "SafelightError",
    "__version__",
    "load",
    "mark",
    "read_photo",
    "write_mask",
    "write_photo",
]

_HOMES = {
    **dict.fromkeys(("HintError", "ModelError", "PhotoError", "SafelightError"), "safelight.errors"),
    **dict.fromkeys(("Hint", "HintSet"), "safelight.tasks.colorize.hints"),
    **dict.fromkeys(("Photo", "read_photo", "write_photo"), "safelight.pixels.files"),
    "load": "safelight.tasks.registry",
    "mark": "safelight.provenance.mark",
    "write_mask": "safelight.masks.files",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'safelight' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """The public names, for completion; none is imported for it."""
    return sorted({*__all__, "__doc__", "__file__", "__name__", "__path__"})

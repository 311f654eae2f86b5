"""How files are called: which kinds are photos, and what is made of a photo."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

WRITTEN = frozenset((".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".webp"))
LOSSY = frozenset((".jpg", ".jpeg", ".jpe", ".jfif"))  # WebP has a lossless mode
PHOTOS = WRITTEN | {".gif", ".bmp"}
FORMATS = ".jpg, .png, .tif or .webp"  # WRITTEN, in words
OTHERWISE = ".png"
MARK = "-color"


def result_name(photo: Path) -> str:
    """NAME-color.EXT, or NAME-gif-color.png where EXT is a kind that is read but not written."""
    if photo.suffix.lower() in WRITTEN:
        return f"{photo.stem}{MARK}{photo.suffix}"
    return f"{photo.stem}{photo.suffix.replace('.', '-')}{MARK}{OTHERWISE}"


def carrying(photo: Path) -> Path:
    """The photo's path with its extension in its name: NAME-jpg.jpg."""
    return photo.with_name(f"{photo.stem}{photo.suffix.replace('.', '-')}{photo.suffix}")


def mask_name(photo: Path) -> str:
    """NAME-mask.png: the mask of a photo, beside it."""
    return f"{photo.stem}-mask.png"


def filled_name(photo: Path) -> str:
    """NAME-filled.EXT, or .png where EXT is a kind that cannot keep every pixel, or is not written."""
    return _lossless_name(photo, "-filled")


def repaired_name(photo: Path) -> str:
    """NAME-repaired.EXT, or .png where EXT is a kind that cannot keep every pixel, or is not written."""
    return _lossless_name(photo, "-repaired")


def reconstructed_name(photo: Path) -> str:
    """NAME-reconstructed.png: what an autoencoder made of a photo."""
    return f"{photo.stem}-reconstructed.png"


def _lossless_name(photo: Path, mark: str) -> str:
    return f"{photo.stem}{mark}{photo.suffix if photo.suffix.lower() in WRITTEN - LOSSY else OTHERWISE}"


Namer: TypeAlias = Callable[[Path], str]  # a photo's path -> the file name of what is made of it
COLORED: tuple[Namer, ...] = (result_name, mask_name)

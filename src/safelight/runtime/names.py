"""How files are called: which kinds are photos, and what is made of a photo."""

import importlib.util
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TypeAlias

WRITTEN = frozenset((".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".webp"))
LOSSY = frozenset((".jpg", ".jpeg", ".jpe", ".jfif"))  # WebP has a lossless mode
PHOTOS = WRITTEN | {".gif", ".bmp", ".avif", ".jp2", ".j2k", ".jpx", ".jpf"}
if importlib.util.find_spec("pi_heif"):  # the extra `formats`
    PHOTOS |= {".heic", ".heif", ".hif"}
FORMATS = ".jpg, .png, .tif or .webp"  # WRITTEN, in words
OTHERWISE = ".png"
MARK = "-color"
NUMBERED = re.compile(r"(.+)-([1-9][0-9]{0,5})")  # NAME-2: of the second page of NAME


def alike(name: str) -> str:
    """What names are compared by: NFC with case folded, so that "É.JPG" of one system is "é.jpg" of another."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def is_photo(name: str) -> bool:
    """Whether a file of this name is of a kind that is read."""
    return Path(name).suffix.lower() in PHOTOS


def kind(name: str) -> str:
    """The kind that the suffix stands for, "jpg" for .jpeg and .JPG alike."""
    suffix = Path(name).suffix.lower()
    return {".jpeg": "jpg", ".jpe": "jpg", ".jfif": "jpg", ".tiff": "tif"}.get(suffix, suffix.lstrip("."))


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


def preview_name(photo: Path) -> str:
    """NAME-preview.jpg: a photo with its mask laid over it."""
    return f"{photo.stem}-preview.jpg"


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
COLORED: tuple[Namer, ...] = (result_name, mask_name, preview_name)
MARKS: dict[Namer, str] = {
    result_name: MARK,
    mask_name: "-mask",
    preview_name: "-preview",
    filled_name: "-filled",
    repaired_name: "-repaired",
    reconstructed_name: "-reconstructed",
}  # what the names of what is made of a photo end in, before the suffix


def made_of_others(names: Collection[str], namers: Iterable[Namer]) -> set[str]:
    """Those of a folder's file names that one of the namers gave to something made of another of them.

    Of whatever kind (a-color.png of a.jpg) and in whatever case (A-MASK.PNG).
    """
    photos = [Path(name) for name in names if is_photo(name)]
    stems = {alike(stem) for photo in photos for stem in (photo.stem, carrying(photo).stem)}
    paged = {alike(photo.stem) for photo in photos if kind(photo.name) == "tif"}
    marks = tuple(MARKS[namer] for namer in namers)
    made = set()
    for photo in photos:
        stem = alike(photo.stem)
        bases = [stem.removesuffix(mark) for mark in marks if stem.endswith(mark)]
        pages = filter(None, map(NUMBERED.fullmatch, bases))
        if any(base in stems for base in bases) or any(page[1] in paged for page in pages):
            made.add(photo.name)
    return made

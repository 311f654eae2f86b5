"""How large the picture in a file is, by the file's header alone: nothing is decoded, and nothing refused."""

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from safelight.pixels import tiff_pages
from safelight.pixels.kinds import START, kind_of
from safelight.pixels.opening import opener_of, quiet

PACKED = (
    8.0  # megapixels that a megabyte of a file may hold, where that is not known: of photos as HEIC about 6
)
KINDS = ("JPEG", "WEBP", "GIF", "BMP")
_DEEP_MODES = ("I", "F")  # of Pillow's modes, their first letter


@dataclass(frozen=True)
class Header:
    """megapixels: of the largest picture in the file. bits: a channel, 8 or 16."""

    megapixels: float
    bits: int = 8


def header_of(path: Path) -> Header:
    """What a file's header says; an estimate by the size of the file where it says nothing that is understood."""
    try:
        if not path.is_file():  # a pipe or device may never end
            return Header(0)
        with path.open("rb") as file, quiet():
            return _header(file)
    except Exception:  # what cannot be read is said when it is
        try:
            return Header(path.stat().st_size / 1e6 * PACKED)
        except (OSError, ValueError):
            return Header(0)


def _header(file: BinaryIO) -> Header:
    start = file.read(START)
    whole = file.seek(0, io.SEEK_END)
    kind = kind_of(start, whole, b"")
    if kind == "PNG":
        width, height, bits = struct.unpack_from(">LLB", start, 16)
        return Header(width * height / 1e6, bits)
    if kind == "TIFF":
        return max(map(_of_page, tiff_pages.pages(file)), key=lambda header: header.megapixels * header.bits)
    file.seek(0)
    image: Image.Image = opener_of(kind)(file) if kind in KINDS else Image.open(file)
    return Header(image.width * image.height / 1e6, 16 if image.mode[:1] in _DEEP_MODES else 8)


def _of_page(page: tiff_pages.Page) -> Header:
    width, height, bits = (int(page.number(tag, default)) for tag, default in ((256, 0), (257, 0), (258, 8)))
    return Header(width * height / 1e6, bits)

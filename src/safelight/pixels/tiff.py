"""TIFF of 8 or 16 bits, deflated, with its metadata. Source: TIFF 6.0, TIFF Technical Notes (deflate, 317).

An EXIF block is a TIFF file, so that the file begins with it, byte for byte: its directories and
MakerNotes stay at their offsets, and its first directory's entries are taken into the picture's own.
"""

import os
import struct
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, TypeAlias

import numpy as np
from PIL import TiffImagePlugin

from safelight.pixels import exif, tiff_directories, write_metadata
from safelight.pixels.opening import quiet
from safelight.pixels.photo import Photo
from safelight.pixels.space import multiplied
from safelight.pixels.tiff_directories import KINDS

Field: TypeAlias = tuple[int, tuple[int, ...] | bytes]  # type, values

_STRIP = 1 << 18  # pixels in a strip
_LEVEL = 4  # of deflate: 6 takes three times as long to save two hundredths
_BYTE, _SHORT, _LONG, _RATIONAL, _BYTES = 1, 3, 4, 5, 7
_PHOTOMETRIC = {  # what is written, and its channels
    "L": (1, 1),
    "RGB": (2, 3),
    "CMYK": (5, 4),
    "CIELab": (8, 3),
    "ICCLab": (9, 3),
    "ITULab": (10, 3),
}


def write(file: BinaryIO, photo: Photo, profile: bytes | None) -> tuple[str, ...]:
    """The photo as TIFF, in its own numbers or in sRGB, with the ICC profile that says which color they are.

    Returns remarks on what a TIFF has no place for.
    """
    block = photo.exif if photo.exif and exif.byte_order(photo.exif) else b"II*\0" + bytes(4)
    data, remarks = write_metadata.in_tiff(photo)
    order = exif.byte_order(block)
    file.write(block + bytes(len(block) % 2))
    rows = max(1, _STRIP // photo.pixels.shape[1])
    offsets, lengths = [], []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        tops = range(0, len(photo.pixels), rows)
        for packed in pool.map(lambda top: _pack(photo, slice(top, top + rows), order), tops):
            offsets.append(file.tell())
            lengths.append(len(packed))
            file.write(packed + bytes(len(packed) % 2))
    fields = _fields(photo, rows, profile)
    fields |= {273: (_LONG, tuple(offsets)), 279: (_LONG, tuple(lengths))}
    fields |= {tag: _field(tag, each) for tag, each in data.items()}
    kept, damaged = _kept(block, fields)
    _write_directory(file, fields, kept, order)
    if kept and not _opens(file):
        _write_directory(file, fields, [], order)
        damaged = len(list(exif.entries(block)))
    if damaged:
        remarks += (f"{damaged} damaged field{'s' * (damaged > 1)} of its EXIF could not be written",)
    return remarks


def _pack(photo: Photo, rows: slice, order: str) -> bytes:
    """A strip: each number less its left neighbor, deflated."""
    pixels = (photo.native.pixels if photo.native else photo.pixels)[rows]
    if photo.native and photo.native.space.lab == "CIELab":  # a and b with signs
        pixels = pixels ^ np.array([0, 1, 1], pixels.dtype) * pixels.dtype.type(1 << 8 * pixels.itemsize - 1)
    if photo.alpha is not None:
        alpha = photo.alpha[rows]
        if photo.native and photo.native.associated:
            pixels = multiplied(pixels, alpha)
        pixels = np.dstack([pixels, alpha])
    steps = pixels.copy()
    steps[:, 1:] -= pixels[:, :-1]  # modulo 256 or 65536, as the predictor wants it
    foreign = (order == ">") != (sys.byteorder == "big")
    return zlib.compress((steps.byteswap() if foreign else steps).tobytes(), _LEVEL)


def _fields(photo: Photo, rows: int, profile: bytes | None) -> dict[int, Field]:
    """All of the directory but the places of the strips."""
    kind: str = photo.native.space.lab or photo.native.mode if photo.native else "RGB"
    photometric, colors = _PHOTOMETRIC[kind]
    channels = colors + (photo.alpha is not None)
    fields: dict[int, Field] = {
        256: (_LONG, (photo.size[1],)),
        257: (_LONG, (photo.size[0],)),
        258: (_SHORT, (8 * photo.pixels.itemsize,) * channels),
        259: (_SHORT, (8,)),  # deflate
        262: (_SHORT, (photometric,)),
        274: (_SHORT, (1,)),  # upright
        277: (_SHORT, (channels,)),
        278: (_LONG, (rows,)),
        284: (_SHORT, (1,)),  # channels side by side
        317: (_SHORT, (2,)),  # differences
    }
    if profile:
        fields[34675] = (_BYTES, profile)
    if photo.alpha is not None:
        associated = photo.native is not None and photo.native.associated
        fields[338] = (_SHORT, (1 if associated else 2,))  # alpha; 1: colors are multiplied by it
    stated = exif.dpi(photo.exif)
    if photo.dpi and not (stated and write_metadata.near(photo.dpi, stated)):
        x, y = (exif.ratio(per_inch) for per_inch in photo.dpi)
        fields |= {282: (_RATIONAL, x), 283: (_RATIONAL, y), 296: (_SHORT, (2,))}
    elif photo.metadata.aspect and not stated:
        x, y = (exif.ratio(each) for each in photo.metadata.aspect)
        fields |= {282: (_RATIONAL, x), 283: (_RATIONAL, y), 296: (_SHORT, (1,))}
    return fields


def _field(tag: int, data: bytes) -> Field:
    """Bytes; captions as numbers of 4 bytes, filled up with noughts, as Photoshop and exiftool write them."""
    if tag != tiff_directories.IPTC:
        return _BYTE, data
    return _LONG, data + bytes(-len(data) % 4)


def _kept(block: bytes, fields: dict[int, Field]) -> tuple[list[bytes], int]:
    """The EXIF's own first entries, as they are, but for those that say how its pixels were stored, and how
    many were left out as they are damaged: of no kind that is known, or beyond the block."""
    kept: dict[int, bytes] = {}
    damaged = 0
    for entry in exif.entries(block):
        if entry.tag in fields or entry.tag in tiff_directories.LAYOUT:
            continue
        if entry.tag in kept or not exif.is_sound(block, entry):
            damaged += 1
        else:
            kept[entry.tag] = block[entry.at : entry.at + 12]
    return list(kept.values()), damaged


def _opens(file: BinaryIO) -> bool:
    """Whether the directory that was just written can be read back, by another's hand."""
    try:
        file.seek(0)
        with quiet():
            TiffImagePlugin.TiffImageFile(file)
        return True
    except SyntaxError as error:  # a directory that was read, of pixels that Pillow does not know
        return "pixel mode" in str(error)
    except Exception:  # it raises nearly everything
        return False
    finally:
        file.seek(0, os.SEEK_END)


def _write_directory(file: BinaryIO, fields: dict[int, Field], kept: list[bytes], order: str) -> None:
    """Write what is longer than four bytes, then the sorted entries, and at the beginning where they are."""
    directory = [(struct.unpack(order + "H", entry[:2])[0], entry) for entry in kept]
    for tag, (kind, values) in fields.items():
        if isinstance(values, bytes):
            count, data = len(values) // KINDS[kind], values
        else:
            letter = "H" if kind == _SHORT else "L"
            count = len(values) // (2 if kind == _RATIONAL else 1)
            data = struct.pack(f"{order}{len(values)}{letter}", *values)
        if len(data) > 4:
            place = struct.pack(order + "L", file.tell())
            file.write(data + bytes(len(data) % 2))
        else:
            place = data.ljust(4, b"\0")
        directory.append((tag, struct.pack(order + "HHL", tag, kind, count) + place))
    start = file.tell()
    file.write(
        struct.pack(order + "H", len(directory)) + b"".join(e for _, e in sorted(directory)) + bytes(4)
    )
    file.seek(4)
    file.write(struct.pack(order + "L", start))
    file.seek(0, os.SEEK_END)

"""The EXIF block of a photo, changed in place: every other byte, MakerNotes too, stays where it was.

A block is a small TIFF file: a byte order, then directories of 12-byte entries (tag, type, count, value).
Source: CIPA DC-008 (Exif 2.32), TIFF 6.0. Blocks here come without the "Exif\\0\\0" that JPEG puts before.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

ORIENTATION, EXIF_DIRECTORY = 0x0112, 0x8769
COLOR_SPACE, WIDTH, HEIGHT = 0xA001, 0xA002, 0xA003
INTEROPERABILITY = 0xA005
_ASCII, _SHORT, _LONG = 2, 3, 4


@dataclass(frozen=True)
class Entry:
    """One 12-byte entry of a directory; `at` is where it begins in the block."""

    tag: int
    kind: int
    count: int
    at: int


def strip_prefix(block: bytes | None) -> bytes | None:
    """The block without what JPEG puts before it; None if it is no EXIF at all."""
    block = (block or b"").removeprefix(b"Exif\x00\x00")
    return block if byte_order(block) else None


def byte_order(block: bytes) -> str:
    """'<' or '>', as struct has it; '' if the block does not begin like a TIFF."""
    return {b"II*\x00": "<", b"MM\x00*": ">"}.get(block[:4], "")


def entries(block: bytes, at: int | None = None) -> Iterator[Entry]:
    """The entries of the directory at an offset (default: the first); fewer if the block is damaged."""
    order = byte_order(block)
    if not order:
        return
    try:
        start = struct.unpack_from(order + "L", block, 4)[0] if at is None else at
        (count,) = struct.unpack_from(order + "H", block, start)
        for place in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, values, _ = struct.unpack_from(order + "HHLL", block, place)
            yield Entry(tag, kind, values, place)
    except struct.error:
        return


def orientation(block: bytes | None) -> int:
    """1 to 8 as EXIF numbers them; 1 if there is none, or none that makes sense."""
    for entry in entries(block or b""):
        if entry.tag == ORIENTATION:
            value = _value(block or b"", entry)
            return value if value in range(1, 9) else 1
    return 1


def upright(block: bytes, size: tuple[int, int]) -> bytes:
    """The block of the picture as it is now: upright, of this size (h, w), without an old thumbnail."""
    changed = bytearray(block)
    first = list(entries(block))
    for entry in first:
        if entry.tag == ORIENTATION:
            _set_value(changed, entry, 1)
        if entry.tag == EXIF_DIRECTORY:
            for inner in entries(block, _value(block, entry)):
                values = {HEIGHT: size[0], WIDTH: size[1]}
                if inner.tag in values:
                    _set_value(changed, inner, values[inner.tag])
    if first and first[-1].at + 16 <= len(changed):
        changed[first[-1].at + 12 : first[-1].at + 16] = bytes(4)  # no second directory: the thumbnail's
    return bytes(changed)


def color_space(block: bytes | None) -> tuple[int, bytes]:
    """ColorSpace (1 sRGB, 2 Adobe RGB, 65535 uncalibrated; 0 none) and InteropIndex (b"R98", b"R03"; b"" none)."""
    space, index = 0, b""
    for entry in _color_entries(block or b""):
        if entry.tag == COLOR_SPACE:
            space = _value(block or b"", entry)
        else:
            index = (block or b"")[entry.at + 8 : entry.at + 11]
    return space, index


def as_srgb(block: bytes) -> bytes:
    """The block of a picture that was converted to sRGB, where it says anything of its color space."""
    changed = bytearray(block)
    for entry in _color_entries(block):
        if entry.tag == COLOR_SPACE:
            _set_value(changed, entry, 1)
        else:
            changed[entry.at + 8 : entry.at + 11] = b"R98"
    return bytes(changed)


def _color_entries(block: bytes) -> Iterator[Entry]:
    """ColorSpace, and InteropIndex of the interoperability directory (CIPA DC-008, 4.6.4 and 4.6.7)."""
    for entry in entries(block):
        if entry.tag != EXIF_DIRECTORY:
            continue
        for inner in entries(block, _value(block, entry)):
            if inner.tag == COLOR_SPACE:
                yield inner
            if inner.tag == INTEROPERABILITY:
                for deepest in entries(block, _value(block, inner)):
                    if deepest.tag == 1 and deepest.kind == _ASCII and deepest.count == 4:
                        yield deepest


def _format(block: bytes | bytearray, entry: Entry) -> str:
    """How struct reads the entry's own value; '' if it is not one whole number."""
    kind = {_SHORT: "H", _LONG: "L"}.get(entry.kind, "")
    return byte_order(bytes(block[:4])) + kind if kind and entry.count == 1 else ""


def _value(block: bytes, entry: Entry) -> int:
    form = _format(block, entry)
    return int(struct.unpack_from(form, block, entry.at + 8)[0]) if form else 0


def _set_value(block: bytearray, entry: Entry, value: int) -> None:
    form = _format(block, entry)
    if form and (form[-1] == "L" or value < 1 << 16):
        struct.pack_into(form, block, entry.at + 8, value)

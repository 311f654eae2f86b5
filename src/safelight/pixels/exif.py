"""The EXIF block of a photo, changed in place: every other byte, MakerNotes too, stays where it was.

A block is a small TIFF file: a byte order, then directories of 12-byte entries (tag, type, count, value).
Source: CIPA DC-008 (Exif 2.32), TIFF 6.0. Blocks here come without the "Exif\\0\\0" that JPEG puts before.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from safelight.pixels import directories
from safelight.pixels.directories import KINDS

ORIENTATION, EXIF_DIRECTORY = 0x0112, 0x8769
WIDTH, HEIGHT = 0xA002, 0xA003
X_RESOLUTION, Y_RESOLUTION, UNIT = 282, 283, 296
_FIRST_WIDTH, _FIRST_HEIGHT = 256, 257
_THUMBNAIL_AT, _THUMBNAIL_LENGTH = 513, 514
_SUBJECT_AREA, _SUBJECT_LOCATION, _FOCAL_X, _FOCAL_Y = 0x9214, 0xA214, 0xA20E, 0xA20F
_SHORT, _RATIONAL = 3, 5
_NUMBERS = {1: "B", 3: "H", 4: "L"}
INCHES = {2: Fraction(1), 3: Fraction(254, 100)}  # of the unit: pixels an inch for one pixel a unit


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


def is_sound(block: bytes, entry: Entry) -> bool:
    """Whether the entry's kind is known and its value, or the directory that it points to, lies within the block."""
    length = KINDS.get(entry.kind, 0) * entry.count
    if not length:
        return False
    (place,) = struct.unpack_from(byte_order(block) + "L", block, entry.at + 8)
    if entry.tag in directories.POINTERS:
        return length == 4 and 8 <= place <= len(block) - 2 and _is_whole(block, place)
    return length <= 4 or place + length <= len(block)


def _is_whole(block: bytes, at: int) -> bool:
    """Whether all entries of a directory lie within the block."""
    (count,) = struct.unpack_from(byte_order(block) + "H", block, at)
    return bool(at + 2 + 12 * count <= len(block))


def orientation(block: bytes | None) -> int:
    """1 to 8 as EXIF numbers them; 1 if there is none, or none that makes sense."""
    return stated_orientation(block) or 1


def stated_orientation(block: bytes | None) -> int | None:
    """1 to 8 as EXIF numbers them; None if there is none, or none that makes sense."""
    for entry in entries(block or b""):
        if entry.tag == ORIENTATION:
            value = _value(block or b"", entry)
            return value if value in range(1, 9) else None
    return None


def dpi(block: bytes | None) -> tuple[float, float] | None:
    """Pixels an inch (x, y) as the first directory says; None if it does not."""
    block = block or b""
    found = {entry.tag: entry for entry in entries(block) if is_sound(block, entry)}
    if X_RESOLUTION not in found or Y_RESOLUTION not in found:
        return None
    unit = _value(block, found[UNIT]) if UNIT in found else 2
    x, y = (_ratio(block, found[tag]) for tag in (X_RESOLUTION, Y_RESOLUTION))
    if unit not in INCHES or not x or not y:
        return None
    return float(x * INCHES[unit]), float(y * INCHES[unit])


def upright(block: bytes, size: tuple[int, int], turn: int = 1) -> bytes:
    """The block of the picture as it is now: upright, of this size (h, w), without an old thumbnail.

    turn: the orientation that was applied. Where width and height changed places, so do the resolutions'
    numbers; where the subject lies, which EXIF counts before the turn, is counted after it.
    """
    changed = bytearray(block)
    first = list(entries(block))
    values = {ORIENTATION: 1, _FIRST_WIDTH: size[1], _FIRST_HEIGHT: size[0]}
    for entry in first:
        if entry.tag in values:
            _set_value(changed, entry, values[entry.tag])
        if entry.tag == EXIF_DIRECTORY:
            _inner_upright(changed, list(entries(block, _value(block, entry))), size, turn)
    if turn >= 5:
        _exchange(changed, first, X_RESOLUTION, Y_RESOLUTION)
    if first and first[-1].at + 16 <= len(changed):
        _blank_thumbnail(changed, block)
        changed[first[-1].at + 12 : first[-1].at + 16] = bytes(4)  # no second directory: the thumbnail's
    return bytes(changed)


def _inner_upright(block: bytearray, inner: list[Entry], size: tuple[int, int], turn: int) -> None:
    """Sizes, focal plane and subject in the EXIF directory."""
    values = {HEIGHT: size[0], WIDTH: size[1]}
    for entry in inner:
        if entry.tag in values:
            _set_value(block, entry, values[entry.tag])
        if entry.tag in (_SUBJECT_AREA, _SUBJECT_LOCATION) and entry.kind == _SHORT and 2 <= entry.count <= 4:
            _turn_subject(block, entry, size, turn)
    if turn >= 5:
        _exchange(block, inner, _FOCAL_X, _FOCAL_Y)


def _turn_subject(block: bytearray, entry: Entry, size: tuple[int, int], turn: int) -> None:
    """x and y; then nothing, a diameter, or a width and a height. Source: CIPA DC-008, 4.6.5, SubjectArea."""
    order = byte_order(bytes(block[:4]))
    at = entry.at + 8 if entry.count == 2 else struct.unpack_from(order + "L", block, entry.at + 8)[0]
    if at + 2 * entry.count > len(block):
        return
    x, y, *extent = struct.unpack_from(f"{order}{entry.count}H", block, at)
    if turn >= 5:
        x, y, extent = y, x, extent[::-1]
    if turn in (2, 3, 6, 7):
        x = max(0, size[1] - 1 - x)
    if turn in (3, 4, 7, 8):
        y = max(0, size[0] - 1 - y)
    struct.pack_into(f"{order}{entry.count}H", block, at, x, y, *extent)


def _second(block: bytes | bytearray) -> int:
    """Where the second directory begins, 0 if there is none."""
    block = bytes(block)
    first = list(entries(block))
    if not first or first[-1].at + 16 > len(block):
        return 0
    return int(struct.unpack_from(byte_order(block) + "L", block, first[-1].at + 12)[0])


def _blank_thumbnail(changed: bytearray, block: bytes) -> None:
    """Noughts in place of the small picture, where nothing else can lie: behind its own directory, to the end."""
    second = _second(block)
    found = {entry.tag: entry for entry in entries(block, second)} if second else {}
    if _THUMBNAIL_AT not in found or _THUMBNAIL_LENGTH not in found:
        return
    start, length = _value(block, found[_THUMBNAIL_AT]), _value(block, found[_THUMBNAIL_LENGTH])
    if block[start : start + 3] == b"\xff\xd8\xff" and start + length == len(block):
        changed[start:] = bytes(length)


def _exchange(block: bytearray, found: list[Entry], one: int, other: int) -> None:
    """Two entries of a kind and count change their values."""
    places = {entry.tag: entry for entry in found}
    if one in places and other in places:
        first, second = places[one], places[other]
        if (first.kind, first.count) == (second.kind, second.count):
            a, b = slice(first.at + 8, first.at + 12), slice(second.at + 8, second.at + 12)
            block[a], block[b] = block[b], block[a]


def _ratio(block: bytes, entry: Entry) -> Fraction | None:
    """A rational, or a whole number; None if it is neither or has no meaning."""
    if entry.kind != _RATIONAL or entry.count != 1:
        value = _value(block, entry)
        return Fraction(value) if value else None
    (place,) = struct.unpack_from(byte_order(block) + "L", block, entry.at + 8)
    top, bottom = struct.unpack_from(byte_order(block) + "LL", block, place)
    return Fraction(top, bottom) if bottom else None


def _format(block: bytes | bytearray, entry: Entry) -> str:
    """How struct reads the entry's own value; '' if it is not one whole number."""
    letter = _NUMBERS.get(entry.kind, "")
    return byte_order(bytes(block[:4])) + letter if letter and entry.count == 1 else ""


def _value(block: bytes, entry: Entry) -> int:
    form = _format(block, entry)
    return int(struct.unpack_from(form, block, entry.at + 8)[0]) if form else 0


def _set_value(block: bytearray, entry: Entry, value: int) -> None:
    form = _format(block, entry)
    if form and value < 1 << 8 * struct.calcsize(form):
        struct.pack_into(form, block, entry.at + 8, value)

"""The EXIF block of a photo: changed in place, laid anew where it must be, and what it says of color.

A block is a small TIFF file: a byte order, then directories of 12-byte entries (tag, type, count, value). Changed in
place, every other byte, MakerNotes too, stays where it was; a new resolution, and a block small enough for a JPEG,
take directories that are laid anew. Blocks here come without the "Exif\\0\\0" that JPEG puts before.
Sources: TIFF 6.0; CIPA DC-008 (Exif 2.32), 4.6.4 to 4.6.7 (ColorSpace, Gamma, WhitePoint, PrimaryChromaticities);
DCF 2.0 (InteropIndex).
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from safelight.pixels import icc, tiff_directories
from safelight.pixels.icc import Primaries
from safelight.pixels.tiff_directories import KINDS, Field

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
    if entry.tag in tiff_directories.POINTERS:
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


_MOST_LEFT_OUT = 16  # fields of a block that is made smaller


def with_dpi(block: bytes | None, per_inch: tuple[float, float]) -> bytes:
    """The block with a resolution, all else where it was: its first directory is laid anew at the end."""
    block = block or b"II*\0" + bytes(4)
    order = byte_order(block)
    old = [entry for entry in entries(block) if entry.tag not in (X_RESOLUTION, Y_RESOLUTION, UNIT)]
    rows = [(entry.tag, block[entry.at : entry.at + 12]) for entry in old]
    end = len(block) + len(block) % 2
    data = b"".join(struct.pack(order + "LL", *ratio(number)) for number in per_inch)
    for tag, place in ((X_RESOLUTION, end), (Y_RESOLUTION, end + 8)):
        rows.append((tag, struct.pack(order + "HHLL", tag, _RATIONAL, 1, place)))
    rows.append((UNIT, struct.pack(order + "HHLHH", UNIT, 3, 1, 2, 0)))
    directory = struct.pack(order + "H", len(rows)) + b"".join(row for _, row in sorted(rows)) + bytes(4)
    return block[:4] + struct.pack(order + "L", end + 16) + block[8:].ljust(end - 8, b"\0") + data + directory


def within(block: bytes, largest: int) -> tuple[bytes | None, tuple[int, ...]]:
    """The block made no longer than this, and the tags of the longest values, which it was made smaller by.

    Damaged fields go first, without a word. None if it cannot be.
    """
    if len(block) <= largest:
        return block, ()
    try:
        at = struct.unpack(byte_order(block) + "L", block[4:8])[0]
        order, fields, _ = tiff_directories.read_directory(io.BytesIO(block), at)
    except (ValueError, struct.error):
        return None, ()
    left_out: list[int] = []
    while len(smaller := tiff_directories.exif_block(order, fields)) > largest:
        longest = max(tiff_directories.flat(fields), key=lambda field: len(field.data), default=None)
        if longest is None or len(left_out) == _MOST_LEFT_OUT:
            return None, ()
        fields = _without(fields, longest)
        left_out.append(longest.tag)
    return smaller, tuple(left_out)


def ratio(number: float) -> tuple[int, int]:
    """A positive number as numerator and denominator of 32 bits each."""
    fraction = Fraction(number).limit_denominator(10000)
    return min(fraction.numerator, 0xFFFFFFFF), fraction.denominator


def _without(fields: tuple[Field, ...], one: Field) -> tuple[Field, ...]:
    return tuple(
        replace(field, inner=_without(field.inner, one)) if field.inner is not None else field
        for field in fields
        if field is not one
    )


COLOR_SPACE, INTEROPERABILITY = 0xA001, 0xA005
_GAMMA, _WHITE, _PRIMARIES = 0xA500, 318, 319
_INDEX = 1  # of the interoperability directory
_ASCII, _LONG = 2, 4


@dataclass(frozen=True)
class ColorSaid:
    """ColorSpace (1 sRGB, 2 Adobe RGB, 65535 uncalibrated; 0 none), InteropIndex (b"R98", b"R03"; b"" none),
    Gamma, and primaries with their white."""

    space: int = 0
    index: bytes = b""
    gamma: float | None = None
    primaries: Primaries | None = None

    @property
    def adobe_rgb(self) -> bool:
        """Whether it is Adobe RGB: by ColorSpace 2, or by DCF's option file R03 where ColorSpace does not say sRGB."""
        return self.space == 2 or (self.index == b"R03" and self.space != 1)


def read_color(block: bytes | None) -> ColorSaid:
    """What the block says; of a damaged block what can be read."""
    found: dict[int, tuple[float, ...]] = {}
    space, index = 0, b""
    for entry in _entries(block or b""):
        if entry.tag == COLOR_SPACE:
            space = _whole(block or b"", entry)
        elif entry.tag == _INDEX:
            index = (block or b"")[entry.at + 8 : entry.at + 11]
        else:
            found[entry.tag] = _ratios(block or b"", entry)
    gamma, white, corners = (found.get(tag, ()) for tag in (_GAMMA, _WHITE, _PRIMARIES))
    primaries = None
    if len(corners) == 6 and len(white) in (0, 2) and all(0 < value < 1 for value in (*corners, *white)):
        x, y = white or icc.D65
        primaries = ((corners[0], corners[1]), (corners[2], corners[3]), (corners[4], corners[5]), (x, y))
    return ColorSaid(space, index, gamma[0] if len(gamma) == 1 and gamma[0] > 0 else None, primaries)


def as_srgb(block: bytes) -> bytes:
    """The block of a picture that was converted to sRGB: what it says of color is sRGB's, all else as it was."""
    changed, order = bytearray(block), byte_order(block)
    corners = [value for pair in icc.SRGB_PRIMARIES[:3] for value in pair]
    meant = {_WHITE: list(icc.SRGB_PRIMARIES[3]), _PRIMARIES: corners, _GAMMA: [2.2]}
    for entry in _entries(block):
        if entry.tag == COLOR_SPACE:
            struct.pack_into(order + ("H" if entry.kind == _SHORT else "L"), changed, entry.at + 8, 1)
        elif entry.tag == _INDEX:
            changed[entry.at + 8 : entry.at + 11] = b"R98"
        elif len(meant[entry.tag]) == entry.count:
            (place,) = struct.unpack_from(order + "L", block, entry.at + 8)
            numbers = [number for value in meant[entry.tag] for number in (round(value * 10000), 10000)]
            struct.pack_into(f"{order}{len(numbers)}L", changed, place, *numbers)
    return bytes(changed)


def _entries(block: bytes) -> Iterator[Entry]:
    """The sound entries that are about color."""
    for entry in entries(block):
        if entry.tag in (_WHITE, _PRIMARIES) and entry.kind == _RATIONAL and is_sound(block, entry):
            yield entry
        if entry.tag != EXIF_DIRECTORY:
            continue
        for inner in entries(block, _whole(block, entry)):
            if inner.tag == COLOR_SPACE and inner.kind in (_SHORT, _LONG) and inner.count == 1:
                yield inner
            if inner.tag == _GAMMA and inner.kind == _RATIONAL and is_sound(block, inner):
                yield inner
            if inner.tag == INTEROPERABILITY:
                for deepest in entries(block, _whole(block, inner)):
                    if deepest.tag == _INDEX and deepest.kind == _ASCII and deepest.count == 4:
                        yield deepest


def _whole(block: bytes, entry: Entry) -> int:
    letter = {_SHORT: "H", _LONG: "L"}.get(entry.kind)
    return int(struct.unpack_from(byte_order(block) + letter, block, entry.at + 8)[0]) if letter else 0


def _ratios(block: bytes, entry: Entry) -> tuple[float, ...]:
    """The numbers of rationals; none where one has no meaning."""
    (place,) = struct.unpack_from(byte_order(block) + "L", block, entry.at + 8)
    numbers = struct.unpack_from(f"{byte_order(block)}{2 * entry.count}L", block, place)
    if not all(numbers[1::2]):
        return ()
    return tuple(top / bottom for top, bottom in zip(numbers[::2], numbers[1::2], strict=True))

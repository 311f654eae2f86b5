"""The directories of a TIFF or BigTIFF file, read as raw bytes, laid out again as an EXIF block, and what they say.

Values stay the bytes that they were, in the file's own byte order: letters of any code page, private tags,
MakerNotes. Sources: TIFF 6.0, section 2; BigTIFF (Aldus/Adobe, libtiff); CIPA DC-008 (Exif 2.32), 4.6; Adobe
Photoshop TIFF Technical Notes (34377, 37724).
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from safelight.pixels.tiff_pages import first_place

KINDS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}  # bytes a value
KINDS[129] = 1  # UTF-8, of Exif 3.0
_BIG_KINDS = {16: 8, 17: 8, 18: 8}  # of BigTIFF alone: whole numbers of 8 bytes, signed ones, places
_SMALLER = {16: 4, 17: 9, 18: 13}  # what a classic TIFF has for them
POINTERS = {34665: "EXIF", 34853: "GPS", 40965: "interoperability"}
MAKER_NOTE = 37500
LARGEST = 1 << 24  # bytes of one value, and of a directory with all within it; no text is longer
_NEAR = 1 << 16  # where a MakerNote can stay: a JPEG's block is no longer
_DEEPEST = 4  # directories within directories


@dataclass(frozen=True)
class Field:
    """One entry: its value's bytes, or the directory that it points to; `at` is where the value lay."""

    tag: int
    kind: int
    data: bytes
    inner: "tuple[Field, ...] | None" = None
    at: int = 0

    @property
    def count(self) -> int:
        """How many values of its kind the entry says to have."""
        return (
            1 if self.inner is not None else len(self.data) // (KINDS.get(self.kind) or _BIG_KINDS[self.kind])
        )


@dataclass
class _Source:
    """A file that is read from, and how many bytes may still be taken from it."""

    file: IO[bytes]
    order: str
    big: bool
    left: int = LARGEST
    damaged: int = 0

    def at(self, place: int, length: int) -> bytes:
        """Raises ValueError if the file has fewer."""
        self.file.seek(place)
        data = self.file.read(length)
        if len(data) < length:
            raise ValueError("the file is cut off")
        return data


def read_directory(file: IO[bytes], at: int, skip: Iterable[int] = ()) -> tuple[str, tuple[Field, ...], int]:
    """The byte order ('<' or '>'), the fields of the directory at an offset, and how many were damaged.

    skip: tags that are not looked at. A field of unknown kind, beyond the end of the file or too large is left
    out and counted. Raises ValueError where there is no directory.
    """
    file.seek(0)
    start = file.read(4)
    order = {b"II": "<", b"MM": ">"}.get(start[:2], "")
    if not order:
        raise ValueError("found no TIFF")
    source = _Source(file, order, big=struct.unpack(order + "H", start[2:])[0] == 43)
    fields = _directory(source, at, frozenset(skip), ())
    return order, fields, source.damaged


def _directory(source: _Source, at: int, skip: frozenset[int], outer: tuple[int, ...]) -> tuple[Field, ...]:
    width, (count,) = (
        (8, struct.unpack(source.order + "Q", source.at(at, 8)))
        if source.big
        else (
            2,
            struct.unpack(source.order + "H", source.at(at, 2)),
        )
    )
    step = 20 if source.big else 12
    if count > 65535:
        raise ValueError("it has too many fields")
    entries = source.at(at + width, count * step)
    found: dict[int, Field] = {}
    for entry in (entries[place : place + step] for place in range(0, len(entries), step)):
        tag = struct.unpack(source.order + "H", entry[:2])[0]
        if tag in skip or tag in found:
            continue
        try:
            found[tag] = _field(source, entry, skip, (*outer, at))
        except (ValueError, struct.error):
            source.damaged += 1
    return tuple(found[tag] for tag in sorted(found))


def _field(source: _Source, entry: bytes, skip: frozenset[int], outer: tuple[int, ...]) -> Field:
    """The entry with its value. Raises ValueError if it has none that can be meant."""
    order = source.order
    tag, kind, count = struct.unpack_from(order + ("HHQ" if source.big else "HHL"), entry)
    size = KINDS.get(kind) or (_BIG_KINDS.get(kind, 0) if source.big else 0)
    length, value = size * count, entry[12:] if source.big else entry[8:]
    if not size or length > source.left:
        raise ValueError("its kind is not known, or it is too large")
    place = 0 if length <= len(value) else struct.unpack(order + ("Q" if source.big else "L"), value)[0]
    data = source.at(place, length) if place or length > len(value) else value[:length]
    inner = _inner_place(source, tag, kind, data) if count == 1 else 0
    if inner >= 1 << 32:  # a directory beyond the first 4 GB, whose place no classic TIFF can say
        kind, data = 13, bytes(4)
    elif kind in _BIG_KINDS:
        numbers = struct.unpack(f"{order}{count}{'q' if kind == 17 else 'Q'}", data)
        kind = _SMALLER[kind]
        data = struct.pack(f"{order}{count}{'l' if kind == 9 else 'L'}", *numbers)
    source.left -= len(data)
    if (tag in POINTERS or kind == 13) and count == 1 and len(data) == 4:
        if inner in outer or len(outer) >= _DEEPEST:
            raise ValueError("its directories point to each other")
        return Field(tag, kind, data, _directory(source, inner, frozenset(), outer), place)
    return Field(tag, kind, data, None, place)


def _inner_place(source: _Source, tag: int, kind: int, data: bytes) -> int:
    """Where the directory begins that an entry points to; 0 if it is no such entry."""
    if tag not in POINTERS and kind not in (13, 18):
        return 0
    letter = {4: "L", 8: "Q"}.get(len(data))
    return int(struct.unpack(source.order + letter, data)[0]) if letter else 0


def swapped(data: bytes, kind: int) -> bytes:
    """The bytes of a value of this kind in the other byte order."""
    width = {3: 2, 8: 2, 4: 4, 5: 4, 9: 4, 10: 4, 11: 4, 13: 4, 12: 8}.get(kind, 1)
    pieces = (data[at : at + width] for at in range(0, len(data), width))
    return b"".join(piece[::-1] for piece in pieces) if width > 1 else data


def exif_block(order: str, fields: Iterable[Field]) -> bytes:
    """The fields as an EXIF block. A MakerNote stays at its offset, where it is among the first 64 kB:
    makers count from the beginning of the file."""
    fields = tuple(fields)
    fixed = next((field for field in _notes(fields) if 8 <= field.at < _NEAR), None)
    room = _Room(order, fixed)
    start = room.directory(fields)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "L", start)
    return head + bytes(room.data[8:])


def flat(fields: Iterable[Field]) -> Iterator[Field]:
    """Each field, and those of the directories within, in turn."""
    for field in fields:
        yield field
        yield from flat(field.inner or ())


def moved(fields: Iterable[Field]) -> list[Field]:
    """The MakerNotes that `block` cannot leave at their offset."""
    return [field for field in _notes(fields) if not 8 <= field.at < _NEAR]


def _notes(fields: Iterable[Field]) -> list[Field]:
    return [field for field in flat(fields) if field.tag == MAKER_NOTE and len(field.data) > 4]


class _Room:
    """A block that grows, around one value that must not move."""

    def __init__(self, order: str, fixed: Field | None) -> None:
        self.order, self.fixed = order, fixed
        self.data = bytearray(8)
        self.first = 8  # the first free byte
        if fixed:
            self.data.extend(bytes(fixed.at + len(fixed.data) - 8))
            self.data[fixed.at :] = fixed.data

    def put(self, data: bytes) -> int:
        """Put bytes at an even place that is free; where that is."""
        place = self.first + self.first % 2
        if self.fixed and place < self.fixed.at + len(self.fixed.data) and place + len(data) > self.fixed.at:
            place = self.fixed.at + len(self.fixed.data)
            place += place % 2
        self.first = place + len(data)
        self.data.extend(bytes(max(0, self.first - len(self.data))))
        self.data[place : self.first] = data
        return place

    def directory(self, fields: Iterable[Field]) -> int:
        """Put a directory and all that it points to; where it begins."""
        entries = []
        for field in fields:
            if field.inner is not None:
                data = struct.pack(self.order + "L", self.directory(field.inner))
            elif len(field.data) <= 4:
                data = field.data.ljust(4, b"\0")
            else:
                place = field.at if field is self.fixed else self.put(field.data)
                data = struct.pack(self.order + "L", place)
            entries.append(struct.pack(self.order + "HHL", field.tag, field.kind, field.count) + data)
        return self.put(struct.pack(self.order + "H", len(entries)) + b"".join(entries) + bytes(4))


XMP, IPTC, RESOURCES = 700, 33723, 34377
_LAYERS, _SIGNED = 37724, 52545
_BELONG = {_LAYERS: "its layers (Photoshop)", _SIGNED: "its signed origin (C2PA)"}

# How the pixels were stored and which colors they were, which the result says for itself.
LAYOUT = frozenset(
    {
        *(254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266),  # size, bits, compression, dither cells
        *(273, 274, 277, 278, 279, 280, 281, 284, 288, 289),  # strips, orientation, channels, free space
        *(290, 291, 301, 318, 319, 320, 321, 342),  # curves, primaries, palette, halftone
        *(292, 293, 317, 322, 323, 324, 325, 326, 327, 328, 347, 559),  # fax, predictor, tiles, tables
        *(330, 332, 333, 334, 336, 338, 339, 340, 341, 343, 344, 345, 346),  # inks, alpha, ranges, clip path
        *(400, 401, 402, 403, 404, 433, 434, 435),  # fax profiles
        *(512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532),  # JPEG in TIFF, YCbCr
        *(32995, 32996, 32997, 32998, 33421, 33422, 37439),  # SGI's and sensors' layouts
        *range(34016, 34037),  # TIFF/IT
        34675,  # ICC profile
        *range(50674, 50686),  # LERC and others
        *range(50706, 50838),  # a raw file's sensor and colors (DNG)
        *range(50879, 51200),
        *range(52525, 52545),
    }
)


@dataclass(frozen=True)
class Tags:
    """The EXIF block of all that is kept; the data of XMP, IPTC and RESOURCES; in words what belongs to the photo
    as it was; how many fields were damaged; whether a MakerNote had to be moved."""

    block: bytes | None
    separate: dict[int, bytes]
    belongs: tuple[str, ...]
    damaged: int
    moved: bool


def read_tags(file: IO[bytes], at: int) -> Tags:
    """What the directory at an offset says. Raises ValueError where there is none.

    A page that follows its own preview takes what the preview's directory says and its own does not.
    """
    order, fields, damaged = read_directory(file, at, LAYOUT)
    first = first_place(file)
    if first != at:
        fields = (*fields, *_of_preview(file, first, {field.tag for field in fields}))
    separate = {field.tag: field.data for field in fields if field.tag in (XMP, IPTC, RESOURCES)}
    belongs = tuple(_BELONG[field.tag] for field in fields if field.tag in _BELONG)
    kept = [field for field in fields if field.tag not in separate and field.tag not in _BELONG]
    block = exif_block(order, sorted(kept, key=lambda field: field.tag)) if kept else None
    if IPTC in separate:
        separate[IPTC] = _in_order(separate[IPTC])
    return Tags(block, separate, belongs, damaged, bool(moved(kept)))


def _of_preview(file: IO[bytes], at: int, known: set[int]) -> tuple[Field, ...]:
    """The fields of the first directory that are not known yet, if it is of a preview (254, bit 0)."""
    order, kinds, _ = read_directory(file, at, LAYOUT - {254})
    kind = next((field.data for field in kinds if field.tag == 254 and len(field.data) == 4), bytes(4))
    if not struct.unpack(order + "L", kind)[0] & 1:
        return ()
    return tuple(field for field in kinds if field.tag not in known and field.tag != 254)


def _in_order(iptc: bytes) -> bytes:
    """IPTC begins with 28; where it was written as words of the other byte order, the bytes are turned."""
    if iptc[:1] != b"\x1c" and iptc[3:4] == b"\x1c":
        whole = iptc[: len(iptc) // 4 * 4]
        return struct.pack(f">{len(whole) // 4}L", *struct.unpack(f"<{len(whole) // 4}L", whole))
    return iptc

"""Which directory of a TIFF file is the picture, and a view of the file in which it comes first.

A TIFF is a chain of directories, each of which may have further ones below it: previews, masks, the layers of a
pyramid, the pages of a document. The picture is the largest that is not a reduced one. Sources: TIFF 6.0
(NewSubfileType 254, SubfileType 255), TIFF Technical Note 1 (SubIFDs 330), BigTIFF, DNG 1.7.
"""

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, BinaryIO

_WIDTH, _HEIGHT, _BELOW = 256, 257, 330
NEW_KIND, _OLD_KIND, _PHOTOMETRIC = 254, 255, 262
_REDUCED, _MASK = 1, 4  # bits of NewSubfileType
_OLD_REDUCED = 2
_MASK_PIXELS = 4  # photometric interpretation of a transparency mask
_MOST = 10_000  # directories that are looked at
_MOST_ENTRIES = 4096
_MOST_VALUES = 1 << 22  # of one entry
_KINDS = {
    1: "B",
    3: "H",
    4: "L",
    6: "b",
    8: "h",
    9: "l",
    11: "f",
    12: "d",
    13: "L",
    16: "Q",
    17: "q",
    18: "Q",
}
_RATIONALS = {5: "L", 10: "l"}


@dataclass(frozen=True)
class Page:
    """One directory: where it begins, how it is read, its entries as they lie there."""

    file: BinaryIO
    at: int
    order: str  # "<" or ">"
    big: bool
    entries: Mapping[int, bytes]  # tag -> its 12 bytes (of a BigTIFF 20)
    chained: bool = True  # in the chain from the file's head, not below another
    link: int = 0  # which one of the chain it is, or lies below
    end: bytes = field(default=b"", repr=False)  # the place of the next directory, as it is written

    def numbers(self, tag: int) -> tuple[float, ...]:
        """The numbers of an entry; none if it is not there, or cannot be read."""
        entry = self.entries.get(tag)
        if entry is None:
            return ()
        kind, count = struct.unpack_from(self.order + ("HQ" if self.big else "HL"), entry, 2)
        letter, pairs = _KINDS.get(kind) or _RATIONALS.get(kind, ""), kind in _RATIONALS
        if not letter or not 0 < count <= _MOST_VALUES:
            return ()
        form = f"{self.order}{count * (2 if pairs else 1)}{letter}"
        data = self._data(entry, struct.calcsize(form))
        if data is None:
            return ()
        values = struct.unpack(form, data)
        if pairs:
            return tuple(a / b if b else 0.0 for a, b in zip(values[::2], values[1::2], strict=True))
        return values

    def number(self, tag: int, otherwise: int = 0) -> int:
        """The first number of an entry, as a whole one."""
        found = self.numbers(tag)
        return int(found[0]) if found else otherwise

    def text(self, tag: int, longest: int = 200) -> str:
        """The beginning of a text."""
        entry = self.entries.get(tag)
        if entry is None:
            return ""
        (count,) = struct.unpack_from(self.order + ("Q" if self.big else "L"), entry, 4)
        data = self._data(entry, min(count, longest)) or b""
        return data.split(b"\0")[0].decode("ascii", "replace").strip()

    def _data(self, entry: bytes, length: int) -> bytes | None:
        """The bytes of an entry's value; None if the file has fewer."""
        value = entry[12:] if self.big else entry[8:]
        if length <= len(value):
            return value[:length]
        (place,) = struct.unpack(self.order + ("Q" if self.big else "L"), value)
        if place >= 1 << 63:
            return None
        self.file.seek(place)
        data = self.file.read(length)
        return data if len(data) == length else None

    @property
    def area(self) -> int:
        """Pixels."""
        return self.number(_WIDTH) * self.number(_HEIGHT)

    @property
    def following(self) -> int:
        """Where the next directory begins; 0 if none follows."""
        return int(struct.unpack(self.order + ("Q" if self.big else "L"), self.end)[0])

    @property
    def is_mask(self) -> bool:
        """Whether it says to be the transparency mask of another page."""
        return bool(self.number(NEW_KIND) & _MASK or self.number(_PHOTOMETRIC) == _MASK_PIXELS)

    @property
    def is_reduced(self) -> bool:
        """Whether it says to be a smaller copy of another page, or a mask: not a picture by itself."""
        return bool(
            self.number(NEW_KIND) & _REDUCED or self.number(_OLD_KIND) == _OLD_REDUCED or self.is_mask
        )


def pages(file: BinaryIO) -> list[Page]:
    """The directories of a TIFF, those of the chain first; what is damaged ends it. Raises ValueError if none."""
    file.seek(0)
    head = file.read(4)
    order, big = ("<" if head[:2] == b"II" else ">"), head[2:4] in (b"+\0", b"\0+")
    found = list(_walk(file, order, big, first_place(file)))
    if not found:
        raise ValueError("it has no directory of a picture: it is cut off or damaged")
    return [page for page in found if page.chained] + [page for page in found if not page.chained]


def page_at(file: BinaryIO, at: int) -> Page | None:
    """The directory of a TIFF that begins here; None if there is none."""
    file.seek(0)
    head = file.read(4)
    order, big = ("<" if head[:2] == b"II" else ">"), head[2:4] in (b"+\0", b"\0+")
    return _read(file, at, order, big, chained=True, link=0)


def first_place(file: IO[bytes]) -> int:
    """Where the first directory of a TIFF begins. Raises ValueError if it does not say."""
    if isinstance(file, PageFile):
        return file.first
    file.seek(0)
    head = file.read(16)
    order, big = ("<" if head[:2] == b"II" else ">"), head[2:4] in (b"+\0", b"\0+")
    try:
        return int(struct.unpack_from(order + ("Q" if big else "L"), head, 8 if big else 4)[0])
    except struct.error:
        raise ValueError("the file is cut off") from None


def _walk(file: BinaryIO, order: str, big: bool, first: int) -> Iterator[Page]:
    todo, seen = [(first, True, 0)], {0}
    while todo and len(seen) <= _MOST:
        at, chained, link = todo.pop()
        if at in seen:
            continue
        seen.add(at)
        page = _read(file, at, order, big, chained, link)
        if page is None:
            continue
        yield page
        below = [(int(place), False, link) for place in reversed(page.numbers(_BELOW))]
        todo += [(page.following, chained, link + 1 if chained else link), *below]


def _read(file: BinaryIO, at: int, order: str, big: bool, chained: bool, link: int) -> Page | None:
    """The directory at a place; None if there is none."""
    if at >= 1 << 63:
        return None
    step, width = (20, 8) if big else (12, 2)
    file.seek(at)
    counted = file.read(width)
    if len(counted) < width:
        return None
    (count,) = struct.unpack(order + ("Q" if big else "H"), counted)
    if not 0 < count <= _MOST_ENTRIES:
        return None
    data = file.read(count * step)
    rows = [data[place : place + step] for place in range(0, len(data) - step + 1, step)]
    entries: dict[int, bytes] = {}
    for row in rows:
        entries.setdefault(struct.unpack_from(order + "H", row)[0], row)
    end = file.read(8 if big else 4)
    return Page(
        file,
        at,
        order,
        big,
        entries,
        chained,
        link,
        end if len(end) == (8 if big else 4) else bytes(8 if big else 4),
    )


def choose(found: list[Page]) -> tuple[Page, tuple[str, ...]]:
    """The picture among the pages, and what is to be remarked on the others."""
    full = [page for page in found if not page.is_reduced and page.area]
    remarks: tuple[str, ...] = ()
    if not full:
        full = [page for page in found if page.area] or found[:1]
        remarks = ("it says to be a reduced copy, and holds no full one",) if full[0].area else ()
    best = max(full, key=lambda page: page.area)  # of equal ones the first
    remarks += _masks_left_out(found)
    if len(full) > 1:
        which = "first" if best is full[0] else f"largest, number {full.index(best) + 1} of {len(full)},"
        remarks = (*remarks, f"it holds more than one picture; the {which} was taken")
    return best, remarks


MASK_LEFT_OUT = "its transparency mask, a page of its own, was left out"


def _masks_left_out(found: list[Page]) -> tuple[str, ...]:
    masks = sum(page.is_mask for page in found)
    if masks < 2:
        return (MASK_LEFT_OUT,) * masks
    return (f"its {masks} transparency masks, pages of their own, were left out",)


def pictures(found: list[Page]) -> list[Page]:
    """The pages that are pictures by themselves, in the order of the file; at least one.

    Of each directory of the chain, and what lies below it, that is the largest that is no reduced copy, if there is
    one: a scanner's full picture below its preview, and not the smaller layers of a pyramid.
    """
    largest: dict[int, Page] = {}
    for page in found:
        if page.area and not page.is_reduced and page.area > _area_of(largest.get(page.link)):
            largest[page.link] = page
    return [largest[link] for link in sorted(largest)] or [choose(found)[0]]


def _area_of(page: Page | None) -> int:
    return page.area if page else 0


def left_out(found: list[Page]) -> tuple[str, ...]:
    """Remarks on the directories that are no pictures by themselves."""
    masks = _masks_left_out(found)
    copies = (
        sum(bool(page.area) for page in found) - len(pictures(found)) - sum(page.is_mask for page in found)
    )
    if copies < 1:
        return masks
    said = "a reduced copy (preview) of it was" if copies == 1 else f"{copies} reduced copies (previews) were"
    return (f"{said} left out, as a result has none", *masks)


def check_chain(found: list[Page]) -> None:
    """Raises ValueError where several pages are followed by something that is none: others may have been lost."""
    chain = [page for page in found if page.chained]
    if len(chain) > 1 and chain[-1].following:
        raise ValueError(
            f"page {len(chain) + 1} of it, which follows the others, is damaged or is one of the others again"
        )


class Overlaid(io.RawIOBase):
    """A file as if its beginning were another and something followed its end; the file itself stays as it is."""

    def __init__(self, file: BinaryIO, head: bytes = b"", tail: bytes = b"") -> None:
        self._file, self._head, self._tail = file, head, tail
        self._length = file.seek(0, io.SEEK_END)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length + len(self._tail)}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        if self._at < len(self._head):
            data = self._head[self._at : self._at + len(view)]
        elif self._at < self._length:
            self._file.seek(self._at)
            data = self._file.read(min(len(view), self._length - self._at))
        else:
            start = self._at - self._length
            data = self._tail[start : start + len(view)]
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


class PageFile(io.BufferedReader):
    """A file in which another page comes first than did; `first` is where the first one lies."""

    first: int


def first_in_file(
    page: Page, replaced: Mapping[int, tuple[int, ...] | None] | None = None, first: int | None = None
) -> PageFile:
    """The file with this page as its first and only one.

    replaced: tags with whole numbers of the page that are others then, None = not there. first: the directory that
    counts as the one that came first, which may be the page's preview; that of the file unless given.
    """
    end = page.file.seek(0, io.SEEK_END)
    end += end % 2
    at, tail = page.at, b""
    if replaced:
        at, tail = end, _directory(page, replaced, end)
    page.file.seek(0)
    head = page.file.read(16 if page.big else 8)
    place = struct.pack(page.order + ("Q" if page.big else "L"), at)
    head = head[:8] + place if page.big else head[:4] + place
    padding = bytes(end - page.file.seek(0, io.SEEK_END))
    file = PageFile(Overlaid(page.file, head, padding + tail))
    file.first = first_place(page.file) if first is None else first
    return file


def _directory(page: Page, replaced: Mapping[int, tuple[int, ...] | None], at: int) -> bytes:
    """The page's directory with some entries replaced, as it lies at a place, and their values behind it."""
    kept = {tag: entry for tag, entry in page.entries.items() if tag not in replaced}
    new = {tag: values for tag, values in replaced.items() if values is not None}
    count, step = len(kept) + len(new), 20 if page.big else 12
    width = 8 if page.big else 4
    values_at, values = at + (8 if page.big else 2) + count * step + width, b""
    place = page.order + ("Q" if page.big else "L")
    for tag, numbers in new.items():
        kind, letter = (3, "H") if max(numbers) < 1 << 16 else (16, "Q") if page.big else (4, "L")
        data = struct.pack(f"{page.order}{len(numbers)}{letter}", *numbers)
        data += bytes(-len(data) % 2)
        entry = struct.pack(page.order + "HH", tag, kind) + struct.pack(place, len(numbers))
        if len(data) <= width:
            kept[tag] = entry + data.ljust(width, b"\0")
        else:
            kept[tag] = entry + struct.pack(place, values_at + len(values))
            values += data
    rows = b"".join(kept[tag] for tag in sorted(kept))
    return struct.pack(page.order + ("Q" if page.big else "H"), count) + rows + bytes(width) + values

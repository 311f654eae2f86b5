"""Photos as the pages of a TIFF of 8 or 16 bits, with their metadata. Source: TIFF 6.0, TIFF Technical Notes.

An EXIF block is a TIFF file, so that the file begins with that of its first page, byte for byte: its directories and
MakerNotes stay at their offsets, and its first directory's entries are taken into the picture's own. Those of further
pages, of a BigTIFF and of an uncompressed master (`none`) are laid out anew. A master has no private tags and always a
resolution, as the profiles of archives ask for it.
"""

import io
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

import numpy as np
from PIL import TiffImagePlugin

from safelight.pixels import exif, tiff_directories, tiff_packing, tiff_pages, write_metadata
from safelight.pixels.opening import quiet
from safelight.pixels.photo import Photo
from safelight.pixels.read_metadata import sentence
from safelight.pixels.space import Numbers, multiplied
from safelight.pixels.tiff_directories import Field
from safelight.pixels.tiff_file import BYTE, BYTES, LARGEST, LONG, RATIONAL, SHORT, TiffFile, in_order
from safelight.pixels.tiff_packing import Packing

_STRIP = 1 << 18  # pixels in a strip
_PHOTOMETRIC = {  # what is written, and its channels
    "L": (1, 1),
    "RGB": (2, 3),
    "CMYK": (5, 4),
    "CIELab": (8, 3),
    "ICCLab": (9, 3),
    "ITULab": (10, 3),
}
_OFFSETS, _LENGTHS = 273, 279  # of strips
_MOVED = "a MakerNote was moved, so that what the camera's maker counts from the file's beginning may be lost"
_PRIVATE = 32768  # from here on tags are private ones
_PUBLIC = (33432, 33723, 34665, 34675, 34853)  # but for copyright, IPTC, EXIF, ICC profile and GPS
_SLACK = 1 << 20  # bytes for directories
_MOST_PACKED: dict[Packing, float] = {"none": 1, "lzw": 1.5, "deflate": 1.01, "zstd": 1.01}  # of what was not


def write(
    file: BinaryIO, photo: Photo, profile: bytes | None, packing: Packing = tiff_packing.USUAL
) -> tuple[str, ...]:
    """The photo as TIFF, in its own numbers or in sRGB, with the ICC profile that says which color they are.

    Returns remarks on what a TIFF has no place for.
    """
    return Book(file, packing, bytes_of(photo)).add(photo, profile)


def bytes_of(photo: Photo) -> int:
    """The bytes of a photo's pixels and metadata, not packed."""
    pixels = photo.native.pixels if photo.native else photo.pixels
    beside = (photo.exif, photo.xmp, photo.metadata.iptc, *(each.data for each in photo.metadata.resources))
    return (
        pixels.nbytes
        + sum(0 if each is None else each.nbytes for each in (photo.alpha, photo.beside))
        + sum(len(each or b"") for each in beside)
    )


class Book:
    """A TIFF that is written page by page.

    most: bytes of all pages that are to come, not packed; where it might be more than 4 GB, the file is a BigTIFF.
    """

    def __init__(self, file: BinaryIO, packing: Packing = tiff_packing.USUAL, most: int = 0) -> None:
        self._file, self._packing = file, packing
        self._big = most * _MOST_PACKED[packing] + _SLACK > LARGEST
        self._tiff: TiffFile | None = None

    def add(
        self, photo: Photo, profile: bytes | None, strips: Iterable[Numbers] | None = None
    ) -> tuple[str, ...]:
        """Write a page; remarks on what it has no place for.

        strips: the pixels as they are to be stored, `strip_rows` at a time, in place of the photo's own, which then
        only say size, type and space. Raises ValueError for more than a plain TIFF can hold.
        """
        block = photo.exif if photo.exif and exif.byte_order(photo.exif) else b""
        data, remarks = write_metadata.in_tiff(photo)
        as_it_is = self._tiff is None and not self._big and self._packing != "none"
        if self._tiff is None:
            order = "<" if self._big or not block else exif.byte_order(block)
            head = (block or b"II*\0" + bytes(4)) if as_it_is else b""
            self._tiff = TiffFile(self._file, order, self._big, head)
        tiff, rows = self._tiff, strip_rows(photo.size)
        given = strips if strips is not None else _strips(photo, rows)
        fields = _fields(tiff, photo, rows, profile, self._packing)
        if self._big:  # the directory comes first, where programs find it that know no places beyond 4 GB
            noughts = (0,) * -(-photo.size[0] // rows)
            fields |= {tag: tiff.places(tag, noughts) for tag in (_OFFSETS, _LENGTHS)}
        else:
            fields |= self._put(given)
        fields |= {tag: _field(tag, each) for tag, each in data.items()}
        if as_it_is:
            kept, damaged = _kept(block, fields)
            start, damaged = self._directory(fields, kept, (), damaged, len(list(exif.entries(block))))
        else:
            found, damaged = _laid_out(block, fields, tiff.order)
            if self._packing == "none":
                fields, found, lost = _without_private(fields, found)
                remarks += lost
                for field in _resolution(tiff, fields, found):
                    fields[field.tag] = field
            remarks += (_MOVED,) if tiff_directories.moved(found) else ()
            start, damaged = self._directory(fields, [], found, damaged, len(found))
        tiff.append(start)
        if self._big:
            for field in self._put(given).values():
                tiff.fill_in(start, field)
        if damaged:
            remarks += (f"{damaged} damaged field{'s' * (damaged > 1)} of its EXIF could not be written",)
        return remarks

    def _put(self, strips: Iterable[Numbers]) -> dict[int, Field]:
        """Write the strips; the fields that say where they lie."""
        assert self._tiff is not None
        offsets, lengths = [], []
        for packed in self._packed(strips, self._tiff.order):
            offsets.append(self._tiff.put(packed))
            lengths.append(len(packed))
        return {
            _OFFSETS: self._tiff.places(_OFFSETS, offsets),
            _LENGTHS: self._tiff.places(_LENGTHS, lengths),
        }

    def _packed(self, strips: Iterable[Numbers], order: str) -> Iterator[bytes]:
        """The strips packed, a few of them at a time."""
        threads = os.cpu_count() or 1
        waiting = deque[Future[bytes]]()
        with ThreadPoolExecutor(threads) as pool:
            for strip in strips:
                waiting.append(pool.submit(tiff_packing.packed, strip, self._packing, order))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _directory(
        self, fields: dict[int, Field], kept: list[bytes], found: tuple[Field, ...], damaged: int, most: int
    ) -> tuple[int, int]:
        """Write the directory; where it cannot be read back, without what was kept of the EXIF. Its place, and how many
        fields were left out."""
        assert self._tiff is not None
        start = self._tiff.directory((*fields.values(), *found), kept)
        self._tiff.replace_last(start)
        if (kept or found) and not _opens(self._file, start):
            return self._tiff.directory(fields.values()), most
        return start, damaged


def strip_rows(size: tuple[int, int]) -> int:
    """Rows of a strip of a picture (h, w)."""
    return max(1, _STRIP // size[1])


def _strips(photo: Photo, rows: int) -> Iterator[Numbers]:
    for top in range(0, photo.size[0], rows):
        part = slice(top, top + rows)
        numbers = stored(
            photo,
            (photo.native.pixels if photo.native else photo.pixels)[part],
            None if photo.alpha is None else photo.alpha[part],
        )
        yield numbers if photo.beside is None else np.dstack([numbers, photo.beside[part]])


def stored(photo: Photo, pixels: Numbers, alpha: np.ndarray | None) -> Numbers:
    """Rows of a photo, its own numbers or sRGB, as a TIFF stores them, with alpha."""
    if photo.native and photo.native.space.lab == "CIELab":  # a and b with signs
        pixels = pixels ^ np.array([0, 1, 1], pixels.dtype) * pixels.dtype.type(1 << 8 * pixels.itemsize - 1)
    if alpha is None:
        return pixels
    if photo.native and photo.native.associated:
        pixels = multiplied(pixels, alpha)
    return np.dstack([pixels, alpha])


def _fields(
    tiff: TiffFile, photo: Photo, rows: int, profile: bytes | None, packing: Packing
) -> dict[int, Field]:
    """All of the directory but the places of the strips."""
    kind: str = photo.native.space.lab or photo.native.mode if photo.native else "RGB"
    photometric, colors = _PHOTOMETRIC[kind]
    beside = 0 if photo.beside is None else photo.beside.shape[2]
    channels = colors + (photo.alpha is not None) + beside
    fields: dict[int, Field] = {}

    def say(tag: int, kind: int, *values: int) -> None:
        fields[tag] = tiff.numbers(tag, kind, values)

    if photo.metadata.subfile is not None:
        say(tiff_pages.NEW_KIND, LONG, photo.metadata.subfile)
    say(256, LONG, photo.size[1])
    say(257, LONG, photo.size[0])
    say(258, SHORT, *(8 * photo.pixels.itemsize,) * channels)
    say(259, SHORT, tiff_packing.NUMBERS[packing])
    say(262, SHORT, photometric)
    say(274, SHORT, 1)  # upright
    say(277, SHORT, channels)
    say(278, LONG, rows)
    say(284, SHORT, 1)  # channels side by side
    if packing != "none":
        say(317, SHORT, 2)  # differences
    if profile:
        fields[34675] = Field(34675, BYTES, profile)
    extra = () if photo.alpha is None else (1 if photo.native and photo.native.associated else 2,)
    if extra or beside:
        say(338, SHORT, *extra, *(0,) * beside)  # alpha; 1: colors are multiplied by it; 0: something else
    stated = exif.dpi(photo.exif)
    per_unit, unit = None, 2
    if photo.dpi and not (stated and write_metadata.near(photo.dpi, stated)):
        per_unit = photo.dpi
    elif photo.metadata.aspect and not stated:
        per_unit, unit = photo.metadata.aspect, 1
    if per_unit:
        say(exif.X_RESOLUTION, RATIONAL, *exif.ratio(per_unit[0]))
        say(exif.Y_RESOLUTION, RATIONAL, *exif.ratio(per_unit[1]))
        say(exif.UNIT, SHORT, unit)
    return fields


def _field(tag: int, data: bytes) -> Field:
    """Bytes; captions as numbers of 4 bytes, filled up with noughts, as Photoshop and exiftool write them."""
    if tag != tiff_directories.IPTC:
        return Field(tag, BYTE, data)
    return Field(tag, LONG, data + bytes(-len(data) % 4))


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


def _laid_out(block: bytes, fields: dict[int, Field], order: str) -> tuple[tuple[Field, ...], int]:
    """The same as fields, in the file's byte order, whose values and inner directories are written anew."""
    first = next(exif.entries(block), None)
    if first is None:
        return (), 0
    before = exif.byte_order(block)
    _, found, damaged = tiff_directories.read_directory(
        io.BytesIO(block), first.at - 2, tiff_directories.LAYOUT | fields.keys()
    )
    return in_order(found, before, order), damaged


def _without_private(
    fields: dict[int, Field], found: tuple[Field, ...]
) -> tuple[dict[int, Field], tuple[Field, ...], tuple[str, ...]]:
    """The fields without private tags, and a remark on what that cost."""

    def is_public(field: Field) -> bool:
        return field.tag < _PRIVATE or field.tag in _PUBLIC

    lost = [field.tag for field in (*fields.values(), *found) if not is_public(field)]
    words = [f"its private tag{'s' * (len(lost) > 1)} ({', '.join(map(str, sorted(lost)))})"] if lost else []
    return (
        {tag: field for tag, field in fields.items() if is_public(field)},
        tuple(filter(is_public, found)),
        sentence(words, "an uncompressed master has none", "an uncompressed master has none"),
    )


def _resolution(tiff: TiffFile, fields: dict[int, Field], found: tuple[Field, ...]) -> Iterator[Field]:
    """What is lacking of the resolution: that of the other direction; one pixel a unit that is not said."""
    said = {field.tag: field for field in (*fields.values(), *found)}
    either = said.get(exif.X_RESOLUTION) or said.get(exif.Y_RESOLUTION)
    for tag in (exif.X_RESOLUTION, exif.Y_RESOLUTION):
        if tag not in said:
            yield Field(tag, either.kind, either.data) if either else tiff.numbers(tag, RATIONAL, (1, 1))
    if exif.UNIT not in said:
        yield tiff.numbers(exif.UNIT, SHORT, (2 if either else 1,))  # without it, inches are meant


def _opens(file: BinaryIO, start: int) -> bool:
    """Whether the directory that was just written can be read back, by another's hand."""
    try:
        file.seek(0)
        page = tiff_pages.page_at(file, start)
        if page is None:
            return False
        with quiet():
            TiffImagePlugin.TiffImageFile(tiff_pages.first_in_file(page, first=start))
        return True
    except SyntaxError as error:  # a directory that was read, of pixels that Pillow does not know
        return "pixel mode" in str(error)
    except Exception:  # it raises nearly everything
        return False
    finally:
        file.seek(0, os.SEEK_END)

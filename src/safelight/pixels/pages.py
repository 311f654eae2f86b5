"""The pages of a TIFF, read and written one at a time, so that memory is that of one.

A page is a picture by itself: previews, the smaller layers of a pyramid and masks are none (tiff_pages.pictures). Every
other file has one page.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from safelight.errors import PhotoError, SafelightError, in_short, shown
from safelight.files import new_file
from safelight.pixels import tiff, tiff_packing, tiff_pages
from safelight.pixels.decode import read_photo
from safelight.pixels.encode import check_new, checked_path, fitted, in_words, profile_of
from safelight.pixels.kinds import refuse_raw
from safelight.pixels.large import Strip
from safelight.pixels.opening import in_words as as_photo_error
from safelight.pixels.opening import open_file
from safelight.pixels.photo import Photo
from safelight.pixels.space import Numbers
from safelight.pixels.tiff_packing import Packing

ALL = "all"
TIFF = (".tif", ".tiff")  # what holds more than one page
_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PAGES = re.compile(r"[0-9]{1,6}(-[0-9]{1,6})?(,[0-9]{1,6}(-[0-9]{1,6})?)*")


@dataclass(frozen=True)
class Pages:
    """The pages of a file, from 1. remarks: what else it holds, which is no page. bytes: of all pixels, at 16 bits."""

    path: Path
    count: int = 1
    remarks: tuple[str, ...] = ()
    bytes: int = 0

    def read(self, number: int, native: bool = False) -> Photo:
        """A page as a photo, upright. Raises PhotoError, which names the page where there are several."""
        with naming(number, self.count):
            return read_photo(self.path, native=native, page=number)


@contextlib.contextmanager
def naming(number: int, count: int) -> Iterator[None]:
    """What goes wrong inside names the page, where there are several."""
    try:
        yield
    except SafelightError as error:
        if count == 1:
            raise
        raise type(error)(f"page {number} of {count}: {error}") from error


def pages_of(path: str | Path) -> Pages:
    """The pages of a picture file. Raises PhotoError if it cannot be opened, or its chain of pages is damaged."""
    path = Path(path)
    with open_file(path) as file:
        if file.read(4) not in _SIGNATURES:
            return Pages(path)
        with as_photo_error(path):
            found = tiff_pages.pages(file)
            refuse_raw(found, path)
            pictures = tiff_pages.pictures(found)
            if len(pictures) > 1:
                tiff_pages.check_chain(found)
            whole = sum(page.area * 2 * max(page.number(277, 1), 3) for page in pictures)
            return Pages(path, len(pictures), tiff_pages.left_out(found), whole)


def check_pages(pages: str) -> str:
    """What --pages says: "all", or numbers and ranges of them, "1", "2-4", "1,3". Raises PhotoError."""
    if pages == ALL or (_PAGES.fullmatch(pages) and all(_ends(part) for part in pages.split(","))):
        return pages
    raise PhotoError(f"pages are {in_short(pages)}; expected all, or numbers from 1 such as 1, 2-4 or 1,3")


def _ends(part: str) -> tuple[int, int] | None:
    """The first and last page of a part; None if there is no such part."""
    first, _, last = part.partition("-")
    ends = int(first), int(last or first)
    return ends if 1 <= ends[0] <= ends[1] else None


def chosen(pages: str, count: int) -> Sequence[int]:
    """The numbers of the pages that are meant, of a file of so many. Raises PhotoError where it has no such page."""
    if check_pages(pages) == ALL:
        return range(1, count + 1)
    numbers: list[int] = []
    for part in pages.split(","):
        first, last = _ends(part) or (1, 1)
        if last > count:
            raise PhotoError(f"has no page {last}; it has {count}")
        numbers += range(first, last + 1)
    return list(dict.fromkeys(numbers))


class PageWriter:
    """Writes photos as the pages of one TIFF. Made by `new_pages`."""

    def __init__(self, path: Path, book: tiff.Book, packing: Packing) -> None:
        self._path, self._book, self._packing = path, book, packing

    def add(self, photo: Photo, rows: Callable[[], Iterator[Strip]] | None = None) -> tuple[str, ...]:
        """Append a page; remarks on what of it the file could not hold. Raises PhotoError.

        rows: the photo's rows in turn, where it has noughts in place of its pixels (large.py).
        """
        held, remarks = fitted(photo, "TIFF")
        if rows and photo.native and not held.native:
            raise PhotoError("it is HDR, and too large to be made sRGB at once; convert it first")
        strips = None if rows is None else _stored_rows(held, rows)
        with in_words(self._path):
            return remarks + self._book.add(held, profile_of(held, self._packing), strips)


def _stored_rows(photo: Photo, rows: Callable[[], Iterator[Strip]]) -> Iterator[Numbers]:
    """The rows as a TIFF has them, in strips."""
    count = tiff.strip_rows(photo.size)
    for strip in rows():
        pixels = strip.native.pixels if photo.native else strip.pixels
        whole = tiff.stored(photo, pixels, strip.alpha if photo.alpha is not None else None)
        for top in range(0, len(whole), count):
            yield whole[top : top + count]


@contextlib.contextmanager
def new_pages(
    path: str | Path, overwrite: bool = False, packing: Packing = tiff_packing.USUAL, most: int = 0
) -> Iterator[PageWriter]:
    """A TIFF to which photos are added as pages; it appears whole, or not at all if anything in the block fails.

    most: bytes of all pixels that are to come; where they may be more than 4 GB, it is a BigTIFF. Raises PhotoError.
    """
    path = checked_path(path)
    if path.suffix.lower() not in TIFF:
        raise PhotoError(f"{shown(path)} holds one page; give a name that ends in .tif for several")
    tiff_packing.check_packing(packing)
    with contextlib.ExitStack() as stack:
        with in_words(path):
            check_new(path, overwrite)
            file = stack.enter_context(new_file(path, overwrite))
        yield PageWriter(path, tiff.Book(file, packing, most), packing)
        with in_words(path):
            stack.close()

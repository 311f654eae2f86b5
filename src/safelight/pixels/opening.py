"""The picture in a file opened, not yet decoded: within a size limit, at the right page, and what is to be said of it.

The limit in megapixels is against files that would fill the memory: the command line may raise it for a run; in
Python it is an argument of `read_photo`. Decoders that would print or warn past us are silenced meanwhile.
"""

import contextlib
import ctypes
import io
import logging
import math
import re
import stat
import struct
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageFile, PngImagePlugin, TiffImagePlugin

from safelight.errors import PhotoError, in_short, shown
from safelight.pixels import box_formats, kinds, tiff_layout, tiff_pages
from safelight.pixels.kinds import READ, START, RawFileError, kind_of, refuse_raw
from safelight.pixels.read_metadata import sentence
from safelight.pixels.tiff_layout import Layout
from safelight.pixels.tiff_pages import Overlaid, Page

OPENERS = {  # kind -> where Pillow has it
    "JPEG": ("JpegImagePlugin", "jpeg_factory"),
    "PNG": ("PngImagePlugin", "PngImageFile"),
    "TIFF": ("TiffImagePlugin", "TiffImageFile"),
    "WEBP": ("WebPImagePlugin", "WebPImageFile"),
    "GIF": ("GifImagePlugin", "GifImageFile"),
    "BMP": ("BmpImagePlugin", "BmpImageFile"),
}
LARGEST_TEXT = (
    1 << 24
)  # bytes of a PNG's text or profile, unpacked: Pillow's own limit is less than a profile for inks

_lock = threading.Lock()
_users = 0
_state = contextlib.ExitStack()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No warnings and lines of Pillow, no limit of its own, and no lines of libtiff on standard error inside.

    All of these are the process's own: the first one in sets them, the last one out sets them back.
    """
    global _users  # noqa: PLW0603
    with _lock:
        if _users == 0:
            _state.enter_context(_silenced())
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _state.close()


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # ours is asked for before
    text, PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_CHUNK, LARGEST_TEXT
    log = logging.getLogger("PIL")
    level = log.level
    log.setLevel(logging.CRITICAL)
    handler = _set_libtiff_handler(None)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit
        PngImagePlugin.MAX_TEXT_CHUNK = text
        log.setLevel(level)
        _set_libtiff_handler(handler)


def _set_libtiff_handler(handler: int | None) -> int | None:
    """Set what the libtiff within Pillow does with its errors, None = nothing; returns what it did before.

    Where it cannot be reached (linked into Pillow itself), it goes on printing.
    """
    setter = _libtiff_setter()
    before: int | None = setter(handler) if setter else None
    return before


@cache
def _libtiff_setter() -> Any:
    try:
        from PIL import _imaging

        setter = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
    except (ImportError, OSError, AttributeError):
        return None
    setter.restype, setter.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    return setter


MEGAPIXELS = 200.0
_raised: list[float] = []  # the innermost one counts
_own: ContextVar[float | None] = ContextVar("own", default=None)


def limit(given: float | None = None) -> float:
    """The limit in megapixels: the one given, or that of this work, or of the run.

    Raises PhotoError for what is no limit.
    """
    if given is None:
        own = _own.get()
        return own if own is not None else _raised[-1] if _raised else MEGAPIXELS
    if isinstance(given, bool) or not isinstance(given, (int, float, np.number)) or not given > 0:
        raise PhotoError(f"limit_megapixels is {in_short(given)}; expected a number above 0")
    return float(given)


@contextlib.contextmanager
def raised(megapixels: float) -> Iterator[None]:
    """Another limit inside, in all threads: that of the run."""
    _raised.append(megapixels)
    try:
        yield
    finally:
        _raised.pop()


@contextlib.contextmanager
def limited(megapixels: float) -> Iterator[None]:
    """Another limit for what is done in here, in this thread: it counts, not that of the run."""
    token = _own.set(megapixels)
    try:
        yield
    finally:
        _own.reset(token)


_PLAINLY = {  # what decoders say, in words
    "decoder error": "its packed pixels are damaged",
    "broken data stream when reading image file": "its packed pixels are damaged",
    "could not create decoder object": "it is cut off or damaged",
    "Decompressed data too large for PngImagePlugin.MAX_TEXT_CHUNK": "a text or profile in it has more than 16 MB",
    "not identified by this driver": "it is a rare kind of its format, such as JPEG-LS, or damaged at its beginning",
    "cannot handle 12-bit layers": "it is a JPEG of 12 bits, which is not read",
    "cannot handle 16-bit layers": "it is a JPEG of 16 bits, which is not read",
}
_NOT_WORDS = ("aspect", "chromaticity", "cicp", "dpi", "exif", "gamma", "icc_profile", "transparency", "xmp")
UNREAD = re.compile(r" \(\d+ bytes not processed\)$")  # Pillow's, mostly "0 bytes"


@dataclass(frozen=True)
class Opened:
    """A picture as Pillow has opened it; what it holds beside the pixels is in there.

    layout: how the page of a TIFF is stored, where Pillow cannot or must not decode it. remarks: what is to be
    said of how it was opened. depth: bits a channel of an AVIF or JPEG 2000. format: of
    the file, where that is not the image's. subfile: what a page of several says it is (TIFF's NewSubfileType).
    page: how the page of any TIFF is stored.
    """

    image: ImageFile.ImageFile
    layout: Layout | None = None
    remarks: tuple[str, ...] = ()
    depth: int = 8
    format: str = ""
    subfile: int | None = None
    page: Layout | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, upright if it is a TIFF."""
        return self.image.size


_NEWER: dict[str, Callable[[BinaryIO], tuple[ImageFile.ImageFile, int]]] = {
    "AVIF": box_formats.open_avif,
    "JPEG2000": box_formats.open_jpeg2000,
}


@contextlib.contextmanager
def open_picture(
    path: Path, limit_megapixels: float | None = None, page: int | None = None
) -> Iterator[Opened]:
    """The picture in the file, its pixels not yet decoded, and PhotoError for whatever goes wrong inside.

    limit_megapixels: None is that of the work (`limited`), or of the run (`raised`). page: which of a TIFF's, from 1;
    None takes the largest.
    Pillow's own warnings are silenced inside: a picture is right or it is refused.
    """
    megapixels = limit(limit_megapixels)
    with in_words(path), open_file(path) as file, quiet():
        yield _open(path, file, megapixels, page)


@contextlib.contextmanager
def in_words(path: Path) -> Iterator[None]:
    """PhotoError, one line that names the file, for whatever goes wrong inside."""
    try:
        yield
    except PhotoError:
        raise
    except RawFileError as error:
        name = f" ({error})" if str(error) else ""
        raise PhotoError(
            f"{shown(path)} is a raw file{name}; develop it first, and give the TIFF or JPEG that is made of it"
        ) from error
    except MemoryError as error:
        raise PhotoError(f"{shown(path)} needs more memory than there is; make it smaller") from error
    except Exception as error:  # decoders raise nearly everything on a damaged file
        said = UNREAD.sub("", " ".join(str(error).split()))
        reason = _PLAINLY.get(said.rstrip("-0123456789 "), shown(said) or type(error).__name__)
        raise PhotoError(
            f"{shown(path)} is not a picture that can be read ({reason}); expected a whole {READ}"
        ) from error


def open_file(path: Path) -> BinaryIO:
    """A regular file, to read. Raises PhotoError."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:  # ValueError: a nought in the name
        raise _not_opened(path, error) from error
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
        raise PhotoError(f"{shown(path)} is {kind}; expected a picture file")
    try:
        return path.open("rb")
    except OSError as error:
        raise _not_opened(path, error) from error


def _not_opened(path: Path, error: OSError | ValueError) -> PhotoError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return PhotoError(f"{shown(path)} cannot be opened ({reason}); check the name and its rights")


def _open(path: Path, file: BinaryIO, limit_megapixels: float, number: int | None) -> Opened:
    start = file.read(START)
    whole = file.seek(0, io.SEEK_END)
    file.seek(max(0, whole - START))
    kind = kind_of(start, whole, file.read())
    file.seek(0)
    if kind == "TIFF":
        return _open_tiff(path, file, limit_megapixels, number)
    if number not in (None, 1):
        raise PhotoError(f"{shown(path)} has no page {number}: it is no TIFF, and has one picture")
    if kind == "HEIC":
        return _open_heic(path, file, limit_megapixels)
    if kind in _NEWER:
        image, depth = _NEWER[kind](file)
        check_size(path, image.size, limit_megapixels)
        return Opened(image, depth=depth)
    opener, tail = opener_of(kind), None
    if kind == "PNG":
        tail = _check_png(file)
    elif kind == "JPEG":
        tail = kinds.jpeg_tail(file, limit_megapixels)
    file.seek(0)
    image = opener(io.BufferedReader(Overlaid(file, tail=tail)) if tail else file)
    without_words(image)
    check_size(path, image.size, limit_megapixels)
    return Opened(image, remarks=(kinds.NO_END,) if tail else ())


def _open_heic(path: Path, file: BinaryIO, limit_megapixels: float) -> Opened:
    try:
        png, around = box_formats.heic_as_png(file, limit_megapixels)
    except box_formats.TooLargeError as error:
        check_size(path, error.size, limit_megapixels)
        raise
    remarks = sentence(around, "it cannot be kept here", "they cannot be kept here")
    return Opened(PngImagePlugin.PngImageFile(io.BytesIO(png)), remarks=remarks, format="HEIF")


def _open_tiff(path: Path, file: BinaryIO, limit_megapixels: float, number: int | None) -> Opened:
    found = tiff_pages.pages(file)
    refuse_raw(found, path)
    page, first, remarks, subfile = _chosen(path, found, number)
    layout = tiff_layout.layout_of(page)
    remarks += (left_out(layout.beside),) if layout.beside else ()
    check_size(path, (layout.width, layout.height), limit_megapixels)
    replaced = tiff_layout.mended(layout)
    plain = page is found[0] and not replaced
    if tiff_layout.pillow_keeps(layout):
        with contextlib.suppress(Exception):  # it knows fewer layouts than there are
            file.seek(0)
            image = TiffImagePlugin.TiffImageFile(
                file if plain else tiff_pages.first_in_file(page, replaced, first)
            )
            return Opened(image, None, remarks, subfile=subfile, page=layout)
    tiff_layout.check_read(layout)
    image = TiffImagePlugin.TiffImageFile(tiff_pages.first_in_file(page, tiff_layout.as_grey(layout), first))
    return Opened(image, layout, remarks, subfile=subfile, page=layout)


def _chosen(
    path: Path, found: list[Page], number: int | None
) -> tuple[Page, int | None, tuple[str, ...], int | None]:
    """The page to be read; the directory that counts as the first one before it, None = that of the file; remarks;
    and what the page says it is, where a number was given and there are several."""
    if number is None:
        page, remarks = tiff_pages.choose(found)
        return page, None, remarks, None
    pictures = tiff_pages.pictures(found)
    if not 1 <= number <= len(pictures):
        raise PhotoError(f"{shown(path)} has no page {number}; it has {len(pictures)}")
    page = pictures[number - 1]
    above = next(each for each in found if each.chained and each.link == page.link)
    several = len(pictures) > 1
    subfile = page.number(tiff_pages.NEW_KIND) if several and tiff_pages.NEW_KIND in page.entries else None
    return page, (above.at if number > 1 else None), (), subfile


def left_out(count: int) -> str:
    """A remark on so many channels that have no place in the result."""
    which, verb = ("a channel", "was") if count == 1 else (f"{count} channels", "were")
    return f"{which} beside its colors (infrared, a spot color, a mask) {verb} left out"


def opener_of(name: str) -> Callable[[BinaryIO], ImageFile.ImageFile]:
    """Pillow's own class, imported now, without Image.open: its bomb limit is a global and lower than ours."""
    module, attribute = OPENERS[name]
    opener: Callable[[BinaryIO], ImageFile.ImageFile] = getattr(import_module(f"PIL.{module}"), attribute)
    return opener


def without_words(image: ImageFile.ImageFile) -> None:
    """Take out of a PNG's info the texts whose keyword is one of Pillow's own: "transparency", say."""
    if isinstance(image, PngImagePlugin.PngImageFile):
        for name in _NOT_WORDS:
            if isinstance(image.info.get(name), str):
                del image.info[name]


def check_size(path: Path, size: tuple[int, int], limit_megapixels: float) -> None:
    """Raises PhotoError for a picture (width, height) without pixels, or with more than the limit."""
    width, height = size
    if min(size) < 1:
        raise PhotoError(f"{shown(path)} says that it is {width} × {height} pixels; expected at least 1 × 1")
    if width * height > limit_megapixels * 1e6:
        raise PhotoError(
            f"{shown(path)} has {width * height / 1e6:.3g} megapixels ({width} × {height}); the limit is "
            f"{limit_megapixels:g}; make it smaller, or raise the limit (--limit-megapixels "
            f"{math.ceil(width * height / 1e6)})"
        )


def _check_png(file: BinaryIO) -> bytes | None:
    """What it lacks at its end, if that is all; None if nothing. Raises ValueError unless every chunk is whole.

    Pillow does not look.
    """
    file.seek(8)
    pixels = bytearray()
    while True:
        head = file.read(12)
        if len(head) < 12 and kinds.PNG_END.startswith(head):
            return _png_tail(pixels, 0, kinds.PNG_END[len(head) :])
        if len(head) < 8:
            raise ValueError("the file is cut off")
        length, kind = struct.unpack_from(">L4s", head)
        file.seek(8 - len(head), io.SEEK_CUR)
        checksum, missing = zlib.crc32(kind), length
        while missing:
            piece = file.read(min(missing, 1 << 20))
            if not piece:
                break
            checksum, missing = zlib.crc32(piece, checksum), missing - len(piece)
            if kind == b"IDAT":
                pixels += piece
        sum_ = b"" if missing else file.read(4)
        if len(sum_) < 4 and kind == b"IDAT":
            return _png_tail(pixels, missing + 4 - len(sum_), kinds.PNG_END)
        if len(sum_) < 4:
            raise ValueError("the file is cut off")
        if sum_ != struct.pack(">L", checksum):
            raise ValueError(f"its {kind.decode('ascii', 'replace')} chunk is damaged")
        if kind == b"IEND":
            return None


def _png_tail(pixels: bytearray, missing: int, end: bytes) -> bytes:
    if not kinds.png_is_complete(pixels):
        raise ValueError("the file is cut off")
    return bytes(missing) + end

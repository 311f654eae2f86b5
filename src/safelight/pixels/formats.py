"""Which kind of file this is, by its first bytes; the picture opened by Pillow, not yet decoded."""

import contextlib
import re
import stat
import struct
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageFile, TiffImagePlugin

from safelight.errors import PhotoError
from safelight.pixels.photo import shown

UNREAD = re.compile(r" \(\d+ bytes not processed\)$")  # Pillow's, mostly "0 bytes"
READ = "JPEG, PNG, TIFF, WebP, GIF or BMP"
_SIGNATURES = (  # first bytes, name
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
)
_OTHERS = (  # what people take for a picture, or save in place of one
    (b"%PDF", "a PDF"),
    (b"8BPS", "a Photoshop document"),
    (b"<svg", "an SVG drawing"),
    (b"<!DOCTYPE html", "a web page"),
    (b"<html", "a web page"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x00\x00\x00\x0cJXL", "a JPEG XL"),
    (b"\x00\x00\x00\x0cjP", "a JPEG 2000"),
)


@contextlib.contextmanager
def open_picture(path: Path, limit_megapixels: float) -> Iterator[ImageFile.ImageFile]:
    """The picture in the file, its pixels not yet decoded, and PhotoError for whatever goes wrong inside.

    Pillow's own warnings are silenced inside: a picture is right or it is refused.
    """
    try:
        with _open_file(path) as file, _quiet():
            name = _name(file)
            if name == "PNG":
                _check_png(file)
            image = _opener(name)(file)
            _check_size(path, image.size, limit_megapixels)
            if isinstance(image, TiffImagePlugin.TiffImageFile):
                _check_tiff(image, path.stat().st_size)
            yield image
    except PhotoError:
        raise
    except MemoryError as error:
        raise PhotoError(f"{shown(path)} needs more memory than there is; make it smaller") from error
    except Exception as error:  # decoders raise nearly everything on a damaged file
        said = UNREAD.sub("", " ".join(str(error).split()))
        reason = shown(said) or type(error).__name__
        raise PhotoError(
            f"{shown(path)} is not a picture that can be read ({reason}); expected a whole {READ}"
        ) from error


def _open_file(path: Path) -> BinaryIO:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
            raise PhotoError(f"{shown(path)} is {kind}; expected a picture file")
        return path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a nought in the name
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise PhotoError(
            f"{shown(path)} cannot be opened ({reason}); check the name and its rights"
        ) from error


def _name(file: BinaryIO) -> str:
    """The format by the first bytes. Raises ValueError with what the file is instead."""
    start = file.read(32)
    file.seek(0)
    for signature, name in _SIGNATURES:
        if start.startswith(signature):
            return name
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    if not start:
        raise ValueError("found an empty file")
    if start[4:8] == b"ftyp":
        raise ValueError("found a HEIC, AVIF or video")
    found = [name for signature, name in _OTHERS if start.lstrip().startswith(signature)]
    raise ValueError(f"found {found[0]}" if found else "found no picture format that is known here")


def _opener(name: str) -> Callable[[BinaryIO], ImageFile.ImageFile]:
    """Pillow's own class, without Image.open: its bomb limit is a global and lower than ours."""
    from PIL import BmpImagePlugin, GifImagePlugin, PngImagePlugin, WebPImagePlugin
    from PIL.JpegImagePlugin import jpeg_factory

    openers: dict[str, Callable[[BinaryIO], ImageFile.ImageFile]] = {
        "JPEG": jpeg_factory,
        "PNG": PngImagePlugin.PngImageFile,
        "TIFF": TiffImagePlugin.TiffImageFile,
        "WEBP": WebPImagePlugin.WebPImageFile,
        "GIF": GifImagePlugin.GifImageFile,
        "BMP": BmpImagePlugin.BmpImageFile,
    }
    return openers[name]


def _check_size(path: Path, size: tuple[int, int], limit_megapixels: float) -> None:
    width, height = size
    if min(size) < 1:
        raise PhotoError(f"{shown(path)} says that it is {width} × {height} pixels; expected at least 1 × 1")
    if width * height > limit_megapixels * 1e6:
        raise PhotoError(
            f"{shown(path)} has {width * height / 1e6:.0f} megapixels ({width} × {height}); the limit is "
            f"{limit_megapixels:g}; make it smaller or raise the limit"
        )


def _check_png(file: BinaryIO) -> None:
    """Raises ValueError unless every chunk is whole, up to the last one (Pillow does not look)."""
    file.seek(8)
    while True:
        head = file.read(8)
        if len(head) < 8:
            raise ValueError("the file is cut off")
        length, kind = struct.unpack(">L4s", head)
        checksum = zlib.crc32(kind)
        while length:
            piece = file.read(min(length, 1 << 20))
            if not piece:
                raise ValueError("the file is cut off")
            checksum, length = zlib.crc32(piece, checksum), length - len(piece)
        if file.read(4) != struct.pack(">L", checksum):
            raise ValueError(f"its {kind.decode('ascii', 'replace')} chunk is damaged")
        if kind == b"IEND":
            file.seek(0)
            return


def _check_tiff(image: TiffImagePlugin.TiffImageFile, length: int) -> None:
    """Raises ValueError if a strip or tile ends beyond the file (libtiff would print to the console)."""
    for offsets, lengths in ((273, 279), (324, 325)):
        places = zip(image.tag_v2.get(offsets, ()), image.tag_v2.get(lengths, ()), strict=False)
        if any(start + count > length for start, count in places):
            raise ValueError("the file is cut off")


_quiet_lock = threading.Lock()
_quiet_users = 0
_quiet_state = contextlib.ExitStack()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No warnings from Pillow inside. Filters are global: the first in sets them, the last out resets."""
    global _quiet_users  # noqa: PLW0603
    with _quiet_lock:
        if _quiet_users == 0:
            _quiet_state.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", module=r"PIL\.")
            warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
        _quiet_users += 1
    try:
        yield
    finally:
        with _quiet_lock:
            _quiet_users -= 1
            if _quiet_users == 0:
                _quiet_state.close()

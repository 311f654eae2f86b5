"""A TIFF's page that is too large for memory: a small copy of it, and its rows, one strip after the other.

What is looked for and found in a picture (its tone, its mount, its colors, its damage) is found in the small copy.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from safelight.arrays import Ab, Pixels
from safelight.errors import PhotoError, shown
from safelight.pixels import read_metadata
from safelight.pixels.decode import own_numbers
from safelight.pixels.exif import as_srgb
from safelight.pixels.geometry import Box, Size, resize
from safelight.pixels.native import Native, lost_in_srgb, to_srgb
from safelight.pixels.opening import MEGAPIXELS, Opened, in_words, open_file, open_picture
from safelight.pixels.photo import Photo
from safelight.pixels.recolor import replace_ab_in_rows
from safelight.pixels.space import NO_ALPHA, Alpha, Stored
from safelight.pixels.tiff import strip_rows
from safelight.pixels.tiff_rows import Rows
from safelight.pixels.which_rgb import what_is_said

CHUNK = 1 << 22  # pixels that are worked on at a time
COPY = 2048  # pixels: the longer side of the small copy, at most
_TIFFS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


@dataclass(frozen=True, eq=False)
class Strip:
    """Some rows of a photo: the first one's number, sRGB (h, w, 3), own numbers and alpha."""

    top: int
    pixels: Pixels
    native: Native
    alpha: Alpha | None


class LargePhoto:
    """A photo of which a few rows at a time are in memory. Made by `open_large`.

    photo: all that is known of it beside its pixels, which are noughts there. step: how many times smaller the sides of
    its small copy are; what is left over of rows and columns at the edge is not in that.
    """

    def __init__(self, rows: Rows, photo: Photo, native: Native) -> None:
        self._rows, self.photo, self._native = rows, photo, native
        self.step = max(1, -(-max(photo.size) // COPY))

    def strips(self) -> Iterator[Strip]:
        """All rows in turn, as many at a time as `CHUNK` pixels have, a multiple of a TIFF's strip."""
        rows = strip_rows(self.photo.size)
        rows *= max(1, CHUNK // (rows * self.photo.size[1]))
        for top in range(0, self.photo.size[0], rows):
            yield self.read(top, min(top + rows, self.photo.size[0]))

    def read(self, top: int, bottom: int, left: int = 0, right: int | None = None) -> Strip:
        """Some rows, or a part of them."""
        return self._strip(top, self._rows.read(top, bottom, slice(left, right)))

    def _strip(self, top: int, stored: Stored) -> Strip:
        native = replace(self._native, pixels=stored.pixels)
        alpha = None if self.photo.alpha is None else stored.alpha
        return Strip(top, _three(to_srgb(native.pixels, native.mode, native.space)), native, alpha)

    def shrunk(self) -> Photo:
        """The small copy, of mean values. An alpha that is nought everywhere is none from then on."""
        (height, width), step = self.photo.size, self.step
        size = height // step, width // step
        small = np.empty((*size, 3), self.photo.pixels.dtype)
        waiting, done, has_alpha = np.empty((0, width, 3), small.dtype), 0, False
        for top, stored in self._rows.bands():
            has_alpha = has_alpha or (stored.alpha is not None and bool(stored.alpha.any()))
            pixels = self._strip(top, stored).pixels
            waiting = np.concatenate([waiting, pixels]) if len(waiting) else pixels
            rows = min(len(waiting) // step, size[0] - done)
            if rows:
                small[done : done + rows] = resize(waiting[: rows * step, : size[1] * step], (rows, size[1]))
                waiting, done = waiting[rows * step :].copy(), done + rows
        if self.photo.alpha is not None and not has_alpha:
            self.photo = replace(self.photo, alpha=None, remarks=(*self.photo.remarks, NO_ALPHA))
        return replace(self.photo, pixels=small, alpha=None, native=None)


def is_large(path: Path, page: int | None = None) -> bool:
    """Whether a file is a TIFF whose page has more pixels than are read at once (200 megapixels)."""
    with open_file(path) as file:
        if file.read(4) not in _TIFFS:
            return False
    with open_picture(path, page=page) as opened:
        return opened.size[0] * opened.size[1] > MEGAPIXELS * 1e6


@contextlib.contextmanager
def open_large(path: Path, page: int | None = None, native: bool = False) -> Iterator[LargePhoto]:
    """A page of a TIFF, to be read in strips. native: its own numbers are to be written again.

    Raises PhotoError, also where it is stored in a way that is not read in parts, or turned.
    """
    with open_picture(path, page=page) as opened:
        yield _large(path, opened, native)


def _large(path: Path, opened: Opened, native: bool) -> LargePhoto:
    if opened.page is None:
        raise PhotoError(f"{shown(path)} is no TIFF, the only kind that is read in parts; save it as one")
    found = read_metadata.read_metadata(opened.image)
    if found.turn != 1:
        raise PhotoError(
            f"{shown(path)} is stored turned (orientation {found.turn}), and too large to be turned here; turn it first"
        )
    with in_words(path):
        rows = Rows(opened.page)
        _, first = next(rows.bands())
    own, alpha, remarks = own_numbers(opened, first, found.exif, what_is_said(opened.image))
    size = opened.page.height, opened.page.width
    found = read_metadata.made_upright(found, size)
    block = found.exif
    if not native:
        remarks += lost_in_srgb(own.space)
        block = as_srgb(block) if block and own.converted else block
    photo = Photo(
        pixels=_noughts(size, own.pixels.dtype, 3),
        alpha=None if alpha is None else _noughts(size, own.pixels.dtype, 1)[..., 0],
        format="TIFF",
        exif=block,
        xmp=found.xmp,
        dpi=found.dpi,
        metadata=replace(found.metadata, subfile=opened.subfile),
        remarks=(*remarks, *found.remarks),
        native=replace(own, pixels=_noughts(size, own.pixels.dtype, own.pixels.shape[2])) if native else None,
    )
    return LargePhoto(rows, photo, own)


def _noughts(size: Size, depth: "np.dtype[np.generic]", channels: int) -> np.ndarray:
    """An array of noughts that takes no memory."""
    return np.broadcast_to(np.zeros((1, 1, channels), depth), (*size, channels))


def _three(pixels: Pixels) -> Pixels:
    return pixels if pixels.shape[2] == 3 else np.repeat(pixels, 3, axis=2)


def recolored(path: Path, page: int | None, ab: Ab, mount: Box | None) -> Iterator[Strip]:
    """The rows of a page, each with its own L and the color of ab (of a smaller size). mount: what is outside of this
    box stays as it is."""
    with open_large(path, page) as large:
        height = large.photo.size[0]
        for strip in large.strips():
            pixels = replace_ab_in_rows(strip.pixels, strip.top, height, ab)
            if mount is not None:
                pixels = _with_paper(strip, pixels, mount)
            yield replace(strip, pixels=pixels)


def _with_paper(strip: Strip, pixels: Pixels, mount: Box) -> Pixels:
    kept = strip.pixels.copy()
    rows = slice(max(mount.top - strip.top, 0), max(mount.top + mount.height - strip.top, 0))
    inside = rows, mount.slices[1]
    kept[inside] = pixels[inside]
    return kept

"""Holes in a photo that is too large for memory: filled tile by tile, each in a window of its own.

What one tile has filled is known to the tiles after it, which leaves no seam, as within a photo (masks/windows.py). Of
what is filled only the changed pixels are kept, until the rows are written.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from safelight.batch.pages import Done, Page
from safelight.errors import EmptyMaskError, PhotoError, shown
from safelight.masks.edit import grow
from safelight.masks.files import LEVEL, SAME_ASPECT, Missing, read_mask
from safelight.masks.shapes import Hole, Size
from safelight.masks.windows import around
from safelight.pixels.geometry import Box
from safelight.pixels.large import LargePhoto, Strip, is_large, open_large
from safelight.pixels.opening import open_picture
from safelight.pixels.photo import Photo
from safelight.pixels.space import Numbers
from safelight.provenance.made import Region
from safelight.shaped import Int, UInt8
from safelight.tasks.inpaint.restore import Filler, Method

TILE = 2048  # pixels a side
MARGIN = 1024  # pixels around a tile that are seen with it


class LargeHole:
    """A hole of a large size (h, w), a bit a pixel."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self._bits: UInt8[np.ndarray, "h bytes"] = np.zeros((size[0], -(-size[1] // 8)), np.uint8)

    def put(self, top: int, rows: Hole) -> None:
        """Set some rows."""
        self._bits[top : top + len(rows)] = np.packbits(rows, axis=1)

    def part(self, box: Box) -> Hole:
        """The hole in a box."""
        first, last = box.left // 8, -(-(box.left + box.width) // 8)
        bits = self._bits[box.slices[0], first:last]
        shift = box.left - 8 * first
        return np.unpackbits(bits, axis=1)[:, shift : shift + box.width].astype(bool)

    def any(self) -> bool:
        """Whether anything is missing."""
        return bool(self._bits.any())

    @property
    def region(self) -> Region | None:
        """Where it lies, and how many pixels it has."""
        rows = np.flatnonzero(self._bits.any(axis=1))
        if not len(rows):
            return None
        columns = np.flatnonzero(np.unpackbits(np.bitwise_or.reduce(self._bits, axis=0)))
        count = sum(int(np.unpackbits(each).sum()) for each in self._bits)
        top, left = int(rows[0]), int(columns[0])
        return Region(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1, count)


def enlarged(hole: Hole, size: Size) -> LargeHole:
    """A hole that was found or drawn on a small copy, one pixel of it larger all around, so that nothing leaks."""
    larger, small = LargeHole(size), grow(hole, 1.5)
    across = np.minimum(np.arange(size[1]) * small.shape[1] // size[1], small.shape[1] - 1)
    for top in range(0, size[0], TILE):
        down = np.arange(top, min(top + TILE, size[0])) * small.shape[0] // size[0]
        larger.put(top, small[np.minimum(down, small.shape[0] - 1)][:, across])
    return larger


def read_large_mask(
    path: Path, size: Size, missing: Missing, page: int | None
) -> tuple[LargeHole, tuple[str, ...]]:
    """A mask for a photo of this size, and remarks: a smaller one of its shape, or a TIFF as large.

    Raises PhotoError.
    """
    if missing not in ("auto", "white", "black"):
        raise PhotoError(
            f"{shown(path)}: {missing} is not read of a photo so large; give a mask in black and white"
        )
    with open_picture(path, page=page) as opened:
        own = opened.size[1], opened.size[0]
    if abs(size[0] / own[0] / (size[1] / own[1]) - 1) > max(SAME_ASPECT, 1 / min(own)):
        raise PhotoError(
            f"{shown(path)}: the mask is {own[1]} × {own[0]} pixels, the photo {size[1]} × {size[0]}; draw it on a copy"
        )
    if not is_large(path, page):
        marked = read_mask(path, own, missing, page)
        said = (
            f"the mask {shown(path.name)} is {own[1]} × {own[0]} pixels and was enlarged to the photo's size"
        )
        return enlarged(marked.hole, size), (*marked.remarks, said)
    if own != size:
        raise PhotoError(
            f"{shown(path)}: a mask so large must have the size of the photo, {size[1]} × {size[0]}"
        )
    hole = LargeHole(size)
    with open_large(path, page) as mask:
        for strip in mask.strips():
            levels = strip.pixels.max(axis=2) >> (8 if strip.pixels.dtype == np.uint16 else 0)
            hole.put(strip.top, (levels < 256 - LEVEL) if missing == "black" else (levels >= LEVEL))
    if not hole.any():
        raise EmptyMaskError(
            f"{shown(path)}: the mask is empty, nothing in it is missing; paint the damage white"
        )
    return hole, ()


@dataclass(frozen=True, eq=False)
class Patch:
    """What was filled of a tile: places in it, counted row by row, and their numbers."""

    tile: Box
    places: Int[np.ndarray, " n"]
    numbers: Numbers

    def lay(self, numbers: Numbers, window: Box) -> None:
        """Lay it on the numbers of a window, as far as it lies there."""
        rows, columns = np.divmod(self.places, self.tile.width)
        rows, columns = rows + self.tile.top - window.top, columns + self.tile.left - window.left
        inside = (rows >= 0) & (rows < window.height) & (columns >= 0) & (columns < window.width)
        numbers[rows[inside], columns[inside]] = self.numbers[inside]


def fill_tiles(
    photo: LargePhoto,
    hole: LargeHole,
    filler: Filler,
    method: Method,
    grown: float,
    feather: float,
    grain: float,
) -> tuple[list[Patch], Mapping[str, int]]:
    """What belongs into the hole, and how many places each method filled; the rest is as `Filler.fill` has it."""
    size, patches, used = photo.photo.size, list[Patch](), Counter[str]()
    reach = int(np.ceil(grown + feather)) + 2 if grown or feather else 0
    done = list[Box]()
    for tile in _tiles(size):
        close = around(tile, reach, size)
        holes = hole.part(close)
        if not holes.any():
            continue
        window = around(tile, MARGIN + reach, size)
        missing = hole.part(window)
        for other in done:
            missing[_within(other, window)] = False
        missing[_within(close, window)] = holes  # what grows into the tile from its neighbors too
        near = [patch for patch in patches if _touch(patch.tile, window)]
        done.append(tile)
        if missing.all():
            raise PhotoError(
                f"a hole is larger than {min(window.height, window.width)} pixels, too large to be filled in parts"
            )
        patch, by = _fill_tile(photo, tile, window, missing, near, filler, method, grown, feather, grain)
        patches.append(patch)
        used.update(by)
    return patches, dict(used)


def _fill_tile(
    photo: LargePhoto,
    tile: Box,
    window: Box,
    missing: Hole,
    near: list[Patch],
    filler: Filler,
    method: Method,
    grown: float,
    feather: float,
    grain: float,
) -> tuple[Patch, Mapping[str, int]]:
    strip = photo.read(window.top, window.top + window.height, window.left, window.left + window.width)
    native = replace(strip.native, pixels=strip.native.pixels.copy())
    for patch in near:
        patch.lay(native.pixels, window)
    seen = Photo(strip.pixels, native=native)
    filled = filler.fill(seen, missing, method, grown, feather, grain=grain)
    assert filled.photo.native is not None
    inside = _within(tile, window)
    before = strip.native.pixels[inside]
    after = filled.photo.native.pixels[inside]
    places = np.flatnonzero((before != after).any(axis=2))
    return Patch(tile, places, after.reshape(-1, after.shape[2])[places]), filled.used


def filled_large(
    page: Page,
    hole: LargeHole,
    filler: Filler,
    method: Method,
    grown: float = 0,
    feather: float = 0,
    grain: float = 1,
) -> Done:
    """A large page with its hole filled, not yet marked."""
    with open_large(page.path, page.number, native=True) as photo:
        patches, used = fill_tiles(photo, hole, filler, method, grown, feather, grain)
        said = f"it is large: it was filled in windows of {TILE + 2 * MARGIN} pixels"
        return Done(
            photo.photo,
            (*photo.photo.remarks, said, filler.remark(used, method)),
            {"filled": dict(used)},
            rows=partial(patched, page.path, page.number, patches),
        )


def patched(path: Path, page: int | None, patches: list[Patch]) -> Iterator[Strip]:
    """The rows of a page in their own numbers, with the patches on them."""
    with open_large(path, page, native=True) as photo:
        for strip in photo.strips():
            numbers = strip.native.pixels
            window = Box(strip.top, 0, numbers.shape[0], numbers.shape[1])
            near = [patch for patch in patches if _touch(patch.tile, window)]
            if near:
                numbers = numbers.copy()
                for patch in near:
                    patch.lay(numbers, window)
            yield replace(strip, native=replace(strip.native, pixels=numbers))


def _tiles(size: Size) -> Iterator[Box]:
    for top in range(0, size[0], TILE):
        for left in range(0, size[1], TILE):
            yield Box(top, left, min(TILE, size[0] - top), min(TILE, size[1] - left))


def _touch(one: Box, other: Box) -> bool:
    return (
        one.top < other.top + other.height
        and other.top < one.top + one.height
        and one.left < other.left + other.width
        and other.left < one.left + one.width
    )


def _within(box: Box, window: Box) -> tuple[slice, slice]:
    """The part of a box that lies in a window, as an index of that."""
    return (
        slice(max(box.top - window.top, 0), max(box.top + box.height - window.top, 0)),
        slice(max(box.left - window.left, 0), max(box.left + box.width - window.left, 0)),
    )

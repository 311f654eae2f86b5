"""Sizes and places: resize, fit, letterbox, crop, pad, tile, and the inverse of each.

Arrays are (h, w) or (h, w, c) of uint8, uint16 or floats and keep their type; sizes are (h, w) in pixels.
A place (row i, column j) is the middle of its pixel at (i + 0.5, j + 0.5), in every function.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from safelight.shaped import Float32, UInt8

Size: TypeAlias = tuple[int, int]  # (h, w)
Array: TypeAlias = "np.ndarray[Any, Any]"  # (h, w) or (h, w, c)
Padding: TypeAlias = Literal["edge", "reflect"]
NEARLY = 1e-6  # of a row: no part of it


@dataclass(frozen=True)
class Box:
    """A rectangle of whole pixels in a picture."""

    top: int
    left: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """The rectangle as an index: array[box.slices]."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


def resize(array: Array, size: Size) -> Array:
    """The array at the size: averaged over areas where it shrinks, bilinear where it grows."""
    import cv2

    _check_size(size)
    smaller = (min(array.shape[0], size[0]), min(array.shape[1], size[1]))
    shrunk = _resample(array, smaller, cv2.INTER_AREA)
    return _resample(shrunk, size, cv2.INTER_LINEAR)


def averaged(array: Array, size: Size) -> Array:
    """As `resize` to a far smaller size, but for a level here and there, several times faster: rows are added up first.

    OpenCV's own averages over areas of no whole size take each number by itself.
    """
    import cv2

    height, width = array.shape[:2]
    if size[0] > height or size[1] > width:
        return resize(array, size)
    flat, part = array.reshape(height, -1), height / size[0]
    rows = np.empty((size[0], flat.shape[1]), np.float32)
    for row in range(size[0]):
        top, bottom = row * part, (row + 1) * part
        first, last = math.ceil(top - NEARLY), min(math.floor(bottom + NEARLY), height)
        rows[row] = (
            cv2.reduce(flat[first:last], 0, cv2.REDUCE_SUM, dtype=cv2.CV_32F)[0] if first < last else 0
        )
        if first - top > NEARLY:
            rows[row] += flat[first - 1] * np.float32(min(first, bottom) - top)
        if bottom - last > NEARLY and last >= first:
            rows[row] += flat[last] * np.float32(bottom - last)
    rows /= np.float32(part)
    result = resize(rows.reshape(size[0], width, *array.shape[2:]), size)
    return result if array.dtype.kind == "f" else np.rint(result).astype(array.dtype)


def fit_size(size: Size, short_side: int, multiple: int = 1, long_side: int | None = None) -> Size:
    """The size scaled to a short side, each side rounded to the nearest multiple and at least one of it.

    The aspect is kept but for the rounding, and but for a picture so long that `long_side` cuts it short.
    """
    _check_size(size)
    scale = short_side / min(size)
    if long_side is not None:
        scale = min(scale, long_side / max(size))
    height, width = (max(multiple, round(side * scale / multiple) * multiple) for side in size)
    return height, width


LONGEST = 4  # short sides: what is longer is a panorama
ABOVE = 0.125  # of what is cut off an upright picture an eighth goes above: people keep their heads
MOST_OF_IT = 8  # times a working size: a panorama's long side, which bounds memory


def reckoned_side(size: Size) -> int:
    """The long side by which scales go: of a panorama twice the short one, as if it were one of its parts."""
    return max(size) if max(size) <= LONGEST * min(size) else 2 * min(size)


def working_size(size: Size, working: int) -> Size:
    """The size at which a picture is looked at: its long side, or that of a panorama's part, at most `working`."""
    scale = min(1.0, working / reckoned_side(size), MOST_OF_IT * working / max(size))
    return fit_size(size, max(round(min(size) * scale), 1), long_side=MOST_OF_IT * working)


def letterbox(array: Array, size: Size, padding: Padding = "edge") -> tuple[Array, Box]:
    """The whole picture, as large as fits and in the middle of `size`, and the box that it fills."""
    scale = min(size[0] / array.shape[0], size[1] / array.shape[1])
    height, width = (
        min(room, max(1, round(side * scale))) for side, room in zip(array.shape[:2], size, strict=True)
    )
    box = Box((size[0] - height) // 2, (size[1] - width) // 2, height, width)
    return _pad(resize(array, (height, width)), box, size, padding), box


def unletterbox(array: Array, box: Box, size: Size | None = None) -> Array:
    """What is in the box of a letterboxed array, resized to `size` if one is given."""
    inside = array[box.slices]
    return inside if size is None else resize(inside, size)


def center_crop(array: Array, size: Size) -> Array:
    """The middle of the array; a picture smaller than `size` is enlarged first, its aspect kept."""
    _check_size(size)
    scale = max(size[0] / array.shape[0], size[1] / array.shape[1])
    if scale > 1:
        larger = (max(size[0], round(array.shape[0] * scale)), max(size[1], round(array.shape[1] * scale)))
        array = resize(array, larger)
    top, left = (array.shape[0] - size[0]) // 2, (array.shape[1] - size[1]) // 2
    return array[top : top + size[0], left : left + size[1]]


def square_of_dataset(height: int, width: int, side: int) -> tuple[int, int]:
    """Top and left of the square that a dataset has of a picture of this size, its shorter side being `side`."""
    return round((height - side) * ABOVE), (width - side) // 2


def pad_to_multiple(array: Array, multiple: int, padding: Padding = "reflect") -> tuple[Array, Size]:
    """The array with rows below and columns at the right up to a multiple, and its size before.

    Inverse: array[:h, :w].
    """
    height, width = array.shape[:2]
    size = (-(-height // multiple) * multiple, -(-width // multiple) * multiple)
    return _pad(array, Box(0, 0, height, width), size, padding), (height, width)


def tiles(size: Size, tile: int, overlap: int) -> Iterator[Box]:
    """Boxes that cover a picture, row by row, each tile × tile (or the whole side of a smaller picture).

    Neighbors share at least `overlap` pixels; the last row and column are moved in to end at the border.
    """
    if not 0 <= overlap < tile:
        raise ValueError(f"the overlap of tiles is {overlap}; expected 0 to {tile - 1} for tiles of {tile}")
    height, width = min(tile, size[0]), min(tile, size[1])
    for top in _starts(size[0], height, overlap):
        for left in _starts(size[1], width, overlap):
            yield Box(top, left, height, width)


def untile(pieces: Iterable[tuple[Box, Array]], size: Size, overlap: int) -> Float32[np.ndarray, "h w *c"]:
    """One float32 array from tiles: where they overlap, each fades out toward its own border."""
    total, weights = None, np.zeros(size, np.float32)
    for box, piece in pieces:
        if total is None:
            total = np.zeros((*size, *piece.shape[2:]), np.float32)
        fade = np.minimum.outer(_ramp(box.height, overlap), _ramp(box.width, overlap))
        total[box.slices] += piece * fade.reshape(fade.shape + (1,) * (piece.ndim - 2))
        weights[box.slices] += fade
    if total is None or not weights.all():
        raise ValueError(f"the tiles do not cover a picture of {size[0]} × {size[1]} pixels")
    total /= weights.reshape(weights.shape + (1,) * (total.ndim - 2))
    return total


def _resample(array: Array, size: Size, method: int) -> Array:
    import cv2

    if size == array.shape[:2]:
        return array
    flat = array.reshape(*array.shape[:2], -1)  # not copied: OpenCV takes rows with gaps between them
    groups = [flat[..., first : first + 4] for first in range(0, flat.shape[2], 4)]  # cv2 takes four channels
    resized = [cv2.resize(group, size[::-1], interpolation=method).reshape(*size, -1) for group in groups]
    return np.concatenate(resized, axis=2).reshape(*size, *array.shape[2:])


def _pad(array: Array, box: Box, size: Size, padding: Padding) -> Array:
    rows = (box.top, size[0] - box.top - box.height)
    columns = (box.left, size[1] - box.left - box.width)
    return np.pad(array, [rows, columns, (0, 0)][: array.ndim], mode=padding)


def _starts(side: int, tile: int, overlap: int) -> list[int]:
    """First rows (or columns) of the tiles along one side, evenly spread."""
    if side == tile:
        return [0]
    count = -(-(side - overlap) // (tile - overlap))
    return [index * (side - tile) // (count - 1) for index in range(count)]


def _ramp(length: int, overlap: int) -> Float32[np.ndarray, " length"]:
    """Weights along a tile: rising from the border over the overlap, 1 inside."""
    inward = np.minimum(np.arange(length), np.arange(length)[::-1]) + 1
    return np.minimum(inward / (overlap + 1), 1).astype(np.float32)


def _check_size(size: Size) -> None:
    if min(size) < 1:
        raise ValueError(f"a size of {size[0]} × {size[1]} pixels was asked for; expected at least 1 × 1")


def inside(square: UInt8[np.ndarray, "s s 3"], box: Sequence[int] | None) -> UInt8[np.ndarray, "h w 3"]:
    """The photo itself from a dataset's square. box: top, left, height and width, as its row says; None for all."""
    return square if not box else np.ascontiguousarray(square[Box(*box).slices])

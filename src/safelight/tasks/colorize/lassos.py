"""Lassos: polygons outside of which their hints have no effect at all."""

from collections.abc import Sequence

import numpy as np

from safelight.arrays import Mask
from safelight.pixels.geometry import Box
from safelight.shaped import Bool, Float64, Int16, UInt8
from safelight.tasks.colorize.hint_values import Region
from safelight.tasks.colorize.hints import Hint, HintSet

DRAWN = 1000  # corners; OpenCV's time grows with more than their square where the lines cross each other


def by_region(hints: HintSet) -> tuple[HintSet, list[tuple[Region, HintSet]]]:
    """Hints without a lasso, and for each lasso the hints that count inside it: the free ones and its own."""
    free = tuple(hint for hint in hints if hint.region is None)
    lassos: dict[Region, list[Hint]] = {}
    for hint in hints:
        if hint.region is not None:
            lassos.setdefault(hint.region, []).append(hint)
    return HintSet(free), [(region, HintSet((*free, *own))) for region, own in lassos.items()]


def region_box(region: Region, size: tuple[int, int]) -> Box:
    """The part of a picture of size (h, w) in which the lasso lies, at least a pixel."""
    h, w = size
    corners = np.array(region, np.float64) * (w, h)
    left, top = np.clip(np.floor(corners.min(0)).astype(int) - 1, 0, (w - 1, h - 1)).tolist()
    right, bottom = np.clip(np.ceil(corners.max(0)).astype(int) + 1, (left + 1, top + 1), (w, h)).tolist()
    return Box(top, left, bottom - top, right - left)


def largest(regions: Sequence[Region], count: int) -> frozenset[Region]:
    """The `count` regions with the largest boxes around them; of equal ones those that come first."""

    def area(region: Region) -> float:
        xs, ys = zip(*region, strict=True)
        return float((max(xs) - min(xs)) * (max(ys) - min(ys)))

    return frozenset(sorted(regions, key=area, reverse=True)[:count])


def region_mask(region: Region, size: tuple[int, int], box: Box | None = None) -> Mask:
    """1 inside the lasso, 0 outside, for a picture of size (h, w), or for this box in it.

    A pixel counts by its centre, and, up to DRAWN corners, where the outline touches it. Where the outline crosses
    itself, what it goes around twice is outside.
    """
    return _inside(region, size, box or Box(0, 0, *size)).astype(np.float32)


def topmost(regions: Sequence[Region], size: tuple[int, int]) -> Int16[np.ndarray, "h w"]:
    """For each pixel of a picture of size (h, w) the number of the last region that it lies in; -1 for none."""
    on_top = np.full(size, -1, np.int16)
    for number, region in enumerate(regions):
        box = region_box(region, size)
        on_top[box.slices][_inside(region, size, box)] = number
    return on_top


def visible(regions: Sequence[Region], size: tuple[int, int]) -> list[Region]:
    """Those of which something is seen in a picture of size (h, w): the rest is covered by later ones, or outside."""
    on_top = topmost(regions, size)
    return [
        region
        for number, region in enumerate(regions)
        if (on_top[region_box(region, size).slices] == number).any()
    ]


def box_of(where: Bool[np.ndarray, "h w"], within: Box) -> Box | None:
    """The smallest box, in the picture that `within` is a part of, around what is true there; None if nothing is."""
    rows, columns = np.flatnonzero(where.any(1)), np.flatnonzero(where.any(0))
    if not len(rows):
        return None
    top, left = int(rows[0]), int(columns[0])
    return Box(within.top + top, within.left + left, int(rows[-1]) - top + 1, int(columns[-1]) - left + 1)


def _inside(region: Region, size: tuple[int, int], box: Box) -> Bool[np.ndarray, "h w"]:
    corners = np.array(region, np.float64) * size[::-1] - 0.5 - (box.left, box.top)
    draw = _by_crossings if len(corners) > DRAWN else _drawn
    return draw(corners, (box.height, box.width)).view(np.bool_)


def _drawn(corners: Float64[np.ndarray, "n 2"], size: tuple[int, int]) -> UInt8[np.ndarray, "h w"]:
    import cv2

    mask = np.zeros(size, np.uint8)
    fixed_point = 8  # cv2 takes corners in 1/256 pixel
    cv2.fillPoly(mask, [np.round(corners * 2**fixed_point).astype(np.int32)], 1, cv2.LINE_8, fixed_point)
    return mask


def _by_crossings(corners: Float64[np.ndarray, "n 2"], size: tuple[int, int]) -> UInt8[np.ndarray, "h w"]:
    """The even-odd rule: a pixel is inside if an odd number of edges crosses its row to the left of its centre."""
    h, w = size
    crossings = np.zeros((h, w + 1), np.uint8)
    for (x, y), (next_x, next_y) in zip(corners, np.roll(corners, -1, 0), strict=True):
        first, last = np.clip(np.ceil([min(y, next_y), max(y, next_y)]), 0, h).astype(int)
        if first < last:
            rows = np.arange(first, last)
            place = x + (rows - y) * ((next_x - x) / (next_y - y))
            crossings[rows, np.clip(np.ceil(place), 0, w).astype(int)] ^= 1
    return np.ascontiguousarray(np.bitwise_xor.accumulate(crossings[:, :w], axis=1))

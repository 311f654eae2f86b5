"""Holes as pieces of work: each filled in a window of its own, the rest of the photo not touched.

Near holes make one piece. A long thin hole (a scratch across the photo) is cut into several, one after the
other, so that the work is that of the hole's area and not of the photo's; what a piece has filled is known to
the pieces after it, which leaves no seam. A thick hole is one piece, whatever its size.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from safelight.masks.edit import thickness
from safelight.masks.shapes import Hole, Size
from safelight.pixels.geometry import Box

BLOCK = 16  # pixels: holes nearer than this may share a piece
CELL = 128  # pixels: side of the cells into which long holes are cut, if these are not wider
LONG = 2  # widths: a hole whose area is that of a line longer than this many is cut
CONTEXT = 16  # pixels on each side of a piece that a network sees, at least
MEASURED = 1 << 20  # pixels of a box up to which a hole's width is measured exactly


@dataclass(frozen=True)
class Piece:
    """Part of the holes: all that is missing in `box` is filled together.

    width: of the widest place of the hole there, in pixels.
    """

    box: Box
    width: float


def pieces(hole: Hole, cell: int = CELL) -> Iterator[Piece]:
    """The pieces of a mask, in the order in which they are to be filled. Together they cover every hole.

    cell: side of a piece of a long thin hole, in pixels, at most.
    """
    import cv2

    blocks = _blocks(hole).astype(np.uint8)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(blocks)
    for label in range(1, count):
        left, top, width, height = (int(side) for side in boxes[label][:4])
        part = labels[top : top + height, left : left + width] == label
        depth = cv2.distanceTransform(np.pad(part.astype(np.uint8), 1), cv2.DIST_C, 3).max()
        rough = (2 * float(depth) - 1) * BLOCK
        outer = Box(top * BLOCK, left * BLOCK, height * BLOCK, width * BLOCK)
        widest, area = rough, np.count_nonzero(part) * BLOCK**2
        if outer.height * outer.width <= MEASURED:
            widest, area = _width(hole, outer), np.count_nonzero(hole[outer.slices])
        for box in _cells(outer, max(cell, LONG * widest) if area > LONG * widest**2 else np.inf):
            tight = _tighten(hole, box)
            if tight:
                small = tight.height * tight.width <= MEASURED
                yield Piece(tight, _width(hole, tight) if small else rough)


def around(box: Box, margin: int, size: Size) -> Box:
    """The box with a margin on each side, as far as the picture goes."""
    top, left = max(box.top - margin, 0), max(box.left - margin, 0)
    bottom, right = min(box.top + box.height + margin, size[0]), min(box.left + box.width + margin, size[1])
    return Box(top, left, bottom - top, right - left)


def square_around(box: Box, least: int, size: Size) -> Box:
    """A square window around the box and its context, at least this large; moved into the picture, cut to it."""
    side = max(least, max(box.height, box.width) + 2 * CONTEXT)
    height, width = min(side, size[0]), min(side, size[1])
    top = min(max(box.top + (box.height - height) // 2, 0), size[0] - height)
    left = min(max(box.left + (box.width - width) // 2, 0), size[1] - width)
    return Box(top, left, height, width)


def _width(hole: Hole, box: Box) -> float:
    """Of the hole in the box, in its surroundings; beyond them, but not beyond the picture, all is known."""
    size = (hole.shape[0], hole.shape[1])
    shown = around(box, BLOCK, size)
    bottom, right = shown.top + shown.height, shown.left + shown.width
    known = ((shown.top > 0, bottom < size[0]), (shown.left > 0, right < size[1]))
    return thickness(np.pad(hole[shown.slices], np.array(known, int)))


def _blocks(hole: Hole) -> Hole:
    """Whether anything is missing in each block of 16 × 16 pixels."""
    h, w = hole.shape
    rows = np.logical_or.reduceat(hole, np.arange(0, h, BLOCK), axis=0)
    return np.logical_or.reduceat(rows, np.arange(0, w, BLOCK), axis=1)


def _cells(box: Box, side: float) -> Iterator[Box]:
    """The box cut into a grid of even cells, at most this large."""
    rows = np.linspace(0, box.height, max(math.ceil(box.height / side), 1) + 1).astype(int)
    columns = np.linspace(0, box.width, max(math.ceil(box.width / side), 1) + 1).astype(int)
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            yield Box(box.top + int(top), box.left + int(left), int(bottom - top), int(right - left))


def _tighten(hole: Hole, box: Box) -> Box | None:
    """The smallest box around what is missing inside this one."""
    inside = hole[box.slices]
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    if not len(rows):
        return None
    top, left = int(rows[0]), int(columns[0])
    return Box(box.top + top, box.left + left, int(rows[-1]) - top + 1, int(columns[-1]) - left + 1)

"""The print's own edge, against the scanner's background or a mount: a long straight line that is no scratch.

Page frame detection, as of scanned documents (Shafait et al. 2008), side by side: a border that is even along the
side and ends at one straight line, behind which the picture is another. A real scratch near the border has the
picture on both its sides, and stays.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from safelight.arrays import Lightness
from safelight.masks.shapes import Hole
from safelight.shaped import Float64

DEEPEST = 1 / 5  # of the photo's side across: how far a border may reach in
BLOCKS = 16  # along a side, between whose medians the border's lightness is interpolated
EVEN, OTHER = 6.0, 8.0  # levels of L: a border differs from itself by less, the picture from it by more
EVENLY, STRAIGHT, BEHIND = (
    0.8,
    0.6,
    0.5,
)  # shares of a side: the border is even, its end on the line, another behind it
STEEPEST = 0.03  # pixels across for one along: a print lies nearly straight
OFF = 1.5  # pixels from the line: still on it
BEYOND = (8, 12)  # pixels behind the line, where the picture is looked at: behind the widest scratch there
FOLLOWS = 0.01  # of the short side, and at least LEAST pixels: what lies so near an edge follows it
LEAST = 4.0
ONLY = 0.95  # share of a find that follows the edge: else it is damage that begins there
LONG = 2.0  # times as long along the side as across
NEAR, MOST_OF_IT = (
    0.03,
    0.5,
)  # of the short side, of the side's length: a line so near and so long is an edge, too

Turn: TypeAlias = Callable[["np.ndarray[Any, Any]"], "np.ndarray[Any, Any]"]
SIDES: tuple[Turn, ...] = (  # each a view in which that side of the photo is the left one
    lambda plane: plane,
    lambda plane: plane[:, ::-1],
    lambda plane: plane.T,
    lambda plane: plane[::-1].T,
)


@dataclass(frozen=True)
class Line:
    """Where a print ends: so far from a side of the photo at its first pixel, and so much farther with each."""

    begin: float
    slope: float

    def at(self, along: "np.ndarray[Any, Any]") -> Float64[np.ndarray, " n"]:
        """Pixels from the side at these pixels along it."""
        return np.asarray(self.begin + self.slope * along, np.float64)


def without_print_edges(found: Hole, L: Lightness) -> Hole:
    """What was found (h, w) less what only follows the print's own edge. L: the photo's lightness (h, w), 0..100."""
    if not found.any():
        return found
    kept = found.copy()
    for turn in SIDES:
        for rows, columns in _only_along(turn(kept), turn(L)):
            turn(kept)[rows, columns] = False
    return kept


def _only_along(found: Hole, L: Lightness) -> Iterator[tuple["np.ndarray[Any, Any]", "np.ndarray[Any, Any]"]]:
    """The pixels (rows, columns) of each find that only follows the print's edge at the left."""
    import cv2

    count, labels, boxes, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8))
    deep = _depth(L.shape[1]) + LEAST
    near = [number for number in range(1, count) if boxes[number, cv2.CC_STAT_LEFT] <= deep]
    line = print_edge(L) if near else None
    follows = max(LEAST, FOLLOWS * min(L.shape))
    for number in near:
        rows, columns = np.nonzero(labels == number)
        if np.ptp(rows) + 1 < LONG * (np.ptp(columns) + 1):
            continue
        along = line is not None and float((abs(columns - line.at(rows)) <= follows).mean()) >= ONLY
        if along or _is_edge(rows, columns, L):
            yield rows, columns


def print_edge(L: Lightness) -> Line | None:
    """Where the print ends at the left side of a photo (h, w), L 0..100; None where no border is plainly there."""
    deep = _depth(L.shape[1])
    if min(L.shape) < 4 * BLOCKS or deep + BEYOND[1] > L.shape[1]:
        return None
    outermost, rows = L[:, 0], np.arange(len(L))
    border = _along(outermost)
    if (abs(outermost - border) <= EVEN).mean() < EVENLY:
        return None
    other = abs(L[:, :deep] - border[:, None]) > OTHER
    ends = np.where(other.any(axis=1), other.argmax(axis=1), -len(L))  # none: far from any line
    line, on_it = _best_line(ends, rows)
    if on_it.mean() < STRAIGHT:
        return None
    reach = np.clip(ends[on_it, None] + np.arange(*BEYOND), 0, L.shape[1] - 1)
    behind = np.median(L[rows[on_it, None], reach], axis=1)
    return line if (abs(behind - border[on_it]) > OTHER).mean() >= BEHIND else None


def _depth(across: int) -> int:
    return int(across * DEEPEST)


def _along(outermost: "np.ndarray[Any, Any]") -> Float64[np.ndarray, " h"]:
    """The border's lightness along the side: it may change slowly, as a scanner's lamp does."""
    parts = np.array_split(np.arange(len(outermost)), BLOCKS)
    middles = [part.mean() for part in parts]
    levels = [np.median(outermost[part]) for part in parts]
    return np.asarray(np.interp(np.arange(len(outermost)), middles, levels), np.float64)


def _best_line(ends: "np.ndarray[Any, Any]", rows: "np.ndarray[Any, Any]") -> tuple[Line, Hole]:
    """The line on which most of these ends lie, and which do."""
    there, best, most = ends >= 0, Line(0.0, 0.0), np.zeros(len(ends), bool)
    for slope in np.linspace(-STEEPEST, STEEPEST, 31) if there.any() else ():
        line = Line(float(np.median((ends - slope * rows)[there])), float(slope))
        on_it = there & (abs(ends - line.at(rows)) <= OFF)
        if on_it.sum() > most.sum():
            best, most = line, on_it
    return best, most


def _is_edge(rows: "np.ndarray[Any, Any]", columns: "np.ndarray[Any, Any]", L: Lightness) -> bool:
    """Whether a find is itself such an edge: close to the side, along most of it, straight, the picture another behind.

    One that begins at the side has nothing before it to compare the picture with.
    """
    if columns.max() >= max(LEAST, NEAR * min(L.shape)) or np.ptp(rows) + 1 < MOST_OF_IT * len(L):
        return False
    which, first = np.unique(rows, return_inverse=True)
    inner = np.zeros(len(which), int)
    np.maximum.at(inner, first, columns)
    if _best_line(inner, which)[1].mean() < STRAIGHT:
        return False
    behind = L[which, np.minimum(inner + BEYOND[0] // 2, L.shape[1] - 1)]
    return bool(columns.min() == 0 or abs(np.median(L[which, 0]) - np.median(behind)) > OTHER)

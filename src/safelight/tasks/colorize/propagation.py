"""Hints spread over the picture without learning: painted where they are, and propagated to where they may hold.

Two ways to propagate them. `kernel_regression`: each pixel takes the softmax-weighted mean of the hint colors
(Nadaraya 1964; Watson 1964). `krige`: the posterior mean of a Gaussian process whose covariance falls with
distance in place, in lightness and in local texture (simple kriging; Rasmussen & Williams 2006, equations
2.25 and 2.26). Kriging counts hints that repeat each other once, trusts no hint far away, and says how sure
it is; the networks are given its result and may correct it.
"""

from functools import cached_property

import numpy as np

from safelight.arrays import Ab, Lightness, Mask
from safelight.pixels.geometry import resize
from safelight.shaped import Float32
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.kriging import (
    COLORS,
    RESIDUALS,
    Covariance,
    describe,
    krige,
    posterior_mean,
)

TIMES_SMALLER = 2  # hints are propagated at half the picture's size: color has no finer detail
CORRECTIONS = 2  # one leaves about a tenth: kriging allows for noise in a hint, and works at half the size


class Propagator:
    """Propagates the colors of hints over a picture of lightness L (h, w), 0..100, by kriging.

    The features of the picture are computed once. Points are on the grid of L.
    """

    def __init__(self, L: Lightness) -> None:
        self.L = L
        self._size = (max(L.shape[0] // TIMES_SMALLER, 1), max(L.shape[1] // TIMES_SMALLER, 1))

    @cached_property
    def _features(self) -> Float32[np.ndarray, "h2 w2 6"]:
        return describe(resize(self.L, self._size))

    def spread(self, points: Points, covariance: Covariance = COLORS) -> Float32[np.ndarray, "h w 3"]:
        """Kriged ab (in units of Lab) and confidence of the hints at every pixel."""
        h, w = self.L.shape
        if not len(points):
            return np.zeros((h, w, 3), np.float32)
        ab, confidence = krige(self._features, shrink_points(points, self._size, TIMES_SMALLER), covariance)
        return np.asarray(resize(np.dstack([ab, confidence]), (h, w)), np.float32)

    def correct(self, ab: Ab, points: Points) -> Ab:
        """`ab` corrected so that each hint has its color: the errors at the hints, kriged over the picture."""
        if not len(points):
            return ab
        small = shrink_points(points, self._size, TIMES_SMALLER)
        spread = posterior_mean(self._features, small, RESIDUALS)
        for _ in range(CORRECTIONS):
            errors = points.ab - ab[points.y, points.x]
            ab = np.asarray(ab + resize(spread(errors), (self.L.shape[0], self.L.shape[1])), np.float32)
        return ab


def shrink_points(points: Points, size: tuple[int, int], stride: int) -> Points:
    """The same hints on a grid that is `stride` times coarser (and `size` large)."""
    y, x = np.minimum(points.y // stride, size[0] - 1), np.minimum(points.x // stride, size[1] - 1)
    return Points(y.astype(np.int32), x.astype(np.int32), points.ab, points.radius / stride)


def paint(points: Points, size: tuple[int, int], soft: bool = False) -> tuple[Ab, Mask]:
    """The hints where they are: ab (h, w, 2) and mask (h, w), 0 elsewhere; later hints cover earlier ones.

    A hint covers the pixels within radius + 1/2 of its own. With `soft`, the mask falls from 1 at the point
    like a Gaussian of that width; otherwise it is 1 all over.
    """
    ab, mask = np.zeros((*size, 2), np.float32), np.zeros(size, np.float32)
    for y, x, color, radius in zip(points.y, points.x, points.ab, points.radius, strict=True):
        reach = int(radius + 0.5)
        rows = slice(max(y - reach, 0), y + reach + 1)
        columns = slice(max(x - reach, 0), x + reach + 1)
        below, right = min(rows.stop, size[0]), min(columns.stop, size[1])
        dy, dx = np.ogrid[rows.start - y : below - y, columns.start - x : right - x]
        squared = dy**2 + dx**2
        inside = squared <= (radius + 0.5) ** 2
        ab[rows, columns][inside] = color
        mask[rows, columns][inside] = np.exp(-squared[inside] / (2 * (radius + 0.5) ** 2)) if soft else 1.0
    return ab, mask


def kernel_regression(
    L: Lightness, points: Points, distance: float = 0.12, lightness: float = 7.5
) -> tuple[Ab, Mask]:
    """Softmax-weighted mean of the hint colors (h, w, 2), and the largest weight before the softmax (h, w).

    distance: standard deviation in picture heights; lightness: in units of L. No hints: zeros.
    """
    h, w = L.shape
    if not len(points):
        return np.zeros((h, w, 2), np.float32), np.zeros((h, w), np.float32)
    dy = (np.arange(h, dtype=np.float32)[:, None] - points.y) / h
    dx = (np.arange(w, dtype=np.float32)[:, None] - points.x) / h
    squared = (dy**2)[:, None] + (dx**2)[None]
    dl = L[..., None].astype(np.float32) - L[points.y, points.x].astype(np.float32)
    exponent = -squared / (2 * distance**2) - dl**2 / (2 * lightness**2)
    largest = exponent.max(2)
    weight = np.exp(exponent - largest[..., None])
    mean = (weight @ points.ab) / weight.sum(2, keepdims=True)
    return np.asarray(mean, np.float32), np.exp(largest)

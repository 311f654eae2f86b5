"""What needs no learning: the answers every model is judged against, on the same questions."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from safelight.arrays import Ab, Lightness
from safelight.tasks.colorize import propagation as propagate
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.kriging import describe, krige
from safelight.tasks.colorize.levin import Levin

# L (h, w) 0..100, and hints on its grid -> ab (h, w, 2)
Predict: TypeAlias = Callable[[Lightness, Points], Ab]


def grey(L: Lightness, points: Points) -> Ab:
    """No color anywhere, whatever was asked."""
    return np.zeros((*L.shape, 2), np.float32)


def nearest_hint(L: Lightness, points: Points) -> Ab:
    """Each pixel takes the color of the hint nearest to it; grey where there are none."""
    from scipy.spatial import KDTree

    if not len(points):
        return grey(L, points)
    pixels = np.moveaxis(np.indices(L.shape), 0, -1)
    _, nearest = KDTree(np.stack([points.y, points.x], axis=-1)).query(pixels)
    return np.asarray(points.ab[nearest], np.float32)


def kernel_regression(L: Lightness, points: Points) -> Ab:
    """Each pixel takes the mean hint color, weighted by nearness in place and in lightness."""
    return propagate.kernel_regression(L, points)[0]


def kriging(L: Lightness, points: Points) -> Ab:
    """The best linear guess from a covariance that was fitted on training pictures."""
    return krige(describe(L), points)[0]


# Each call makes a fresh one: Levin keeps a picture's equations from one number of hints to the next.
BASELINES: dict[str, Callable[[], Predict]] = {
    "grey": lambda: grey,
    "nearest hint": lambda: nearest_hint,
    "kernel regression": lambda: kernel_regression,
    "Levin 2004": Levin,
    "kriging": lambda: kriging,  # what our networks start from, and so must improve on
}
VERSION = 1  # raise it when a baseline's answers change: stored scores of older versions are not used again

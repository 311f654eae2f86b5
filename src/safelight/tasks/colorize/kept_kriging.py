"""Kriging on one picture again and again: the covariances of all places with those of hints are kept.

The same posterior mean and confidence as `Propagator` gives, to rounding. What a hint costs is one column of
covariances, used for all that is kriged from its place: COLORS and RESIDUALS have their near terms in common.
"""

from collections.abc import Callable

import numpy as np

from safelight.arrays import Ab, Lightness
from safelight.pixels.geometry import resize
from safelight.shaped import Float32, Int64
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.kriging import (
    COLORS,
    FEATURES,
    RESIDUALS,
    Covariance,
    describe,
    explained_by,
    whitening,
)
from safelight.tasks.colorize.propagation import CORRECTIONS, TIMES_SMALLER, shrink_points

# What COLORS has beside the terms of RESIDUALS.
FAR = Covariance(COLORS.constant, COLORS.variances[2:], COLORS.scales[2:], noise=0.0)
KEPT = 256  # places of hints whose covariances are kept: on the bundled model's grid 28 MB

Columns = Float32[np.ndarray, "m n"]  # of m hints with n places


class KeptPropagator:
    """Propagates the colors of hints over a picture of lightness L (h, w), 0..100; see Propagator."""

    def __init__(self, L: Lightness) -> None:
        self.L = L
        self._size = (max(L.shape[0] // TIMES_SMALLER, 1), max(L.shape[1] // TIMES_SMALLER, 1))
        self._features = describe(resize(L, self._size)).reshape(-1, FEATURES)
        self._slots: dict[int, int] = {}
        self._columns: dict[Covariance, Columns] = {
            each: np.zeros((0, len(self._features)), np.float32) for each in (COLORS, RESIDUALS)
        }

    def spread(self, points: Points, covariance: Covariance = COLORS) -> Float32[np.ndarray, "h w 3"]:
        """Kriged ab (in units of Lab) and confidence of the hints at every pixel."""
        h, w = self.L.shape
        if not len(points):
            return np.zeros((h, w, 3), np.float32)
        columns, root = self._places(points, covariance)
        weights = np.asarray(root.T @ (root @ points.ab), np.float32)
        planes = np.empty((3, columns.shape[1]), np.float32)
        np.matmul(weights.T, columns, out=planes[:2])
        planes[2] = explained_by(columns.T, root.T.astype(np.float32))
        np.clip(planes[2] / covariance.total, 0, 1, out=planes[2])
        return np.asarray(resize(np.moveaxis(planes.reshape(3, *self._size), 0, 2), (h, w)), np.float32)

    def correct(self, ab: Ab, points: Points) -> Ab:
        """`ab` corrected so that each hint has its color: the errors at the hints, kriged over the picture."""
        if not len(points):
            return ab
        spread = self._mean(points)
        for _ in range(CORRECTIONS):
            errors = points.ab - ab[points.y, points.x]
            ab = np.asarray(ab + resize(spread(errors), (self.L.shape[0], self.L.shape[1])), np.float32)
        return ab

    def _mean(self, points: Points) -> Callable[[Float32[np.ndarray, "m 2"]], Ab]:
        columns, root = self._places(points, RESIDUALS)

        def mean(ab: Float32[np.ndarray, "m 2"]) -> Ab:
            weights = np.asarray(root.T @ (root @ ab), np.float32)
            return np.ascontiguousarray((weights.T @ columns).T).reshape(*self._size, 2)

        return mean

    def _places(self, points: Points, covariance: Covariance) -> tuple[Columns, np.ndarray]:
        """The covariances of the hints' places with all, and the whitening of those among themselves."""
        small = shrink_points(points, self._size, TIMES_SMALLER)
        at = small.y.astype(np.int64) * self._size[1] + small.x
        slots = self._slots_of(at)
        first, last = int(slots[0]), int(slots[-1])
        in_a_row = last - first + 1 == len(slots) and (np.diff(slots) == 1).all()
        columns = self._columns[covariance][first : last + 1 if in_a_row else None]
        columns = columns if in_a_row else self._columns[covariance][slots]
        return columns, whitening(columns[:, at].astype(np.float64), covariance.noise)

    def _slots_of(self, at: Int64[np.ndarray, " m"]) -> Int64[np.ndarray, " m"]:
        """Where the columns of these places are kept, new ones worked out."""
        if len(self._slots) > KEPT:
            self._slots.clear()
            self._columns = {each: columns[:0] for each, columns in self._columns.items()}
        new = [place for place in dict.fromkeys(at.tolist()) if place not in self._slots]
        if new:
            near = RESIDUALS(self._features[new], self._features)
            whole = near + FAR(self._features[new], self._features)
            for covariance, columns in ((COLORS, whole), (RESIDUALS, near)):
                self._columns[covariance] = np.concatenate([self._columns[covariance], columns])
            self._slots |= {place: len(self._slots) + number for number, place in enumerate(new)}
        return np.array([self._slots[place] for place in at.tolist()], np.int64)

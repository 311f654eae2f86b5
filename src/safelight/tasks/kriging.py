"""Hints carried over the picture by kriging: the best linear guess from a learned covariance.

The colors of a picture are taken as a Gaussian process whose covariance falls with distance in place, in
lightness (the pixel's own and its surroundings') and in local texture; the guess is the posterior mean, and
the confidence is the share of the variance that the hints explain (simple kriging; Rasmussen & Williams
2006, equations 2.25 and 2.26). Hints that repeat each other count once, and no hint is trusted far away.
The covariance has a few dozen numbers, fitted once by benchmarks/fit_kriging.py.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from safelight.arrays import Ab, Lightness, Mask
from safelight.tasks.hints import Points

FEATURES = 6  # row, column, L, L around, L farther around, texture
CHUNK = 1 << 22  # numbers of covariance held at a time


@dataclass(frozen=True)
class Covariance:
    """A constant plus squared-exponential terms, each with a variance and a length scale for each feature.

    Only ratios of variances matter. noise: variance of what a hint says around what its place says.
    """

    constant: float
    variances: tuple[float, ...]
    scales: tuple[tuple[float, float, float, float, float, float], ...]
    noise: float

    @property
    def total(self) -> float:
        """Variance of a color before any hint."""
        return self.constant + sum(self.variances)

    def __call__(
        self, a: Float32[np.ndarray, "n f"], b: Float32[np.ndarray, "m f"]
    ) -> Float32[np.ndarray, "n m"]:
        """Covariance between the colors at places with features a and those with features b."""
        covariance = np.full((len(a), len(b)), self.constant, np.float32)
        for variance, scales in zip(self.variances, self.scales, strict=True):
            wide = np.float32(1) / np.asarray(scales, np.float32)
            p, q = a * wide, b * wide
            exponent = p @ q.T
            exponent -= 0.5 * (p**2).sum(1)[:, None]
            exponent -= 0.5 * (q**2).sum(1)
            covariance += np.float32(variance) * np.exp(np.minimum(exponent, 0, out=exponent), out=exponent)
        return covariance


COLORS = Covariance(
    constant=0.1218,
    variances=(0.2467, 0.5771, 3.2785),
    scales=(
        (0.0484, 0.0462, 0.4365, 0.2667, 0.3781, 0.3195),
        (0.1782, 0.2322, 0.3512, 0.2363, 0.2753, 0.6011),
        (1.3723, 4.3564, 0.4077, 0.3809, 0.7006, 0.9267),
    ),
    noise=0.0508,
)
# What a network got wrong at a hint is wrong nearby: the same terms without the far-reaching one.
RESIDUALS = Covariance(constant=0.0, variances=COLORS.variances[:2], scales=COLORS.scales[:2], noise=0.05)


def describe(L: Lightness) -> Float32[np.ndarray, "h w 6"]:
    """Features of every pixel: row and column (in units of the picture's side), lightness at three scales, texture."""
    import cv2

    h, w = L.shape
    side = float(np.sqrt(h * w))
    L = np.ascontiguousarray(L, np.float32)

    def blur(plane: Lightness, share: float) -> Lightness:
        return np.asarray(
            cv2.GaussianBlur(plane, (0, 0), max(share * side, 0.3), borderType=cv2.BORDER_REFLECT_101)
        )

    around = blur(L, 0.03)
    texture = np.sqrt(np.maximum(blur(L * L, 0.03) - around * around, 0))
    rows, columns = np.mgrid[:h, :w].astype(np.float32) / side
    planes = (rows, columns, L / 100, blur(L, 0.02) / 100, blur(L, 0.06) / 100, np.log1p(texture) / 3)
    return np.stack(planes, -1).astype(np.float32)


def krige(
    features: Float32[np.ndarray, "h w 6"], points: Points, covariance: Covariance = COLORS
) -> tuple[Ab, Mask]:
    """Posterior mean (h, w, 2) of the colors, and confidence (h, w): 0 where the hints say nothing, to 1.

    features: `describe` of the picture on the points' grid. No hints: zeros.
    """
    h, w = features.shape[:2]
    if not len(points):
        return np.zeros((h, w, 2), np.float32), np.zeros((h, w), np.float32)
    everywhere = features.reshape(-1, FEATURES)
    hinted = features[points.y, points.x]
    root = _whiten(covariance(hinted, hinted).astype(np.float64), covariance.noise)
    colors = (root @ points.ab).astype(np.float32)
    whiten = root.T.astype(np.float32)
    mean, explained = np.empty((h * w, 2), np.float32), np.empty(h * w, np.float32)
    step = max(1, CHUNK // len(points))
    for first in range(0, h * w, step):
        part = slice(first, first + step)
        seen = covariance(everywhere[part], hinted) @ whiten
        mean[part] = seen @ colors
        np.einsum("ij,ij->i", seen, seen, out=explained[part])
    confidence = np.clip(explained / covariance.total, 0, 1)
    return mean.reshape(h, w, 2), confidence.reshape(h, w)


def _whiten(covariance: Float64[np.ndarray, "n n"], noise: float) -> Float64[np.ndarray, "n n"]:
    """Inverse of the Cholesky factor of covariance + noise."""
    factor = np.linalg.cholesky(covariance + noise * np.eye(len(covariance)))
    return np.asarray(np.linalg.inv(factor))

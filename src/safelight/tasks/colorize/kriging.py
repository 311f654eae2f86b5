"""Hints carried over the picture by kriging: the best linear guess from a learned covariance.

The colors of a picture are taken as a Gaussian process whose covariance falls with distance in place, in
lightness (the pixel's own and its surroundings') and in local texture; the guess is the posterior mean, and
the confidence is the share of the variance that the hints explain (simple kriging; Rasmussen & Williams
2006, equations 2.25 and 2.26). Hints that repeat each other count once, and no hint is trusted far away.
The covariance has a few dozen numbers, fitted once by benchmarks/fit_kriging.py.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from safelight.arrays import Ab, Lightness, Mask
from safelight.pixels.geometry import reckoned_side
from safelight.runtime.cores import one_thread, own_cores
from safelight.shaped import Float32, Float64
from safelight.tasks.colorize.hints import Points

FEATURES = 6  # row, column, L, L around, L farther around, texture
CHUNK = 1 << 19  # numbers of covariance that a thread works on at a time
CACHED = 1 << 24  # numbers of covariance that are cached for other colors at the same places: 64 MB
BLOCK = 128  # columns of a triangular matrix at a time: those beyond a block's rows are zero


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
            # -|p - q|² / 2 as one product: (p, -|p|²/2, 1) times (q, 1, -|q|²/2).
            exponent = _with_norm(a * wide, last=False) @ _with_norm(b * wide, last=True).T
            np.exp(np.minimum(exponent, 0, out=exponent), out=exponent)
            exponent *= np.float32(variance)
            covariance += exponent
        return covariance


def _with_norm(places: Float32[np.ndarray, "n f"], last: bool) -> Float32[np.ndarray, "n f+2"]:
    """Places, minus half their squared length, and ones; the last two the other way round if `last`."""
    norm, ones = -0.5 * (places**2).sum(1, keepdims=True), np.ones((len(places), 1), np.float32)
    return np.hstack([places, ones, norm] if last else [places, norm, ones]).astype(np.float32, copy=False)


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
    """Features of every pixel: row and column (in units of the picture's side), lightness at three scales, texture.

    The side of a panorama is that of its parts, in which a network sees it, so that a hint reaches as far as in one.
    """
    import cv2

    h, w = L.shape
    side = float(np.sqrt(min(h, w) * reckoned_side((h, w))))
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
    mean, explained = np.empty((h * w, 2), np.float32), np.empty(h * w, np.float32)
    with one_thread:
        hints = _Hints(features, points, covariance)
        weights, whiten = hints.weights(points.ab), hints.root.T.astype(np.float32)

        def work(part: slice) -> None:
            covariances = hints.covariance(part)
            mean[part] = covariances @ weights
            explained[part] = explained_by(covariances, whiten)

        hints.in_strips(work)
    confidence = np.clip(explained / covariance.total, 0, 1)
    return mean.reshape(h, w, 2), confidence.reshape(h, w)


def posterior_mean(
    features: Float32[np.ndarray, "h w 6"], points: Points, covariance: Covariance = COLORS
) -> Callable[[Float32[np.ndarray, "n 2"]], Ab]:
    """The posterior mean of `krige` as a function of the hints' colors, whose places are worked out once.

    No more than CACHED numbers are cached: about 1,300 hints on the bundled model's grid. There are hints.
    """
    h, w = features.shape[:2]
    cached: dict[int, Float32[np.ndarray, "n m"]] = {}
    with one_thread:
        hints = _Hints(features, points, covariance)

    def mean(ab: Float32[np.ndarray, "n 2"]) -> Ab:
        mean_ab = np.empty((h * w, 2), np.float32)
        with one_thread:
            weights = hints.weights(ab)

            def work(part: slice) -> None:
                covariances = cached.get(part.start)
                if covariances is None:
                    covariances = hints.covariance(part)
                    if h * w * len(points) <= CACHED:
                        cached[part.start] = covariances
                mean_ab[part] = covariances @ weights

            hints.in_strips(work)
        return mean_ab.reshape(h, w, 2)

    return mean


class _Hints:
    """The places of hints and the whitening of their covariance: what a picture's kriging needs of them."""

    def __init__(
        self, features: Float32[np.ndarray, "h w 6"], points: Points, covariance: Covariance
    ) -> None:
        self._everywhere = features.reshape(-1, FEATURES)
        self._hinted = features[points.y, points.x]
        self._covariance = covariance
        self.root = whitening(covariance(self._hinted, self._hinted).astype(np.float64), covariance.noise)

    def weights(self, ab: Float32[np.ndarray, "n 2"]) -> Float32[np.ndarray, "n 2"]:
        """What a place's covariances with the hints are multiplied with: K⁻¹ ab (equation 2.25)."""
        return np.asarray(self.root.T @ (self.root @ ab), np.float32)

    def covariance(self, part: slice) -> Float32[np.ndarray, "n m"]:
        """Of these pixels' colors with those at the hints."""
        return self._covariance(self._everywhere[part], self._hinted)

    def in_strips(self, work: Callable[[slice], None]) -> None:
        """All pixels, a strip of CHUNK numbers at a time, several at once where there are several."""
        step = max(1, CHUNK // len(self._hinted))
        strips = [slice(first, first + step) for first in range(0, len(self._everywhere), step)]
        threads = min(len(strips), own_cores())
        if threads == 1:
            for strip in strips:
                work(strip)
            return
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, strips))


def explained_by(
    covariances: Float32[np.ndarray, "n m"], whiten: Float32[np.ndarray, "m m"]
) -> Float32[np.ndarray, " n"]:
    """Squared length of each row of covariances @ whiten, whose lower triangle is zero and left out."""
    squared = np.zeros(len(covariances), np.float32)
    for first in range(0, len(whiten), BLOCK):
        last = min(first + BLOCK, len(whiten))
        part = covariances[:, :last] @ whiten[:last, first:last]
        squared += np.einsum("ij,ij->i", part, part)
    return squared


def whitening(covariance: Float64[np.ndarray, "n n"], noise: float) -> Float64[np.ndarray, "n n"]:
    """Inverse of the Cholesky factor of covariance + noise."""
    return _inverse(np.linalg.cholesky(covariance + noise * np.eye(len(covariance))))


def _inverse(lower: Float64[np.ndarray, "n n"]) -> Float64[np.ndarray, "n n"]:
    """Of a lower triangular matrix, by halves: a sixth of the work of an inverse that knows nothing of it."""
    if len(lower) <= BLOCK:
        return np.asarray(np.linalg.inv(lower))
    half = len(lower) // 2
    first, last = _inverse(lower[:half, :half]), _inverse(lower[half:, half:])
    inverse = np.zeros_like(lower)
    inverse[:half, :half], inverse[half:, half:] = first, last
    inverse[half:, :half] = -last @ (lower[half:, :half] @ first)
    return inverse

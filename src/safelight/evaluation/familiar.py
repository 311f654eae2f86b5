"""Three ways to say how far a picture is from the training pictures, and how well each tells them apart.

Each is fitted on features (n, d) of training pictures and maps features to distances (n,), more is farther.
tasks/colorize/familiarity.py carries the one that docs/familiar.md chose.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

Features: TypeAlias = Float[np.ndarray, "n d"]
Distance: TypeAlias = Callable[[Features], Float[np.ndarray, " n"]]
Fit: TypeAlias = Callable[[Features, Sequence[str]], Distance]  # features, and a class for each picture

NEAREST, KEPT = 5, 400
FEWEST = 40  # classes with fewer pictures are one class together


def mahalanobis(features: Features, classes: Sequence[str]) -> Distance:
    """Smallest distance to the mean of a class, under one covariance within classes (Lee et al. 2018)."""
    means, inside = _classes(features, classes)
    inverse = np.linalg.inv(shrunk_covariance(inside))
    return lambda asked: np.sqrt(_squared(asked, means, inverse).min(axis=1))


def relative_mahalanobis(features: Features, classes: Sequence[str]) -> Distance:
    """The squared Mahalanobis distance less that to the mean of all pictures (Ren et al. 2021, equation 2)."""
    means, inside = _classes(features, classes)
    center = features.mean(axis=0, keepdims=True)
    inverse = np.linalg.inv(shrunk_covariance(inside))
    inverse_of_all = np.linalg.inv(shrunk_covariance(features - center))
    return lambda asked: (
        _squared(asked, means, inverse).min(axis=1) - _squared(asked, center, inverse_of_all)[:, 0]
    )


def nearest_kept(features: Features, classes: Sequence[str], seed: int = 0) -> Distance:
    """Distance to the k-th nearest of some kept pictures, between features of unit length (Sun et al. 2022)."""
    kept = unit(features[np.random.default_rng(seed).permutation(len(features))[:KEPT]])
    nearest = min(NEAREST, len(kept))

    def distance(asked: Features) -> Float[np.ndarray, " n"]:
        alike = np.sort(unit(asked) @ kept.T, axis=1)[:, -nearest]
        return np.asarray(np.sqrt(np.maximum(2 - 2 * alike, 0)))

    return distance


METHODS: dict[str, Fit] = {
    "Mahalanobis, shrunk": mahalanobis,
    "relative Mahalanobis": relative_mahalanobis,
    f"{NEAREST}th of {KEPT} kept": nearest_kept,
}


def unit(features: Features) -> Features:
    """Each row divided by its length."""
    return np.asarray(features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12))


def shrunk_covariance(centered: Features) -> Float[np.ndarray, "d d"]:
    """Covariance of centered rows, shrunk towards a multiple of the identity (Ledoit & Wolf 2004, section 3.3)."""
    n, d = centered.shape
    sample = centered.T @ centered / n
    level = float(np.trace(sample)) / d
    spread = float(np.sum((sample - level * np.eye(d)) ** 2)) / d
    # Sum over pictures of |x x' - S|^2, from the fourth powers: no n matrices are made.
    noise = float(np.sum(np.sum(centered**2, axis=1) ** 2)) / n - float(np.sum(sample**2))
    share = min(noise / n / d / spread, 1.0) if spread > 0 else 1.0
    return np.asarray(share * level * np.eye(d) + (1 - share) * sample)


def area_under_roc(inside: Float[np.ndarray, " n"], outside: Float[np.ndarray, " m"]) -> float:
    """The chance that a foreign picture is farther than one of the kind (Mann-Whitney U); ties count half."""
    ordered = np.sort(inside)
    below = np.searchsorted(ordered, outside, "left") + np.searchsorted(ordered, outside, "right")
    return float(below.mean() / 2 / len(inside))


def _classes(features: Features, classes: Sequence[str]) -> tuple[Features, Features]:
    """The mean of each class, and each picture less the mean of its own."""
    names = np.asarray(classes)
    found, counts = np.unique(names, return_counts=True)
    names = np.where(np.isin(names, found[counts >= FEWEST]), names, "other")
    found, which = np.unique(names, return_inverse=True)
    means = np.stack([features[which == number].mean(axis=0) for number in range(len(found))])
    return means, features - means[which]


def _squared(
    asked: Features, centers: Features, inverse: Float[np.ndarray, "d d"]
) -> Float[np.ndarray, "n c"]:
    """Squared Mahalanobis distance of each row to each center."""
    apart = asked[:, None] - centers[None]
    return np.asarray(np.einsum("ncd,de,nce->nc", apart, inverse, apart, optimize=True))

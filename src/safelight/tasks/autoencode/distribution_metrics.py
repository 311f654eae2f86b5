"""How far two sets of pictures are apart, by the features that a frozen classifier sees in them."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Float32

from safelight.tasks.autoencode.subject import Pictures
from safelight.verdicts.verdict import Estimate

FEATURES = "EfficientNet-Lite0 (ImageNet), mean of its last 1280 channels"
AT_ONCE, GROUPS = 32, 10

Seen: TypeAlias = Float32[np.ndarray, "n d"]
Distance: TypeAlias = Callable[[Seen, Seen], float]


class LiteFeatures:
    """Pictures to features; the weights come from a package. Raises RecipeError where it is missing."""

    def __init__(self) -> None:
        from safelight.nn.encoders import classifier

        self.network = classifier("tf_efficientnet_lite0")

    def __call__(self, pictures: Pictures) -> Seen:
        """Features (n, 1280) of sRGB pictures 0..1."""
        seen = []
        with torch.inference_mode():
            for first in range(0, len(pictures), AT_ONCE):
                some = torch.from_numpy(np.ascontiguousarray(pictures[first : first + AT_ONCE]))
                maps = self.network.forward_features((some - 0.5) / 0.5)  # type: ignore[operator]
                seen.append(maps.mean((2, 3)).numpy())
        return np.concatenate(seen)


def frechet(one: Seen, two: Seen) -> float:
    """Squared Fréchet distance of two Gaussians with the sets' means and covariances (Heusel et al. 2017, eq. 6).

    The trace of the root of the product of the covariances is the nuclear norm of X Yᵀ, X and Y centered and
    divided by the root of their count: exact, and cheap where pictures are fewer than features.
    """
    a, b = (each.astype(np.float64) for each in (one, two))
    x, y = ((each - each.mean(0)) / np.sqrt(len(each) - 1) for each in (a, b))
    root = np.linalg.svd(x @ y.T, compute_uv=False).sum()
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + (x**2).sum() + (y**2).sum() - 2 * root)


def kernel_distance(one: Seen, two: Seen) -> float:
    """Unbiased squared MMD with the kernel (x·y / d + 1)³ (Bińkowski et al. 2018, KID); 0 for equal sources."""
    a, b = (each.astype(np.float64) for each in (one, two))
    inner_a, inner_b, across = (_kernel(u, v) for u, v in ((a, a), (b, b), (a, b)))
    m, n = len(a), len(b)
    alike = (inner_a.sum() - np.trace(inner_a)) / (m * (m - 1)) + (inner_b.sum() - np.trace(inner_b)) / (
        n * (n - 1)
    )
    return float(alike - 2 * across.mean())


def _kernel(u: Float[np.ndarray, "m d"], v: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "m n"]:
    return np.asarray((u @ v.T / u.shape[1] + 1) ** 3)


def with_interval(distance: Distance, one: Seen, two: Seen) -> Estimate:
    """The distance, and 95 % from a jackknife that leaves out a tenth of both sets at a time.

    (Efron & Tibshirani 1993, chapter 11.) A bootstrap would repeat pictures, which makes sets look narrower.
    """
    value = distance(one, two)
    groups = min(GROUPS, len(one), len(two))
    left = [
        distance(one[np.arange(len(one)) % groups != group], two[np.arange(len(two)) % groups != group])
        for group in range(groups)
    ]
    spread = np.sqrt((groups - 1) / groups * np.square(np.array(left) - np.mean(left)).sum())
    return Estimate(value, float(value - 1.96 * spread), float(value + 1.96 * spread))

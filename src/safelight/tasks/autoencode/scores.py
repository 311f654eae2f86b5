"""Scores of autoencoders: errors of reconstructions, bounds on log p(x), distances between sets of pictures.

The distances are FID-like and KID-like: the same formulas on the features of another network, so that no published
FID or KID can be compared with them.
"""

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np
import torch

from safelight.evaluation.metrics import SSIM_WINDOW, Metric, ssim, table_of
from safelight.shaped import Float, Float32, Int64
from safelight.tasks.autoencode.benchmark import FramedSample, Pictures, Subject, padding_of, planes_of
from safelight.tasks.autoencode.losses import decoded_of, kl_nats, reconstruction_nats
from safelight.tasks.autoencode.network import Posterior
from safelight.verdicts.verdict import Estimate

DRAWS = 50  # importance samples a picture
FEATURES = "EfficientNet-Lite0 (ImageNet), mean of its last 1280 channels"
AT_ONCE, GROUPS = 32, 10
SIDE = 16  # pixels: pictures are compared small, where a blurred copy is as near as a sharp one

FeatureVectors: TypeAlias = Float32[np.ndarray, "n d"]
Distance: TypeAlias = Callable[[FeatureVectors, FeatureVectors], float]

METRICS = table_of(
    Metric("mse", "Mean squared error", digits=5, better=-1),
    Metric(
        "psnr",
        "PSNR",
        "dB",
        better=+1,
        of=lambda weights, scores: -10 * np.log10(weights @ scores["mse"] + 1e-12),
    ),
    Metric("ssim", "SSIM", digits=3, better=+1),
)
COLUMNS = ("mse", "ssim")


def squared_errors(answers: Pictures, items: Sequence[FramedSample]) -> Float[np.ndarray, " n"]:
    """Mean squared error of each picture over its own pixels."""
    valid = 1 - padding_of(items).astype(np.float64)
    squared = ((answers - planes_of(items)) ** 2 * valid).sum((1, 2, 3))
    return np.asarray(squared / (3 * valid.sum((1, 2, 3))))


def similarities(answers: Pictures, items: Sequence[FramedSample]) -> Float[np.ndarray, " n"]:
    """SSIM of each picture inside its box; NaN unless all are large enough for it."""
    if any(min(item.box.height, item.box.width) < SSIM_WINDOW for item in items):
        return np.full(len(items), np.nan)
    shown = [
        (np.moveaxis(each, 0, 2)[item.box.slices], item) for each, item in zip(answers, items, strict=True)
    ]
    return np.array([ssim(answer, np.moveaxis(item.planes, 0, 2)[item.box.slices]) for answer, item in shown])


class Nearest(NamedTuple):
    """Of each picture the number of the nearest training picture, and the distance: rms of values 0..1."""

    number: Int64[np.ndarray, " n"]
    distance: Float[np.ndarray, " n"]


def shrink(pictures: Float32[np.ndarray, "n 3 s s"], side: int = SIDE) -> Float32[np.ndarray, "n d"]:
    """Small flat copies: means over squares; `s` is cut to a multiple of the side."""
    n, c, s, _ = pictures.shape
    step = max(1, s // side)
    cut = s // step * step
    cells = pictures[:, :, :cut, :cut].reshape(n, c, cut // step, step, cut // step, step)
    return np.asarray(cells.mean((3, 5), dtype=np.float32).reshape(n, -1))


def nearest(pictures: Float32[np.ndarray, "n 3 s s"], training: Float32[np.ndarray, "m 3 s s"]) -> Nearest:
    """The nearest training picture of each."""
    small, known = shrink(pictures), shrink(training)
    squared = (small**2).sum(1)[:, None] + (known**2).sum(1)[None] - 2 * small @ known.T
    number = squared.argmin(1)
    distance = np.sqrt(np.maximum(squared[np.arange(len(small)), number], 0) / small.shape[1])
    return Nearest(number, distance)


class Bounds(NamedTuple):
    """Of each picture: the evidence lower bound, the importance-weighted one, KL of each number of its code."""

    elbo: Float[np.ndarray, " n"]
    weighted: Float[np.ndarray, " n"]
    kl: Float[np.ndarray, "n latent"]


def bounds(
    subject: Subject,
    pictures: Pictures,
    padding: Float32[np.ndarray, "n 1 s s"],
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> Bounds:
    """Both bounds from the same `draws` codes a picture.

    elbo: the mean of log p(x | z) over the draws, minus the KL in closed form. weighted: log of the mean of
    p(x, z) / q(z | x) over the draws (Burda et al. 2016, equation 8): never below the first on average.
    """
    means, sds = subject.encode(pictures)
    kl = kl_nats(Posterior(torch.from_numpy(means), 2 * torch.log(torch.from_numpy(sds)))).numpy()
    sure = np.empty((len(pictures), draws))
    ratio = np.empty_like(sure)
    for number in range(len(pictures)):
        noise = rng.standard_normal((draws, subject.latent), np.float32)
        codes = means[number] + sds[number] * noise
        sure[number] = -_nats(subject, pictures[number], padding[number], codes)
        # log p(z) - log q(z | x); the constants of the two normal densities are equal
        ratio[number] = (0.5 * noise**2 - 0.5 * codes**2 + np.log(sds[number])).sum(1)
    weighted = np.logaddexp.reduce(sure + ratio, axis=1) - math.log(draws)
    return Bounds(sure.mean(1) - kl.sum(1), weighted, kl)


def _nats(
    subject: Subject,
    picture: Float32[np.ndarray, "3 s s"],
    padding: Float32[np.ndarray, "1 s s"],
    codes: Float32[np.ndarray, "draws latent"],
) -> Float[np.ndarray, " draws"]:
    """-log p(x | z) for each of these codes."""
    decoded = torch.from_numpy(np.ascontiguousarray(subject.decode(codes)))
    truth, border = (torch.from_numpy(part).expand(len(codes), *part.shape) for part in (picture, padding))
    sd = torch.tensor(subject.sd)
    return reconstruction_nats(subject.likelihood, decoded_of(decoded), truth, border, sd).numpy()


class LiteFeatures:
    """Pictures to features; the weights come from a package. Raises RecipeError where it is missing."""

    @cached_property
    def network(self) -> torch.nn.Module:
        """Loaded when it is first used."""
        from safelight.nn.encoders import classifier

        return classifier("tf_efficientnet_lite0")

    def __call__(self, pictures: Pictures) -> FeatureVectors:
        """Features (n, 1280) of sRGB pictures 0..1."""
        features = []
        with torch.inference_mode():
            for first in range(0, len(pictures), AT_ONCE):
                some = torch.from_numpy(np.ascontiguousarray(pictures[first : first + AT_ONCE]))
                maps = self.network.forward_features((some - 0.5) / 0.5)  # type: ignore[operator]
                features.append(maps.mean((2, 3)).numpy())
        return np.concatenate(features)


def frechet(one: FeatureVectors, two: FeatureVectors) -> float:
    """Squared Fréchet distance of two Gaussians with the sets' means and covariances (Heusel et al. 2017, eq. 6).

    The trace of the root of the product of the covariances is the nuclear norm of X Yᵀ, X and Y centered and
    divided by the root of their count: exact, and cheap where pictures are fewer than features.
    """
    a, b = (each.astype(np.float64) for each in (one, two))
    x, y = ((each - each.mean(0)) / np.sqrt(len(each) - 1) for each in (a, b))
    root = np.linalg.svd(x @ y.T, compute_uv=False).sum()
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + (x**2).sum() + (y**2).sum() - 2 * root)


def kernel_distance(one: FeatureVectors, two: FeatureVectors) -> float:
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


def with_interval(distance: Distance, one: FeatureVectors, two: FeatureVectors) -> Estimate:
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

"""Bins of color: cells of the ab plane (Zhang, Isola & Efros 2016, section 2.1), and the colors that a
distribution over them means."""

from functools import cache
from typing import NamedTuple

import numpy as np

from safelight.pixels.color import srgb_to_lab
from safelight.shaped import Float, Float32

STEP = 10.0  # units of ab
ALIKE = 18.0  # units of ab: bins nearer to a peak than this count as the same color
LEAST_SHARE = 0.05  # a color less likely than this is left out


class Likely(NamedTuple):
    """A color that may be meant, and how likely it is, 0..1."""

    ab: tuple[float, float]
    share: float


def gamut_bins(step: float = STEP) -> Float[np.ndarray, "q 2"]:
    """Centers of the ab cells, on a grid of this step, that hold a color of sRGB at some lightness."""
    return _gamut_bins(step).copy()


@cache
def _gamut_bins(step: float) -> Float[np.ndarray, "q 2"]:
    levels = np.linspace(0, 1, 33, dtype=np.float32)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(1, -1, 3)
    cells = np.unique(np.round(srgb_to_lab(cube)[0, :, 1:] / step).astype(int), axis=0)
    return cells.astype(np.float32) * np.float32(step)


def variance(
    shares: Float32[np.ndarray, "q h w"], bins: Float32[np.ndarray, "q 2"]
) -> Float32[np.ndarray, "h w"]:
    """Of the color at each place, in squared units of ab: a and b together."""
    mean = np.einsum("qhw,qc->hwc", shares, bins)
    squares = np.einsum("qhw,q->hw", shares, (bins**2).sum(1))
    return np.asarray(np.maximum(squares - (mean**2).sum(-1), 0), np.float32)


def likely_colors(
    shares: Float32[np.ndarray, " q"], bins: Float32[np.ndarray, "q 2"], most: int = 3
) -> list[Likely]:
    """The different colors that a distribution means, the likeliest first, one at least.

    Each is a peak and the bins around it that are not nearer to a higher one.
    """
    remaining, colors = shares.astype(np.float64), list[Likely]()
    while len(colors) < most:
        near = ((bins - bins[remaining.argmax()]) ** 2).sum(1) <= ALIKE**2
        share = float(remaining[near].sum())
        if colors and share < LEAST_SHARE:
            break
        a, b = remaining[near] @ bins[near] / max(share, 1e-12)
        colors.append(Likely((float(a), float(b)), share))
        remaining[near] = 0
    return sorted(colors, key=lambda each: -each.share)

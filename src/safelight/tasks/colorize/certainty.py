"""How sure a color is: the chance that the true color lies near the one that is shown.

The network gives each cell a distribution over bins of color. What it gives the bins within NEAR of the shown color,
summed, is its own opinion of that chance; CALIBRATION turns it into how often that came true on held-out pictures
(reliability diagram: Guo et al. 2017, "On calibration of modern neural networks").
"""

import numpy as np

from safelight.arrays import Ab, Mask
from safelight.pixels.geometry import resize
from safelight.shaped import Float32
from safelight.tasks.colorize.bins import gamut_bins

NEAR = 15.0  # units of ab: nobody would call it another color
EDGE = 5.0  # units of ab over which a bin's share fades out: half a bin
# The network's opinion, and how often the true color was near (benchmarks/certainty.py).
CALIBRATION = (
    (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    (0.05, 0.125, 0.257, 0.398, 0.515, 0.605, 0.760, 0.876, 0.941, 0.966, 0.994),
)
BESIDE = (0.55, 0.8, 0.86)  # nearness to a hint: nothing below, from there on so sure at least


def opinion(shares: Float32[np.ndarray, "q h8 w8"], ab: Ab) -> Mask:
    """The share (h8, w8), 0..1, that the distribution gives to colors near `ab` (h, w, 2), which may be larger."""
    h, w = shares.shape[1:]
    shown = resize(np.asarray(ab, np.float32), (h, w))
    bins = gamut_bins().astype(np.float32)
    distance = np.sqrt(((shown[None] - bins[:, None, None]) ** 2).sum(-1))
    weight = np.clip((NEAR + EDGE - distance) / (2 * EDGE), 0, 1)
    return np.asarray((shares * weight).sum(0).clip(0, 1), np.float32)


def certainty(shares: Float32[np.ndarray, "q h8 w8"], ab: Ab, near: Mask) -> Mask:
    """How likely, 0..1, the true color of each cell lies within NEAR of `ab` (h, w, 2).

    shares: of each bin of color. near: how much a hint says of each cell, 0..1 (of the kriging of residuals).
    """
    low, high, sure = BESIDE
    called = np.interp(opinion(shares, ab), *CALIBRATION)
    return np.asarray(np.maximum(called, sure * np.clip((near - low) / (high - low), 0, 1)), np.float32)

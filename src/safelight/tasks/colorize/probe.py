"""One probe: a fixed picture and fixed hints on it."""

from dataclasses import dataclass

import numpy as np

from safelight.arrays import Ab, Lightness, Srgb
from safelight.pixels.color import lab_to_srgb
from safelight.tasks.colorize.hints import Points


@dataclass(frozen=True)
class Probe:
    """One picture in Lab, and hints on it of which the first n are the question with n hints."""

    L: Lightness
    ab: Ab
    points: Points


def join(L: Lightness, ab: Ab) -> Srgb:
    """Lightness and color as a picture."""
    return lab_to_srgb(np.dstack([L, ab]))

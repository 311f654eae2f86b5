"""The training pictures nearest to samples: whether a model makes new pictures or remembers old ones."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int64

SIDE = 16  # pixels: pictures are compared small, where a blurred copy is as near as a sharp one


class Nearest(NamedTuple):
    """Of each picture the number of the nearest training picture, and the distance: rms of values 0..1."""

    number: Int64[np.ndarray, " n"]
    distance: Float[np.ndarray, " n"]


def shrink(pictures: Float32[np.ndarray, "n 3 s s"], side: int = SIDE) -> Float32[np.ndarray, "n d"]:
    """Small flat copies: means over squares; `s` is cut to a multiple of the side."""
    n, c, s, _ = pictures.shape
    step = max(1, s // side)
    kept = s // step * step
    cells = pictures[:, :, :kept, :kept].reshape(n, c, kept // step, step, kept // step, step)
    return np.asarray(cells.mean((3, 5), dtype=np.float32).reshape(n, -1))


def nearest(pictures: Float32[np.ndarray, "n 3 s s"], training: Float32[np.ndarray, "m 3 s s"]) -> Nearest:
    """The nearest training picture of each."""
    small, known = shrink(pictures), shrink(training)
    squared = (small**2).sum(1)[:, None] + (known**2).sum(1)[None] - 2 * small @ known.T
    number = squared.argmin(1)
    distance = np.sqrt(np.maximum(squared[np.arange(len(small)), number], 0) / small.shape[1])
    return Nearest(number, distance)

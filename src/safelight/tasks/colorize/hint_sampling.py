"""Random hints, for training and for judging: how many, where, how large, and which color they report.

The distributions are those of the field: siggraph17 (Zhang et al. 2017, section 3.2) draws a geometric
number of points, places normal around the centre, and the mean color of a square patch; iColoriT (Yun et
al. 2022) draws uniformly. Every draw takes a numpy Generator.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from safelight.arrays import Ab
from safelight.errors import RecipeError
from safelight.tasks.colorize.hints import Points


@dataclass(frozen=True)
class HintSampling:
    """How hints are drawn.

    count: how many: "geometric" (stop probability `stop`, mean 1/stop - 1), "uniform" (0..most), "log" (1..most,
      as many pictures with 1 hint as with 2..3 or 50..99) or "fixed" (always `most`).
    most: largest number of hints on a picture.
    stop: chance to stop after each hint, if `count` is geometric.
    automatic: share of pictures that get no hint at all, whatever `count` says.
    place: where: "uniform", or "normal" around the center with standard deviation size/4, clipped.
    patch: smallest and largest side, in pixels, of the square over which the color is averaged.
    variance: if above 0, the color is a Gaussian-weighted mean around the point with this variance in
      pixels squared (note 000's hint_sample_variance), instead of the patch mean.
    start_most: hint curriculum: `most` begins here and reaches its own value at `curriculum_end`; 0 is off.
    curriculum: how it gets there: "linear", "cosine" (slow at both ends), "geometric" (equal factors: as much of
      the run from 400 to 40 as from 40 to 4) or "stairs" (on as many equal ones as `curriculum_stairs`).
    curriculum_end: share of the run after which `most` has its own value.
    curriculum_stairs: how many stairs, if `curriculum` is stairs.
    """

    count: Literal["geometric", "uniform", "log", "fixed"] = "log"
    most: int = 200
    stop: float = 0.125
    automatic: float = 0.15
    place: Literal["uniform", "normal"] = "uniform"
    patch: tuple[int, int] = (1, 5)
    variance: float = 0.0
    start_most: int = 0
    curriculum: Literal["linear", "cosine", "geometric", "stairs"] = "linear"
    curriculum_end: float = 1.0
    curriculum_stairs: int = 4

    def __post_init__(self) -> None:
        if not 0 <= self.automatic <= 1 or not 0 < self.stop <= 1:
            raise RecipeError(f"automatic ({self.automatic}) and stop ({self.stop}) are shares from 0 to 1")
        if self.most < 0 or self.start_most < 0 or self.variance < 0:
            raise RecipeError("most, start_most and variance of the hints cannot be negative")
        if not 0 < self.curriculum_end <= 1 or self.curriculum_stairs < 2:
            raise RecipeError(
                f"hints.curriculum_end is {self.curriculum_end} and hints.curriculum_stairs "
                f"{self.curriculum_stairs}; expected a share of the run, above 0, and 2 stairs at least"
            )
        if not 1 <= self.patch[0] <= self.patch[1]:
            raise RecipeError(f"hints.patch is {self.patch}; expected smallest and largest side, from 1")

    def most_at(self, progress: float) -> int:
        """The most hints at this share (0..1) of the run."""
        if not self.start_most:
            return self.most
        done = CURRICULA[self.curriculum](self, min(max(progress / self.curriculum_end, 0.0), 1.0))
        return round(self.start_most + (self.most - self.start_most) * done)


def _geometric(sampling: HintSampling, progress: float) -> float:
    """One more than the number of hints falls (or grows) by equal factors: it may end at none."""
    first, last = sampling.start_most + 1, sampling.most + 1
    return progress if first == last else (first * (last / first) ** progress - first) / (last - first)


def _stairs(sampling: HintSampling, progress: float) -> float:
    count = sampling.curriculum_stairs
    return min(int(progress * count) / (count - 1), 1.0)


CURRICULA: dict[str, Callable[[HintSampling, float], float]] = {  # how far it has come, of how much is done
    "linear": lambda _, progress: progress,
    "cosine": lambda _, progress: (1 - math.cos(math.pi * progress)) / 2,
    "geometric": _geometric,
    "stairs": _stairs,
}


def draw_count(sampling: HintSampling, rng: np.random.Generator, progress: float = 1.0) -> int:
    """How many hints one picture gets."""
    most = sampling.most_at(progress)
    if most == 0 or rng.random() < sampling.automatic:
        return 0
    if sampling.count == "fixed":
        return most
    if sampling.count == "uniform":
        return int(rng.integers(0, most + 1))
    if sampling.count == "geometric":
        return min(int(rng.geometric(sampling.stop)) - 1, most)
    return int(np.exp(rng.uniform(0, np.log(most + 1))))


def draw_places(
    count: int, size: tuple[int, int], place: Literal["uniform", "normal"], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns (int32) of `count` points on a grid of size (h, w)."""
    h, w = size
    if place == "uniform":
        return rng.integers(0, h, count).astype(np.int32), rng.integers(0, w, count).astype(np.int32)
    y = np.clip(rng.normal(h / 2, h / 4, count), 0, h - 1)
    x = np.clip(rng.normal(w / 2, w / 4, count), 0, w - 1)
    return y.astype(np.int32), x.astype(np.int32)


def patch_mean(ab: Ab, y: np.ndarray, x: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Mean color (n, 2) of the square patches of these sides that contain (y, x), cut at the picture's edge."""
    h, w = ab.shape[:2]
    total = np.zeros((h + 1, w + 1, 2), np.float64)
    total[1:, 1:] = ab.cumsum(0, dtype=np.float64).cumsum(1)
    top, left = np.maximum(y - (side - 1) // 2, 0), np.maximum(x - (side - 1) // 2, 0)
    bottom, right = np.minimum(y + side // 2 + 1, h), np.minimum(x + side // 2 + 1, w)
    area = ((bottom - top) * (right - left))[:, None]
    sums = total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]
    return np.asarray(sums / area, np.float32)


def gaussian_mean(ab: Ab, y: np.ndarray, x: np.ndarray, variance: float) -> np.ndarray:
    """Gaussian-weighted mean color (n, 2) around each point, variance in pixels squared, within 3 sigma."""
    reach = int(np.ceil(3 * np.sqrt(variance)))
    step = np.arange(-reach, reach + 1)
    weight = np.exp(-(step[:, None] ** 2 + step[None] ** 2) / (2 * variance)).astype(np.float32)
    padded = np.pad(ab, ((reach, reach), (reach, reach), (0, 0)))
    inside = np.pad(np.ones(ab.shape[:2], np.float32), reach)
    rows, columns = y[:, None, None] + reach + step[:, None], x[:, None, None] + reach + step[None]
    share = weight * inside[rows, columns]
    mean = (padded[rows, columns] * share[..., None]).sum((1, 2)) / share.sum((1, 2))[:, None]
    return np.asarray(mean, np.float32)


def report_colors(ab: Ab, y: np.ndarray, x: np.ndarray, side: np.ndarray, variance: float = 0.0) -> Points:
    """Hints at these places with the picture's own colors there: what a person who knows it would say."""
    colors = gaussian_mean(ab, y, x, variance) if variance > 0 else patch_mean(ab, y, x, side)
    return Points(y.astype(np.int32), x.astype(np.int32), colors, ((side - 1) / 2).astype(np.float32))


def draw_points(ab: Ab, sampling: HintSampling, rng: np.random.Generator, progress: float = 1.0) -> Points:
    """Random hints on the true colors `ab` of one picture, at this share (0..1) of the run."""
    count = draw_count(sampling, rng, progress)
    y, x = draw_places(count, (ab.shape[0], ab.shape[1]), sampling.place, rng)
    side = rng.integers(sampling.patch[0], sampling.patch[1] + 1, count)
    return report_colors(ab, y, x, side, sampling.variance)

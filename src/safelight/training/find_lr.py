"""The learning rate range test: how high may it be? Source: Smith 2017, "Cyclical learning rates", section 3.3.

The rate rises exponentially, step by step, from far too low to where the loss goes up; a smoothed loss tells
where learning begins, where it is fastest, and where it stops. A few batches come round again and again, and
each is compared with what it cost before anything was learned: easy batches are not taken for progress.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from safelight.errors import RecipeError
from safelight.shaped import Float
from safelight.training.batches import Pictures
from safelight.training.dry_run import DryRun
from safelight.training.hardware import CPU
from safelight.training.recipe import Recipe

LOWEST, HIGHEST = 1e-6, 1.0
STEPS = 100
BATCHES = 8  # that come round
LEAST_FALL = 0.03  # of the loss at the start: less is no clear fall
SMOOTHING = 0.9  # of the loss, corrected for its start (Kingma & Ba 2015, section 3)
DIVERGED = 4.0  # times the smallest smoothed loss: the test ends
EDGE = 0.1  # share of the steps at each end that no slope is read from
BELOW = 3.0  # the suggestion stays so many times below the rate of the smallest loss


@dataclass(frozen=True)
class RangeTest:
    """Rates, losses (each less its batch's own, plus the mean of all, at the start), and smoothed losses."""

    rates: Float[np.ndarray, " n"]
    losses: Float[np.ndarray, " n"]
    smooth: Float[np.ndarray, " n"]

    @property
    def lowest(self) -> float:
        """The rate at which the smoothed loss was smallest."""
        return float(self.rates[int(np.argmin(self.smooth))])

    @property
    def steepest(self) -> float:
        """The rate at which the smoothed loss fell fastest over the logarithm of the rate, before its smallest."""
        slope = np.gradient(self.smooth, np.log(self.rates))
        first, last = round(EDGE * len(slope)), max(int(np.argmin(self.smooth)), round(EDGE * len(slope)) + 1)
        return float(self.rates[first + int(np.argmin(slope[first:last]))])

    @property
    def falls(self) -> bool:
        """Whether the loss falls clearly at all."""
        start = float(self.smooth[0])
        return float(self.smooth.min()) < start - LEAST_FALL * abs(start)

    @property
    def suggestion(self) -> float:
        """A peak rate, to two digits: where the loss falls fastest, but well below where it ends falling."""
        return float(f"{min(self.steepest, self.lowest / BELOW):.1e}")


def find_lr(
    recipe: Recipe,
    pictures: Pictures,
    steps: int = STEPS,
    progress: Callable[[int, int], None] | None = None,
    device: torch.device = CPU,
) -> RangeTest:
    """The range test of a recipe on these pictures, on a new network; no run is begun.

    Raises RecipeError where the loss is not finite from the start.
    """
    dry_run = DryRun(recipe, device)
    batches = list(itertools.islice(dry_run.batches(pictures, recipe.data.batch), BATCHES))
    own = np.array([dry_run.step(batch, 0.0) for batch in batches])
    if not np.isfinite(own).all():
        raise RecipeError(
            "the loss is not finite before anything is learned; look at the pictures and the loss"
        )
    rates = np.geomspace(LOWEST, HIGHEST, steps)
    losses: list[float] = []
    for number, rate in enumerate(rates):
        at = number % BATCHES
        losses.append(dry_run.step(batches[at], float(rate)) - own[at] + own.mean())
        if progress:
            progress(number + 1, steps)
        if _is_over(losses):
            break
    finite = np.array(losses)[: _finite(losses)]
    return RangeTest(rates[: len(finite)], finite, smoothed(finite))


def smoothed(losses: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """The exponential moving average, corrected for its start at 0."""
    average, result = 0.0, []
    for number, loss in enumerate(losses, start=1):
        average = SMOOTHING * average + (1 - SMOOTHING) * float(loss)
        result.append(average / (1 - SMOOTHING**number))
    return np.array(result)


def _finite(losses: list[float]) -> int:
    return next((n for n, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))


def _is_over(losses: list[float]) -> bool:
    if not math.isfinite(losses[-1]):
        return True
    smooth = smoothed(np.array(losses))
    best = float(smooth.min())
    return bool(len(losses) > 10 and smooth[-1] - best > (DIVERGED - 1) * abs(best))


def draw(test: RangeTest, path: Path) -> None:
    """The curve as a PNG: losses, the smoothed loss, the suggestion."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 4), dpi=120, layout="constrained")
    axes = figure.subplots()
    axes.plot(test.rates, test.losses, ".", color="#c9c3bd", markersize=4, label="loss of a batch")
    axes.plot(test.rates, test.smooth, color="#b8442c", label="smoothed")
    axes.axvline(test.suggestion, color="#2b2826", linestyle=":", label=f"suggestion {test.suggestion:g}")
    low, high = np.quantile(test.losses, [0.0, 0.9])
    axes.set(xscale="log", xlabel="learning rate", ylabel="loss", ylim=(low - 0.1 * (high - low), high * 1.3))
    axes.legend(frameon=False, fontsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})

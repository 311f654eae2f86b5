"""Learning rate as a function of the step, and of how the loss goes."""

import math
from collections.abc import Callable
from typing import TypeAlias

from safelight.training.optimizers import OptimizerSettings

START_SHARE, END_SHARE = 1 / 25, 1e-4
LOOKS = 10  # how often a plateau looks at the mean loss within its patience

Share: TypeAlias = Callable[[int], float]  # of the peak learning rate, at each step


def learning_rate_share(settings: OptimizerSettings, steps: int) -> Share:
    """Share of the peak learning rate at each step.

    "one_cycle": cosine from 1/25 of the peak up, then cosine down to 1/10000 of it (Smith & Topin 2018, in
    the form that torch's OneCycleLR made common). "cosine": a straight rise, then the same fall (Loshchilov &
    Hutter 2017, equation 5). "constant": one_cycle's rise, then the peak. "steps": the same, and from each of
    `drop_at` on the next of `drops`. "plateau": the same, and a drop whenever the loss no longer falls.
    """
    rise = max(1, round(settings.warmup * steps))
    if settings.schedule == "plateau":
        return Plateau(settings.drops, settings.patience, settings.least, rise)

    def share(step: int) -> float:
        if step < rise:
            return _straight(step / rise) if settings.schedule == "cosine" else _rising(step / rise)
        if settings.schedule == "constant":
            return 1.0
        if settings.schedule == "steps":
            return (1.0, *settings.drops)[sum(step >= at for at in settings.drop_at)]
        return _cosine(1.0, END_SHARE, min((step - rise) / max(1, steps - rise), 1.0))

    return share


class Plateau:
    """A share that drops when the loss has not fallen for `patience` steps (Zhang et al. 2016 did so by hand).

    The mean loss of each tenth of the patience is looked at; it has fallen if it is `least` (a share) below
    the best one before. All that it knows are plain numbers: they go into the checkpoint with the schedule
    (LambdaLR keeps them), and a run that is resumed drops where it would have dropped.
    """

    def __init__(self, drops: tuple[float, ...], patience: int, least: float, rise: int = 1) -> None:
        self.levels = (1.0, *drops)
        self.window = max(1, patience // LOOKS)
        self.allowed = -(-patience // self.window)
        self.least, self.rise = least, rise
        self.best = math.inf
        self.total, self.count, self.stale, self.level = 0.0, 0, 0, 0

    def __call__(self, step: int) -> float:
        """The share at this step, the next one to be taken."""
        return _rising(step / self.rise) if step < self.rise else self.levels[self.level]

    def observe(self, loss: float) -> None:
        """Take note of the loss of one step."""
        self.total += loss
        self.count += 1
        if self.count == self.window:
            self._look(self.total / self.count)
            self.total, self.count = 0.0, 0

    def _look(self, mean: float) -> None:
        # A loss may be below 0, and the first comparison is with infinity, whose share is no number.
        margin = self.least * abs(self.best) if math.isfinite(self.best) else 0.0
        if mean < self.best - margin:
            self.best, self.stale = mean, 0
            return
        self.stale += 1
        if self.stale >= self.allowed and self.level + 1 < len(self.levels):
            self.level, self.stale = self.level + 1, 0


def _rising(progress: float) -> float:
    return _cosine(START_SHARE, 1.0, progress)


def _straight(progress: float) -> float:
    return START_SHARE + (1 - START_SHARE) * progress


def _cosine(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2

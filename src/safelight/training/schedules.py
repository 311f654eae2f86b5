"""Learning rate as a function of the step."""

import math
from collections.abc import Callable

from safelight.training.recipe import OptimizerSettings

START_SHARE, END_SHARE = 1 / 25, 1e-4


def learning_rate_share(settings: OptimizerSettings, steps: int) -> Callable[[int], float]:
    """Share of the peak learning rate at each step.

    "one_cycle": cosine from 1/25 of the peak up, then cosine down to 1/10000 of it (Smith & Topin 2018, in
    the form that torch's OneCycleLR made common). "constant": the same rise, then the peak.
    """
    rise = max(1, round(settings.warmup * steps))

    def share(step: int) -> float:
        if step < rise:
            return _cosine(START_SHARE, 1.0, step / rise)
        if settings.schedule == "constant":
            return 1.0
        return _cosine(1.0, END_SHARE, min((step - rise) / max(1, steps - rise), 1.0))

    return share


def _cosine(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2

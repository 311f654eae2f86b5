"""Running scales: what a measure usually is, how far it usually strays, and when a value lies outside of that.

Medians are used throughout: a few bad values move them hardly at all (Huber 1981, chapter 5).
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from safelight.training.guard.settings import GuardSettings

NORMAL = 1.4826  # standard deviation of a normal variable / its median absolute deviation
LEAST_NORM = 1e-12

Kind = Literal["input", "question", "loss", "gradient", "update", "average"]
# In the order in which cause comes before effect; how many times the usual a value must be to be a spike.
MOST = 20.0  # however much a norm strays, so many times the usual is a spike
LEAST: dict[Kind, float] = {
    "input": 4.0,
    "question": 2.0,
    "loss": 2.0,
    "gradient": 6.0,
    "update": 5.0,
    "average": 10.0,
}
# Of questions: hints of other pictures contradict the truth by 0.5 to 0.8, a picture's own by 0.05 to 0.3.
CONTRADICTED = 0.45


@dataclass(frozen=True)
class Anomaly:
    """What was seen of one measure, and the limit that it passed.

    how: "not finite", "spike" (one step) or "jump" (the mean of the last steps); of looks, what was lost.
    """

    measure: str
    how: str
    seen: float
    limit: float
    usual: float


class Scale:
    """The last values of one measure, oldest first, and the limits that follow from them."""

    def __init__(self, measure: str, settings: GuardSettings, values: Sequence[float] = ()) -> None:
        self.measure, self.settings, self.values = measure, settings, list(values)
        self.kind = kind_of(measure)

    def judge(self, value: float) -> Anomaly | None:
        """What is wrong with this next value, if anything."""
        if not math.isfinite(value):
            return Anomaly(self.measure, "not finite", value, math.inf, self._usual(self.values))
        if len(self.values) < self.settings.settle or self._tells_nothing(value):
            return None
        limit = self._spike_limit()
        if value > limit:
            return Anomaly(self.measure, "spike", value, limit, self._usual(self.values))
        return self._jump(value) if self.kind == "loss" else None

    def add(self, value: float) -> None:
        """Count a healthy value."""
        if self._tells_nothing(value):
            return
        self.values.append(value)
        del self.values[: -self.settings.window]

    def _tells_nothing(self, value: float) -> bool:
        """Whether this is the norm of what does not move: a discriminator that has not begun, say."""
        return value == 0 and self.kind != "loss"

    def _spike_limit(self) -> float:
        """`spike` robust standard deviations above the median, between LEAST and (norms) MOST times it."""
        least = LEAST[self.kind]
        if self.kind == "loss":  # may be negative, so its scale is linear
            middle, deviation, size = _spread(self.values)
            return middle + max(self.settings.spike * deviation, (least - 1) * size)
        middle, deviation, _ = _spread([math.log(max(value, LEAST_NORM)) for value in self.values])
        if self.kind == "question":
            return max(CONTRADICTED, least * math.exp(middle))
        stray = min(max(self.settings.spike * deviation, math.log(least)), math.log(MOST))
        return math.exp(middle + stray)

    def _jump(self, value: float) -> Anomaly | None:
        """Whether the mean of the last steps lies where it did not use to: up, and it stays there."""
        short = self.settings.short
        before, recent = self.values[: 1 - short], [*self.values[1 - short :], value]
        if len(before) < self.settings.settle:
            return None
        middle, deviation, size = _spread(before)
        mean = math.fsum(recent) / short
        limit = middle + max(
            self.settings.spike * deviation / math.sqrt(short), (self.settings.jump - 1) * size
        )
        return Anomaly(self.measure, "jump", mean, limit, middle) if mean > limit else None

    @staticmethod
    def _usual(values: Sequence[float]) -> float:
        return statistics.median(values) if values else math.nan


def kind_of(measure: str) -> Kind:
    """The kind that a measure's name begins with: "gradient discriminator" is a gradient."""
    kind = measure.partition(" ")[0]
    return kind if kind in LEAST else "loss"


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, robust standard deviation, and the median size."""
    middle = statistics.median(values)
    deviation = NORMAL * statistics.median([abs(value - middle) for value in values])
    return middle, deviation, statistics.median([abs(value) for value in values])

"""Two runs on the same questions: better, worse or cannot tell, paired by picture and, where there are, over seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float64

from safelight.errors import SafelightError
from safelight.journal.verdicts import StoredVerdict
from safelight.judging.intervals import FEWEST, Estimate, bootstrap_weights, estimates

Outcome: TypeAlias = Literal["better", "worse", "cannot tell"]
Gains: TypeAlias = Float64[np.ndarray, "seeds pictures counts"]


@dataclass(frozen=True)
class Lead:
    """The other's lead over the one in dB. hints: None for the mean over all numbers of hints."""

    hints: int | None
    one: float
    other: float
    difference: Estimate
    outcome: Outcome


@dataclass(frozen=True)
class Pairing:
    """All leads, the one over all numbers of hints first.

    differences: the other's gain less the one's for each picture, in the order of `names`; (pictures, counts).
    seeds: how many runs on each side. spread: how much the mean gain varies from seed to seed, in dB, as a
    standard deviation on each side; nan for a single run.
    """

    leads: tuple[Lead, ...]
    counts: tuple[int, ...]
    names: tuple[str, ...]
    indices: tuple[int, ...]
    differences: Float64[np.ndarray, "pictures counts"]
    seeds: tuple[int, int]
    spread: tuple[float, float]

    @property
    def overall(self) -> Lead:
        return self.leads[0]


def pair(one: Sequence[StoredVerdict], other: Sequence[StoredVerdict], seed: int = 0) -> Pairing:
    """Compare two sides, each a verdict a seed, all on the same questions. Raises SafelightError if they are not.

    With several seeds on both sides the interval holds for another seed too: the variance of the mean over
    seeds is added to that over pictures, with Student's t at Welch's degrees of freedom.
    """
    first = one[0]
    strangers = {each.questions for each in [*one, *other]} - {first.questions}
    if strangers:
        raise SafelightError(
            "these verdicts are not on the same questions; judge the runs anew, in the same way"
        )
    sides = [_with_mean(np.stack([_aligned(each, first) for each in side])) for side in (one, other)]
    means = [side.mean(axis=0) for side in sides]
    difference = means[1] - means[0]
    resampled = bootstrap_weights(len(first.names), np.random.default_rng(seed)) @ difference
    intervals = _intervals(resampled, sides)
    leads = tuple(
        Lead(
            hints,
            float(means[0][:, at].mean()),
            float(means[1][:, at].mean()),
            intervals[at],
            _outcome(intervals[at], len(first.names)),
        )
        for at, hints in enumerate((None, *first.counts))
    )
    return Pairing(
        leads=leads,
        counts=first.counts,
        names=first.names,
        indices=first.indices,
        differences=difference[:, 1:],
        seeds=(len(one), len(other)),
        spread=(_spread(sides[0]), _spread(sides[1])),
    )


def _aligned(verdict: StoredVerdict, first: StoredVerdict) -> Float64[np.ndarray, "pictures counts"]:
    """The gains in the order of the first verdict's pictures."""
    if verdict.names == first.names:
        return verdict.gains
    places = {name: place for place, name in enumerate(verdict.names)}
    if len(places) != len(verdict.names) or set(places) != set(first.names):
        raise SafelightError(f"{verdict.path} and {first.path} name other pictures; judge the runs anew")
    return verdict.gains[[places[name] for name in first.names]]


def _with_mean(gains: Gains) -> Gains:
    """The mean over all numbers of hints as a column before them."""
    return np.concatenate([gains.mean(axis=2, keepdims=True), gains], axis=2)


def _spread(side: Gains) -> float:
    """Standard deviation of the mean gain from seed to seed."""
    return float(side[..., 0].mean(axis=1).std(ddof=1)) if len(side) > 1 else float("nan")


def _intervals(
    resampled: Float64[np.ndarray, "resamples columns"], sides: Sequence[Gains]
) -> tuple[Estimate, ...]:
    """Over pictures; over pictures and seeds where both sides have several."""
    if min(len(side) for side in sides) < 2:
        return estimates(resampled)
    from scipy.stats import t

    over_pictures = resampled[1:].var(axis=0)
    over_seeds = [side.mean(axis=1).var(axis=0, ddof=1) / len(side) for side in sides]
    total = over_pictures + sum(over_seeds)
    # Welch 1947; the pictures are many, so that their share of the variance counts as known.
    freedom = total**2 / sum(part**2 / (len(side) - 1) for part, side in zip(over_seeds, sides, strict=True))
    reach = t.ppf(0.975, freedom) * np.sqrt(total)
    value = resampled[0]
    return tuple(Estimate(*map(float, row)) for row in zip(value, value - reach, value + reach, strict=True))


def _outcome(difference: Estimate, pictures: int) -> Outcome:
    if pictures < FEWEST or not (difference.above_zero or difference.below_zero):
        return "cannot tell"
    return "better" if difference.above_zero else "worse"

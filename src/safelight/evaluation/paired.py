"""Two runs on the same questions: better, worse or cannot tell, paired by picture and, where there are, over seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from safelight.errors import SafelightError
from safelight.evaluation.intervals import Weights, bootstrap_weights, estimates
from safelight.shaped import Float64
from safelight.tasks.base import Measure
from safelight.verdicts.measure import PictureScores, measure_of, picture_scores, value_of
from safelight.verdicts.verdict import FEWEST, Estimate, Verdict

Outcome: TypeAlias = Literal["better", "worse", "cannot tell"]
Side: TypeAlias = Float64[np.ndarray, "seeds pictures columns parts"]
EACH = 4  # pictures a rank


@dataclass(frozen=True)
class Lead:
    """The other's lead over the one, in the measure's unit. column: None for the mean over all columns."""

    column: str | None
    one: float
    other: float
    difference: Estimate
    outcome: Outcome


@dataclass(frozen=True)
class Pairing:
    """All leads, the one over all columns first.

    differences: the other's value less the one's for each picture alone, in the order of `names`; (pictures,
    columns). changes: the same over all columns. NaN where a picture has no value. seeds: how many runs on each
    side. spread: how much the value varies from seed to seed, as a standard deviation on each side; nan for a
    single run.
    """

    measure: Measure
    leads: tuple[Lead, ...]
    columns: tuple[str, ...]
    names: tuple[str, ...]
    indices: tuple[int, ...]
    differences: Float64[np.ndarray, "pictures columns"]
    changes: Float64[np.ndarray, " pictures"]
    seeds: tuple[int, int]
    spread: tuple[float, float]

    @property
    def overall(self) -> Lead:
        return self.leads[0]


def pair(one: Sequence[Verdict], other: Sequence[Verdict], seed: int = 0) -> Pairing:
    """Compare two sides, each a verdict a seed, all on the same questions. Raises SafelightError if they are not.

    With several seeds on both sides the interval holds for another seed too: the variance of the value over
    seeds is added to that over pictures, with Student's t at Welch's degrees of freedom.
    """
    measure, questions = measure_of(one[0]), one[0].questions
    scores = [[picture_scores(verdict) for verdict in side] for side in (one, other)]
    first = scores[0][0]
    if any(verdict.questions != questions for verdict in [*one, *other]) or any(
        each.columns != first.columns for side in scores for each in side
    ):
        raise SafelightError(
            "these verdicts are not on the same questions; judge the runs anew, in the same way"
        )
    sides = [np.stack([_aligned(each, first) for each in side]) for side in scores]
    weights = bootstrap_weights(len(first.names), np.random.default_rng(seed))
    values = [_values(measure, weights, side) for side in sides]
    means = [each.mean(axis=1) for each in values]
    intervals = _intervals(means[1] - means[0], [each[0] for each in values])
    alone = [_alone(measure, side) for side in sides]
    leads = tuple(
        Lead(
            column,
            float(means[0][0, at]),
            float(means[1][0, at]),
            intervals[at],
            _outcome(intervals[at], len(first.names)),
        )
        for at, column in enumerate((None, *first.columns))
    )
    return Pairing(
        measure=measure,
        leads=leads,
        columns=first.columns,
        names=first.names,
        indices=first.indices,
        differences=(alone[1] - alone[0])[:, 1:],
        changes=(alone[1] - alone[0])[:, 0],
        seeds=(len(one), len(other)),
        spread=(_spread(values[0][0]), _spread(values[1][0])),
    )


def overall_values(verdicts: Sequence[Verdict]) -> Float64[np.ndarray, " verdicts"]:
    """The value of each over all its pictures and columns."""
    values = []
    for verdict in verdicts:
        parts = picture_scores(verdict).parts
        even = np.full((1, len(parts)), 1 / len(parts))
        values.append(_values(measure_of(verdict), even, parts[None])[0, 0, 0])
    return np.array(values)


def most_changed(
    change: Float64[np.ndarray, " pictures"], each: int = EACH
) -> list[tuple[Literal["improved", "worsened"], int]]:
    """(rank, place of the picture): the most improved, then the most worsened; none twice, none unchanged."""
    known = np.nan_to_num(change)
    order = np.argsort(-known, kind="stable")
    improved = [("improved", int(place)) for place in order[:each] if known[place] > 0]
    worsened = [("worsened", int(place)) for place in order[::-1][:each] if known[place] < 0]
    return [*improved, *worsened]  # type: ignore[list-item]


def _aligned(scores: PictureScores, first: PictureScores) -> Float64[np.ndarray, "pictures columns parts"]:
    """The parts in the order of the first verdict's pictures."""
    if scores.names == first.names:
        return scores.parts
    places = {name: place for place, name in enumerate(scores.names)}
    if len(places) != len(scores.names) or set(places) != set(first.names):
        raise SafelightError("these verdicts name different pictures; judge the runs anew")
    return scores.parts[[places[name] for name in first.names]]


def _values(measure: Measure, weights: Weights, side: Side) -> Float64[np.ndarray, "resamples seeds columns"]:
    """The value of each resample, first over all columns that have one, then in each."""
    values = value_of(measure)(np.tensordot(weights, side, axes=(1, 1)))
    known = np.isfinite(values)
    total = np.where(known, values, 0).sum(-1, keepdims=True)
    return np.concatenate([total / np.maximum(known.sum(-1, keepdims=True), 1), values], axis=-1)


def _alone(measure: Measure, side: Side) -> Float64[np.ndarray, "pictures columns"]:
    """The value of each picture as if there were no other, the mean over seeds; all columns as one first."""
    together = value_of(measure)(side.mean(axis=2, keepdims=True))
    return np.asarray(np.concatenate([together, value_of(measure)(side)], axis=2).mean(axis=0))


def _spread(values: Float64[np.ndarray, "seeds columns"]) -> float:
    """Standard deviation of the overall value from seed to seed."""
    return float(values[:, 0].std(ddof=1)) if len(values) > 1 else float("nan")


def _intervals(
    resampled: Float64[np.ndarray, "resamples columns"],
    values: Sequence[Float64[np.ndarray, "seeds columns"]],
) -> tuple[Estimate, ...]:
    """Over pictures; over pictures and seeds where both sides have several."""
    if min(len(side) for side in values) < 2:
        return estimates(resampled)
    from scipy.stats import t

    over_pictures = resampled[1:].var(axis=0)
    over_seeds = [side.var(axis=0, ddof=1) / len(side) for side in values]
    total = over_pictures + sum(over_seeds)
    # Welch 1947; the pictures are many, so that their share of the variance counts as known.
    spread = sum(part**2 / (len(side) - 1) for part, side in zip(over_seeds, values, strict=True))
    freedom = np.divide(total**2, spread, out=np.full_like(total, np.inf), where=spread > 0)
    reach = t.ppf(0.975, freedom) * np.sqrt(total)
    value = resampled[0]
    return tuple(Estimate(*map(float, row)) for row in zip(value, value - reach, value + reach, strict=True))


def _outcome(difference: Estimate, pictures: int) -> Outcome:
    if pictures < FEWEST or not (difference.above_zero or difference.below_zero):
        return "cannot tell"
    return "better" if difference.above_zero else "worse"

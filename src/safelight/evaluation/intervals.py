"""How sure a mean is: percentile bootstrap over pictures (Efron & Tibshirani 1993, chapter 13)."""

import numpy as np

from safelight.shaped import Float
from safelight.verdicts.verdict import FEWEST, Estimate, Standing

RESAMPLES = 2000

Weights = Float[np.ndarray, "resamples pictures"]  # each row sums to 1; the first is the sample itself


def bootstrap_weights(pictures: int, rng: np.random.Generator, resamples: int = RESAMPLES) -> Weights:
    """Shares of each picture in the sample itself (first row) and in each resample of it.

    The same weights for two methods make their difference a paired one.
    """
    even = np.full((1, pictures), 1 / pictures)
    drawn = rng.multinomial(pictures, even[0], size=resamples) / pictures
    return np.concatenate([even, drawn])


def estimates(resampled: Float[np.ndarray, "resamples counts"]) -> tuple[Estimate, ...]:
    """One estimate a column: the first row is the value, the others give the interval.

    Resamples without a value (none of the few pictures that have one was drawn) are left out of the interval.
    """
    low, high = percentiles(resampled[1:])
    return tuple(Estimate(*map(float, numbers)) for numbers in zip(resampled[0], low, high, strict=True))


def percentiles(resampled: Float[np.ndarray, "resamples counts"]) -> Float[np.ndarray, "2 counts"]:
    """The middle 95 % of each column's numbers; NaN where it has none."""
    if not np.isnan(resampled).any():
        return np.asarray(np.percentile(resampled, (2.5, 97.5), axis=0))
    columns = (column[~np.isnan(column)] for column in resampled.T)
    nothing = np.full(2, np.nan)
    return np.stack([np.percentile(own, (2.5, 97.5)) if len(own) else nothing for own in columns], axis=1)


def standing(difference: Estimate, pictures: int) -> Standing:
    """Whether the one that is better above 0 wins, loses, or cannot be told from the other."""
    if pictures < FEWEST or not (difference.above_zero or difference.below_zero):
        return "cannot tell"
    return "wins" if difference.above_zero else "loses"

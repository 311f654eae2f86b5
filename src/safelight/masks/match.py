"""How well a mask that was found is the true one, with a tolerance: where an edge lies is a matter of a pixel."""

from typing import NamedTuple, TypeAlias

import numpy as np

from safelight.arrays import Mask
from safelight.masks.edit import grow, is_missing
from safelight.shaped import Float

Counts: TypeAlias = Float[np.ndarray, "*cells"]

TOLERANCE = 1.5  # pixels: also the diagonal neighbors


class Matches(NamedTuple):
    """Pixels: that were found; of these, within the tolerance of damage; that are damaged; of these, near a find."""

    found: int
    right: int
    damaged: int
    seen: int

    @property
    def precision(self) -> float:
        """Share of what was found that is damage; 1 if nothing was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the damage that was found; 1 if there is none."""
        return self.seen / self.damaged if self.damaged else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def count_matches(found: Mask, truth: Mask, tolerance: float = TOLERANCE) -> Matches:
    """Compare two masks (h, w), 1 = damaged; tolerance in pixels."""
    marked, damaged = is_missing(found), is_missing(truth)
    correct, detected = marked & grow(damaged, tolerance), damaged & grow(marked, tolerance)
    return Matches(*(int(each.sum()) for each in (marked, correct, damaged, detected)))


def pooled_f1(found: Counts, right: Counts, damaged: Counts, seen: Counts) -> Counts:
    """F1 of pixels that were counted over many pictures; 0 if nothing was found, NaN where nothing is damaged."""
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = np.nan_to_num(np.divide(right, found)), np.divide(seen, damaged)
    return np.asarray(2 * precision * recall / np.maximum(precision + recall, 1e-12))


def f1_of_parts(parts: Float[np.ndarray, "*cells 4"]) -> Float[np.ndarray, "*cells"]:
    """F1 of the mean numbers of pixels, in the order of `Matches`."""
    return pooled_f1(*np.moveaxis(parts, -1, 0))


def ranked_precision(likelihood: Mask, truth: Mask, tolerance: float = TOLERANCE) -> float:
    """Average precision over all thresholds, 0..1: the mean over damaged pixels of the precision at their rank.

    Whole pixels within the tolerance of damage are left out, as they are neither right nor wrong. NaN if nothing
    is damaged.
    """
    true = is_missing(truth)
    counted = true | ~grow(true, tolerance)
    if not true.any():
        return float("nan")
    values, hits = likelihood[counted], true[counted]
    order = np.argsort(-values, kind="stable")
    values, hits = values[order], hits[order]
    right = np.cumsum(hits)
    last = np.flatnonzero(np.append(np.diff(values) != 0, True))  # equal likelihoods are one threshold
    precision = right[last] / (last + 1)
    gained = np.diff(right[last], prepend=0)
    return float((precision * gained).sum() / right[-1])

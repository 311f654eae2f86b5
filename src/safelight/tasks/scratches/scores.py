"""Scores of one finder: what it marks on every print, and the statistics made of the counts."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Float

from safelight.arrays import Mask, Srgb
from safelight.errors import ModelError
from safelight.evaluation.intervals import Weights
from safelight.masks.match import TOLERANCE, Matches, count_matches, pooled_f1, ranked_precision
from safelight.tasks.colorize.scores import Statistic
from safelight.tasks.scratches.benchmark import CELLS, ScratchQuestion
from safelight.tasks.scratches.ridge_filter import ScratchSettings, find_ridges

PHOTO = 1024  # long side of the photo of which a square is taken to be a part, in pixels


class Finding(NamedTuple):
    """What a finder marks, and how likely it holds each pixel to be damaged: both (h, w)."""

    mask: Mask
    likelihood: Mask


Finder: TypeAlias = Callable[[Srgb], Finding]
Scores: TypeAlias = Mapping[str, Float[np.ndarray, "pictures cells"]]
Row: TypeAlias = dict[str, list[float]]  # of one picture: column -> one number a cell

COLUMNS = ("found", "right", "damaged", "seen", "pixels", "ranked", "seconds")


def ridges(srgb: Srgb) -> Finding:
    """The ridge filter as it is used: it looks for bright damage."""
    return Finding(*find_ridges(srgb, ScratchSettings(part_of=PHOTO)))


def ridges_dark_too(srgb: Srgb) -> Finding:
    """The ridge filter, looking for dark damage as well."""
    return Finding(*find_ridges(srgb, ScratchSettings(dark=True, part_of=PHOTO)))


CLASSICAL: dict[str, Finder] = {"ridge": ridges, "ridge, dark too": ridges_dark_too}


def _share(part: str, whole: str) -> Callable[[Weights, Scores], Float[np.ndarray, "resamples cells"]]:
    """A share of pixels, those of all pictures together; NaN where there are none."""

    def of(weights: Weights, scores: Scores) -> Float[np.ndarray, "resamples cells"]:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((weights @ scores[part]) / (weights @ scores[whole]))

    return of


def _f1(weights: Weights, scores: Scores) -> Float[np.ndarray, "resamples cells"]:
    """Harmonic mean of precision and recall; 0 if nothing was found."""
    return pooled_f1(*(weights @ scores[column] for column in Matches._fields))


def _overlap(weights: Weights, scores: Scores) -> Float[np.ndarray, "resamples cells"]:
    """Damage that was seen, over damage and false finds together."""
    either = scores["damaged"] + scores["found"] - scores["right"]
    return _share("seen", "either")(weights, {**scores, "either": either})


def _ranked(weights: Weights, scores: Scores) -> Float[np.ndarray, "resamples cells"]:
    """Mean over the pictures that have damage."""
    there = np.isfinite(scores["ranked"])
    known = {"ranked": np.nan_to_num(scores["ranked"]), "there": there.astype(float)}
    return _share("ranked", "there")(weights, known)


def _false(weights: Weights, scores: Scores) -> Float[np.ndarray, "resamples cells"]:
    return 1000 * _share("false", "pixels")(weights, {**scores, "false": scores["found"] - scores["right"]})


STATISTICS: dict[str, Statistic] = {
    "f1": Statistic("F1", "", 3, +1, _f1),
    "ranked": Statistic("Average precision", "", 3, +1, _ranked),
    "overlap": Statistic("Intersection over union", "", 3, +1, _overlap),
    "precision": Statistic("Precision", "", 3, +1, _share("right", "found")),
    "recall": Statistic("Recall", "", 3, +1, _share("seen", "damaged")),
    "false": Statistic("False finds", "per mille of pixels", 2, -1, _false),
    "seconds": Statistic("Seconds a print", "s", 4, 0, lambda weights, scores: weights @ scores["seconds"]),
}
COMPARED = ("f1", "ranked", "overlap", "false")


def score_question(name: str, finder: Finder, question: ScratchQuestion) -> Row:
    """Scores of one finder on one picture, print by print. Raises ModelError for an answer that is none."""
    rows = [_counts(name, finder, question, cell) for cell in range(len(CELLS))]
    return {column: [row[column] for row in rows] for column in COLUMNS}


def gather(rows: Sequence[Row]) -> Scores:
    """Columns (pictures, cells) of one finder."""
    return {column: np.array([row[column] for row in rows]) for column in COLUMNS}


def _counts(name: str, finder: Finder, question: ScratchQuestion, cell: int) -> dict[str, float]:
    scan, mask = question.print(cell)
    start = time.perf_counter()
    finding = finder(scan)
    seconds = time.perf_counter() - start
    _check(name, finding, mask.shape)
    matches = count_matches(finding.mask, mask, TOLERANCE)
    ranked = ranked_precision(finding.likelihood, mask, TOLERANCE)
    return {**matches._asdict(), "pixels": mask.size, "ranked": ranked, "seconds": seconds}


def _check(name: str, finding: Finding, shape: tuple[int, ...]) -> None:
    if finding.mask.shape != shape or finding.likelihood.shape != shape:
        raise ModelError(f"{name} answered {finding.mask.shape} to a print of {shape}; expected that size")
    if not np.isfinite(finding.likelihood).all():
        raise ModelError(f"{name} answered numbers that are not finite; was its training stable?")

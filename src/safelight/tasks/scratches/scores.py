"""Scores of one detector: what it marks on every print, and the metrics made of the counts."""

import time
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from safelight.arrays import Mask, Srgb
from safelight.errors import ModelError
from safelight.evaluation.base import Row
from safelight.evaluation.intervals import Weights
from safelight.evaluation.metrics import Metric, Scores, Values, table_of
from safelight.masks.match import TOLERANCE, Matches, count_matches, pooled_f1, ranked_precision
from safelight.tasks.scratches.benchmark import CELLS, WHOLE, PrintSample
from safelight.tasks.scratches.prepare import ScratchesPreparation, likely_mask
from safelight.tasks.scratches.ridge_filter import ScratchSettings, find_ridges

PHOTO = 1024  # long side of the photo of which a square is taken to be a part, in pixels


class Detection(NamedTuple):
    """What a detector marks, and how likely it holds each pixel to be damaged: both (h, w)."""

    mask: Mask
    likelihood: Mask


Detector: TypeAlias = Callable[[Srgb], Detection]
COLUMNS = ("found", "right", "damaged", "seen", "pixels", "ranked", "seconds")


def ridges(srgb: Srgb) -> Detection:
    """The ridge filter as it is used: it looks for bright damage."""
    return Detection(*find_ridges(srgb, ScratchSettings(part_of=PHOTO)))


def ridges_dark_too(srgb: Srgb) -> Detection:
    """The ridge filter, looking for dark damage as well."""
    return Detection(*find_ridges(srgb, ScratchSettings(dark=True, part_of=PHOTO)))


def detect_by_network(
    predict: Callable[[Srgb], Mask], preparation: ScratchesPreparation, srgb: Srgb
) -> Detection:
    """A network's likelihood, and the mask that is made of it in use."""
    likelihood = predict(srgb)
    size = (likelihood.shape[0], likelihood.shape[1])
    part = ScratchSettings(part_of=PHOTO)
    mask = likely_mask(likelihood, size, part, preparation)
    return Detection(mask, likelihood)


CLASSICAL: dict[str, Detector] = {"ridge": ridges, "ridge, dark too": ridges_dark_too}
VERSION = 1  # raise it when an answer changes: cached scores of older versions are not used again


def _share(part: str, whole: str) -> Callable[[Weights, Scores], Values]:
    """A share of pixels, those of all pictures together; NaN where there are none."""

    def of(weights: Weights, scores: Scores) -> Values:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((weights @ scores[part]) / (weights @ scores[whole]))

    return of


def _f1(weights: Weights, scores: Scores) -> Values:
    """Harmonic mean of precision and recall; 0 if nothing was found."""
    return pooled_f1(*(weights @ scores[column] for column in Matches._fields))


def _overlap(weights: Weights, scores: Scores) -> Values:
    """Damage that was seen, over damage and false finds together."""
    either = scores["damaged"] + scores["found"] - scores["right"]
    return _share("seen", "either")(weights, {**scores, "either": either})


def _ranked(weights: Weights, scores: Scores) -> Values:
    """Mean over the pictures that have damage."""
    there = np.isfinite(scores["ranked"])
    known = {"ranked": np.nan_to_num(scores["ranked"]), "there": there.astype(float)}
    return _share("ranked", "there")(weights, known)


def _false(weights: Weights, scores: Scores) -> Values:
    return 1000 * _share("false", "pixels")(weights, {**scores, "false": scores["found"] - scores["right"]})


WITHOUT_DAMAGE = (WHOLE.name,)
METRICS = table_of(
    Metric("f1", "F1", digits=3, better=+1, of=_f1, compared=True, without=WITHOUT_DAMAGE),
    Metric(
        "ranked", "Average precision", digits=3, better=+1, of=_ranked, compared=True, without=WITHOUT_DAMAGE
    ),
    Metric(
        "overlap",
        "Intersection over union",
        digits=3,
        better=+1,
        of=_overlap,
        compared=True,
        without=WITHOUT_DAMAGE,
    ),
    Metric(
        "precision", "Precision", digits=3, better=+1, of=_share("right", "found"), without=WITHOUT_DAMAGE
    ),
    Metric("recall", "Recall", digits=3, better=+1, of=_share("seen", "damaged"), without=WITHOUT_DAMAGE),
    Metric("false", "False finds", "per mille of pixels", better=-1, of=_false, compared=True),
    Metric("seconds", "Seconds a print", "s", digits=4),
)


def score_sample(name: str, detector: Detector, sample: PrintSample) -> Row:
    """Scores of one detector on one picture, print by print. Raises ModelError for an answer that is none."""
    rows = [_counts(name, detector, sample, cell) for cell in range(len(CELLS))]
    return {column: [row[column] for row in rows] for column in COLUMNS}


def _counts(name: str, detector: Detector, sample: PrintSample, cell: int) -> dict[str, float]:
    scan, mask = sample.print(cell)
    start = time.perf_counter()
    detection = detector(scan)
    seconds = time.perf_counter() - start
    _check(name, detection, mask.shape)
    matches = count_matches(detection.mask, mask, TOLERANCE)
    ranked = ranked_precision(detection.likelihood, mask, TOLERANCE)
    return {**matches._asdict(), "pixels": mask.size, "ranked": ranked, "seconds": seconds}


def _check(name: str, detection: Detection, shape: tuple[int, ...]) -> None:
    if detection.mask.shape != shape or detection.likelihood.shape != shape:
        raise ModelError(f"{name} answered {detection.mask.shape} to a print of {shape}; expected that size")
    if not np.isfinite(detection.likelihood).all():
        raise ModelError(f"{name} answered numbers that are not finite; was its training stable?")

"""Scores of one method: every picture at every number of hints, and the statistics made of them."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from safelight.arrays import Ab
from safelight.errors import ModelError
from safelight.evaluation import metrics
from safelight.evaluation.intervals import Weights
from safelight.pixels.color import colorfulness, lab_to_srgb, srgb_to_lab
from safelight.tasks.colorize.baselines import Predict
from safelight.tasks.colorize.benchmark import Question
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.hues import ANGLE, RULES, hue_shares

HUES = tuple(f"{thing}_{share}" for thing in RULES for share in ("there", "right"))
COLUMNS = ("psnr", "ssim", "ciede2000", "ab_squared", "colorfulness", "disobedience", "seconds", *HUES)

Scores: TypeAlias = Mapping[str, Float[np.ndarray, "pictures counts"]]
Row: TypeAlias = dict[str, list[float]]  # the scores of one picture: column -> one number a count


def score_question(name: str, predict: Predict, question: Question, counts: Sequence[int]) -> Row:
    """Scores of one method on one picture, with rising numbers of hints."""
    truth = Truth.of(question)
    answers = [_answer(name, predict, truth, question.points.first(count)) for count in counts]
    return {column: [answer[column] for answer in answers] for column in COLUMNS}


@dataclass(frozen=True)
class Truth:
    """The colored picture, in both spaces, as floats."""

    srgb: Float[np.ndarray, "h w 3"]
    lab: Float[np.ndarray, "h w 3"]

    @classmethod
    def of(cls, question: Question) -> "Truth":
        return cls(question.truth, srgb_to_lab(question.pixels))


def _answer(name: str, predict: Predict, truth: Truth, points: Points) -> dict[str, float]:
    L = truth.lab[..., 0]
    start = time.perf_counter()
    ab = predict(L, points)
    seconds = time.perf_counter() - start
    check_answer(name, ab, L.shape, len(points))
    result = show(L, ab)
    shown = srgb_to_lab(result)  # what can be seen: colors outside sRGB are clipped
    return {
        "psnr": metrics.psnr(result, truth.srgb),
        "ssim": metrics.ssim(result, truth.srgb),
        "ciede2000": float(metrics.ciede2000(shown, truth.lab).mean()),
        "ab_squared": metrics.ab_squared_error(ab, truth.lab[..., 1:]),
        "colorfulness": colorfulness(result),
        "disobedience": metrics.disobedience(shown, points),
        "seconds": seconds,
        **hue_shares(shown, truth.lab),
    }


def show(L: np.ndarray, ab: Ab) -> Float[np.ndarray, "h w 3"]:
    """The answer as a picture: sRGB 0..1."""
    return lab_to_srgb(np.concatenate([L[..., None], ab], axis=-1).astype(np.float32))


def check_answer(name: str, ab: object, size: tuple[int, ...], hints: int) -> None:
    """Raises ModelError unless the answer is finite ab of this size."""
    shape = getattr(ab, "shape", type(ab).__name__)
    if shape != (*size, 2):
        raise ModelError(f"{name} answered {shape} to {hints} hints on {size}; expected ab {(*size, 2)}")
    if not np.isfinite(np.asarray(ab)).all():
        raise ModelError(
            f"{name} answered numbers that are not finite to {hints} hints; was its training stable?"
        )


@dataclass(frozen=True)
class Statistic:
    """One number made of the scores of many pictures.

    better: +1 if higher is better, -1 if lower is, 0 if neither. of: weights and scores -> a row a resample.
    """

    title: str
    unit: str
    digits: int
    better: int
    of: Callable[[Weights, Scores], Float[np.ndarray, "resamples counts"]]


def _mean(column: str) -> Callable[[Weights, Scores], Float[np.ndarray, "resamples counts"]]:
    return lambda weights, scores: weights @ scores[column]


def _right_hues(thing: str) -> Callable[[Weights, Scores], Float[np.ndarray, "resamples counts"]]:
    """Share of the pixels that show this thing whose hue is right, all pictures pooled; nan where none shows it."""

    def share(weights: Weights, scores: Scores) -> Float[np.ndarray, "resamples counts"]:
        there, right = weights @ scores[f"{thing}_there"], weights @ scores[f"{thing}_right"]
        return np.asarray(np.divide(right, there, out=np.full_like(right, np.nan), where=there > 0))

    return share


STATISTICS: dict[str, Statistic] = {
    "gain": Statistic("Gain over grey", "dB", 2, +1, _mean("gain")),
    "psnr": Statistic("PSNR", "dB", 2, +1, _mean("psnr")),
    "ssim": Statistic("SSIM", "", 4, +1, _mean("ssim")),
    "ciede2000": Statistic("CIEDE2000", "ΔE", 2, -1, _mean("ciede2000")),
    "rms_ab": Statistic("Pooled rms ab error", "", 2, -1, lambda w, s: np.sqrt(w @ s["ab_squared"])),
    "colorfulness": Statistic("Colorfulness", "", 1, 0, _mean("colorfulness")),
    "cf_error": Statistic("ΔCF, mean absolute difference", "", 1, 0, lambda w, s: w @ abs(s["cf_excess"])),
    "cf_shift": Statistic("ΔCF, difference of means", "", 1, 0, lambda w, s: abs(w @ s["cf_excess"])),
    "disobedience": Statistic("Hint disobedience", "ΔE", 2, 0, _mean("disobedience")),
    "seconds": Statistic("Seconds a picture", "s", 3, 0, _mean("seconds")),
    **{
        f"hue_{thing}": Statistic(
            f"Hue of {rule.title} right within {ANGLE:g}°", "share", 3, +1, _right_hues(thing)
        )
        for thing, rule in RULES.items()
    },
}
COMPARED = ("psnr", "ciede2000", "ssim", "rms_ab")  # a model can win and lose in these


def gather(
    rows: Sequence[Row], grey: Sequence[Row], true_colorfulness: Float[np.ndarray, " pictures"]
) -> Scores:
    """Columns (pictures, counts) of one method, with its gain over grey and its excess of colorfulness."""
    columns = {column: np.array([row[column] for row in rows]) for column in COLUMNS}
    columns["gain"] = columns["psnr"] - np.array([row["psnr"] for row in grey])
    columns["cf_excess"] = columns["colorfulness"] - true_colorfulness[:, None]
    return columns


def select(scores: Scores, pictures: np.ndarray) -> Scores:
    """The scores of some pictures."""
    return {column: values[pictures] for column, values in scores.items()}

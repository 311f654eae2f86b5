"""Scores of one method of colorization, picture by picture, and the table of metrics made of them.

Hues: are skies blue, skin skin-colored, plants green, where the truth shows such a thing? What counts is read from
the truth alone, by hue, chroma, lightness and place in Lab (D65), never from the answer. The rules are rough on
purpose and the same for every method: wood can pass for skin, and a blue wall for a sky. Where tags say what a
picture shows, the groups of the verdict ("category portraits", "tag skin") tell it apart.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from safelight.arrays import Ab, Lab, Lightness, Srgb
from safelight.errors import ModelError
from safelight.evaluation import metrics
from safelight.evaluation.base import Row
from safelight.evaluation.intervals import Weights
from safelight.evaluation.metrics import Metric, Scores, Values, table_of
from safelight.pixels.color import chroma, colorfulness, lab_to_srgb, srgb_to_lab
from safelight.shaped import Bool, Float
from safelight.tasks.colorize.baselines import Predict
from safelight.tasks.colorize.benchmark import ColorSample
from safelight.tasks.colorize.blotches import blotches, flat_places
from safelight.tasks.colorize.hints import Points

ANGLE = 25.0  # degrees: a hue that is off by less is right
LEAST_CHROMA = 2.0  # of the answer: what is greyer has no hue and counts as wrong


@dataclass(frozen=True)
class Rule:
    """Pixels of the truth that count as one thing. hue: degrees, from, to. L, chroma: from, to, in units of Lab.

    below: share of the picture's height that they lie within, from its top.
    """

    title: str
    hue: tuple[float, float]
    L: tuple[float, float]
    chroma: tuple[float, float]
    below: float = 1.0


RULES: dict[str, Rule] = {
    "sky": Rule("sky", (220, 290), (45, 100), (6, 70), below=0.5),
    "skin": Rule("skin", (25, 80), (25, 92), (10, 45)),
    "vegetation": Rule("vegetation", (100, 165), (10, 90), (12, 90)),
}

HUES = tuple(f"{thing}_{share}" for thing in RULES for share in ("there", "right"))
COLUMNS = (
    "psnr", "ssim", "ciede2000", "ab_squared", "colorfulness", "disobedience", "flat", "blotches", "seconds", *HUES
)  # fmt: skip


def _right_hues(thing: str) -> Callable[[Weights, Scores], Values]:
    """Share of the pixels that show this thing whose hue is right, all pictures pooled; nan where none shows it."""

    return pooled(f"{thing}_right", f"{thing}_there")


def pooled(part: str, whole: str) -> Callable[[Weights, Scores], Values]:
    """One column over another, each summed over all pictures; nan where that is 0."""

    def share(weights: Weights, scores: Scores) -> Values:
        above, below = weights @ scores[part], weights @ scores[whole]
        return np.asarray(np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0))

    return share


METRICS = table_of(
    Metric("gain", "Gain over grey", "dB", better=+1, in_small_groups=True),
    Metric("psnr", "PSNR", "dB", better=+1, compared=True, in_small_groups=True),
    Metric("ciede2000", "CIEDE2000", "ΔE", better=-1, compared=True, in_small_groups=True),
    Metric("ssim", "SSIM", digits=4, better=+1, compared=True),
    Metric(
        "rms_ab",
        "Pooled rms ab error",
        better=-1,
        of=lambda weights, scores: np.sqrt(weights @ scores["ab_squared"]),
        compared=True,
        in_small_groups=True,
    ),
    Metric("colorfulness", "Colorfulness", digits=1),
    Metric(
        "cf_error",
        "ΔCF, mean absolute difference",
        digits=1,
        of=lambda weights, scores: weights @ abs(scores["cf_excess"]),
    ),
    Metric(
        "cf_shift",
        "ΔCF, difference of means",
        digits=1,
        of=lambda weights, scores: abs(weights @ scores["cf_excess"]),
    ),
    Metric(
        "blotches",
        "Blotches",
        "ΔE",
        better=-1,
        of=pooled("blotches", "flat"),
        compared=True,
        not_against=("grey",),
        in_small_groups=True,
    ),
    Metric("disobedience", "Hint disobedience", "ΔE"),
    Metric("seconds", "Seconds a picture", "s", digits=3),
    *(
        Metric(
            f"hue_{thing}",
            f"Hue of {rule.title} right within {ANGLE:g}°",
            "share",
            digits=3,
            better=+1,
            of=_right_hues(thing),
        )
        for thing, rule in RULES.items()
    ),
)


def score_sample(name: str, predict: Predict, sample: ColorSample, counts: Sequence[int]) -> Row:
    """Scores of one method on one picture, with rising numbers of hints. Raises ModelError (see check_answer)."""
    truth = Truth.of(sample)
    scores = [_scores(name, predict, sample.points.first(count), truth) for count in counts]
    return {column: [each[column] for each in scores] for column in COLUMNS}


class Truth(NamedTuple):
    """What answers to one sample are scored with. flat: where neither lightness nor true color change (blotches.py)."""

    shown: Lightness
    srgb: Srgb
    lab: Lab
    flat: Bool[np.ndarray, "a b"]

    @classmethod
    def of(cls, sample: ColorSample) -> Self:
        """That of a sample; shown: what methods are given."""
        lab = srgb_to_lab(sample.pixels)
        return cls(sample.L, sample.truth, lab, flat_places(lab[..., 0], lab[..., 1:]))


def _scores(name: str, predict: Predict, points: Points, sample: Truth) -> dict[str, float]:
    _, truth, truth_lab, flat = sample
    L = truth_lab[..., 0]
    start = time.perf_counter()
    ab = predict(sample.shown, points)
    seconds = time.perf_counter() - start
    check_answer(name, ab, L.shape, len(points))
    result = show(L, ab)
    shown = srgb_to_lab(result)  # what can be seen: colors outside sRGB are clipped
    share, excess = blotches(shown[..., 1:], flat)
    return {
        "psnr": metrics.psnr(result, truth),
        "ssim": metrics.ssim(result, truth),
        "ciede2000": float(metrics.ciede2000(shown, truth_lab).mean()),
        "ab_squared": ab_squared_error(ab, truth_lab[..., 1:]),
        "colorfulness": colorfulness(result),
        "disobedience": hint_error(shown, points),
        "flat": share,
        "blotches": excess,
        "seconds": seconds,
        **hue_shares(shown, truth_lab),
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


def with_relative(scores: Scores, grey: Scores, true_colorfulness: Float[np.ndarray, " pictures"]) -> Scores:
    """With a method's gain over grey, in dB, and its excess of colorfulness."""
    excess = scores["colorfulness"] - true_colorfulness[:, None]
    return {**scores, "gain": scores["psnr"] - grey["psnr"], "cf_excess": excess}


def ab_squared_error(result: Ab, truth: Ab) -> float:
    """Mean over pixels of the squared distance in the ab plane.

    The pooled rms ab error of many pictures is the root of the mean of these, so that no picture's own root
    hides a few bad ones.
    """
    metrics.check_same_shape(result, truth)
    return float(np.square(result - truth, dtype=np.float64).sum(-1).mean())


def hint_error(shown: Lab, points: Points) -> float:
    """Mean CIEDE2000 between the color hinted at each point and the color shown there; nan without points.

    The hinted color has the point's own L, as the photo keeps it, and is brought into sRGB as the result is.
    """
    if not len(points):
        return float("nan")
    at_hints = shown[points.y, points.x]
    hinted = np.concatenate([at_hints[:, :1], points.ab], axis=1)
    return float(metrics.ciede2000(srgb_to_lab(lab_to_srgb(hinted)), at_hints).mean())


def shows(truth: Lab, rule: Rule) -> Bool[np.ndarray, "h w"]:
    """Which pixels of the truth count as this thing."""
    L, ab = truth[..., 0], truth[..., 1:]
    hue, strength = _hue(ab), chroma(ab)
    counts = _within(hue, rule.hue) & _within(L, rule.L) & _within(strength, rule.chroma)
    counts[round(rule.below * len(counts)) :] = False
    return np.asarray(counts)


def hue_shares(shown: Lab, truth: Lab) -> dict[str, float]:
    """For each rule the share of the picture that counts, "sky_there", and the share that is right, "sky_right"."""
    off = np.abs((_hue(shown[..., 1:]) - _hue(truth[..., 1:]) + 180) % 360 - 180)
    right = (off <= ANGLE) & (chroma(shown[..., 1:]) >= LEAST_CHROMA)
    shares = {}
    for name, rule in RULES.items():
        there = shows(truth, rule)
        shares[f"{name}_there"] = float(there.mean())
        shares[f"{name}_right"] = float((there & right).mean())
    return shares


def _hue(ab: Float[np.ndarray, "h w 2"]) -> Float[np.ndarray, "h w"]:
    """Degrees, 0 to 360: 0 red, 90 yellow, 180 green, 270 blue."""
    return np.asarray(np.degrees(np.arctan2(ab[..., 1], ab[..., 0])) % 360)


def _within(values: Float[np.ndarray, "h w"], limits: tuple[float, float]) -> Bool[np.ndarray, "h w"]:
    return np.asarray((values >= limits[0]) & (values <= limits[1]))

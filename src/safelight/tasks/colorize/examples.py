"""The pictures a report shows: where the model did best, middling and worst, beside the best baseline."""

from dataclasses import dataclass

import numpy as np

from safelight.arrays import Ab, Lightness, Pixels
from safelight.evaluation.metrics import psnr
from safelight.evaluation.samples import Pictures
from safelight.tasks.colorize.baselines import BASELINES, Predict
from safelight.tasks.colorize.benchmark import ColorSample, Protocol, draw_sample
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.scores import show
from safelight.verdicts.verdict import Measured, Verdict

SHOWN = (0, 10)  # numbers of hints that get a sheet
EACH = 3  # pictures a rank


@dataclass(frozen=True)
class Example:
    """One answered sample, ready to be drawn.

    rank: "best", "median" or "worst". answers: title -> ab, the baseline first, the model last.
    gains: title -> gain over grey in dB.
    """

    rank: str
    title: str
    truth: Pixels
    L: Lightness
    points: Points
    answers: dict[str, Ab]
    gains: dict[str, float]


def pick_examples(
    verdict: Verdict,
    predict: Predict,
    pictures: Pictures,
    protocol: Protocol,
    vivid: Predict | None = None,
    each: int = EACH,
) -> dict[int, list[Example]]:
    """Number of hints -> examples: the pictures with the highest, middle and lowest gain over grey.

    The model answers these few once more. vivid: shown beside it where there are no hints.
    """
    examples = {}
    for hints in SHOWN:
        if str(hints) in verdict.cells:
            methods = _methods(verdict, predict, vivid, hints)
            examples[hints] = [
                _example(
                    rank, score, draw_sample(pictures, score.index, protocol, verdict.seed), hints, methods
                )
                for rank, score in _ranked(verdict, hints, each)
            ]
    return examples


def _methods(verdict: Verdict, predict: Predict, vivid: Predict | None, hints: int) -> dict[str, Predict]:
    """The best baseline and the model; without hints the model cautious and vivid."""
    if hints:
        best = verdict.best[str(hints)]
        return {best: BASELINES[best](), verdict.model: predict}
    return {verdict.model: predict, **({f"{verdict.model}, vivid 1": vivid} if vivid else {})}


def _ranked(verdict: Verdict, hints: int, each: int) -> list[tuple[str, Measured]]:
    """Best, median and worst pictures; none twice, however few there are."""
    at = verdict.cells.index(str(hints))
    ordered = sorted(verdict.per_image, key=lambda score: -score.values["gain"][at])
    each = max(1, min(each, len(ordered) // 3))
    middle = (len(ordered) - each) // 2
    ranks = {"best": ordered[:each], "median": ordered[middle : middle + each], "worst": ordered[-each:]}
    shown: dict[int, tuple[str, Measured]] = {}
    for rank, scores in ranks.items():
        for score in scores:
            shown.setdefault(score.index, (rank, score))
    return list(shown.values())


def _example(
    rank: str, score: Measured, sample: ColorSample, hints: int, methods: dict[str, Predict]
) -> Example:
    points, L = sample.points.first(hints), sample.L
    answers = {title: predict(L, points) for title, predict in methods.items()}
    grey = psnr(show(L, np.zeros((*L.shape, 2), np.float32)), sample.truth)
    gains = {title: psnr(show(L, ab), sample.truth) - grey for title, ab in answers.items()}
    return Example(rank, score.name, sample.pixels, L, points, answers, gains)

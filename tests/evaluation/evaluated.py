"""Evaluations of each task in a line, for tests: options as keywords."""

from collections.abc import Mapping
from typing import Any

from safelight.evaluation.base import EvaluationOptions
from safelight.evaluation.evaluate import evaluate
from safelight.evaluation.samples import Pictures
from safelight.tasks.colorize.baselines import Predict
from safelight.tasks.colorize.benchmark import Protocol
from safelight.tasks.colorize.evaluate import ColorizeEvaluation
from safelight.tasks.inpaint.classical import Fill
from safelight.tasks.inpaint.evaluate import InpaintEvaluation
from safelight.tasks.scratches.evaluate import ScratchesEvaluation
from safelight.tasks.scratches.scores import Detector
from safelight.verdicts.verdict import Verdict


def evaluate_colors(
    predict: Predict,
    name: str,
    pictures: Pictures,
    protocol: Protocol,
    *,
    vivid: Predict | None = None,
    beside: Mapping[str, Predict] | None = None,
    **options: Any,
) -> Verdict:
    predictors = {name: predict, **(beside or {})}
    return evaluate(ColorizeEvaluation(protocol, vivid), predictors, pictures, EvaluationOptions(**options))


def evaluate_fill(
    fill: Fill, name: str, pictures: Pictures, *, size: int, prints: bool = False, **options: Any
) -> Verdict:
    return evaluate(InpaintEvaluation(size, prints), {name: fill}, pictures, EvaluationOptions(**options))


def evaluate_finder(
    finder: Detector,
    name: str,
    pictures: Pictures,
    *,
    size: int,
    beside: Mapping[str, Detector] | None = None,
    beside_clean: bool = False,
    **options: Any,
) -> Verdict:
    predictors = {name: finder, **(beside or {})}
    return evaluate(
        ScratchesEvaluation(size, beside_clean), predictors, pictures, EvaluationOptions(**options)
    )

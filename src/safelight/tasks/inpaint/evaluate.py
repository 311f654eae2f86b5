"""The judge of holes: a model and the classical methods fill the same holes, and the verdict compares them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from safelight import __version__
from safelight.evaluation.intervals import Weights, bootstrap_weights, estimates, standing
from safelight.evaluation.measured import measured
from safelight.tasks.colorize.benchmark import Pictures
from safelight.tasks.inpaint.benchmark import CELLS, SIZE, HoleQuestions, ask
from safelight.tasks.inpaint.classical import CLASSICAL, Fill
from safelight.tasks.inpaint.score_cache import Progress, score_classical
from safelight.tasks.inpaint.scores import COMPARED, STATISTICS, Row, Scores, gather, score_question
from safelight.tasks.inpaint.summary import summarize
from safelight.verdicts.test_split_log import log_evaluation
from safelight.verdicts.verdict import ALL, Comparison, Estimate, Verdict

NAMES = (*(cell.name for cell in CELLS), ALL)


def judge_fill(
    fill: Fill,
    name: str,
    pictures: Pictures,
    *,
    size: int = SIZE,
    limit: int | None = None,
    seed: int = 0,
    beside: Mapping[str, Fill] | None = None,
    dataset: str = "",
    split: str = "",
    folder: Path | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Verdict:
    """How `fill` stands on these pictures: twelve holes each, beside every classical method.

    size: side of the squares that are judged. limit: judge a fixed sample. beside: other methods on the same
    holes. folder: the dataset's; masks and classical scores are kept in its folder "judged", and a look at
    its test split is counted. workers: processes for the classical methods.
    Raises DatasetError for no pictures, ModelError for an answer of wrong shape or not finite.
    """
    questions = ask(pictures, size, seed, limit)
    kept = folder / "judged" if folder else None
    if kept:
        questions.save(kept)
    rows = {name: _score(fill, name, questions, progress)}
    known = score_classical(questions, tuple(CLASSICAL), kept, workers, progress)
    rows.update((method, row) for method, row in known.items() if method != name)
    for other, answer in (beside or {}).items():
        if other not in rows:
            rows[other] = _score(answer, other, questions, progress)
    scores = {method: gather(own) for method, own in rows.items()}
    own = {"hole_psnr": scores[name]["hole_psnr"]}
    verdict = _verdict(name, questions, scores)
    verdict = replace(verdict, per_image=measured(pictures, [each.index for each in questions], own))
    verdict = replace(verdict, dataset=dataset, split=split)
    if folder and split == "test":
        verdict = replace(verdict, looks=log_evaluation(folder, verdict))
    return replace(verdict, sentences=summarize(verdict))


def _score(fill: Fill, name: str, questions: HoleQuestions, progress: Progress | None) -> list[Row]:
    rows = []
    for done, question in enumerate(questions, start=1):
        rows.append(score_question(name, fill, question))
        if progress:
            progress(name, done, len(questions))
    return rows


def _verdict(name: str, questions: HoleQuestions, scores: dict[str, Scores]) -> Verdict:
    weights = bootstrap_weights(len(questions), np.random.default_rng(questions.seed))
    others = [method for method in scores if method in CLASSICAL and method != name]
    psnr = {method: scores[method]["hole_psnr"] for method in scores}
    best = {cell: max(others, key=lambda m: _column(psnr[m], at).mean()) for at, cell in enumerate(NAMES)}
    strongest = np.stack([psnr[best[cell.name]][:, at] for at, cell in enumerate(CELLS)], axis=1)
    gains = (psnr[name] - strongest).mean(1)
    return Verdict(
        task="inpaint",
        model=name,
        dataset="",
        split="",
        protocol=f"holes-{questions.size}",
        size=questions.size,
        seed=questions.seed,
        questions=questions.sha256,
        pictures=len(questions),
        enlarged=questions.enlarged,
        cells=NAMES,
        curves={
            method: {key: _curve(_resampled(key, weights, own)) for key in STATISTICS}
            for method, own in scores.items()
        },
        comparisons=_compare(scores, weights, len(questions)),
        best=best,
        leads={question.index: float(gain) for question, gain in zip(questions, gains, strict=True)},
        judged=datetime.now(UTC).isoformat(timespec="seconds"),
        safelight=__version__,
    )


def _column(values: np.ndarray, at: int) -> np.ndarray:
    """One cell's values; the mean over cells where `at` is past the last."""
    return np.asarray(values[:, at] if at < values.shape[1] else values.mean(1))


def _resampled(key: str, weights: Weights, scores: Scores) -> np.ndarray:
    """(resamples, cells + 1): the last column is the mean over cells."""
    values = STATISTICS[key].of(weights, scores)
    return np.concatenate([values, values.mean(1, keepdims=True)], axis=1)


def _curve(resampled: np.ndarray) -> dict[str, Estimate]:
    return dict(zip(NAMES, estimates(resampled), strict=True))


def _compare(scores: Mapping[str, Scores], weights: Weights, pictures: int) -> tuple[Comparison, ...]:
    """The first method against each of the others, paired by picture."""
    (_, model), *others = scores.items()
    comparisons = []
    for method, own in others:
        for key in COMPARED:
            lead = STATISTICS[key].better * (_resampled(key, weights, model) - _resampled(key, weights, own))
            for cell, difference in _curve(lead).items():
                stands = standing(difference, pictures)
                comparisons.append(Comparison(method, key, cell, difference, stands))
    return tuple(comparisons)

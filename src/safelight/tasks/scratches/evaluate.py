"""The judge of finders: a model and the ridge filter look at the same drawn damage, and the verdict compares them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from safelight import __version__
from safelight.evaluation.intervals import Weights, bootstrap_weights, estimates, standing
from safelight.evaluation.measured import measured
from safelight.masks.match import TOLERANCE, Matches
from safelight.tasks.colorize.benchmark import Pictures
from safelight.tasks.scratches.benchmark import CELLS, SIZE, WHOLE, ScratchQuestions, ask
from safelight.tasks.scratches.scores import (
    CLASSICAL,
    COMPARED,
    STATISTICS,
    Finder,
    Row,
    Scores,
    gather,
    score_question,
)
from safelight.tasks.scratches.summary import summarize
from safelight.verdicts.test_split_log import log_evaluation
from safelight.verdicts.verdict import ALL, Comparison, Estimate, Verdict

NAMES = (*(cell.name for cell in CELLS), ALL)
Progress = Callable[[str, int, int], None]  # what is being done, how much is done, of how much


def judge_scratches(
    finder: Finder,
    name: str,
    pictures: Pictures,
    *,
    size: int = SIZE,
    limit: int | None = None,
    seed: int = 0,
    beside: Mapping[str, Finder] | None = None,
    dataset: str = "",
    split: str = "",
    folder: Path | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Verdict:
    """How `finder` stands on these pictures: thirteen prints each, beside the ridge filter.

    size: side of the squares that are judged. limit: judge a fixed sample. beside: other finders on the same
    prints. folder: the dataset's; a look at its test split is counted. workers: processes for the ridge filter.
    Raises DatasetError for no pictures, ModelError for an answer of wrong shape or not finite.
    """
    questions = ask(pictures, size, seed, limit)
    finders = {name: finder, **(beside or {})}
    rows = {each: _score(find, each, questions, 1, progress) for each, find in finders.items()}
    for method, find in CLASSICAL.items():
        if method not in rows:
            rows[method] = _score(find, method, questions, workers, progress)
    scores = {method: gather(own) for method, own in rows.items()}
    counts = {column: scores[name][column] for column in Matches._fields}
    verdict = _verdict(name, questions, scores)
    verdict = replace(verdict, per_image=measured(pictures, [each.index for each in questions], counts))
    verdict = replace(verdict, dataset=dataset, split=split)
    if folder and split == "test":
        verdict = replace(verdict, looks=log_evaluation(folder, verdict))
    return replace(verdict, sentences=summarize(verdict))


def _score(
    finder: Finder, name: str, questions: ScratchQuestions, workers: int, progress: Progress | None
) -> list[Row]:
    rows = []
    for done, row in enumerate(_rows(partial(score_question, name, finder), questions, workers), start=1):
        rows.append(row)
        if progress:
            progress(name, done, len(questions))
    return rows


def _rows(score: Callable[..., Row], questions: ScratchQuestions, workers: int) -> Iterator[Row]:
    if workers <= 1 or len(questions) < 2:
        yield from map(score, questions)
        return
    # Spawned, not forked: the caller may hold threads of torch or ONNX Runtime.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(score, questions)


def _verdict(name: str, questions: ScratchQuestions, scores: dict[str, Scores]) -> Verdict:
    weights = bootstrap_weights(len(questions), np.random.default_rng(questions.seed))
    each = np.eye(len(questions))
    own = {method: _together(each, found) for method, found in scores.items()}
    gains = own[name] - np.max([own[method] for method in CLASSICAL if method in own], axis=0)
    return Verdict(
        task="scratches",
        model=name,
        dataset="",
        split="",
        protocol=f"scratches-{questions.size}",
        size=questions.size,
        seed=questions.seed,
        questions=questions.sha256,
        pictures=len(questions),
        cells=NAMES,
        curves={
            method: {key: _curve(_resampled(key, weights, found)) for key in STATISTICS}
            for method, found in scores.items()
        },
        comparisons=_compare(scores, weights, len(questions)),
        leads={q.index: float(gain) for q, gain in zip(questions, gains, strict=True)},
        enlarged=questions.enlarged,
        facts={"tolerance": TOLERANCE},
        judged=datetime.now(UTC).isoformat(timespec="seconds"),
        safelight=__version__,
    )


def _together(weights: Weights, scores: Scores) -> np.ndarray:
    """F1 of all prints of each picture as of one."""
    sums = {column: values.sum(1, keepdims=True) for column, values in scores.items()}
    return np.asarray(np.nan_to_num(STATISTICS["f1"].of(weights, sums))[:, 0])


def _resampled(key: str, weights: Weights, scores: Scores) -> np.ndarray:
    """(resamples, cells + 1): the last column is the mean over cells, those without damage left out if need be."""
    values = STATISTICS[key].of(weights, scores)
    counted = values if key in ("false", "seconds") else values[:, [cell != WHOLE for cell in CELLS]]
    if key not in ("false", "seconds"):
        values = np.where([cell != WHOLE for cell in CELLS], values, np.nan)
    known = ~np.isnan(counted)
    total, cells = np.where(known, counted, 0).sum(1, keepdims=True), known.sum(1, keepdims=True)
    mean = np.divide(total, cells, out=np.full(total.shape, np.nan), where=cells > 0)
    return np.concatenate([values, mean], axis=1)


def _curve(resampled: np.ndarray) -> dict[str, Estimate]:
    return dict(zip(NAMES, estimates(resampled), strict=True))


def _compare(scores: Mapping[str, Scores], weights: Weights, pictures: int) -> tuple[Comparison, ...]:
    """The first finder against each of the others, paired by picture."""
    (_, model), *others = scores.items()
    comparisons = []
    for method, own in others:
        for key in COMPARED:
            lead = STATISTICS[key].better * (_resampled(key, weights, model) - _resampled(key, weights, own))
            found: Sequence[tuple[str, Estimate]] = list(_curve(lead).items())
            for cell, difference in found:
                if np.isfinite(difference.value):
                    stands = standing(difference, pictures)
                    comparisons.append(Comparison(method, key, cell, difference, stands))
    return tuple(comparisons)

"""The evaluation, whatever the task: a model and other methods answer the same samples, and are compared."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

import numpy as np

from safelight import __version__
from safelight.data.split import TESTS
from safelight.evaluation.base import Evaluated, EvaluationOptions, EvaluationTask, Row
from safelight.evaluation.grouping import SMALL_GROUPS
from safelight.evaluation.intervals import Weights, bootstrap_weights, estimates, standing
from safelight.evaluation.metrics import Metric, Scores, Values
from safelight.evaluation.samples import Pictures, S, Samples
from safelight.evaluation.score_cache import score_baselines
from safelight.verdicts.test_split_log import log_evaluation
from safelight.verdicts.verdict import ALL, Comparison, Curve, Curves, Group, Measured, Verdict

P = TypeVar("P")
DEFAULT_OPTIONS = EvaluationOptions()


def evaluate(
    task: EvaluationTask[S, P],
    predictors: Mapping[str, P],
    pictures: Pictures,
    options: EvaluationOptions = DEFAULT_OPTIONS,
) -> Verdict:
    """How the first of the predictors stands on these pictures, beside the task's baselines and the others.

    Raises DatasetError where there is no picture to evaluate on, ModelError for answers that cannot be scored.
    """
    samples = task.samples(pictures, options)
    if options.folder:
        samples.save(options.folder / "judged")
    scores = _score_methods(task, predictors, samples, options)
    weights = bootstrap_weights(len(samples), np.random.default_rng(options.seed))
    name, model = next(iter(predictors.items()))
    evaluated = Evaluated(pictures, samples, model, scores, weights, options)
    values = {
        method: {key: over_cells(task, metric, weights, columns) for key, metric in task.metrics.items()}
        for method, columns in scores.items()
    }
    best = _best_baselines(task, evaluated)
    findings = task.findings(evaluated, best)
    beside_clean = _beside_clean(task, evaluated, values[evaluated.name])
    verdict = Verdict(
        task=task.task,
        model=name,
        dataset=options.dataset,
        split=options.split,
        protocol=samples.protocol,
        size=samples.size,
        seed=options.seed,
        questions=samples.sha256,
        pictures=len(samples),
        left_out=samples.left_out,
        enlarged=samples.enlarged,
        cells=cell_names(task),
        curves={
            method: {key: _curve(task, resampled) for key, resampled in by_metric.items()}
            for method, by_metric in values.items()
        },
        comparisons=(*_compare(task, values, len(samples)), *findings.comparisons),
        best=best,
        leads=findings.leads,
        per_image=_per_image(task, evaluated),
        groups=_groups(task, evaluated),
        tables={**findings.tables, **beside_clean},
        facts=findings.facts,
        judged=datetime.now(UTC).isoformat(timespec="seconds"),
        safelight=__version__,
    )
    if options.folder and options.split in TESTS:
        verdict = replace(verdict, evaluations=log_evaluation(options.folder, verdict))
    return replace(verdict, sentences=task.summarize(verdict))


def over_cells(task: EvaluationTask[S, P], metric: Metric, weights: Weights, scores: Scores) -> Values:
    """The metric in each cell of each resample; its mean over the cells that it has a value in comes last."""
    values = metric.values(weights, scores)
    if metric.without:
        values = np.where(np.isin(task.cells, metric.without), np.nan, values)
    if not task.mean_of_cells:
        return values
    known = ~np.isnan(values)
    total, count = np.where(known, values, 0).sum(1, keepdims=True), known.sum(1, keepdims=True)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return np.concatenate([values, mean], axis=1)


def _score_methods(
    task: EvaluationTask[S, P], predictors: Mapping[str, P], samples: Samples[S], options: EvaluationOptions
) -> dict[str, Scores]:
    """Every method's columns, the model first; a baseline that is the model, or beside it, is not there twice."""
    (name, model), *others = predictors.items()
    name = task.model_name or name
    rows = {name: task.score_all(name, model, samples, options)}
    names = task.baselines if options.baselines else task.indispensable
    baselines = score_baselines(task, samples, names, options)
    beside = {
        other: task.score_all(other, predictor, samples, options)
        for other, predictor in others
        if other not in baselines
    }
    for method, its_rows in (
        {**beside, **baselines} if task.beside_first else {**baselines, **beside}
    ).items():
        rows.setdefault(method, its_rows)
    reference = {method: gather(its_rows) for method, its_rows in baselines.items()}
    scores = {method: gather(its_rows) for method, its_rows in rows.items()}
    return dict(task.derived(scores, reference, samples))


def gather(rows: Sequence[Row]) -> Scores:
    """The columns (pictures, cells) of one method."""
    return {column: np.array([row[column] for row in rows]) for column in rows[0]}


def select(scores: Scores, pictures: np.ndarray) -> Scores:
    """The scores of the pictures with these numbers."""
    return {column: values[pictures] for column, values in scores.items()}


def _curve(task: EvaluationTask[S, P], resampled: Values) -> Curve:
    return dict(zip(cell_names(task), estimates(resampled), strict=True))


def cell_names(task: EvaluationTask[S, P]) -> tuple[str, ...]:
    """The cells of its curves."""
    return (*task.cells, ALL) if task.mean_of_cells else task.cells


def _beside_clean(
    task: EvaluationTask[S, P], evaluated: Evaluated[S, P], on_prints: Mapping[str, Values]
) -> Curves:
    """Of an evaluation on old prints: the model on the same pictures, clean, and what it loses on their prints.

    Tables "clean" and "lost on prints" (metric, cell), of the metrics in which models are compared; paired by picture.
    """
    if (clean := task.clean()) is None:
        return {}
    options, name = evaluated.options, evaluated.name
    samples = clean.samples(evaluated.pictures, options)
    rows = clean.score_all(f"{name}, clean", evaluated.model, samples, options)
    baselines = score_baselines(clean, samples, clean.indispensable, options)
    reference = {method: gather(its_rows) for method, its_rows in baselines.items()}
    scores = clean.derived({name: gather(rows)}, reference, samples)[name]
    tables: dict[str, dict[str, Curve]] = {"clean": {}, "lost on prints": {}}
    for key, metric in task.metrics.items():
        if metric.compared or key in task.per_image:
            values = over_cells(clean, metric, evaluated.weights, scores)
            tables["clean"][key] = _curve(task, values)
            tables["lost on prints"][key] = _curve(task, (values - on_prints[key]) * (metric.better or 1))
    return tables


def _compare(
    task: EvaluationTask[S, P], values: Mapping[str, Mapping[str, Values]], pictures: int
) -> tuple[Comparison, ...]:
    """The model against each other method, paired by picture, in what a model can win and lose."""
    (_, model), *others = values.items()
    comparisons = []
    for method, other in others:
        for name, metric in task.metrics.items():
            compared = metric.compared and method not in metric.not_against
            lead = _curve(task, metric.better * (model[name] - other[name])) if compared else {}
            for cell, difference in lead.items():
                if task.is_compared(method, cell) and np.isfinite(difference.value):
                    stands = standing(difference, pictures)
                    comparisons.append(Comparison(method, name, cell, difference, stands))
    return tuple(comparisons)


def _best_baselines(task: EvaluationTask[S, P], evaluated: Evaluated[S, P]) -> dict[str, str]:
    """The baseline that is best by the main metric in each cell, of those that the model is compared with there."""
    metric, even, best = task.metrics[task.main], evaluated.weights[:1], {}
    values = {
        method: metric.better * over_cells(task, metric, even, columns)[0]
        for method, columns in evaluated.scores.items()
        if method in task.baselines and method != evaluated.name
    }
    for at, cell in enumerate(cell_names(task)):
        there = {
            method: by_cell[at]
            for method, by_cell in values.items()
            if task.is_compared(method, cell) and np.isfinite(by_cell[at])
        }
        if there:
            best[cell] = max(there, key=lambda method: there[method])
    return best


def _groups(task: EvaluationTask[S, P], evaluated: Evaluated[S, P]) -> tuple[Group, ...]:
    """Every method in every group of pictures; small groups by the most important metrics alone."""
    groups = []
    for name, members in task.groups(evaluated.pictures, evaluated.samples).items():
        weights = bootstrap_weights(len(members), np.random.default_rng(evaluated.options.seed))
        metrics = {
            key: metric
            for key, metric in task.metrics.items()
            if metric.in_small_groups or not name.startswith(SMALL_GROUPS)
        }
        curves = {}
        for method, columns in evaluated.scores.items():
            selected = select(columns, members)
            curves[method] = {
                key: _curve(task, over_cells(task, metric, weights, selected))
                for key, metric in metrics.items()
            }
        groups.append(Group(name, len(members), curves))
    return tuple(groups)


def _per_image(task: EvaluationTask[S, P], evaluated: Evaluated[S, P]) -> tuple[Measured, ...]:
    columns, measured = task.values_per_image(evaluated), []
    for place, sample in enumerate(evaluated.samples):
        row = evaluated.pictures.rows(sample.index)
        values = {column: tuple(map(float, numbers[place])) for column, numbers in columns.items()}
        name = str(row.get("file_name", f"picture {sample.index}"))
        measured.append(Measured(sample.index, name, values, str(row.get("source", ""))))
    return tuple(measured)

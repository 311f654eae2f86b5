"""By which statistic the verdicts of a task are summarized and compared, and what it is made of in each picture."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from safelight.errors import SafelightError
from safelight.shaped import Float64
from safelight.tasks.base import Measure, resolve
from safelight.tasks.registry import known_task
from safelight.verdicts.verdict import Verdict

Parts: TypeAlias = Float64[np.ndarray, "*columns parts"]
Values: TypeAlias = Float64[np.ndarray, "*columns"]


def only_part(means: Parts) -> Values:
    """The value is its single part."""
    return np.asarray(means[..., 0])


def decibels(means: Parts) -> Values:
    """PSNR of a mean squared error of values 0..1."""
    return np.asarray(-10 * np.log10(means[..., 0] + 1e-12))


def measure_of(verdict: Verdict) -> Measure:
    """That of the verdict's task. Raises SafelightError for a task that is not known, or has none."""
    task = known_task(verdict.task)
    if task is None or task.measure is None:
        raise SafelightError(
            f"there is no measure to summarize or compare verdicts of task {verdict.task} by"
        )
    return task.measure


def value_of(measure: Measure) -> Callable[[Parts], Values]:
    """From the means of the measure's parts over pictures, (..., parts), to the value itself."""
    value: Callable[[Parts], Values] = resolve(measure.value)
    return value


class PictureScores(NamedTuple):
    """What a verdict holds of each picture, in its order; no picture where the verdict is older than these.

    columns: the cells that some picture has a value for. names, indices: of the pictures.
    """

    columns: tuple[str, ...]
    names: tuple[str, ...]
    indices: tuple[int, ...]
    parts: Float64[np.ndarray, "pictures columns parts"]


def has_picture_scores(verdict: Verdict) -> bool:
    """Whether it can be compared picture by picture."""
    columns = set(measure_of(verdict).columns)
    return any(columns <= set(row.values) for row in verdict.per_image)


def picture_scores(verdict: Verdict) -> PictureScores:
    """The parts of the measure in each picture. Raises SafelightError for a damaged verdict."""
    measure = measure_of(verdict)
    rows = [row for row in verdict.per_image if set(measure.columns) <= set(row.values)]
    names, indices = tuple(row.name for row in rows), tuple(row.index for row in rows)
    if not rows:
        return PictureScores(verdict.parts, names, indices, np.zeros((0, len(verdict.parts), 1)))
    parts = np.array([[row.values[column] for column in measure.columns] for row in rows], np.float64)
    parts = np.moveaxis(parts, 1, 2)
    if parts.shape[1] != len(verdict.parts):
        raise SafelightError(f"the verdict of {verdict.judged} lacks values of its pictures; judge again")
    known = np.isfinite(value_of(measure)(parts.mean(axis=0)))
    columns = tuple(cell for cell, has_value in zip(verdict.parts, known, strict=True) if has_value)
    return PictureScores(columns, names, indices, parts[:, known])

"""By which statistic the verdicts of a task are summarized and compared, and what it is made of in each picture."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Float64

from safelight.masks.match import pooled_f1
from safelight.verdicts.verdict import Verdict

Parts: TypeAlias = Float64[np.ndarray, "*columns parts"]
Values: TypeAlias = Float64[np.ndarray, "*columns"]


def only_part(means: Parts) -> Values:
    """The value is its single part."""
    return np.asarray(means[..., 0])


def decibels(means: Parts) -> Values:
    """PSNR of a mean squared error of values 0..1."""
    return np.asarray(-10 * np.log10(means[..., 0] + 1e-12))


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A task's main statistic; higher is better.

    statistic: its name in the curves. columns: what it is made of in each picture (`Measured.values`).
    value: from the means of these parts over pictures, (..., parts), to the value itself.
    what, unit, digits: its name in a sentence, its unit ("" for none), its digits.
    title: its name with its unit over a row of values. cells: what verdicts have a value for each of ("hints");
    cell: one of them by its name, on a card; mean: of all of them, by {names} or their {count}.
    protocol: how the samples were made, in words, by fields and facts of the verdict.
    hidden: how the names of cells end that summaries leave out. on_card: further statistics of the card, with titles.
    """

    statistic: str
    columns: tuple[str, ...]
    value: Callable[[Parts], Values] = only_part
    what: str
    unit: str = ""
    digits: int = 2
    title: str
    cells: str
    cell: str
    mean: str = ""
    protocol: str
    hidden: tuple[str, ...] = ()
    on_card: Mapping[str, str] = field(default_factory=dict)

    @property
    def in_unit(self) -> str:
        """What stands after a number."""
        return f" {self.unit}" if self.unit else ""


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
    """The parts of the measure in each picture."""
    measure = measure_of(verdict)
    rows = [row for row in verdict.per_image if set(measure.columns) <= set(row.values)]
    names, indices = tuple(row.name for row in rows), tuple(row.index for row in rows)
    if not rows:
        return PictureScores(verdict.parts, names, indices, np.zeros((0, len(verdict.parts), 1)))
    parts = np.array([[row.values[column] for column in measure.columns] for row in rows], np.float64)
    parts = np.moveaxis(parts, 1, 2)
    known = np.isfinite(measure.value(parts.mean(axis=0)))
    columns = tuple(cell for cell, has_value in zip(verdict.parts, known, strict=True) if has_value)
    return PictureScores(columns, names, indices, parts[:, known])


def _f1(means: Parts) -> Values:
    return pooled_f1(*(means[..., part] for part in range(4)))


MEASURES = {
    "colorize": Measure(
        statistic="gain",
        columns=("gain",),
        what="gain over grey",
        unit="dB",
        title="gain over grey, dB",
        cells="hints",
        cell="{} hints",
        mean="mean over {names} hints",
        protocol="protocol {protocol}",
        on_card={"psnr": "PSNR, dB", "ciede2000": "CIEDE2000"},
    ),
    "inpaint": Measure(
        statistic="hole_psnr",
        columns=("hole_psnr",),
        what="PSNR in the hole",
        unit="dB",
        title="PSNR in it, dB",
        cells="hole",
        cell="hole: {}",
        mean="mean over {count} kinds of holes",
        protocol="holes in {size} px",
        hidden=(" b",),  # at the border: they are in the mean
    ),
    "scratches": Measure(
        statistic="f1",
        columns=("found", "right", "damaged", "seen"),
        value=_f1,
        what="F1",
        digits=3,
        title="F1",
        cells="damage, px",
        cell="damage, px: {}",
        mean="mean over {count} kinds of damage",
        protocol="drawn damage in {size} px",
    ),
    "autoencode": Measure(
        statistic="psnr",
        columns=("mse",),
        value=decibels,
        what="PSNR",
        unit="dB",
        title="PSNR, dB",
        cells="method",
        cell="method: {}",
        protocol="codes of {latent}",
    ),
}


def measure_of(verdict: Verdict) -> Measure:
    """That of the verdict's task."""
    return MEASURES[verdict.task]

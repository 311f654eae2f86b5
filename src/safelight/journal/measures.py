"""By what the runs of each task are compared: what a verdict holds of each picture, and the value made of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float64

from safelight.masks.match import pooled_f1

Parts: TypeAlias = Float64[np.ndarray, "*columns parts"]
Values: TypeAlias = Float64[np.ndarray, "*columns"]


@dataclass(frozen=True)
class Measure:
    """Higher is better. what, unit, digits: how it is said. over: what its columns are; mean: of all of them.

    value: from the means of the parts over pictures, (..., parts), to the value itself.
    """

    what: str
    unit: str
    digits: int
    over: str
    mean: str
    value: Callable[[Parts], Values]

    @property
    def in_unit(self) -> str:
        """What stands after a number."""
        return f" {self.unit}" if self.unit else ""


@dataclass(frozen=True)
class Form:
    """How a task's verdicts are written.

    since: the version from which they hold scores of each picture. protocol: how it was asked, from other fields.
    columns: their names. parts: of one picture, for each part a number a column.
    """

    measure: Measure
    since: int
    protocol: str
    columns: Callable[[Mapping[str, Any]], Sequence[object]]
    parts: Callable[[Mapping[str, Any]], Sequence[Sequence[float]]]


def _itself(means: Parts) -> Values:
    return np.asarray(means[..., 0])


def _decibels(means: Parts) -> Values:
    """PSNR of a mean squared error; the floor is the judge's."""
    return np.asarray(-10 * np.log10(means[..., 0] + 1e-12))


def _f1(means: Parts) -> Values:
    return pooled_f1(*(means[..., part] for part in range(4)))


GAIN = Measure("gain over grey", "dB", 2, "hints", "mean over {names} hints", _itself)
HOLES = Measure("PSNR in the hole", "dB", 2, "hole", "mean over {count} kinds of holes", _itself)
CODES = Measure("PSNR", "dB", 2, "", "", _decibels)
FINDS = Measure("F1", "", 3, "damage, px", "mean over {count} kinds of damage", _f1)

FORMS: dict[str, Form] = {
    "safelight-verdict": Form(
        GAIN, 1, "{protocol}", lambda stored: stored["counts"], lambda row: [row["gain"]]
    ),
    "safelight-fill-verdict": Form(
        HOLES,
        2,
        "holes-{size}",
        lambda stored: stored["cells"][:-1],
        lambda row: [row["values"]["hole_psnr"]],
    ),
    "safelight-code-verdict": Form(
        CODES, 2, "codes-{size}", lambda stored: ["all"], lambda row: [row["values"]["mse"]]
    ),
    "safelight-scratches-verdict": Form(
        FINDS,
        2,
        "scratches-{size}",
        lambda stored: stored["cells"][:-1],
        lambda row: [row["values"][part] for part in ("found", "right", "damaged", "seen")],
    ),
}

"""What the judge of holes found: typed, and written as JSON that needs no safelight to be read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeAlias

from safelight.errors import SafelightError
from safelight.judging.intervals import Estimate, Standing
from safelight.judging.plain import as_estimate, plain

FORMAT, VERSION = "safelight-fill-verdict", 1
ALL = "all"  # the mean over all cells

Curve: TypeAlias = Mapping[str, Estimate]  # cell -> estimate; ALL is the mean over cells


@dataclass(frozen=True)
class FillComparison:
    """The model against one classical method in one cell; positive differences where the model is better."""

    method: str
    statistic: str
    cell: str
    difference: Estimate
    standing: Standing


@dataclass(frozen=True)
class FillVerdict:
    """A model's standing on one set of holes.

    questions: sha256 of all questions. curves: method -> statistic -> cell -> estimate. best: the classical
    method with the highest mean PSNR in the hole of each cell. gains: a picture's mean lead over those, in
    dB, by the number of the picture. looks: as in the judge of color.
    """

    model: str
    dataset: str
    split: str
    size: int
    seed: int
    questions: str
    pictures: int
    enlarged: int
    cells: tuple[str, ...]
    curves: Mapping[str, Mapping[str, Curve]]
    comparisons: tuple[FillComparison, ...]
    best: Mapping[str, str]
    gains: Mapping[int, float]
    looks: int | None = None
    judged: str = ""
    safelight: str = ""
    sentences: tuple[str, ...] = ()

    @property
    def methods(self) -> tuple[str, ...]:
        """The model first."""
        return tuple(self.curves)

    @property
    def protocol(self) -> str:
        """How it was asked, in a word."""
        return f"holes-{self.size}"

    def compared(self, method: str, statistic: str, cell: str) -> FillComparison | None:
        """The comparison with this method there; None if there is none."""
        wanted = (method, statistic, cell)
        return next((c for c in self.comparisons if (c.method, c.statistic, c.cell) == wanted), None)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: an estimate is [value, low, high], a number that does not exist is null."""
        return {"format": FORMAT, "version": VERSION, **plain(self)}

    def save(self, path: Path) -> Path:
        """Write verdict.json; returns its path."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.to_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: Path) -> "FillVerdict":
        """Read verdict.json. Raises SafelightError."""
        try:
            return _verdict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SafelightError(
                f"{path} is no verdict on holes that can be read ({error}); judge again"
            ) from None


def _verdict(document: Mapping[str, Any]) -> FillVerdict:
    if document.get("format") != FORMAT or document.get("version") != VERSION:
        raise ValueError(f'expected "format": "{FORMAT}", "version": {VERSION}')
    stored = {field.name: document[field.name] for field in fields(FillVerdict)}
    stored["curves"] = {
        method: {
            statistic: {cell: as_estimate(numbers) for cell, numbers in curve.items()}
            for statistic, curve in curves.items()
        }
        for method, curves in stored["curves"].items()
    }
    stored["comparisons"] = tuple(
        FillComparison(**{**row, "difference": as_estimate(row["difference"])})
        for row in stored["comparisons"]
    )
    stored["gains"] = {int(index): gain for index, gain in stored["gains"].items()}
    return FillVerdict(**{**stored, "cells": tuple(stored["cells"]), "sentences": tuple(stored["sentences"])})

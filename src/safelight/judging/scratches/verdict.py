"""What the judge of finders found: typed, and written as JSON that needs no safelight to be read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from safelight.errors import SafelightError
from safelight.judging.holes.verdict import Curve, FillComparison
from safelight.judging.plain import as_estimate, plain

FORMAT, VERSION = "safelight-scratches-verdict", 1
ALL = "all"  # the mean over all cells with damage; of false finds, over all cells

ScratchComparison = FillComparison  # the model against one other finder in one cell


@dataclass(frozen=True)
class ScratchVerdict:
    """A finder's standing on one set of drawn damage.

    questions: sha256 of all questions. curves: finder -> statistic -> cell -> estimate. gains: a picture's lead in
    F1 over the best ridge filter, all its prints together, by the number of the picture. looks: as in the judge
    of color.
    """

    model: str
    dataset: str
    split: str
    size: int
    seed: int
    tolerance: float
    questions: str
    pictures: int
    cells: tuple[str, ...]
    curves: Mapping[str, Mapping[str, Curve]]
    comparisons: tuple[ScratchComparison, ...]
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
        return f"scratches-{self.size}"

    def compared(self, method: str, statistic: str, cell: str) -> ScratchComparison | None:
        """The comparison with this finder there; None if there is none."""
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
    def load(cls, path: Path) -> "ScratchVerdict":
        """Read verdict.json. Raises SafelightError."""
        try:
            return _verdict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SafelightError(
                f"{path} is no verdict on finders that can be read ({error}); judge again"
            ) from None


def _verdict(document: Mapping[str, Any]) -> ScratchVerdict:
    if document.get("format") != FORMAT or document.get("version") != VERSION:
        raise ValueError(f'expected "format": "{FORMAT}", "version": {VERSION}')
    stored = {field.name: document[field.name] for field in fields(ScratchVerdict)}
    stored["curves"] = {
        method: {
            statistic: {cell: as_estimate(numbers) for cell, numbers in curve.items()}
            for statistic, curve in curves.items()
        }
        for method, curves in stored["curves"].items()
    }
    stored["comparisons"] = tuple(
        ScratchComparison(**{**row, "difference": as_estimate(row["difference"])})
        for row in stored["comparisons"]
    )
    stored["gains"] = {int(index): gain for index, gain in stored["gains"].items()}
    return ScratchVerdict(
        **{**stored, "cells": tuple(stored["cells"]), "sentences": tuple(stored["sentences"])}
    )

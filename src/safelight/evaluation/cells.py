"""What verdicts over cells share: holes by area, damage by kind and width. How they are read, compared, kept."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from safelight.errors import SafelightError
from safelight.evaluation.intervals import Estimate, Standing
from safelight.evaluation.measured import as_measured
from safelight.evaluation.plain import as_estimate, plain
from safelight.files import new_file
from safelight.json_text import parsed

ALL = "all"  # the mean over all cells that have the statistic

Curve: TypeAlias = Mapping[str, Estimate]  # cell -> estimate; ALL is the mean over cells
V = TypeVar("V")


@dataclass(frozen=True)
class CellComparison:
    """The model against one other method in one cell; positive differences where the model is better."""

    method: str
    statistic: str
    cell: str
    difference: Estimate
    standing: Standing


def compared(
    comparisons: Sequence[CellComparison], method: str, statistic: str, cell: str
) -> CellComparison | None:
    """The comparison with this method there; None if there is none."""
    wanted = (method, statistic, cell)
    return next((c for c in comparisons if (c.method, c.statistic, c.cell) == wanted), None)


def as_document(verdict: object, form: str, version: int) -> dict[str, Any]:
    """Plain JSON: an estimate is [value, low, high], a number that does not exist is null."""
    return {"format": form, "version": version, **plain(verdict)}


def save(document: Mapping[str, Any], path: Path) -> Path:
    """Write verdict.json, whole or not at all; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with new_file(path, overwrite=True) as file:
        file.write((json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode())
    return path


def load(kind: type[V], form: str, version: int, path: Path, about: str) -> V:
    """Read verdict.json as that kind of verdict, of this version or an older one, which has no scores by picture.

    Raises SafelightError, which says what it should be `about`.
    """
    try:
        document = parsed(path.read_text(encoding="utf-8"))
        if document.get("format") != form or document.get("version") not in range(1, version + 1):
            raise ValueError(f'expected "format": "{form}", "version": 1 to {version}')
        names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
        stored = {name: document[name] for name in names if name in document}
        return kind(**{**stored, **_typed(stored)})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SafelightError(
            f"{path} is no verdict on {about} that can be read ({error}); judge again"
        ) from None


def _typed(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that JSON has no types for."""
    return {
        "curves": {
            method: {
                statistic: {cell: as_estimate(numbers) for cell, numbers in curve.items()}
                for statistic, curve in curves.items()
            }
            for method, curves in stored["curves"].items()
        },
        "comparisons": tuple(
            CellComparison(**{**row, "difference": as_estimate(row["difference"])})
            for row in stored["comparisons"]
        ),
        "scores": as_measured(stored.get("scores", ())),
        "gains": {int(index): gain for index, gain in stored["gains"].items()},
        "cells": tuple(stored["cells"]),
        "sentences": tuple(stored["sentences"]),
    }

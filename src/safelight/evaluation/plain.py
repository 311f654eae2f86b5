"""Verdicts as plain JSON: an estimate is [value, low, high], a number that does not exist is null."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from safelight.evaluation.intervals import Estimate


def plain(value: object) -> Any:
    """What json.dumps takes; numbers with six digits."""
    if isinstance(value, Estimate):
        return [plain(value.value), plain(value.low), plain(value.high)]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(part) for part in value]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return value


def as_estimate(stored: Sequence[float | None]) -> Estimate:
    """The estimate that was stored; nan for null."""
    return Estimate(*(math.nan if number is None else number for number in stored))

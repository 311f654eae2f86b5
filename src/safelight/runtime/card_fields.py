"""The fields of a model's card, read from parsed JSON and checked one by one.

A field that is not known is passed over at every level, so that a later version can add some without a new format.
Each function raises KeyError where the field is missing, and ValueError with what was found in it.
"""

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

from safelight.errors import in_short

Row: TypeAlias = Mapping[str, Any]
shown = in_short  # a wrong value in a message


def text_of(row: Row, name: str) -> str:
    """A text that can be printed."""
    value = row[name]
    if not isinstance(value, str):
        raise ValueError(f"{name} is {shown(value)}, not text")
    value.encode()  # half a surrogate pair is no text: UnicodeEncodeError, which is a ValueError
    return value


def whole_of(row: Row, name: str, low: int, high: int | None = None) -> int:
    """A whole number from `low`, and up to `high` where there is one."""
    value = row[name]
    if not _is_whole(value) or value < low or (high is not None and value > high):
        above = f"above {low - 1}" if high is None else f"from {low} to {high}"
        raise ValueError(f"{name} is {shown(value)}, not a whole number {above}")
    return int(value)


def number_of(row: Row, name: str, low: float, high: float) -> float:
    """A finite number from `low` to `high`."""
    value = row[name]
    if not is_number(value) or not low <= value <= high:
        raise ValueError(f"{name} is {shown(value)}, not a number from {low:g} to {high:g}")
    return float(value)


def object_of(row: Row, name: str) -> dict[str, Any]:
    """An object of JSON; empty where there is none."""
    value = row.get(name, {})
    if not isinstance(value, dict):
        raise ValueError(f"{name} is {shown(value)}, not an object")
    return value


def rows_of(row: Row, name: str) -> list[dict[str, Any]]:
    """A list of objects. Raises KeyError, ValueError."""
    value = row[name]
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError(f"{name} is {shown(value)}, not a list of objects")
    return value


def range_of(row: Row, name: str) -> tuple[float, float]:
    """Two finite numbers, the lower first."""
    value = row[name]
    pair = isinstance(value, list) and len(value) == 2 and all(is_number(each) for each in value)
    if not pair or not value[0] <= value[1]:
        raise ValueError(f"{name} is {shown(value)}, not two numbers, the lower first")
    return float(value[0]), float(value[1])


def shape_of(row: Row, name: str) -> tuple[int | str, ...]:
    """Whole numbers above 0, and texts for sizes that are free."""
    value = row[name]
    if not isinstance(value, list) or not all(
        isinstance(each, str) or (_is_whole(each) and each > 0) for each in value
    ):
        raise ValueError(f"{name} is {shown(value)}, not a list of sizes above 0 and their names")
    return tuple(value)


def is_number(value: object) -> bool:
    """Whether it is a finite number of JSON. True and false are none; nor is a whole number beyond all floats."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)

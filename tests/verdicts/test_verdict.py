"""Verdicts become JSON and come back."""

import json
import math
from dataclasses import dataclass

import pytest

from safelight.verdicts.verdict import Estimate, as_json, estimate_from_json


@dataclass(frozen=True)
class Found:
    name: str
    scores: dict[int, Estimate]
    parts: tuple[float, ...]


def test_all_that_a_verdict_holds_becomes_json() -> None:
    found = Found("a", {0: Estimate(1.23456789, 1.0, 2.0)}, (math.inf, 3.0))
    expected = {"name": "a", "scores": {"0": [1.23457, 1.0, 2.0]}, "parts": [None, 3.0]}
    assert json.loads(json.dumps(as_json(found), allow_nan=False)) == expected


def test_an_estimate_comes_back() -> None:
    assert estimate_from_json(as_json(Estimate(1.5, -1.0, 2.0))) == Estimate(1.5, -1.0, 2.0)
    unknown = estimate_from_json(as_json(Estimate(math.nan, math.nan, math.nan)))
    assert math.isnan(unknown.value)


def test_too_few_numbers_are_no_estimate() -> None:
    with pytest.raises(TypeError):
        estimate_from_json([1.0, 2.0])

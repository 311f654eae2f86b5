"""Verdicts become JSON and come back."""

import contextlib
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.errors import SafelightError
from safelight.verdicts.measure import picture_scores
from safelight.verdicts.summary import newest_card_scores, newest_summaries
from safelight.verdicts.verdict import (
    ALL,
    Comparison,
    Estimate,
    Group,
    Measured,
    Verdict,
    as_json,
    estimate_from_json,
    load_verdict,
    load_verdicts,
)

OLD = Path(__file__).parents[1] / "old" / "trained"


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


VERDICT = Verdict(
    task="inpaint",
    model="mine",
    dataset="photos",
    split="val",
    protocol="holes-64",
    seed=3,
    questions="c0ffee",
    pictures=2,
    cells=("small", "large", ALL),
    curves={
        "mine": {
            "psnr": {"small": Estimate(20.0, 19.0, 21.0), "large": Estimate(math.nan, math.nan, math.nan)}
        }
    },
    comparisons=(Comparison("mean", "psnr", "small", Estimate(1.0, 0.5, 1.5), "wins"),),
    leads={4: 0.5, 7: -1.0},
    per_image=(
        Measured(4, "a.png", {"psnr": (20.0, math.nan)}, "attic"),
        Measured(7, "b.png", {"psnr": (19.0, 12.5)}),
    ),
    groups=(Group("tag old", 1, {"mine": {"psnr": {"small": Estimate(20.0, 19.0, 21.0)}}}),),
    tables={"bounds": {"mine": {"elbo": Estimate(1.0, 0.0, 2.0)}}},
    facts={"tolerance": 1.5, "collapse": None},
    sentences=("It was judged.", "It wins [1, 2]."),
)


def test_a_verdict_survives_its_file(tmp_path: Path) -> None:
    path = VERDICT.save(tmp_path / "new" / "verdict.json")
    back = load_verdict(path)
    assert repr(back) == repr(VERDICT)  # nan is not equal to itself
    assert '"small": [20.0, 19.0, 21.0]' in path.read_text()
    assert repr(load_verdicts(tmp_path)) == repr([back])


def test_parts_are_the_cells_without_their_mean() -> None:
    assert VERDICT.parts == ("small", "large")
    assert replace(VERDICT, cells=(ALL,)).parts == (ALL,)
    assert VERDICT.compared("mean", "psnr", "small") == VERDICT.comparisons[0]
    assert VERDICT.compared("mean", "psnr", "large") is None
    assert replace(VERDICT, cells=("0", "1")).parts == ("0", "1")


@pytest.mark.parametrize(
    "change",
    [
        {"version": 3},
        {"format": "safelight-other-verdict"},
        {"per_image": [{"index": 0, "name": "a", "values": {"psnr": values}} for values in ([1, 2], [1])]},
        {"pictures": "many"},
        {"curves": {"mine": {"psnr": {"small": [1, 2]}}}},
    ],
)
def test_a_file_that_is_no_verdict_is_named(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "verdict.json"
    path.write_text(json.dumps(VERDICT.to_json() | change))
    with pytest.raises(
        SafelightError, match=r"verdict\.json is not a verdict that can be read .* judge again"
    ):
        load_verdict(path)
    assert load_verdicts(tmp_path) == []


DOCUMENTS = [VERDICT.to_json(), *(json.loads(path.read_text()) for path in OLD.glob("*/verdicts/**/*.json"))]
LEAVES = st.one_of(
    st.none(), st.integers(), st.booleans(), st.text(max_size=3), st.lists(st.integers(), max_size=2)
)


@given(
    document=st.sampled_from(DOCUMENTS),
    value=st.one_of(LEAVES, st.dictionaries(st.text(), LEAVES)),
    data=st.data(),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_in_a_file_it_is_read_or_left_out(
    tmp_path: Path, document: dict[str, Any], value: Any, data: st.DataObject
) -> None:
    field = data.draw(st.sampled_from(sorted(document)))
    (tmp_path / "verdict.json").write_text(json.dumps(document | {field: value}))
    for verdict in load_verdicts(tmp_path):
        with contextlib.suppress(SafelightError):
            picture_scores(verdict)
    newest_summaries(tmp_path)
    newest_card_scores(tmp_path)


def test_a_card_has_the_newest_scores_of_the_test_split_and_of_foreign_sources(tmp_path: Path) -> None:
    (judged,) = load_verdicts(OLD / "color" / "verdicts")
    ours = newest_card_scores(OLD / "color" / "verdicts")
    title = next(name for name in ours if name != "judged")
    curves = {
        method: {
            statistic: {cell: replace(each, value=each.value + 1) for cell, each in curve.items()}
            for statistic, curve in of_method.items()
        }
        for method, of_method in judged.curves.items()
    }
    elsewhere = replace(judged, split="foreign", curves=curves, judged="2099-01-01T00:00:00+00:00")
    for folder, verdict in (("a", judged), ("b", elsewhere)):
        (tmp_path / folder).mkdir()
        verdict.save(tmp_path / folder / "verdict.json")
    both = newest_card_scores(tmp_path)
    assert {name: both[name] for name in ours} == ours
    assert both[f"foreign: {title}"] == pytest.approx(float(str(ours[title])) + 1)
    assert "/foreign" in str(both["foreign: judged"])
    assert len(both) == 2 * len(ours)

"""A run.json whose facts are of other kinds than a run writes: a line for that run, and the others are read."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.errors import RunError
from safelight.journal.page import write_page
from safelight.journal.records import read_record, read_records, split_logs_of
from safelight.journal.run import FACTS, OF_THE_DATASET, Run, what_is_wrong
from safelight.journal.run_tree import list_runs
from tests.journal.made import RECIPE

WRITTEN: dict[str, Any] = {  # what runs of every kind wrote, all in one
    "state": "finished",
    "started": "2026-11-29T11:25:52+00:00",
    "ended": "2026-11-29T11:26:16+00:00",
    "recipe": "scratches-quick",
    "task": "scratches",
    "parent": "2026-11-28_x",
    "difference": {"train.steps": [1, 2], "model.norm": [None, "group"]},
    "weights_from": None,
    "new_weights": ["a.b"],
    "dataset": {"path": "/data/ds", "fingerprint": "7f33", "train": 47, "val": 9, "fold": [0, 5]},
    "step": 6,
    "status": 130,
    "scores": {"val/f1": 0.5, "val/gain": float("nan")},
    "resumed": [3, 5],
    "error": None,
    "began_from": "color",
    "began_with": {"psnr": 20.5},
    "threshold": 0.3,
    "preparation": {"fit": "crop"},
    "folds": 2,
    "children": ["x"],
}
WRONG: list[Any] = [True, -1, 1e308, float("nan"), "x", "", [], {}, [1, 2, 3], {"a": 1}, 10**400, None]


def _places(tree: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in pairs:
        yield (*place, key)
        yield from _places(value, (*place, key))


def _changed(place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    facts = copy.deepcopy(WRITTEN)
    inner: Any = facts
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return facts


def _write(folder: Path, facts: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.json").write_text(json.dumps(RECIPE))
    (folder / "run.json").write_text(json.dumps(facts))


def test_what_runs_write_is_right() -> None:
    assert what_is_wrong(WRITTEN) is None
    assert what_is_wrong(dict.fromkeys(("ended", "step", "error", "parent"))) is None
    assert WRITTEN.keys() - {"state"} <= FACTS.keys()
    assert WRITTEN["dataset"].keys() == OF_THE_DATASET.keys()


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("dataset",), True, "its dataset is True, not an object"),
        (("dataset", "path"), 5, "its dataset's path is 5, not text"),
        (("difference", "train.steps"), "x", "its difference is .*, not an object of two values each"),
        (("scores", "val/f1"), None, "its scores is .*, not an object of numbers"),
        (("step",), float("nan"), "its step is nan, not a whole number from 0"),
        (("resumed", 0), [], "its resumed is .*, not a list of whole numbers"),
    ],
)
def test_a_wrong_fact_is_named(tmp_path: Path, place: tuple[Any, ...], value: Any, said: str) -> None:
    _write(tmp_path / "a", _changed(place, value))
    with pytest.raises(RunError, match=rf"run\.json is damaged \({said}\)"):
        _ = Run(tmp_path / "a").facts


def test_each_place_with_each_wrong_value(tmp_path: Path) -> None:
    """The journal goes on past it: listed and drawn, or named as damaged."""
    _write(tmp_path / "whole", WRITTEN)
    named = 0
    for place in _places(WRITTEN):
        for value in WRONG:
            _write(tmp_path / "a", _changed(place, value))
            records, damaged = read_records(tmp_path)
            assert len(records) + len(damaged) == 2
            assert all("run.json is damaged" in line for line in damaged)
            list_runs(records, split_logs_of(records))
            named += len(damaged)
    assert named > 100


@pytest.mark.parametrize("name", ["recipe.json", "guard.jsonl", "environment.json", "doctor/findings.json"])
def test_what_is_nested_without_end_is_damaged(tmp_path: Path, name: str) -> None:
    """Python's own reader raises RecursionError, which is no ValueError."""
    for run in "ab":
        _write(tmp_path / "runs" / run, WRITTEN)
    path = tmp_path / "runs" / "a" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text('{"commit":' * 100_000)
    records, damaged = read_records(tmp_path / "runs")
    assert len(damaged) == (name == "recipe.json")
    write_page(records, split_logs_of(records), tmp_path / "page", "runs")


@settings(max_examples=50)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_value_is_right_or_named(value: Any) -> None:
    for name in FACTS:
        what_is_wrong({name: value})
    for name in OF_THE_DATASET:
        what_is_wrong({"dataset": {name: value}})


def test_a_damaged_run_is_said_once(tmp_path: Path) -> None:
    _write(tmp_path / "a", _changed(("dataset",), True))
    with pytest.raises(RunError) as raised:
        read_record(tmp_path / "a")
    assert str(raised.value).count("is damaged") == 1

"""Run folders read back: curves, settings, families, looks; damage is told, not fatal."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.errors import RunError, SafelightError
from safelight.journal.records import (
    differences,
    flatten,
    read_metrics,
    read_record,
    read_records,
    show_difference,
    show_value,
    split_logs_of,
)
from safelight.journal.run_tree import list_runs, show_time, tree_rows
from safelight.verdicts.measure import has_picture_scores, measure_of, picture_scores, value_of
from safelight.verdicts.summary import samples_in_words
from safelight.verdicts.verdict import load_verdict, load_verdicts
from tests.journal.made import (
    healthy,
    keep_verdict,
    measured_json,
    older,
    settings_of,
    write_run,
    write_verdict,
)

CASE = healthy(np.random.default_rng(0))


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A parent with two children and a grandchild, and a run without a family."""
    root = tmp_path / "runs"
    change = {"optimizer.lr": [0.002, 0.001]}
    write_run(root, "a", CASE)
    write_run(root, "b", CASE, parent="a", difference=change)
    write_run(root, "c", CASE, parent="a", difference={"optimizer.lr": [0.002, 0.004]}, state="stopped")
    write_run(root, "d", CASE, parent="b", difference=change)
    write_run(root, "e", CASE, parent="gone")
    return root


def test_metrics_come_back_as_they_were_written(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "a", CASE)
    curves = read_metrics(folder / "metrics.csv")
    assert set(curves) == set(CASE.curves)
    for name, curve in CASE.curves.items():
        assert np.array_equal(curves[name].steps, curve.steps)
        np.testing.assert_allclose(curves[name].values, curve.values, rtol=1e-5)


def test_a_file_under_way_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text(
        "step,epoch,train/loss,val/gain_0\n10,0,0.5,\n10,0,0.4,\n20,0,nan,1.5\nx,0,3,\nnan,0,3,\ninf,0,3,\n30,0,0.3,\n40,0,0.2"
    )
    curves = read_metrics(path)
    assert set(curves) == {"train/loss", "val/gain_0"}
    assert curves["train/loss"].steps.tolist() == [10, 20, 30]
    assert curves["train/loss"].values[0] == 0.4
    assert curves["train/loss"].finite.steps.tolist() == [10, 30]
    assert curves["val/gain_0"].last == 1.5
    assert read_metrics(tmp_path / "none.csv") == {}


def test_children_stand_below_their_parents(runs: Path) -> None:
    records, damaged = read_records(runs)
    assert damaged == []
    places = tree_rows(records)
    assert [(place.record.name, place.depth) for place in places] == [
        ("a", 0), ("b", 1), ("d", 2), ("c", 1), ("e", 0)
    ]  # fmt: skip
    assert [place.branch for place in places] == ["", "├─ ", "│  └─ ", "└─ ", ""]


def test_runs_in_a_circle_are_listed_once(tmp_path: Path) -> None:
    write_run(tmp_path, "a", CASE, parent="b")
    write_run(tmp_path, "b", CASE, parent="a")
    assert sorted(place.record.name for place in tree_rows(read_records(tmp_path)[0])) == ["a", "b"]


def test_the_list_says_what_was_changed(runs: Path) -> None:
    lines = list_runs(read_records(runs)[0], [])
    assert "optimizer.lr 0.002 → 0.001" in lines[2]
    assert "stopped" in lines[4]
    assert "44 min" in lines[1]
    assert len({line.index("  ", 30) for line in lines[:1]}) == 1


def test_damage_is_told_and_the_rest_read(runs: Path) -> None:
    (runs / "b" / "run.json").write_text("{")
    records, damaged = read_records(runs)
    assert [record.name for record in records] == ["a", "c", "d", "e"]
    assert len(damaged) == 1
    assert "damaged" in damaged[0]
    with pytest.raises(RunError, match="not a folder"):
        read_records(runs / "missing")
    (runs / "empty").mkdir()
    with pytest.raises(RunError, match="holds no run"):
        read_records(runs / "empty")
    with pytest.raises(RunError, match="not a run folder"):
        read_record(runs / "empty")


def test_looks_are_those_of_the_dataset_or_of_the_verdicts(runs: Path, tmp_path: Path) -> None:
    gains = np.ones((10, 2))
    write_verdict(runs / "a", gains, split="test")
    write_verdict(runs / "b", gains, split="val", questions="q2")
    (looks,) = split_logs_of(read_records(runs)[0])
    assert (looks.dataset, len(looks)) == ("photos", 1)
    (tmp_path / "photos").mkdir()
    rows = [{"judged": f"2026-11-2{day}", "model": "other"} for day in range(3)]
    (tmp_path / "photos" / "test_looks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (looks,) = split_logs_of(read_records(runs)[0])
    assert looks.said == "the test split of photos was looked at 3 times"


def test_verdicts_are_read_as_the_json_that_they_are(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "a", CASE)
    gains = np.random.default_rng(0).normal(2, 1, (12, 2))
    write_verdict(folder, gains)
    (folder / "verdicts" / "broken.json").write_text('{"format": "safelight-verdict"}')
    (verdict,) = load_verdicts(folder / "verdicts")
    np.testing.assert_allclose(picture_scores(verdict).parts[..., 0], gains)
    assert picture_scores(verdict).columns == ("0", "10")
    assert samples_in_words(verdict) == "12 pictures of photos/val, protocol compact"
    with pytest.raises(SafelightError, match="judge again"):
        load_verdict(folder / "verdicts" / "broken.json")


def test_verdicts_of_every_task_are_read_and_older_ones_hold_no_scores(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    counts = {part: np.full((5, 3), 10.0) for part in ("found", "right", "damaged", "seen")}
    counts["damaged"] = counts["seen"] = np.array([[10.0, 10, 0]] * 5)  # nothing is damaged in the last kind
    stored = {
        "fill": measured_json("fill", "a", {"hole_psnr": rng.normal(20, 2, (5, 3))}),
        "code": measured_json("code", "a", {"mse": np.array([[0.1], [0.01], [0.1], [0.1], [0.1]])}),
        "scratches": measured_json("scratches", "a", counts),
    }
    read = {}
    for task, document in stored.items():
        folder = write_run(tmp_path, task, CASE)
        keep_verdict(folder, document)
        (read[task],) = load_verdicts(folder / "verdicts")
        keep_verdict(folder, older(document))
        (old,) = load_verdicts(folder / "verdicts")
        assert has_picture_scores(read[task])
        assert not has_picture_scores(old)
        assert old.pictures == 5
    assert picture_scores(read["fill"]).columns == ("kind 0", "kind 1", "kind 2")
    assert picture_scores(read["scratches"]).columns == ("kind 0", "kind 1")
    assert (read["fill"].protocol, read["code"].protocol) == ("holes-64", "codes-64")
    assert value_of(measure_of(read["code"]))(picture_scores(read["code"]).parts)[:2, 0] == pytest.approx(
        [10, 20]
    )
    assert value_of(measure_of(read["scratches"]))(
        picture_scores(read["scratches"]).parts.sum(0)
    ).tolist() == [
        1,
        1,
    ]


@pytest.mark.parametrize("task", ["color", "fill", "figures", "scratches"])
def test_the_verdicts_of_the_documentation_are_read(task: str) -> None:
    path = Path(__file__).parents[2] / "docs" / "judged" / task / "verdict.json"
    assert load_verdict(path).pictures == json.loads(path.read_text())["pictures"]


LEAVES = st.one_of(st.integers(), st.booleans(), st.text(max_size=3), st.lists(st.integers(), max_size=2))
NAMES = st.text("abc", min_size=1, max_size=3)


@given(
    st.recursive(LEAVES, lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3), max_leaves=6)
)
def test_settings_are_flat_and_differ_from_themselves_in_nothing(tree: object) -> None:
    flat = flatten({"top": tree})
    assert not any(isinstance(value, dict) for value in flat.values())
    assert flat == settings_of({"top": tree})
    assert differences(flat, flat) == {}


def test_differences_are_told_as_typed() -> None:
    one = {"optimizer.lr": 0.002, "model.widths": [64, 32], "name": "a", "old": 1}
    other = {"optimizer.lr": 2e-4, "model.widths": [96, 48], "name": "b", "data.weights": [["osie", 2.0]]}
    found = differences(one, other)
    assert set(found) == {"optimizer.lr", "model.widths", "old", "data.weights"}
    assert show_difference(found, 2) == "optimizer.lr 0.002 → 0.0002, model.widths 64,32 → 96,48, and 2 more"
    assert show_value([["osie", 2.0], ["flowers", 0.5]]) == "osie=2,flowers=0.5"
    assert show_value(True) == "true"


def test_times_are_short() -> None:
    assert [show_time(seconds) for seconds in (None, 12, 120, 7200)] == ["–", "12 s", "2 min", "2.0 h"]


def test_a_record_knows_its_steps_and_scores(tmp_path: Path) -> None:
    stopped = replace(CASE, settings={**CASE.settings, "train.steps": 99_999})
    record = read_record(write_run(tmp_path, "a", stopped, state="stopped"))
    assert (record.step, record.steps_planned) == (CASE.step, 99_999)
    assert record.scores["val/gain_0"] == pytest.approx(CASE.curves["val/gain_0"].last, rel=1e-4)


def test_datasets_of_one_name_have_looks_of_their_own(tmp_path: Path) -> None:
    for number, place in enumerate(("one", "two"), start=1):
        folder = tmp_path / place / "photos"
        folder.mkdir(parents=True)
        rows = [{"judged": f"2026-11-2{day}", "model": "m"} for day in range(number)]
        (folder / "test_looks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        write_run(tmp_path / "runs", place, CASE, dataset={"path": str(folder), "fingerprint": place})
    found = split_logs_of(read_records(tmp_path / "runs")[0])
    assert {each.dataset: len(each) for each in found} == {"one/photos": 1, "two/photos": 2}

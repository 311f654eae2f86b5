"""Which runs are the same but for the seed, what differs between two, and which questions both answered."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest

from safelight.errors import RunError
from safelight.journal.experiment import arms_of, shared_questions, what_differs
from safelight.journal.records import Record, read_record
from tests.journal.made import RECIPE, healthy, write_run, write_verdict

CASE = healthy(np.random.default_rng(0))


def made(root: Path, name: str, changes: dict[str, object] | None = None, **facts: object) -> Record:
    recipe = copy.deepcopy(RECIPE)
    for setting, value in (changes or {}).items():
        part, leaf = setting.split(".")
        recipe[part][leaf] = value
    return read_record(write_run(root, name, CASE, recipe=recipe, **facts))


def test_seeds_of_one_recipe_are_one_arm(tmp_path: Path) -> None:
    records = [
        made(tmp_path, "a0"),
        made(tmp_path, "b0", {"optimizer.lr": 0.001}),
        made(tmp_path, "a1", {"train.seed": 1}),
        made(tmp_path, "b1", {"optimizer.lr": 0.001, "train.seed": 1, "data.workers": 7}),
    ]
    arms = arms_of(records)
    assert [[record.name for record in arm.records] for arm in arms] == [["a0", "a1"], ["b0", "b1"]]
    assert arms[0].name == "a0 and 1 more seed"


def test_one_change_is_named_and_more_are_counted(tmp_path: Path) -> None:
    one, two, three, other_data = arms_of(
        [
            made(tmp_path, "a"),
            made(tmp_path, "b", {"optimizer.lr": 0.001}),
            made(tmp_path, "c", {"optimizer.lr": 0.001, "data.batch": 8}),
            made(tmp_path, "d", dataset={"path": "x", "fingerprint": "f2"}),
        ]
    )
    assert what_differs(one, two).said == "One thing differs: optimizer.lr 0.002 → 0.001."
    assert what_differs(one, three).count == 2
    assert "cannot be told apart" in what_differs(one, three).said
    assert what_differs(one, other_data).said == "One thing differs: dataset f1 → f2."
    assert what_differs(one, one).said == "Nothing differs but the seed."


def test_other_code_and_an_early_end_are_differences_too(tmp_path: Path) -> None:
    one, two = made(tmp_path, "a"), made(tmp_path, "b", state="stopped")
    for record, commit in ((one, "aaaaaaaaaaaaaa"), (two, "bbbbbbbbbbbbbb")):
        (record.folder / "environment.json").write_text(json.dumps({"commit": commit}))
    said = what_differs(*arms_of([one, two])).said
    assert "code aaaaaaaaaa → bbbbbbbbbb" in said
    assert f"end none → stopped at step {CASE.step}" in said


def test_only_common_questions_count_and_held_out_ones_come_first(tmp_path: Path) -> None:
    one, two = made(tmp_path, "a"), made(tmp_path, "b")
    gains = np.ones((9, 2))
    for record, questions in ((one, ("q1", "q2", "q3")), (two, ("q2", "q1"))):
        for name in questions:
            write_verdict(record.folder, gains, questions=name, split="val" if name == "q1" else "test")
    one, two = read_record(one.folder), read_record(two.folder)
    assert [verdict.questions for verdict in shared_questions([one, two])] == ["q1", "q1"]
    assert [verdict.questions for verdict in shared_questions([one, two], "test")] == ["q2", "q2"]


BOTH = r"^a and b were not judged on held-out .*safelight judge .*a --data .* && safelight judge .*b --data "


def test_what_was_not_judged_alike_is_refused_with_the_command(tmp_path: Path) -> None:
    one, two = made(tmp_path, "a"), made(tmp_path, "b")
    with pytest.raises(RunError, match=BOTH):
        shared_questions([one, two])
    write_verdict(one.folder, np.ones((9, 2)))
    write_verdict(two.folder, np.ones((5, 2)), questions="other")
    one, two = read_record(one.folder), read_record(two.folder)
    with pytest.raises(RunError) as refusal:
        shared_questions([one, two])
    assert "b was not judged on the same questions (9 pictures of photos/val" in str(refusal.value)
    assert "--split val --protocol compact --limit 9 -o report" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_nobody_is_sent_to_the_test_split(tmp_path: Path) -> None:
    one, two = made(tmp_path, "a"), made(tmp_path, "b")
    write_verdict(one.folder, np.ones((9, 2)), split="test")
    one, two = read_record(one.folder), read_record(two.folder)
    with pytest.raises(RunError, match=r"^a and b were not judged on held-out pictures") as refusal:
        shared_questions([one, two])
    assert "--split" not in str(refusal.value)
    with pytest.raises(RunError, match=r"^b was not judged .* --split test"):  # unless it is asked for
        shared_questions([one, two], "test")


def test_runs_of_other_tasks_are_sent_where_they_can_be_compared(tmp_path: Path) -> None:
    recipe = {"name": "fill", "task": "fill", "train": {"steps": 0}}
    case = healthy(np.random.default_rng(0))
    one, two = (read_record(write_run(tmp_path, name, case, recipe=recipe)) for name in "ab")
    with pytest.raises(RunError) as refusal:
        shared_questions([one, two])
    command = (
        f"safelight judge {two.folder} --beside {one.folder} --data {tmp_path.parent / 'photos'} -o report"
    )
    assert str(refusal.value).endswith(command)
    with pytest.raises(RunError, match="a is of task fill, and b of colorize"):
        shared_questions([one, read_record(made(tmp_path / "c", "b").folder)])

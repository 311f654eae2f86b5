"""Which runs are the same but for the seed, what differs between two, and which questions both answered."""

import copy
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from safelight.errors import RunError
from safelight.journal.experiment import differences_between, seed_groups
from safelight.journal.records import Record, read_record
from safelight.journal.run_tree import origin
from safelight.journal.shared_verdicts import judge_command, shared_verdicts
from tests.journal.made import RECIPE, healthy, keep_verdict, measured_json, older, write_run, write_verdict

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
    groups = seed_groups(records)
    assert [[record.name for record in group.records] for group in groups] == [["a0", "a1"], ["b0", "b1"]]
    assert groups[0].name == "a0 and 1 more seed"


def test_one_change_is_named_and_more_are_counted(tmp_path: Path) -> None:
    one, two, three, other_data = seed_groups(
        [
            made(tmp_path, "a"),
            made(tmp_path, "b", {"optimizer.lr": 0.001}),
            made(tmp_path, "c", {"optimizer.lr": 0.001, "data.batch": 8}),
            made(tmp_path, "d", dataset={"path": "x", "fingerprint": "f2"}),
        ]
    )
    assert differences_between(one, two).sentence == "One thing differs: optimizer.lr 0.002 → 0.001."
    assert differences_between(one, three).count == 2
    assert "cannot be told apart" in differences_between(one, three).sentence
    assert differences_between(one, other_data).sentence == "One thing differs: dataset f1 → f2."
    assert differences_between(one, one).sentence == "Nothing differs but the seed."


def test_other_code_and_an_early_end_are_differences_too(tmp_path: Path) -> None:
    one, two = made(tmp_path, "a"), made(tmp_path, "b", state="stopped")
    for record, commit in ((one, "aaaaaaaaaaaaaa"), (two, "bbbbbbbbbbbbbb")):
        (record.folder / "environment.json").write_text(json.dumps({"commit": commit}))
    said = differences_between(*seed_groups([one, two])).sentence
    assert "code aaaaaaaaaa → bbbbbbbbbb" in said
    assert f"end none → stopped at step {CASE.step}" in said


def test_what_a_run_began_with_is_no_other_seed(tmp_path: Path) -> None:
    """A run from new weights and one from a model's, of other seeds, would be averaged as one arm else."""
    groups = seed_groups(
        [made(tmp_path, "new"), made(tmp_path, "tuned", {"train.seed": 1}, began_from="color")]
    )
    assert [group.name for group in groups] == ["new", "tuned"]
    assert differences_between(*groups).sentence == "One thing differs: weights from none → color."
    assert [origin(group.records[0]) for group in groups] == [
        "recipe color",
        "recipe color, weights of color",
    ]


def test_only_common_questions_count_and_held_out_ones_come_first(tmp_path: Path) -> None:
    one, two = made(tmp_path, "a"), made(tmp_path, "b")
    gains = np.ones((9, 2))
    for record, questions in ((one, ("q1", "q2", "q3")), (two, ("q2", "q1"))):
        for name in questions:
            write_verdict(record.folder, gains, questions=name, split="val" if name == "q1" else "test")
    one, two = read_record(one.folder), read_record(two.folder)
    assert [verdict.questions for verdict in shared_verdicts([one, two])] == ["q1", "q1"]
    assert [verdict.questions for verdict in shared_verdicts([one, two], "test")] == ["q2", "q2"]


BOTH = r"^a and b were not judged on held-out .*safelight judge .*a --data .* && safelight judge .*b --data "


def test_what_was_not_judged_alike_is_refused_with_the_command(tmp_path: Path) -> None:
    one, two = made(tmp_path, "a"), made(tmp_path, "b")
    with pytest.raises(RunError, match=BOTH):
        shared_verdicts([one, two])
    write_verdict(one.folder, np.ones((9, 2)))
    write_verdict(two.folder, np.ones((5, 2)), questions="other")
    one, two = read_record(one.folder), read_record(two.folder)
    with pytest.raises(RunError) as refusal:
        shared_verdicts([one, two])
    assert "b was not judged on the same questions (9 pictures of photos/val" in str(refusal.value)
    assert "--split val --protocol compact --limit 9 -o report" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_verdict_on_too_few_pictures_is_not_denied(tmp_path: Path) -> None:
    one, two = made(tmp_path, "a"), made(tmp_path, "b")
    write_verdict(one.folder, np.ones((4, 2)))
    with pytest.raises(
        RunError, match=r"^a and b were not judged on 8 or more held-out pictures; do that first"
    ):
        shared_verdicts([read_record(one.folder), two])


def test_nobody_is_sent_to_the_test_split(tmp_path: Path) -> None:
    one, two = made(tmp_path, "a"), made(tmp_path, "b")
    write_verdict(one.folder, np.ones((9, 2)), split="test")
    one, two = read_record(one.folder), read_record(two.folder)
    with pytest.raises(RunError, match=r"^a and b were not judged on held-out pictures") as refusal:
        shared_verdicts([one, two])
    assert "--split" not in str(refusal.value)
    with pytest.raises(RunError, match=r"^b was not judged .* --split test"):  # unless it is asked for
        shared_verdicts([one, two], "test")


def of_task(root: Path, name: str, task: str, **facts: object) -> Record:
    recipe = {"name": task, "task": task, "augment": {"size": 64}, "preparation": {"fit": "pad"}, "train": {}}
    return read_record(write_run(root, name, CASE, recipe=recipe | facts))


@pytest.mark.parametrize("task", ["fill", "code", "scratches"])
def test_runs_of_other_tasks_are_asked_alike_too(tmp_path: Path, task: str) -> None:
    one, two = (of_task(tmp_path, name, task) for name in "ab")
    with pytest.raises(RunError, match=r"^a and b were not judged on held-out pictures; do that first: "):
        shared_verdicts([one, two])
    parts = {part: np.ones((9, 1)) for part in ("hole_psnr", "mse", "found", "right", "damaged", "seen")}
    keep_verdict(one.folder, measured_json(task, "a", parts))
    one = read_record(one.folder)
    with pytest.raises(
        RunError, match=r"^b was not judged on the same .*b --data \S+ --split val --limit 9 -o"
    ):
        shared_verdicts([one, two])
    keep_verdict(two.folder, measured_json(task, "b", parts))
    assert [each.model for each in shared_verdicts([one, read_record(two.folder)])] == ["a", "b"]


def test_verdicts_without_scores_by_picture_are_refused_in_a_line(tmp_path: Path) -> None:
    one, two = (of_task(tmp_path, name, "fill") for name in "ab")
    told = measured_json("fill", "a", {"hole_psnr": np.ones((9, 2))})
    for record in (one, two):
        keep_verdict(record.folder, older(told))
    with pytest.raises(RunError) as refusal:
        shared_verdicts([read_record(one.folder), read_record(two.folder)])
    said = str(refusal.value)
    assert said.startswith(
        "a and b were judged before verdicts held scores of each picture; judge both again: "
    )
    assert said.count("--split val --limit 9 -o report") == 2
    assert "\n" not in said
    keep_verdict(two.folder, told)
    with pytest.raises(
        RunError, match=r"^a was judged before .*; judge it again: safelight judge .*a --data"
    ):
        shared_verdicts([read_record(one.folder), read_record(two.folder)])


def test_an_older_look_at_the_test_split_sends_nobody_there(tmp_path: Path) -> None:
    records = [of_task(tmp_path, name, "fill") for name in "ab"]
    for record in records:
        told = measured_json("fill", "a", {"hole_psnr": np.ones((9, 2))}, split="test")
        keep_verdict(record.folder, older(told))
    with pytest.raises(RunError, match="judge both again") as refusal:
        shared_verdicts([read_record(record.folder) for record in records])
    assert "--split" not in str(refusal.value)


def test_runs_that_cannot_be_compared_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="a is of task inpaint, and b of colorize"):
        shared_verdicts([of_task(tmp_path, "a", "fill"), made(tmp_path, "b")])
    small, large = of_task(tmp_path, "c", "code"), of_task(tmp_path, "d", "code", augment={"size": 96})
    with pytest.raises(RunError, match=r"c is shown photos at 64 px \(fit pad\), and d at 96 px"):
        shared_verdicts([small, large])


def test_other_changes_to_the_code_are_no_other_seed(tmp_path: Path) -> None:
    """Uncommitted changes, and code that is under no version control."""
    one, two, same = (made(tmp_path, name, {"train.seed": seed}) for seed, name in enumerate("abc"))
    for record, code in ((one, "lr = 1"), (two, "lr = 2"), (same, "lr = 1")):
        (record.folder / "environment.json").write_text(json.dumps({"commit": "a" * 40}))
        (record.folder / "code.diff").write_text(code)
    assert [len(group.records) for group in seed_groups([one, two, same])] == [2, 1]
    said = differences_between(*seed_groups([one, two])).sentence
    assert re.fullmatch(r"One thing differs: code a{10} and changes \w{8} → a{10} and changes \w{8}\.", said)
    for record, code in ((one, b"1"), (two, b"2")):
        (record.folder / "environment.json").write_text(json.dumps({"commit": None}))
        (record.folder / "code.diff").rename(record.folder / "code.zip").write_bytes(code)
    assert "code without a commit, " in differences_between(*seed_groups([one, two])).sentence


def test_commands_can_be_pasted_whatever_the_folders_are_called(tmp_path: Path) -> None:
    record = made(tmp_path, "my run", dataset={"path": "/set one", "fingerprint": "f"})
    words = shlex.split(judge_command(record, None))
    assert words[2:5] == [str(record.folder), "--data", "/set one"]


def test_one_run_made_twice_is_not_two_seeds(tmp_path: Path) -> None:
    with pytest.raises(
        RunError, match="a and b are of one recipe, seed, dataset and code: one run, made twice"
    ):
        seed_groups([made(tmp_path, "a"), made(tmp_path, "c", {"train.seed": 1}), made(tmp_path, "b")])

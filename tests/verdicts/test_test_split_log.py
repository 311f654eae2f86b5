"""Every evaluation on a test split is logged."""

import json
from dataclasses import replace
from pathlib import Path

from safelight.verdicts.test_split_log import LOG, log_evaluation
from safelight.verdicts.verdict import Verdict

SEEN = Verdict(
    task="autoencode",
    judged="2026-11-22T12:00:00",
    model="mine",
    protocol="codes-64",
    pictures=7,
    questions="",
    dataset="photos",
    split="test",
    seed=0,
    cells=("all",),
    curves={},
)
HASHED = replace(SEEN, questions="c0ffee")


def test_evaluations_are_counted_and_written_down(tmp_path: Path) -> None:
    assert [log_evaluation(tmp_path, verdict) for verdict in (SEEN, HASHED, SEEN)] == [1, 2, 3]
    first, second, _ = map(json.loads, (tmp_path / LOG).read_text().splitlines())
    row = {"judged": "2026-11-22T12:00:00", "model": "mine", "protocol": "codes-64", "pictures": 7}
    assert first == row
    assert second == {**row, "questions": "c0ffee"}


def test_a_row_behind_one_that_was_written_by_hand(tmp_path: Path) -> None:
    (tmp_path / LOG).write_text('{"judged": "2026-11-01", "model": "mine"}')  # without a line's end
    assert [log_evaluation(tmp_path, SEEN), log_evaluation(tmp_path, SEEN)] == [2, 3]
    assert len((tmp_path / LOG).read_text().splitlines()) == 3


def test_an_empty_line_is_no_evaluation(tmp_path: Path) -> None:
    (tmp_path / LOG).write_text("\n\n")
    assert log_evaluation(tmp_path, SEEN) == 1

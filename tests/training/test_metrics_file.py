"""metrics.csv: rows as they come, columns as they come, and going on."""

import csv
from pathlib import Path

from safelight.training.metrics_file import MetricsFile, whole_lines


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_a_step_a_column_a_measure(tmp_path: Path) -> None:
    file = MetricsFile(tmp_path / "metrics.csv")
    file.log_metrics({"train/loss": 0.25, "epoch": 0}, 10)
    file.log_metrics({"train/loss": 0.125, "epoch": 0}, 20)
    file.log_metrics({"val/gain": 1.5}, 20)
    file.log_metrics({"train/loss": 1 / 3}, 30)
    assert (tmp_path / "metrics.csv").read_text().splitlines() == [
        "step,train/loss,val/gain",
        "10,0.25,",
        "20,0.125,1.5",
        "30,0.333333,",
    ]


def test_a_run_that_goes_on_forgets_what_came_after_its_checkpoint(tmp_path: Path) -> None:
    first = MetricsFile(tmp_path / "metrics.csv")
    for step in (10, 20, 30):
        first.log_metrics({"a": step, "b": 1.0}, step)
    MetricsFile(tmp_path / "metrics.csv", kept_steps=20).log_metrics({"a": 5.0}, 25)
    kept = rows(tmp_path / "metrics.csv")
    assert [(row["step"], row["a"], row["b"]) for row in kept] == [
        ("10", "10", "1"),
        ("20", "20", "1"),
        ("25", "5", ""),
    ]


def test_a_row_that_is_written_while_it_is_read_is_no_row() -> None:
    # What a file gives line by line to whom reads on at its end: the rest of step 100 is no step 0.
    assert list(whole_lines(["step,a\n", "10,1\n", "1", "00,5\n"])) == ["step,a\n", "10,1\n"]


def test_a_new_run_begins_a_new_file(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("step,a\n1,1\n")
    MetricsFile(tmp_path / "metrics.csv").log_metrics({"b": 1.0}, 1)
    assert rows(tmp_path / "metrics.csv") == [{"step": "1", "b": "1"}]


def test_a_row_that_was_cut_off_is_no_row_and_columns_keep_their_order(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    first = MetricsFile(path)
    first.log_metrics({"b": 1.0}, 12)
    first.log_metrics({"a": 2.0}, 20)
    whole = path.read_text()
    path.write_text(whole + "1")  # killed while it wrote the row of step 100
    MetricsFile(path, kept_steps=50)
    assert path.read_text() == whole == "step,b,a\n12,1,\n20,,2\n"

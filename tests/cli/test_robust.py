"""safelight judge --robust writes its own report."""

import json
from pathlib import Path

from tests.cli.shell import safelight
from tests.runtime.tiny import make_model


def test_a_report_of_small_changes(tmp_path: Path, dataset: Path) -> None:
    model = make_model(tmp_path)
    words = ("judge", model, "--data", dataset, "--robust", "--limit", "2", "-o", tmp_path / "report")
    done = safelight(*words)
    assert done.returncode == 0, done.stderr
    assert "None of these small changes moves the colors visibly" in done.stdout  # it never looks at L
    row = json.loads((tmp_path / "report" / "robustness.json").read_text())
    assert row["pictures"] == 2
    assert {movement["moved"]["value"] for movement in row["movements"]} == {0.0}
    assert "| lowest bit" in (tmp_path / "report" / "robustness.md").read_text()


def test_it_does_not_look_at_the_test_split(tmp_path: Path, dataset: Path) -> None:
    model, looks = make_model(tmp_path), dataset / "test_looks.jsonl"
    before = looks.read_bytes() if looks.exists() else b""
    done = safelight(
        "judge", model, "--data", dataset, "--robust", "--split", "test", "-o", tmp_path / "report"
    )
    assert done.returncode == 2
    assert "use --split val" in done.stderr
    assert (looks.read_bytes() if looks.exists() else b"") == before

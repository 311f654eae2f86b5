"""A folder becomes a dataset and a model is judged on it, by the commands of the README."""

import json
from pathlib import Path

from tests.cli.shell import safelight
from tests.runtime.tiny import make_model


def test_building_again_does_nothing_new(dataset: Path) -> None:
    done = safelight("data", "build", dataset.parent / "photos", "-o", dataset, "--size", "64")
    assert done.returncode == 0
    assert "nothing new: 60 pictures" in done.stdout


def test_building_with_other_settings_is_refused_in_one_line(dataset: Path) -> None:
    done = safelight("data", "build", dataset.parent / "photos", "-o", dataset, "--size", "32")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def test_a_model_is_judged(dataset: Path, tmp_path: Path) -> None:
    words = ("--data", dataset, "--split", "test", "--limit", "2", "--workers", "1")
    done = safelight("judge", make_model(tmp_path), *words, "-o", tmp_path / "report")
    assert done.returncode == 0, done.stderr
    verdict = json.loads((tmp_path / "report" / "verdict.json").read_text())
    assert verdict["pictures"] == 2
    assert {"tiny", "grey", "nearest hint"} <= set(verdict["groups"][0]["curves"])
    assert "report.md" in done.stdout
    assert (tmp_path / "report" / "report.md").exists()
    assert '"tiny"' in (dataset / "test_looks.jsonl").read_text()


def test_an_unknown_protocol_is_refused_with_the_names(dataset: Path, tmp_path: Path) -> None:
    done = safelight("judge", make_model(tmp_path), "--data", dataset, "-o", tmp_path, "--protocol", "mine")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "siggraph17" in done.stderr

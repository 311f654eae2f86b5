"""What a run tells: one line, the measures in words, and nothing that nobody asked about."""

from pathlib import Path

import pytest

from safelight.training import fit as training
from safelight.training.color.recipe import ColorRecipe
from safelight.training.tell import told
from safelight.training.tree import override


def test_measures_are_told_in_words() -> None:
    measures = {"train/loss": 0.08123, "val/gain_0": 1.302, "val/gain_10": 5.1}
    assert told(measures) == "loss 0.0812, gain 1.30 dB, with 10 hints 5.10 dB"
    assert told({"train/loss": 2.0}) == "loss 2"
    assert told({}) == ""


def test_a_log_has_a_line_for_the_run_and_one_for_each_validation(
    dataset: Path, tiny: ColorRecipe, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = training.fit(override(tiny, {"train.steps": "3", "train.validate_every": "2"}), dataset, tmp_path)
    output = capfd.readouterr()
    head, *lines = output.err.splitlines()
    held_out, trained = run.facts["dataset"]["val"], run.facts["dataset"]["train"]
    assert head == (
        f"quick: 3 steps of 4 on {trained} pictures of album, {held_out} held out; the run is {run.folder}"
    )
    assert [line.partition(": loss ")[0] for line in lines] == ["step 2 of 3", "step 3 of 3"]
    assert all("gain" in line and "with 10 hints" in line for line in lines)
    assert output.out == ""


def test_quiet_says_nothing(
    dataset: Path, tiny: ColorRecipe, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    training.fit(override(tiny, {"train.steps": "1"}), dataset, tmp_path, quiet=True)
    output = capfd.readouterr()
    assert (output.out, output.err) == ("", "")


def test_a_terminal_has_a_bar(
    dataset: Path,
    tiny: ColorRecipe,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")
    training.fit(override(tiny, {"train.steps": "3"}), dataset, tmp_path)
    shown = capfd.readouterr().err
    assert "3/3" in shown
    assert "with 10 hints" in shown
    assert "Epoch" not in shown

"""What a run tells: one line, the measures in words, and nothing that nobody asked about."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from safelight.journal.run import Run
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.tasks.registry import TASKS, task_named
from safelight.training import fit as training
from safelight.training.console import ConsoleOutput, headline, in_line
from safelight.training.overrides import override, to_json

pytestmark = pytest.mark.usefixtures("two_probes")

COLORIZE, INPAINT = task_named("colorize").progress, task_named("inpaint").progress


def test_measures_are_told_in_words() -> None:
    measures = {"train/loss": 0.08123, "val/gain_0": 1.302, "val/gain_10": 5.1}
    assert in_line(measures, COLORIZE) == "loss 0.0812, gain 1.30 dB, with 10 hints 5.10 dB"
    holes = {"train/loss": -0.00411, "val/hole_psnr": 17.87, "val/gain_over_telea": 0.47}
    assert in_line(holes, INPAINT) == "loss -0.00411, 17.87 dB in the holes, +0.47 dB over Telea"
    assert in_line({"train/loss": 2.0}, COLORIZE) == "loss 2"
    assert in_line({}, COLORIZE) == ""


@pytest.mark.parametrize(
    ("trained", "held_out", "warned"),
    [
        (1, 1, "only 2 pictures: too few to train or to judge; a few hundred make sense"),
        (60, 1, "only 1 held-out picture: scores will be chance"),
        (60, 8, ""),
    ],
)
def test_a_headline_counts_and_warns(
    tiny: ColorizeRecipe, tmp_path: Path, trained: int, held_out: int, warned: str
) -> None:
    recipe = override(tiny, {"train.steps": "100"})
    facts = {"dataset": {"path": "/somewhere/album", "train": trained, "val": held_out}}
    run = Run.start(tmp_path, "quick", to_json(recipe), facts)
    first, _, second = headline(run, recipe, 0).partition("\n")
    count = "1 picture" if trained == 1 else f"{trained} pictures"
    learned = f"of album {count} to learn from, {held_out} held out"
    assert first == f"quick: 100 steps, 4 pictures each; {learned}; the run is {run.folder}"
    assert second == warned


def test_a_short_run_that_begins_with_a_model_is_not_called_too_short(
    tiny: ColorizeRecipe, tmp_path: Path
) -> None:
    """What it begins with is said instead."""
    recipe = override(tiny, {"train.steps": "80"})
    facts = {
        "dataset": {"path": "/somewhere/album", "train": 252, "val": 21},
        "began_from": "color",
        "began_with": {"val/gain_0": 3.564, "val/gain_10": 7.938},
    }
    run = Run.start(tmp_path, "color", to_json(recipe), facts)
    said = headline(run, recipe, 0).splitlines()[1:]
    assert said == ["it begins as color: gain 3.56 dB, with 10 hints 7.94 dB"]


def test_a_step_before_there_is_anything_to_say_of_it(capfd: pytest.CaptureFixture[str]) -> None:
    teller, trainer = ConsoleOutput(""), cast("Any", SimpleNamespace(global_step=1, max_steps=80))
    teller._line(trainer)
    teller.measures = "loss 0.5"
    teller._line(trainer, "about 2 minutes left")
    assert capfd.readouterr().err.splitlines() == [
        "step 1 of 80",
        "step 1 of 80: loss 0.5, about 2 minutes left",
    ]


def test_a_log_has_a_line_for_the_run_and_one_for_each_validation(
    dataset: Path, tiny: ColorizeRecipe, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = training.fit(override(tiny, {"train.steps": "3", "train.validate_every": "2"}), dataset, tmp_path)
    output = capfd.readouterr()
    head, few, short, *lines = output.err.splitlines()
    sheet = lines.pop()
    held_out, trained = run.facts["dataset"]["val"], run.facts["dataset"]["train"]
    learned = f"of album {trained} pictures to learn from, {held_out} held out"
    assert head == f"quick: 3 steps, 4 pictures each; {learned}; the run is {run.folder}"
    assert (
        few == f"only {trained + held_out} pictures: too few to train or to judge; a few hundred make sense"
    )
    assert short == "3 steps: too short to show anything but that all works"
    assert sheet == f"answers to look at: {run.folder}/pictures/step-0000003.jpg"
    assert [line.partition(": loss ")[0] for line in lines] == ["step 2 of 3", "step 3 of 3"]
    assert all("gain" in line and "with 10 hints" in line for line in lines)
    assert output.out == ""


def test_a_log_has_the_loss_of_the_last_logged_step(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line falls due at any step; the loss in it is not that of the last time that both met."""
    now = iter(range(0, 10_000, 7))
    monkeypatch.setattr("safelight.training.console.time.monotonic", lambda: float(next(now)))
    monkeypatch.setattr("safelight.training.console.BEAT", 100.0)
    teller, said = ConsoleOutput(""), []
    for step in range(1, 101):
        losses = {"train/loss": float(step)}
        trainer = SimpleNamespace(
            global_step=step, max_steps=1000, log_every_n_steps=25, progress_bar_metrics=losses
        )
        teller.on_train_batch_end(cast("Any", trainer), cast("Any", None), None, None, step)
        for line in capfd.readouterr().err.splitlines():
            said.append((step, line.split("loss ")[1].split(",")[0] if "loss" in line else ""))
    assert len(said) > 5
    assert all(loss == (str(step // 25 * 25) if step >= 25 else "") for step, loss in said)


@pytest.mark.parametrize("task", TASKS)
def test_what_a_task_shows_is_told_in_words(task: str) -> None:
    """Every measure that is shown has its words (that it is scored: test_far.py)."""
    shown = task_named(task).progress
    assert shown
    assert all("0.5" in in_line({f"val/{name}": 0.5}, shown) for name in shown if name != "active_units")


def test_quiet_says_nothing(
    dataset: Path, tiny: ColorizeRecipe, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    training.fit(override(tiny, {"train.steps": "1"}), dataset, tmp_path, quiet=True)
    output = capfd.readouterr()
    assert (output.out, output.err) == ("", "")


def test_a_terminal_has_a_bar(
    dataset: Path,
    tiny: ColorizeRecipe,
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

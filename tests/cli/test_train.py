"""safelight train and recipes: what is listed, what is refused (test_four_commands.py trains)."""

import shlex
from dataclasses import replace
from pathlib import Path

import click
import cv2
import numpy as np
import pytest

from safelight.cli.commands.train import _print_result
from safelight.cli.main import cli
from safelight.data.build import build_dataset
from safelight.data.settings import BuildSettings
from safelight.errors import DatasetError, SafelightError
from safelight.journal.run import Run
from safelight.pixels.files import write_photo
from safelight.training import folds
from safelight.training.export import command
from safelight.training.overrides import override, to_json
from safelight.training.recipe import from_json, recipe_named


def here(*words: str) -> object:
    """Run a command in this process, where torch is imported once."""
    return cli.main(list(words), standalone_mode=False)


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (["colour"], SafelightError, "did you mean 'color'"),
        (["quick", "--model.nrm", "group"], SafelightError, "did you mean model.norm?"),
        (["quick", "--train.steps", "many", "--data", "x"], SafelightError, "expected a whole number"),
        (["quick", "--data", "missing"], SafelightError, "missing is not a folder"),
        (["quick", "--train.steps"], click.UsageError, "needs a value"),
        (["quick", "--train.steps", "--model.norm"], click.UsageError, "--train.steps needs a value"),
        (["quick", "--dataa", "x"], click.UsageError, "no option --dataa; did you mean --data?"),
        (["quick", "--lr", "1"], SafelightError, "did you mean optimizer.lr?"),
        (["quick", "extra"], click.UsageError, "is no setting"),
        (["quick"], click.UsageError, "--data DATASET"),
        (["quick", "--resume"], click.UsageError, "goes on with a run"),
        (
            ["quick", "--data", "x", "--find-lr", "--plot", "lr.jpg"],
            click.UsageError,
            "--plot is lr.jpg; .* .png",
        ),
        (["--model.norm", "group", "quick"], click.UsageError, "name the recipe before its settings"),
    ],
)
def test_what_cannot_be_trained_is_refused(words: list[str], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as refusal:
        here("train", *words)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--resume", "--folds", "3"], "--resume and --folds do not go together; leave one out"),
        (["--resume", "--keep-weights"], "--resume and --keep-weights"),
        (["--resume", "--find-lr"], "--resume and --find-lr"),
        (["--resume", "--find-batch"], "--resume and --find-batch"),
        (["--folds", "3", "--keep-weights"], "--folds and --keep-weights"),
        (["--folds", "3", "--devices", "2"], "--folds and --devices"),
        (["--folds", "3", "--find-lr"], "--folds and --find-lr"),
        (["--find-lr", "--find-batch"], "--find-batch and --find-lr"),
        (["--find-lr", "--keep-weights"], "--find-lr and --keep-weights"),
        (["--find-batch", "--devices", "2"], "--find-batch and --devices"),
    ],
)
def test_options_of_which_one_would_be_dropped_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(click.UsageError, match=message):
        here("train", "quick", "--data", "missing", *words)


def test_a_curve_without_its_test_is_refused() -> None:
    with pytest.raises(click.UsageError, match="--plot draws the curve of --find-lr; add it"):
        here("train", "quick", "--data", "missing", "--plot", "curve.png")


def test_folds_know_the_run_that_they_were_started_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line is stopped where the first fold would be trained.

    A few steps are timed before. The set has no val split, and folds ask for none.
    """
    parent = Run.start(tmp_path, "quick", to_json(recipe_named("quick")), {})
    (tmp_path / "photos").mkdir()
    for number in range(12):
        coarse = np.random.default_rng(number).integers(0, 256, (9, 9, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, (96, 80), interpolation=cv2.INTER_CUBIC)
        write_photo(tmp_path / "photos" / f"{number}.png", picture)
    build_dataset(tmp_path / "photos", tmp_path / "set", BuildSettings(size=64, val=0.0, test=0.0))

    def stop(*given: object, **also: object) -> Run:
        raise KeyboardInterrupt

    monkeypatch.setattr(folds, "fit", stop)
    words = ["--data", str(tmp_path / "set"), "--runs", str(tmp_path / "runs")]
    with pytest.raises(DatasetError, match="1 folds leave nothing to train on; expected 2 to 5"):
        here("train", str(parent.folder), *words, "--folds", "1")
    with pytest.raises((KeyboardInterrupt, click.Abort)):
        here("train", str(parent.folder), *words, "--folds", "2", "--train.steps", "500")
    facts = Run.open(next((tmp_path / "runs").iterdir())).facts
    assert (facts["parent"], facts["difference"]) == (parent.folder.name, {"train.steps": [20, 500]})


def test_settings_are_listed_as_they_would_be(capsys: pytest.CaptureFixture[str]) -> None:
    here("train", "quick", "--settings", "--model.norm", "group", "--optimizer.lr=1e-4")
    lines = [line.partition("#")[0].strip() for line in capsys.readouterr().out.splitlines()]
    assert {"--model.norm group", "--optimizer.lr 0.0001", "--model.widths 32,24,16,16"} <= set(lines)


@pytest.mark.parametrize("name", ["note-000-colorful", "fill", "scratches", "figures"])
def test_listed_settings_are_read_back_and_explained(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    here("train", name, "--settings")
    lines = capsys.readouterr().out.splitlines()
    words = [shlex.split(line, comments=True) for line in lines]
    assert {len(each) for each in words} == {2}
    assert override(recipe_named(name), {key[2:]: value for key, value in words}) == recipe_named(name)
    assert [line for line in lines if len(line.partition(" # ")[2]) < 5] == []


def test_listed_settings_name_their_choices(capsys: pytest.CaptureFixture[str]) -> None:
    here("train", "fill", "--settings", "--preparation.guess", "mean color")
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    starts = (
        "--optimizer.name adamw # [adamw|adam] ",
        "--preparation.guess 'mean color' # [none|mean color|",
    )
    assert [sum(line.startswith(start) for line in lines) for start in starts] == [1, 1]


def test_an_empty_value_clears_a_list(capsys: pytest.CaptureFixture[str]) -> None:
    here("train", "quick", "--settings", "--data.weights", "", "--augment.size=64")
    assert "--data.weights ''" in [
        line.partition("#")[0].strip() for line in capsys.readouterr().out.splitlines()
    ]


@pytest.mark.parametrize(
    ("recipe", "setting", "value"),
    [
        ("quick", "preparation.vivid_gain", "1.5"),
        ("scratches-quick", "preparation.threshold", "0.7"),
        ("figures-quick", "preparation.aspect", "1.2"),
    ],
)
def test_what_is_measured_is_neither_listed_nor_typed(
    recipe: str, setting: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    here("train", recipe, "--settings")
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert f"--{setting}" not in listed
    assert "--train.steps" in listed
    with pytest.raises(click.UsageError, match=f"--{setting} is measured when a run is finished; leave it"):
        here("train", recipe, "--data", "missing", f"--{setting}", value)
    plan = override(recipe_named(recipe), {setting: value})  # as it stands in the files of runs
    assert from_json(to_json(plan)) == plan


def test_recipes_are_listed_with_what_they_are_for(capsys: pytest.CaptureFixture[str]) -> None:
    here("recipes")
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert {"color", "quick"} <= set(lines)
    assert all(len(line.split()) > 4 for line in lines.values())


def test_the_command_of_a_card_makes_the_same_recipe() -> None:
    changes = {"train.steps": "10", "data.weights": "flowers=0.5,osie=2.0", "model.widths": "32,32,16,16"}
    recipe = override(recipe_named("quick"), changes)
    words = command(recipe, "photos").split()
    assert words[:5] == ["safelight", "train", "quick", "--data", "photos"]
    typed = {name.removeprefix("--"): value for name, value in zip(words[5::2], words[6::2], strict=True)}
    assert override(recipe_named("quick"), typed) == recipe


def test_what_was_measured_is_no_part_of_the_command() -> None:
    recipe = recipe_named("quick")
    measured = replace(recipe, preparation=replace(recipe.preparation, vivid_gain=1.3))
    assert command(measured, "photos") == "safelight train quick --data photos"


def test_folds_are_told_with_their_intervals_and_not_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run.start(tmp_path, "quick-folds", "{}", {"folds": 3, "children": ["a", "b"]})
    run.finish("stopped", scores={"fold/gain_0": 2.0, "fold/ssim": 1.0}, interval={"fold/gain_0": 0.25})
    assert _print_result(run) == 130
    told = capsys.readouterr().out
    assert (
        told
        == f"{run.folder}: stopped, 2 of 3 folds, fold/gain_0 2.00 ± 0.25; all figures in {run.folder}/summary.md\n"
    )
    run.finish("finished")
    assert _print_result(run) == 0

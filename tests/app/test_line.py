"""The whole line by its commands: photos, dataset, training, judge, export, a colored photo."""

import json
from pathlib import Path

import numpy as np
import pytest

from safelight.pixels.files import read_photo, write_photo
from safelight.runtime.card import ModelCard
from tests.app.shell import safelight


@pytest.fixture(scope="module")
def run(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few steps of the smallest recipe."""
    runs = tmp_path_factory.mktemp("line") / "runs"
    done = safelight("train", "quick", "--data", dataset, "--runs", runs, "--quiet", "--train.steps", "10")
    assert done.returncode == 0, done.stderr
    (folder,) = runs.iterdir()
    assert f"{folder}: finished at step 10" in done.stdout
    return folder


@pytest.fixture(scope="module")
def model(run: Path, dataset: Path) -> Path:
    """The run judged and exported."""
    words = (
        "--data",
        dataset,
        "--split",
        "all",
        "--limit",
        "2",
        "--workers",
        "1",
        "-o",
        run.parent.parent / "report",
    )
    judged = safelight("judge", run, *words, "--no-baselines")
    assert judged.returncode == 0, judged.stderr
    path = run.parent.parent / "mine.onnx"
    exported = safelight("export", run, "-o", path)
    assert exported.returncode == 0, exported.stderr
    assert "differs from torch by at most" in exported.stdout
    return path


def test_the_run_keeps_its_settings_and_verdict(run: Path, model: Path) -> None:
    assert json.loads((run / "recipe.json").read_text())["train"]["steps"] == 10
    assert len(list((run / "verdicts").glob("*-compact-all.json"))) == 1


def test_the_card_tells_where_the_model_comes_from(model: Path) -> None:
    card = ModelCard.from_json(model.with_suffix(".card.json").read_text(encoding="utf-8"))
    assert (card.name, card.task, card.recipe_name) == ("mine", "colorize", "quick")
    assert card.command == "safelight train quick --data set --train.steps 10"
    assert sum(each.pictures for each in card.data) > 10
    assert "gain over grey, dB, 10 hints" in card.scores
    assert "of set/all" in str(card.scores["judged"])


def test_the_exported_model_colors_a_photo(model: Path, tmp_path: Path) -> None:
    write_photo(
        tmp_path / "grey.png", np.random.default_rng(0).integers(0, 256, (90, 70, 1), np.uint8).repeat(3, 2)
    )
    done = safelight("colorize", tmp_path / "grey.png", "--model", model, "--hint", "0.5,0.5,#c03020,0.1")
    assert done.returncode == 0, done.stderr
    result = read_photo(tmp_path / "grey-color.png").pixels
    assert result.shape == (90, 70, 3)
    assert np.ptp(result.astype(int), axis=2).max() > 5


def test_a_run_serves_as_a_recipe(run: Path) -> None:
    done = safelight("train", run, "--settings", "--train.seed=3")
    assert {"--train.steps 10", "--train.seed 3"} <= set(done.stdout.splitlines())


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["colour"], 1, "color"),
        (["quick", "--model.nrm", "group"], 1, "did you mean model.norm?"),
        (["quick", "--train.steps", "many", "--data", "x"], 1, "expected a whole number"),
        (["quick", "--train.steps"], 2, "needs a value"),
        (["quick", "extra"], 2, "is no setting"),
        (["quick"], 2, "--data DATASET"),
        (["quick", "--resume"], 2, "goes on with a run"),
        (["--model.norm", "group", "quick"], 2, "name the recipe before its settings"),
    ],
)
def test_what_cannot_be_trained_is_refused(words: list[str], status: int, message: str) -> None:
    done = safelight("train", *words)
    assert done.returncode == status
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_and_recipes_are_listed() -> None:
    settings, recipes = (
        safelight("train", "quick", "--settings", "--model.norm", "group"),
        safelight("recipes"),
    )
    assert "--model.norm group" in settings.stdout.splitlines()
    assert {"color", "quick"} <= {line.split()[0] for line in recipes.stdout.splitlines()}


def test_an_export_of_what_is_no_run_is_refused(tmp_path: Path) -> None:
    done = safelight("export", tmp_path, "-o", tmp_path / "a.onnx")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)

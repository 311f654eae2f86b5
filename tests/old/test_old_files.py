"""What safelight wrote before its folders were named by task (0.1.0, commit 9c26eda) opens, and says what it said.

The files here were made by that commit's commands: a dataset of 30 pictures of noise, and of each task a tiny network
that was trained for two steps, judged on 9 held-out pictures and exported. Paths of the machine were taken out, the
tables of verdicts and what a checkpoint needs to go on (but for that of `color`) were shortened, and the learning
rate in color-again/recipe.json was halved, so that there is something to compare.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import safelight
from safelight.cli.main import cli
from safelight.journal.page import write_page
from safelight.journal.records import read_record, read_records, split_logs_of
from safelight.journal.run import Run
from safelight.pixels.color import srgb_to_lab
from safelight.tasks.autoencode.validation import NetworkCodes
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.validation import NetworkPredict
from safelight.tasks.inpaint.validation import NetworkFill
from safelight.tasks.registry import task_named
from safelight.tasks.scratches.validation import NetworkFinder
from safelight.training.recipe import recipe_of
from safelight.training.trained import trained_network
from safelight.verdicts.measure import has_picture_scores, picture_scores
from safelight.verdicts.summary import newest_card_scores
from safelight.verdicts.test_split_log import split_logs
from safelight.verdicts.verdict import load_verdict

OLD = Path(__file__).parent
TASKS = {"color": "colorize", "fill": "inpaint", "scratches": "scratches", "figures": "autoencode"}
RECIPES = {
    "color": "note-002-simple",
    "fill": "fill",
    "scratches": "scratches-quick",
    "figures": "figures-quick",
}
VERDICTS = sorted((OLD / "trained").glob("*/verdicts/**/*.json"))


def pixels() -> np.ndarray:
    """Soft waves, as 8-bit pixels."""
    y, x = np.mgrid[0:64, 0:64]
    waves = [np.sin(x / 7 + shift) + np.cos(y / 9 - shift) for shift in (0, 1, 2)]
    return np.round(127.5 + 60 * np.stack(waves, axis=2)).astype(np.uint8)


PHOTO = (pixels() / 255).astype(np.float32)


def _color(model: Any, network: Any, recipe: Any) -> tuple[np.ndarray, np.ndarray]:
    lightness, point = srgb_to_lab(PHOTO)[..., 0], np.array([20], np.int32)
    points = Points(point, point, np.array([[40, 20]], np.float32), np.array([3], np.float32))
    return model.predict(lightness, points), NetworkPredict(network, recipe.preparation)(lightness, points)


def _fill(model: Any, network: Any, recipe: Any) -> tuple[np.ndarray, np.ndarray]:
    mask = np.zeros(PHOTO.shape[:2], bool)
    mask[10:20, 10:30] = True
    shown = np.where(mask[..., None], 0, PHOTO)
    both = model.predict(shown, mask), NetworkFill(network, recipe.preparation)(shown, mask)
    return both[0][mask], both[1][mask]


def _scratches(model: Any, network: Any, recipe: Any) -> tuple[np.ndarray, np.ndarray]:
    return model.predict(PHOTO), NetworkFinder(network)(PHOTO)


def _figures(model: Any, network: Any, recipe: Any) -> tuple[np.ndarray, np.ndarray]:
    planes = model.frame(pixels()).planes[None]
    return model.encode([pixels()]), NetworkCodes(network, recipe.preparation).encode(planes)[0]


ANSWERS = {"color": _color, "fill": _fill, "scratches": _scratches, "figures": _figures}


@pytest.mark.parametrize("name", TASKS)
def test_a_recipe_is_read_as_its_task(name: str) -> None:
    recipe: Any = recipe_of(Run.open(OLD / "trained" / name))
    assert (recipe.task, recipe.name, recipe.train.steps) == (TASKS[name], RECIPES[name], 2)
    stored = json.loads((OLD / "trained" / name / "recipe.json").read_text())
    assert recipe.data.batch == stored["data"]["batch"]
    assert recipe.augment.size == stored["augment"]["size"]


def test_runs_are_listed_and_drawn(tmp_path: Path) -> None:
    records, damaged = read_records(OLD / "trained")
    assert damaged == []
    assert [(record.name, record.task, record.state, record.step) for record in records] == [
        (name, TASKS[name.split("-")[0]], "finished", 2)
        for name in ("color", "color-again", "fill", "scratches", "figures")
    ]
    assert all(len(record.verdicts) == 1 for record in records)
    page = write_page(records, split_logs_of(records), tmp_path, "old").read_text()
    for text in (
        "color-again",
        "9 pictures of set/val, codes of 4",
        "9 pictures of set/val, holes in 128 px",
    ):
        assert text in page
    assert "than the best other method there, kriging" in page  # the old sentence left kriging out
    assert "best baseline there, Levin 2004" not in page


@pytest.mark.parametrize("path", VERDICTS, ids=lambda path: path.parts[len(OLD.parts) + 1])
def test_a_verdict_holds_all_that_it_held(path: Path) -> None:
    stored, verdict = json.loads(path.read_text()), load_verdict(path)
    assert (
        verdict.task == task_named(verdict.task).name == TASKS[path.parts[len(OLD.parts) + 1].split("-")[0]]
    )
    assert (verdict.model, verdict.dataset, verdict.split) == (stored["model"], "set", "val")
    assert (verdict.questions, verdict.pictures, verdict.data) == (stored["questions"], 9, "")
    assert verdict.sentences == tuple(stored["sentences"])
    assert has_picture_scores(verdict)
    scores = picture_scores(verdict)
    assert list(scores.names) == [row["name"] for row in stored["scores"]]
    old = {json.dumps(numbers) for numbers in _numbers(stored)}
    new = {json.dumps(numbers) for numbers in _numbers(verdict.to_json())}
    assert old <= new


def _numbers(document: Any) -> list[list[float]]:
    """All estimates in a document."""
    if isinstance(document, dict):
        return [found for value in document.values() for found in _numbers(value)]
    if isinstance(document, list):
        if len(document) == 3 and all(isinstance(value, float | None) for value in document):
            return [document]
        return [found for value in document for found in _numbers(value)]
    return []


def test_two_runs_are_compared() -> None:
    runs = [str(OLD / "trained" / name) for name in ("color", "color-again")]
    done = CliRunner().invoke(cli, ["journal", "compare", *runs])
    assert done.exit_code == 0, done.output
    assert "dB of gain over grey, mean over 0, 1, 10 hints, 9 pictures" in done.output
    assert "optimizer.lr" in done.output
    assert "most improved:" in done.output


@pytest.mark.parametrize("name", TASKS)
def test_a_cards_scores_are_those_of_the_run(name: str) -> None:
    card = json.loads((OLD / "models" / f"{name}{'.encoder' * (name == 'figures')}.card.json").read_text())
    scores = newest_card_scores(OLD / "trained" / name / "verdicts")
    known = {title: value for title, value in card["scores"].items() if title in scores and title != "judged"}
    assert known == {title: value for title, value in scores.items() if title != "judged"}
    assert read_record(OLD / "trained" / name).verdicts[0].model in (card["recipe_name"], card["name"])


@pytest.mark.parametrize("name", TASKS)
def test_a_model_is_opened_and_answers_as_the_network_of_its_run(name: str) -> None:
    model: Any = safelight.load(OLD / "models" / f"{name}.onnx")
    network, recipe = trained_network(Run.open(OLD / "trained" / name))
    assert recipe.task == TASKS[name]
    theirs, ours = ANSWERS[name](model, network, recipe)
    assert theirs.std() > 0
    np.testing.assert_allclose(theirs, ours, atol=1e-3 * np.abs(ours).max())


def test_hints_and_the_log_of_the_test_split_are_read(tmp_path: Path) -> None:
    hints = safelight.HintSet.load(OLD / "hints.json")
    assert len(hints) == len(json.loads((OLD / "hints.json").read_text())["hints"])
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "test_looks.jsonl").write_bytes((OLD / "test_looks.jsonl").read_bytes())
    (log,) = split_logs([tmp_path / "set"], [])
    assert [row["model"] for row in log.rows] == ["color", "figures"]
    assert log.said == "the test split of set was looked at twice"

"""A task is one folder, one line in the registry and one command: denoising, from training to use."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from safelight import load, read_photo
from safelight.cli.main import cli
from safelight.journal.run import Run
from safelight.tasks import registry
from safelight.training.checkpoints import read
from safelight.training.recipe import from_json, recipe_named
from tests.toy_task.command import denoise
from tests.training.conftest import dataset, photos

__all__ = ["dataset", "photos"]


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    """The one line; the journal's and the commands' tables are left alone."""
    registry.TASKS["denoise"] = "tests.toy_task.task:TASK"
    yield
    del registry.TASKS["denoise"]


def safelight(*words: object) -> str:
    result = CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def run(registered: None, dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    runs = tmp_path_factory.mktemp("runs")
    said = safelight("train", "denoise", "--data", dataset, "--runs", runs, "--train.precision", "32")
    assert "dB on held-out pictures" in said
    (folder,) = runs.iterdir()
    return Run.open(folder)


def test_it_is_trained_with_the_guard_on(run: Run) -> None:
    facts = run.facts
    assert (facts["state"], facts["step"], facts["task"]) == ("finished", 60, "denoise")
    assert from_json(run.recipe_json).guard.on
    assert read(run.last_checkpoint)["callbacks"]["Guard"]["best"]["error"] > 0  # it looked at the answers
    rows = list(csv.DictReader((run.folder / "metrics.csv").read_text().splitlines()))
    scores = [float(row["val/psnr"]) for row in rows if row["val/psnr"]]
    assert scores[-1] > scores[0]
    assert sorted(path.name for path in (run.folder / "pictures").iterdir()) == [
        "step-0000030.jpg",
        "step-0000060.jpg",
    ]


def test_its_recipe_is_listed_and_explained(registered: None) -> None:
    assert "denoise" in safelight("recipes")
    assert "--model.channels" in safelight("train", "denoise", "--settings")
    assert recipe_named("denoise").task == "denoise"


def test_it_is_evaluated_beside_a_baseline(run: Run, dataset: Path, tmp_path: Path) -> None:
    said = safelight("judge", run.folder, "--data", dataset, "-o", tmp_path / "report", "--workers", 1)
    assert "PSNR (all): " in said
    assert "the best other method there, gaussian, has " in said
    report = (tmp_path / "report" / "report.md").read_text()
    assert "## PSNR, dB, higher is better" in report
    verdict = json.loads((tmp_path / "report" / "verdict.json").read_text())
    assert (verdict["format"], verdict["task"]) == ("safelight-verdict", "denoise")
    assert list(verdict["curves"])[1:] == ["gaussian"]
    assert list((run.folder / "verdicts").iterdir())


def test_it_is_exported_and_used_on_a_photo(run: Run, photos: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    assert "differs from torch by at most" in safelight("export", run.folder, "-o", model)
    noisy = next(path for path in sorted(photos.iterdir()) if path.suffix == ".png")
    result = CliRunner().invoke(
        denoise,
        [str(noisy), "--model", str(model), "-o", str(tmp_path / "clean.png")],
        catch_exceptions=False,
    )
    assert result.exit_code == 0, result.output
    answer = load(model)(noisy)
    assert answer.shape == (72, 96, 3)
    written = read_photo(tmp_path / "clean.png").pixels
    assert np.abs(answer * 255 - written).max() <= 1


def test_the_journal_and_the_doctor_know_it(run: Run, tmp_path: Path) -> None:
    listed = safelight("journal", run.folder.parent)
    assert run.folder.name in listed
    safelight("journal", "page", run.folder.parent, "-o", tmp_path)
    page = "".join(path.read_text() for path in tmp_path.rglob("*.html"))
    assert "denoised at step 30, step 60" in page
    assert "a denoiser" in safelight("doctor", run.folder)

"""Which pictures an evaluation opens, and which it refuses to."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from docs.make_verdicts import JUDGED

from safelight.cli.evaluation_job import EvaluationJob
from safelight.data.build import build_dataset
from safelight.data.settings import BuildSettings
from safelight.errors import DatasetError
from safelight.journal.records import read_record
from safelight.pixels.files import write_photo
from safelight.tasks.autoencode.evaluate import AutoencodeEvaluation
from safelight.terminal import Bars
from safelight.verdicts.verdict import load_verdict
from tests.journal.made import healthy, write_run


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(6):
        coarse = np.random.default_rng(number).integers(0, 256, (5, 5, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, (80, 64), interpolation=cv2.INTER_CUBIC)
        write_photo(folder / f"{number}.png", picture)
    return folder


def job(data: Path, split: str) -> EvaluationJob:
    return EvaluationJob("color", data, data.parent / "report", split, None, 0, (), 1)


def test_all_is_for_folders_and_refused_of_a_dataset_with_splits(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAFELIGHT_CACHE", str(tmp_path / "cache"))
    build_dataset(photos, tmp_path / "set", BuildSettings(size=64, val=0.5))
    with Bars() as bars:
        assert len(job(photos, "all").open(bars)) == 6
        with pytest.raises(
            DatasetError, match=r"set has splits: .* take --split val \(or test\), or"
        ) as refused:
            job(tmp_path / "set", "all").open(bars)
        assert "\n" not in str(refused.value)
        assert 0 < len(job(tmp_path / "set", "train").open(bars)) < 6


def test_what_is_compared_with_training_pictures_is_not_judged_whole(photos: Path, tmp_path: Path) -> None:
    """PCA would be judged on the pictures that it was made of, and each be its own nearest neighbor."""
    with Bars() as bars, pytest.raises(DatasetError, match="cannot be judged whole here: the baseline"):
        job(photos, "all").run(AutoencodeEvaluation, "", True, bars)
    assert not (photos.parent / "report").exists()


def test_a_kept_verdict_says_where_its_pictures_are(photos: Path, tmp_path: Path) -> None:
    """The name alone does not: two datasets may be called photos."""
    folder = write_run(tmp_path / "runs", "run", healthy(np.random.default_rng(0)))
    verdict = load_verdict(JUDGED / "color" / "verdict.json")
    EvaluationJob(str(folder), photos, tmp_path / "report", "val", None, 0, (), 1).store(verdict)
    (kept,) = read_record(folder).verdicts
    assert kept.data == str(photos.resolve())
    assert kept.questions == verdict.questions
    (path,) = (folder / "verdicts").iterdir()
    assert replace(load_verdict(path), data="").to_json() == verdict.to_json()

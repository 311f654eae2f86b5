"""Pictures of a comparison: both runs answer once more what the verdicts were on."""

import json
from pathlib import Path

import numpy as np
import pytest

from safelight.data.build import build_dataset
from safelight.data.settings import BuildSettings
from safelight.errors import DatasetError
from safelight.evaluation.examples import comparison_sheets
from safelight.evaluation.paired import pair
from safelight.journal.records import Record, read_record
from safelight.pixels.files import read_photo, write_photo
from safelight.reports.sheets import CAPTION, GAP, HEADING, LARGE
from safelight.reports.style import label_font
from safelight.tasks.autoencode import evaluate as autoencode
from safelight.tasks.autoencode.benchmark import Codes, Pictures
from safelight.tasks.autoencode.prepare import AutoencodePreparation
from safelight.tasks.inpaint.benchmark import CELLS as HOLES
from safelight.tasks.inpaint.classical import CLASSICAL as FILLS
from safelight.tasks.inpaint.evaluate import InpaintEvaluation
from safelight.tasks.scratches.benchmark import CELLS
from safelight.tasks.scratches.evaluate import ScratchesEvaluation
from safelight.tasks.scratches.scores import CLASSICAL as FINDERS
from tests.journal.made import healthy, keep_verdict, measured_json, write_run

CASE = healthy(np.random.default_rng(0))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of eight pictures, all of them held out."""
    folder = tmp_path_factory.mktemp("album")
    (folder / "pictures").mkdir()
    for number in range(12):
        coarse = np.random.default_rng(number).integers(0, 256, (4, 4, 3), dtype=np.uint8)
        write_photo(folder / "pictures" / f"{number:02}.png", coarse.repeat(20, 0).repeat(20, 1))
    settings = BuildSettings(size=64, min_side=8, val=0.5, test=0.1, min_ab_range=0, min_chroma=0)
    build_dataset(folder / "pictures", folder / "photos", settings)
    return folder / "photos"


def two_runs(root: Path, photos: Path, task: str, parts: tuple[str, ...], cells: int) -> list[Record]:
    """Verdicts on three pictures: the second run is better at the first, worse at the next."""
    recipe = {"name": task, "task": task, "augment": {"size": 64}, "train": {}}
    change = np.array([[0.5], [-0.25], [0.0]])
    cells_of = {part: np.full((3, cells), 1.0) for part in parts}
    records = []
    for name, by in (("a", 0.0), ("b", 1.0)):
        values = cells_of | {parts[0]: cells_of[parts[0]] + by * change}
        folder = write_run(root, name, CASE, recipe=recipe, dataset={"path": str(photos)})
        keep_verdict(folder, measured_json(task, name, values))
        records.append(read_record(folder))
    return records


class Flat:
    """An autoencoder that answers every photo in one tone."""

    preparation = AutoencodePreparation()

    size = 64

    def __init__(self, run: str) -> None:
        self.tone = np.float32(0.3 if Path(run).name == "a" else 0.6)

    def encode(self, pictures: Pictures) -> tuple[Codes, Codes]:
        return np.zeros((len(pictures), 2), np.float32), np.ones((len(pictures), 2), np.float32)

    def decode(self, codes: Codes) -> Pictures:
        return np.full((len(codes), 3, 64, 64), self.tone)


@pytest.mark.parametrize(
    ("task", "parts", "cells", "columns"),
    [
        ("fill", ("hole_psnr",), 12, 4),
        ("scratches", ("found", "right", "damaged", "seen"), len(CELLS), 4),
        ("code", ("mse",), 1, 3),
    ],
)
def test_the_most_changed_are_drawn(
    tmp_path: Path,
    photos: Path,
    monkeypatch: pytest.MonkeyPatch,
    task: str,
    parts: tuple[str, ...],
    cells: int,
    columns: int,
) -> None:
    """Classical methods stand for the networks."""
    fills = {"a": FILLS["telea"], "b": FILLS["mean color"]}
    finders = {"a": FINDERS["ridge"], "b": FINDERS["ridge, dark too"]}
    monkeypatch.setattr(InpaintEvaluation, "open_predictor", lambda _, run: fills[Path(run).name])
    monkeypatch.setattr(ScratchesEvaluation, "open_predictor", lambda _, run: finders[Path(run).name])
    monkeypatch.setattr(autoencode, "open_subject", lambda run, _: (Flat(run), {}))
    one, other = two_runs(tmp_path, photos, task, parts, cells)
    kinds = {"fill": HOLES, "scratches": CELLS}.get(task, ())
    if kinds:  # they have the evaluation's names
        for record in (one, other):
            path = record.folder / "verdicts" / "q1.json"
            stored = json.loads(path.read_text()) | {"cells": [*(cell.name for cell in kinds), "all"]}
            path.write_text(json.dumps(stored))
    pairing = pair(one.verdicts, other.verdicts)
    (sheet,) = comparison_sheets(one, other, pairing, one.verdicts[0])
    drawn = read_photo(sheet.save(tmp_path)).pixels
    assert {len(example.row) for example in sheet.examples} == {columns}
    heading = (
        round(label_font(17).getlength(sheet.title)) + 2 * GAP
    )  # both runs are named: it may be the wider
    assert drawn.shape[1] == max(columns * (LARGE + GAP) + GAP, heading)
    assert drawn.shape[0] == GAP + HEADING + 2 * (LARGE + CAPTION + GAP)  # two pictures changed


def test_pictures_of_another_dataset_are_not_taken_for_those_judged(tmp_path: Path, photos: Path) -> None:
    one, other = two_runs(tmp_path, photos.parent / "pictures", "fill", ("hole_psnr",), 12)
    pairing = pair(one.verdicts, other.verdicts)
    with pytest.raises(DatasetError, match="judged on photos, and trained on pictures"):
        comparison_sheets(one, other, pairing, one.verdicts[0])

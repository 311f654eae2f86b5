"""Whole sittings on drawn damage: who wins is known beforehand; questions and verdicts read back."""

from pathlib import Path

import numpy as np
import pytest

from safelight.errors import DatasetError, ModelError, SafelightError
from safelight.evaluation.samples import PictureList
from safelight.tasks.scratches.benchmark import CELLS, WHOLE, draw_samples
from safelight.tasks.scratches.evaluate import ScratchesEvaluation
from safelight.tasks.scratches.scores import CLASSICAL, Detection
from safelight.verdicts.summary import newest_summaries
from safelight.verdicts.test_split_log import LOG
from safelight.verdicts.verdict import ALL, Verdict, load_verdict
from tests.evaluation.conftest import colored_picture
from tests.evaluation.evaluated import evaluate_finder

SIZE = 64


@pytest.fixture(scope="module")
def photos() -> PictureList:
    rng = np.random.default_rng(3)
    return PictureList([colored_picture(rng) for _ in range(8)])


class Oracle:
    """Knows where the damage is."""

    def __init__(self, photos: PictureList) -> None:
        prints = [
            question.print(cell) for question in draw_samples(photos, SIZE) for cell in range(len(CELLS))
        ]
        self.known = {each.scan.tobytes(): each.mask for each in prints}

    def __call__(self, scan: np.ndarray) -> Detection:
        mask = self.known[scan.tobytes()].astype(np.float32)
        return Detection(mask, mask)


def blind(scan: np.ndarray) -> Detection:
    return Detection(np.zeros(scan.shape[:2]), np.zeros(scan.shape[:2], np.float32))


@pytest.fixture(scope="module")
def verdict(photos: PictureList, tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    folder = tmp_path_factory.mktemp("dataset")
    found = evaluate_finder(
        blind, "blind", photos, size=SIZE, beside={"oracle": Oracle(photos)}, dataset="album", split="test",
        folder=folder,
    )  # fmt: skip
    assert len((folder / LOG).read_text().splitlines()) == 1
    return found


def test_prints_are_the_same_for_everybody_and_whole_ones_are_whole(photos: PictureList) -> None:
    one, two = draw_samples(photos, SIZE), draw_samples(photos, SIZE)
    assert one.sha256 == two.sha256 != draw_samples(photos, SIZE, seed=1).sha256
    for cell, each in enumerate(CELLS):
        first, second = one.items[2].print(cell), two.items[2].print(cell)
        assert np.array_equal(first.scan, second.scan)
        assert np.array_equal(first.mask, second.mask)
        assert (each == WHOLE) <= (not first.mask.any())
    assert len({cell.name for cell in CELLS}) == len(CELLS) == 13
    assert len(draw_samples(photos, SIZE, limit=3)) == 3


def test_who_knows_everything_is_right_everywhere(verdict: Verdict) -> None:
    curves = verdict.curves["oracle"]
    for statistic in ("f1", "ranked", "overlap", "precision", "recall"):
        assert curves[statistic][ALL].value == pytest.approx(1)
        assert np.isnan(curves[statistic]["whole"].value)
    assert curves["false"]["whole"].value == 0
    assert verdict.methods == ("blind", "oracle", *CLASSICAL)


def test_who_sees_nothing_loses_in_words_but_makes_no_false_finds(verdict: Verdict) -> None:
    assert verdict.curves["blind"]["f1"][ALL].value == 0
    for method in (*CLASSICAL, "oracle"):
        found = verdict.compared(method, "f1", ALL)
        assert found is not None
        assert found.standing == "loses"
    assert all(gain < 0 for gain in verdict.leads.values())
    assert any(s.startswith("It loses to oracle in F1 in every cell, most in ") for s in verdict.sentences)
    assert not any("loses" in sentence and "false finds" in sentence for sentence in verdict.sentences)
    assert verdict.evaluations == 1


def test_each_picture_has_its_counts(verdict: Verdict, photos: PictureList) -> None:
    assert [each.index for each in verdict.per_image] == list(range(8))
    truth = [question.print(2).mask.sum() for question in draw_samples(photos, SIZE)]
    assert [each.values["damaged"][2] for each in verdict.per_image] == truth
    assert not any(any(each.values["found"]) for each in verdict.per_image)
    assert set(verdict.per_image[0].values) == {"found", "right", "damaged", "seen"}


def test_enlarged_pictures_are_told(photos: PictureList) -> None:
    side = min(photos[0].shape[:2])
    found = evaluate_finder(blind, "blind", photos, size=max(64, side + 8), limit=2)
    assert found.enlarged == 2
    assert any(sentence.startswith("2 pictures had to be enlarged") for sentence in found.sentences)


def test_prints_of_another_version_are_other_questions(
    photos: PictureList, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = draw_samples(photos, SIZE, limit=1).sha256
    monkeypatch.setattr("safelight.tasks.scratches.benchmark.VERSION", 99)
    assert draw_samples(photos, SIZE, limit=1).sha256 != before


def test_a_verdict_and_its_report_read_back(verdict: Verdict, photos: PictureList, tmp_path: Path) -> None:
    page = ScratchesEvaluation(SIZE).write_report(verdict, tmp_path, blind, photos)
    text = page.read_text()
    assert "## F1, higher is better" in text
    assert "| cracks 1.5-4 | 0.000 (" in text
    assert (tmp_path / "pictures.png").stat().st_size > 1000
    again = load_verdict(tmp_path / "verdict.json")
    assert again.sentences == verdict.sentences
    assert again.per_image == verdict.per_image
    assert again.curves["ridge"]["f1"][ALL].value == pytest.approx(
        verdict.curves["ridge"]["f1"][ALL].value, 1e-4
    )
    (told,) = newest_summaries(tmp_path)
    assert (told.title, told.evaluations) == ("F1", 1)
    assert list(told.values) == [name for name in verdict.cells if name != "whole"]
    (tmp_path / "verdict.json").write_text("{}")
    with pytest.raises(SafelightError, match="judge again"):
        load_verdict(tmp_path / "verdict.json")


def test_refusals(photos: PictureList) -> None:
    with pytest.raises(DatasetError, match="at least 64"):
        draw_samples(photos, 32)
    with pytest.raises(DatasetError, match="no picture"):
        draw_samples(PictureList([]))
    with pytest.raises(ModelError, match="expected that size"):
        evaluate_finder(lambda s: Detection(s[..., 0][:5], s[..., 0]), "odd", photos, size=SIZE)
    with pytest.raises(ModelError, match="not finite"):
        evaluate_finder(lambda s: Detection(s[..., 0], s[..., 0] * np.nan), "nan", photos, size=SIZE)


def test_the_same_damage_on_the_clean_pictures_is_judged_beside(photos: PictureList) -> None:
    prints, clean = draw_samples(photos, SIZE, limit=2), draw_samples(photos, SIZE, limit=2, clean=True)
    assert prints.sha256 != clean.sha256
    for one, other in zip(prints, clean, strict=True):
        whole = other.print(CELLS.index(WHOLE))
        assert not whole.mask.any()
        np.testing.assert_array_equal(np.round(whole.scan * 255), other.pixels)
        assert np.abs(one.print(CELLS.index(WHOLE)).scan - whole.scan).mean() > 0.01
        both = one.print(1).mask & other.print(1).mask
        assert both.sum() > 0.5 * max(one.print(1).mask.sum(), other.print(1).mask.sum())
    found = evaluate_finder(blind, "blind", photos, size=SIZE, beside_clean=True, limit=2)
    assert found.questions == prints.sha256
    assert found.tables["clean"]["f1"][ALL].value == 0
    assert found.tables["lost on prints"]["false"][WHOLE.name].value == 0
    assert any("clean, its F1 over all damage is 0.000" in sentence for sentence in found.sentences)

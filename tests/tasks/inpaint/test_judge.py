"""Whole sittings on holes: who wins is known beforehand; masks and scores are kept."""

import json
from pathlib import Path

import numpy as np
import pytest

from safelight.errors import DatasetError, ModelError, SafelightError
from safelight.evaluation.base import EvaluationOptions
from safelight.evaluation.examples import report_sheets
from safelight.evaluation.samples import PictureList
from safelight.evaluation.score_cache import cache_file, score_baselines
from safelight.tasks.inpaint.benchmark import CELLS, draw_samples
from safelight.tasks.inpaint.classical import CLASSICAL, mean_color, telea
from safelight.tasks.inpaint.evaluate import InpaintEvaluation
from safelight.tasks.inpaint.scores import COLUMNS, score_sample
from safelight.verdicts.test_split_log import LOG
from safelight.verdicts.verdict import ALL, Verdict, load_verdict
from tests.evaluation.conftest import colored_picture
from tests.evaluation.evaluated import evaluate_fill

SIZE = 32


@pytest.fixture(scope="module")
def photos() -> PictureList:
    rng = np.random.default_rng(3)
    return PictureList([colored_picture(rng) for _ in range(8)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dataset")


class Oracle:
    """Knows what was in the holes."""

    def __init__(self, photos: PictureList) -> None:
        self.known = [question.truth for question in draw_samples(photos, SIZE)]

    def __call__(self, shown: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return min(self.known, key=lambda truth: np.abs(truth - shown)[~mask].sum())


@pytest.fixture(scope="module")
def best(photos: PictureList, folder: Path) -> Verdict:
    return evaluate_fill(
        Oracle(photos), "oracle", photos, size=SIZE, dataset="album", split="val", folder=folder
    )


@pytest.fixture(scope="module")
def loser(photos: PictureList, folder: Path) -> Verdict:
    return evaluate_fill(lambda s, m: mean_color(s, m) / 2, "dim", photos, size=SIZE, folder=folder)


def test_masks_are_those_of_their_cells_and_the_same_for_everybody(
    photos: PictureList, tmp_path: Path
) -> None:
    one, two = draw_samples(photos, SIZE), draw_samples(photos, SIZE)
    assert one.sha256 == two.sha256
    assert one.sha256 != draw_samples(photos, SIZE, seed=1).sha256
    for question in one:
        for cell, mask in zip(CELLS, question.masks, strict=True):
            assert cell.area[0] <= mask.mean() <= cell.area[1]
            assert cell.border or not mask[[0, -1]].any()
        assert not question.shown(5)[question.masks[5]].any()
    stored = np.load(one.save(tmp_path))
    np.testing.assert_array_equal(np.unpackbits(stored["masks"], axis=-1)[3, 7], one.items[3].masks[7])


def test_a_sample_is_fixed_and_keeps_its_masks(photos: PictureList) -> None:
    few = draw_samples(photos, SIZE, limit=3)
    everything = {question.index: question.sha256 for question in draw_samples(photos, SIZE)}
    assert len(few) == 3
    assert all(everything[question.index] == question.sha256 for question in few)


def test_the_truth_wins_everywhere(best: Verdict) -> None:
    assert best.methods == ("oracle", *CLASSICAL)
    assert {comparison.standing for comparison in best.comparisons} == {"wins"}
    assert best.curves["oracle"]["hole_psnr"][ALL].value == pytest.approx(50)
    assert best.curves["oracle"]["perceptual"][ALL].value == pytest.approx(0, abs=1e-6)
    assert best.curves["oracle"]["ring"][ALL].value == 0
    text = " ".join(best.sentences)
    assert "It is better than every other method (" in text
    assert (
        "; 95 % intervals), in PSNR in the hole and in perceptual distance (EfficientNet-Lite0), in every bin."
        in text
    )
    assert "loses" not in text
    assert min(best.leads.values()) > 0


def test_a_loser_is_told_so(loser: Verdict) -> None:
    comparison = loser.compared("telea", "hole_psnr", ALL)
    assert comparison is not None
    assert comparison.standing == "loses"
    assert comparison.difference.high < 0
    assert any(
        s.startswith("It loses to mean color in PSNR in the hole in every bin, most in ")
        for s in loser.sentences
    )
    assert max(loser.leads.values()) < 0
    assert "mean color" not in loser.best.values()


def test_larger_holes_are_harder(best: Verdict) -> None:
    curve = best.curves["biharmonic"]["hole_psnr"]
    assert curve[CELLS[0].name].value > curve[CELLS[5].name].value
    assert best.curves["telea"]["psnr"][ALL].value > best.curves["telea"]["hole_psnr"][ALL].value


def test_classical_scores_are_cached(
    photos: PictureList, best: Verdict, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    task = InpaintEvaluation(SIZE)
    monkeypatch.setattr(InpaintEvaluation, "score", lambda *_: pytest.fail("computed again"))
    options = EvaluationOptions(folder=folder)
    again = score_baselines(task, draw_samples(photos, SIZE), ("telea",), options)
    assert np.mean([row["hole_psnr"] for row in again["telea"]]) == pytest.approx(
        best.curves["telea"]["hole_psnr"][ALL].value, rel=1e-5
    )
    cut = cache_file(task, folder).read_text()[:-50]
    cache_file(task, tmp_path).parent.mkdir()
    cache_file(task, tmp_path).write_text(cut)
    monkeypatch.undo()
    options = EvaluationOptions(folder=tmp_path)
    whole = score_baselines(task, draw_samples(photos, SIZE, limit=2), ("mean color",), options)
    assert set(whole["mean color"][0]) == set(COLUMNS)


def test_known_scores_of_one_hole(photos: PictureList) -> None:
    question = draw_samples(photos, SIZE, limit=1).items[0]
    off = np.float32(0.1)
    row = score_sample("off", lambda shown, mask: np.abs(question.truth - off), question)
    mask = question.masks[4]
    error = np.abs(np.abs(question.truth - off) - question.truth)[mask]
    assert row["hole_l1"][4] == pytest.approx(error.mean(), rel=1e-5)
    assert row["hole_psnr"][4] == pytest.approx(-10 * np.log10((error**2).mean()), rel=1e-5)
    assert row["psnr"][4] == pytest.approx(row["hole_psnr"][4] - 10 * np.log10(mask.mean()), rel=1e-5)
    assert row["perceptual"][4] > 0


def test_each_picture_has_its_scores_by_name(best: Verdict, photos: PictureList) -> None:
    assert [each.index for each in best.per_image] == list(range(8))
    assert best.per_image[3].name == "picture 3"
    named = PictureList(photos.pixels[:2], [{"file_name": f"{letter}.png"} for letter in "ab"])
    told = evaluate_fill(telea, "telea", named, size=SIZE)
    assert [each.name for each in told.per_image] == ["a.png", "b.png"]
    psnr = np.array([each.values["hole_psnr"] for each in told.per_image])
    assert psnr.mean(0).tolist() == pytest.approx(
        [told.curves["telea"]["hole_psnr"][cell.name].value for cell in CELLS]
    )


def test_a_verdict_from_before_pictures_had_scores_is_still_read(loser: Verdict, tmp_path: Path) -> None:
    older = loser.to_json() | {"format": "safelight-fill-verdict", "version": 1}
    older["gains"] = older.pop("leads")
    del older["per_image"], older["task"], older["protocol"]
    (tmp_path / "verdict.json").write_text(json.dumps(older))
    old = load_verdict(tmp_path / "verdict.json")
    assert old.per_image == ()
    assert old.leads == pytest.approx(loser.leads, abs=1e-4)


def test_the_verdict_of_the_docs_is_read() -> None:
    shown = load_verdict(Path(__file__).parents[3] / "docs" / "judged" / "fill" / "verdict.json")
    assert shown.pictures == len(shown.leads) == len(shown.per_image) == 100


def test_a_verdict_survives_its_file(loser: Verdict, tmp_path: Path) -> None:
    path = loser.save(tmp_path / "verdict.json")
    back = load_verdict(path)
    assert back.to_json() == loser.to_json()
    assert back.sentences == loser.sentences
    assert back.per_image[0].values.keys() == loser.per_image[0].values.keys()
    for text in (
        "",
        "[]",
        '{"format": "safelight-verdict", "version": 1}',
        '{"format": "safelight-fill-verdict", "version": 99}',
    ):
        path.write_text(text)
        with pytest.raises(SafelightError, match="judge again"):
            load_verdict(path)


def test_the_report(loser: Verdict, photos: PictureList, tmp_path: Path) -> None:
    (sheet,) = report_sheets(InpaintEvaluation(SIZE), loser, lambda s, m: mean_color(s, m) / 2, photos)
    assert [row.rank for row in sheet.examples] == ["best"] * 3 + ["median"] * 3 + ["worst"] * 3
    page = (
        InpaintEvaluation(SIZE)
        .write_report(loser, tmp_path, lambda s, m: mean_color(s, m) / 2, photos)
        .read_text()
    )
    assert "# dim: inpainting" in page
    assert "▼" in page
    assert loser.questions in page
    assert (tmp_path / "pictures.png").stat().st_size > 1000
    assert json.loads((tmp_path / "verdict.json").read_text())["pictures"] == 8


def test_looks_at_the_test_split_are_counted(photos: PictureList, tmp_path: Path) -> None:
    few = PictureList(photos.pixels[:1])
    verdicts = [
        evaluate_fill(telea, "telea", few, size=SIZE, split="test", folder=tmp_path) for _ in range(2)
    ]
    assert [verdict.evaluations for verdict in verdicts] == [1, 2]
    assert len((tmp_path / LOG).read_text().splitlines()) == 2
    assert "evaluated twice" in verdicts[1].sentences[-1]
    assert any("too few" in sentence for sentence in verdicts[1].sentences)


@pytest.mark.parametrize(
    "answer", [lambda s, m: s[..., 0], lambda s, m: np.full_like(s, np.nan), lambda s, m: "nothing"]
)
def test_nonsense_is_named(photos: PictureList, answer: object) -> None:
    with pytest.raises(ModelError, match="broken answered"):
        evaluate_fill(answer, "broken", photos, size=SIZE, limit=1)


def test_refused_sittings(photos: PictureList) -> None:
    with pytest.raises(DatasetError, match="at least 32"):
        draw_samples(photos, 16)
    with pytest.raises(DatasetError, match="no picture"):
        draw_samples(PictureList([]))


def test_old_prints_have_the_same_holes_and_are_judged_beside_the_clean_pictures(photos: PictureList) -> None:
    clean, prints = draw_samples(photos, SIZE), draw_samples(photos, SIZE, prints=True)
    assert prints.sha256 == draw_samples(photos, SIZE, prints=True).sha256 != clean.sha256
    for one, other in zip(clean, prints, strict=True):
        np.testing.assert_array_equal(one.masks, other.masks)
        assert np.abs(one.truth - other.truth).mean() > 0.01
    verdict = evaluate_fill(Oracle(photos), "knows", photos, size=SIZE, prints=True)
    assert verdict.protocol == f"holes-{SIZE}-print"
    assert verdict.tables["clean"]["hole_psnr"][ALL].value == pytest.approx(50)
    lost = verdict.tables["lost on prints"]["hole_psnr"][ALL]
    assert lost.value == pytest.approx(50 - verdict.estimate("knows", "hole_psnr", ALL).value)
    assert lost.above_zero
    assert any("clean, its PSNR in the hole over all holes is 50.00" in s for s in verdict.sentences)
    assert InpaintEvaluation().like(verdict) == InpaintEvaluation(SIZE, prints=True)

"""Whole evaluations: who wins is known beforehand."""

import json
from pathlib import Path

import numpy as np
import pytest

from safelight.errors import ModelError, SafelightError
from safelight.evaluation.examples import report_sheets
from safelight.evaluation.samples import PictureList
from safelight.pixels.color import srgb_to_lab
from safelight.tasks.colorize.baselines import BASELINES, grey, kernel_regression
from safelight.tasks.colorize.benchmark import Protocol, draw_samples
from safelight.tasks.colorize.evaluate import ColorizeEvaluation
from safelight.verdicts.test_split_log import LOG
from safelight.verdicts.verdict import Verdict, load_verdict, verdict_from_json
from tests.evaluation.evaluated import evaluate_colors


class Oracle:
    """Knows the truth of the album, and keeps a share of it."""

    def __init__(self, judged_album: PictureList, protocol: Protocol, share: float = 1.0) -> None:
        self.share = share
        labs = [srgb_to_lab(question.pixels) for question in draw_samples(judged_album, protocol)]
        self.known = {lab[..., 0].tobytes(): lab[..., 1:] for lab in labs}

    def __call__(self, L: np.ndarray, points: object) -> np.ndarray:
        return self.share * self.known[L.tobytes()]


def faded(L: np.ndarray, points: object) -> np.ndarray:
    """Kernel regression, a little paler: loses to it for certain."""
    return 0.8 * kernel_regression(L, points)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dataset")


@pytest.fixture(scope="module")
def loser(judged_album: PictureList, tiny_protocol: Protocol, kept: Path) -> Verdict:
    return evaluate_colors(
        faded, "faded", judged_album, tiny_protocol, dataset="album", split="val", folder=kept
    )


def test_the_truth_wins_everywhere(judged_album: PictureList, tiny_protocol: Protocol, kept: Path) -> None:
    verdict = evaluate_colors(
        Oracle(judged_album, tiny_protocol), "oracle", judged_album, tiny_protocol, folder=kept
    )
    assert verdict.methods == ("oracle", *BASELINES)
    near = [
        c for c in verdict.comparisons if c.statistic != "blotches"
    ]  # of which one color everywhere has none
    assert {comparison.standing for comparison in near} == {"wins"}
    assert verdict.estimate("oracle", "psnr", 5).value == pytest.approx(50)
    assert verdict.estimate("grey", "gain", 5).value == 0
    text = " ".join(verdict.sentences)
    named = "grey, nearest hint, kernel regression, Levin 2004, kriging; 95 % intervals"
    assert (
        f"It is better than every other method ({named}), in PSNR and in CIEDE2000, at every number" in text
    )
    assert "loses" not in text


def test_blotches_stand_beside_the_level_of_the_truth(
    judged_album: PictureList, tiny_protocol: Protocol, kept: Path
) -> None:
    def blotched(L: np.ndarray, points: object) -> np.ndarray:
        """Stripes of color on every picture, whatever is in it."""
        stripes = np.where(np.arange(L.shape[1]) // 2 % 2, 15, 0)
        return np.broadcast_to(stripes[None, :, None], (*L.shape, 2)).astype(np.float32)

    truth = Oracle(judged_album, tiny_protocol)
    verdict = evaluate_colors(
        blotched, "blotched", judged_album, tiny_protocol, vivid=truth, beside={"oracle": truth}, folder=kept
    )
    level = verdict.tables["blotches"]["truth"]["level"]
    assert verdict.estimate("oracle", "blotches", 0).numbers == pytest.approx(level.numbers, abs=0.01)
    assert verdict.tables["vivid"]["vivid"]["blotches"].value == pytest.approx(level.value, abs=0.01)
    assert verdict.estimate("grey", "blotches", 0).value == 0
    assert verdict.estimate("blotched", "blotches", 0).value > level.value + 5
    lost = verdict.compared("oracle", "blotches", "0")
    assert lost is not None
    assert lost.standing == "loses"
    assert verdict.compared("grey", "blotches", "0") is None
    assert verdict.compared("kernel regression", "blotches", "20") is not None
    assert any(f"the true colors do by {level.value:.2f}" in s for s in verdict.sentences)
    assert any(s.startswith("It loses to oracle in blotches at every number") for s in verdict.sentences)
    assert not any("in blotches" in s and "kernel regression" in s for s in verdict.sentences)


def test_a_loser_is_told_so(loser: Verdict) -> None:
    lost = {(c.method, c.statistic) for c in loser.losses()}
    assert ("kernel regression", "psnr") in lost
    assert all(c.difference.high < 0 for c in loser.losses())
    assert any(s.startswith("It loses to kernel regression in PSNR at ") for s in loser.sentences)
    assert any("cannot be told from grey" in s for s in loser.sentences)  # without hints it is grey
    assert (
        loser.sentences[0]
        == "faded was evaluated on 15 pictures of the val split of album under the protocol tiny."
    )


def test_without_hints_only_grey_is_compared(loser: Verdict) -> None:
    assert {c.method for c in loser.comparisons if c.cell == "0"} == {"grey"}
    assert loser.best["0"] == "grey"
    assert loser.best["20"] in ("kernel regression", "Levin 2004", "kriging")


def test_groups(loser: Verdict) -> None:
    sizes = {"all": loser.pictures, **{group.name: group.pictures for group in loser.groups}}
    assert sizes == {
        "all": 15, "chroma low": 5, "chroma middle": 5, "chroma high": 5,
        "source fields": 10, "source rooms": 5, "tag standing": 7,
    }  # fmt: skip
    colors = {group.name: group.curves["grey"]["rms_ab"]["0"].value for group in loser.groups}
    assert colors["chroma low"] < colors["chroma middle"] < colors["chroma high"]


def test_a_verdict_survives_its_file(loser: Verdict, tmp_path: Path) -> None:
    path = loser.save(tmp_path / "verdict.json")
    document = json.loads(path.read_text())
    assert document["format"] == "safelight-verdict"
    back = load_verdict(path)
    assert back.to_json() == loser.to_json()
    assert back.sentences == loser.sentences
    assert back.losses()[0].standing == "loses"
    assert np.isnan(back.estimate("faded", "disobedience", 0).value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "safelight-verdict", "version": 1}',
        '{"format": "safelight-verdict", "version": 1, "groups": [{"curves": []}], "comparisons": []}',
        '{"version": 2}',
    ],
)
def test_files_that_are_no_verdict(text: str, tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    path.write_text(text)
    with pytest.raises(SafelightError, match="judge again"):
        load_verdict(path)
    with pytest.raises(SafelightError, match="judge again"):
        load_verdict(tmp_path / "nothing.json")


def test_every_look_at_the_test_split_is_counted(
    judged_album: PictureList, tiny_protocol: Protocol, tmp_path: Path
) -> None:
    def sit(split: str) -> Verdict:
        return evaluate_colors(
            grey, "m", judged_album, tiny_protocol, limit=2, baselines=False, split=split, folder=tmp_path
        )

    assert [sit(split).evaluations for split in ("val", "test", "train", "test")] == [None, 1, None, 2]
    looks = [json.loads(line) for line in (tmp_path / LOG).read_text().splitlines()]
    assert [look["pictures"] for look in looks] == [2, 2]
    assert "evaluated 3 times" in sit("test").sentences[-1]


def test_vivid_is_measured_against_the_truth(judged_album: PictureList, tiny_protocol: Protocol) -> None:
    cautious, vivid = Oracle(judged_album, tiny_protocol, 0.2), Oracle(judged_album, tiny_protocol)
    verdict = evaluate_colors(cautious, "m", judged_album, tiny_protocol, vivid=vivid, baselines=False)
    faint, colorful = (verdict.tables["vivid"][name] for name in ("cautious", "vivid"))
    assert colorful["colorfulness"].value == pytest.approx(1, abs=0.01)
    assert 0.1 < faint["colorfulness"].value < 0.4
    assert colorful["gain"].value > faint["gain"].value
    assert any("1.00 (1.00 to 1.00) times as colorful as the truth" in s for s in verdict.sentences)
    assert verdict_from_json(verdict.to_json()).to_json() == verdict.to_json()


def test_few_pictures_tell_nothing(judged_album: PictureList, tiny_protocol: Protocol) -> None:
    verdict = evaluate_colors(
        Oracle(judged_album, tiny_protocol), "oracle", judged_album, tiny_protocol, limit=3, baselines=False
    )
    assert {c.standing for c in verdict.comparisons} == {"cannot tell"}
    assert any("too few" in s for s in verdict.sentences)


def test_enlarged_pictures_are_told(judged_album: PictureList, tiny_protocol: Protocol) -> None:
    small = PictureList([pixels[:24, :24] for pixels in judged_album.pixels[:2]] + [judged_album.pixels[2]])
    verdict = evaluate_colors(grey, "m", small, tiny_protocol, baselines=False)
    assert verdict.enlarged == 2
    assert any(s.startswith("2 pictures had to be enlarged") for s in verdict.sentences)


def test_others_can_be_judged_beside(judged_album: PictureList, tiny_protocol: Protocol, kept: Path) -> None:
    verdict = evaluate_colors(
        faded, "faded", judged_album, tiny_protocol, beside={"older run": faded}, folder=kept
    )
    assert verdict.methods == ("faded", *BASELINES, "older run")
    same = [c for c in verdict.comparisons if c.method == "older run"]
    assert {c.difference.value for c in same} == {0.0}
    assert {c.standing for c in same} == {"cannot tell"}
    assert "older run" not in verdict.best.values()
    assert {c.cell for c in same} == set(verdict.cells)


def test_a_better_model_beside_is_told_without_hints_too(
    judged_album: PictureList, tiny_protocol: Protocol
) -> None:
    verdict = evaluate_colors(
        grey,
        "grey one",
        judged_album,
        tiny_protocol,
        beside={"older run": Oracle(judged_album, tiny_protocol)},
        baselines=False,
    )
    lost = [c for c in verdict.losses() if c.method == "older run"]
    assert "0" in {c.cell for c in lost}
    assert any("It loses to older run" in sentence for sentence in verdict.sentences)


def test_a_baseline_can_be_judged_itself(
    judged_album: PictureList, tiny_protocol: Protocol, kept: Path
) -> None:
    verdict = evaluate_colors(grey, "grey", judged_album, tiny_protocol, folder=kept)
    assert verdict.methods == tuple(BASELINES)


def test_a_model_that_answers_nonsense_is_named(judged_album: PictureList, tiny_protocol: Protocol) -> None:
    with pytest.raises(ModelError, match="broken answered"):
        evaluate_colors(lambda L, points: L, "broken", judged_album, tiny_protocol, baselines=False)


def test_examples_are_the_best_median_and_worst(
    judged_album: PictureList, tiny_protocol: Protocol, loser: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ColorizeEvaluation, "examples_a_rank", 2)
    (sheet,) = report_sheets(ColorizeEvaluation(tiny_protocol), loser, faded, judged_album)
    assert sheet.about == "no hints"  # this protocol does not ask with 10 hints
    assert [own.rank for own in sheet.examples] == ["best"] * 2 + ["median"] * 2 + ["worst"] * 2
    assert len({own.name for own in sheet.examples}) == 6

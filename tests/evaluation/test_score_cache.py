"""Baseline scores are computed once, survive a kill, and do not depend on the number of processes."""

from pathlib import Path

import numpy as np
import pytest

from safelight.evaluation.base import EvaluationOptions
from safelight.evaluation.samples import PictureList
from safelight.evaluation.score_cache import cache_file, score_baselines
from safelight.tasks.colorize.benchmark import Protocol, draw_samples
from safelight.tasks.colorize.evaluate import ColorizeEvaluation
from safelight.tasks.colorize.scores import COLUMNS

NAMES = ("grey", "nearest hint", "Levin 2004")


def without_time(rows: dict) -> list:
    return [
        np.nan_to_num([row[column] for column in COLUMNS if column != "seconds"])
        for own in rows.values()
        for row in own
    ]


@pytest.fixture
def task(tiny_protocol: Protocol) -> ColorizeEvaluation:
    return ColorizeEvaluation(tiny_protocol)


def test_the_second_model_finds_the_scores_of_the_first(
    judged_album: PictureList, task: ColorizeEvaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = EvaluationOptions(folder=tmp_path)
    first = score_baselines(task, draw_samples(judged_album, task.protocol, limit=4), NAMES, options)
    monkeypatch.setattr(ColorizeEvaluation, "score", lambda *_: pytest.fail("computed again"))
    again = score_baselines(task, draw_samples(judged_album, task.protocol, limit=3), NAMES, options)
    assert set(again) == set(NAMES)
    everything = {tuple(row["psnr"]) for row in first["Levin 2004"]}
    for row in again["Levin 2004"]:
        assert any(np.allclose(row["psnr"], other, rtol=1e-6) for other in everything)
    assert np.isnan(again["grey"][0]["disobedience"][0])


def test_a_line_cut_short_is_computed_again(
    judged_album: PictureList, task: ColorizeEvaluation, tmp_path: Path
) -> None:
    samples, options = draw_samples(judged_album, task.protocol, limit=2), EvaluationOptions(folder=tmp_path)
    before = score_baselines(task, samples, NAMES, options)
    path = cache_file(task, tmp_path)
    path.write_text(path.read_text()[:-40])
    after = score_baselines(task, samples, NAMES, options)
    np.testing.assert_allclose(without_time(after), without_time(before), rtol=1e-6)
    np.testing.assert_allclose(
        without_time(score_baselines(task, samples, NAMES, options)), without_time(before), rtol=1e-6
    )


def test_other_numbers_of_hints_are_computed_anew(
    judged_album: PictureList, task: ColorizeEvaluation, tmp_path: Path
) -> None:
    samples, options = draw_samples(judged_album, task.protocol, limit=1), EvaluationOptions(folder=tmp_path)
    rows = score_baselines(task, samples, NAMES[:1], options)
    fewer = ColorizeEvaluation(Protocol("fewer", 32, 3, "uniform", (0, 20), "this test"))
    assert len(score_baselines(fewer, samples, NAMES[:1], options)["grey"][0]["psnr"]) == 2
    assert score_baselines(task, samples, NAMES[:1], options)["grey"][0]["psnr"] == pytest.approx(
        rows["grey"][0]["psnr"]
    )


def test_two_processes_find_the_same(judged_album: PictureList, tiny_protocol: Protocol) -> None:
    task = ColorizeEvaluation(tiny_protocol, vivid=lambda L, points: pytest.fail("no model is sent to them"))
    samples = draw_samples(judged_album, task.protocol, limit=4)
    told = []
    options = EvaluationOptions(
        workers=2, progress=lambda what, done, total: told.append((what, done, total))
    )
    both = score_baselines(task, samples, NAMES, options)
    np.testing.assert_allclose(
        without_time(both),
        without_time(score_baselines(task, samples, NAMES, EvaluationOptions())),
        rtol=1e-6,
    )
    assert told == [("baselines", done, 4) for done in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    "line", [b"null", b"[1]", b'"x"', b"{}", b"[" * 100_000, b"\xff\xfe", b'{"sample": {}}', b'{"cells": {}}']
)
def test_a_damaged_line_is_computed_again(
    judged_album: PictureList, task: ColorizeEvaluation, tmp_path: Path, line: bytes
) -> None:
    samples, options = draw_samples(judged_album, task.protocol, limit=1), EvaluationOptions(folder=tmp_path)
    before = score_baselines(task, samples, NAMES[:1], options)
    path = cache_file(task, tmp_path)
    path.write_bytes(line + b"\n" + path.read_bytes())
    again = score_baselines(task, samples, NAMES[:1], options)
    for one, other in zip(without_time(before), without_time(again), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)  # what is cached has seven digits

"""Scores and the statistics made of them, against numbers worked out by hand."""

import numpy as np
import pytest

from safelight.errors import ModelError
from safelight.evaluation.evaluate import gather, select
from safelight.evaluation.samples import PictureList
from safelight.pixels.color import colorfulness, srgb_to_lab
from safelight.tasks.colorize.baselines import grey
from safelight.tasks.colorize.benchmark import Protocol, draw_samples
from safelight.tasks.colorize.scores import (
    COLUMNS,
    METRICS,
    score_sample,
    show,
    with_relative,
)

EVEN = np.full((1, 2), 0.5)


def statistic(name: str, **columns: list[float]) -> float:
    scores = {column: np.array(values)[:, None] for column, values in columns.items()}
    return float(METRICS[name].values(EVEN, scores)[0, 0])


def test_the_two_definitions_of_colorfulness_error_differ() -> None:
    assert statistic("cf_error", cf_excess=[10, -8]) == 9  # mean of |result − truth|
    assert statistic("cf_shift", cf_excess=[10, -8]) == 1  # |mean result − mean truth|


def test_pooled_error_is_the_root_of_the_mean() -> None:
    assert statistic("rms_ab", ab_squared=[9, 41]) == 5


def test_the_truth_scores_best(judged_album: PictureList, tiny_protocol: Protocol) -> None:
    question = draw_samples(judged_album, tiny_protocol).items[0]
    truth = srgb_to_lab(question.pixels)[..., 1:]
    row = score_sample("oracle", lambda L, points: truth, question, tiny_protocol.counts)
    assert set(row) == set(COLUMNS)
    assert row["psnr"] == [50] * 4
    np.testing.assert_allclose(row["ssim"], 1, atol=1e-4)
    np.testing.assert_allclose(row["ciede2000"], 0, atol=0.01)
    np.testing.assert_allclose(row["ab_squared"], 0)
    np.testing.assert_allclose(row["colorfulness"], colorfulness(question.pixels), rtol=1e-3)
    assert np.isnan(row["disobedience"][0])


def test_models_see_nested_hints_and_only_lightness(
    judged_album: PictureList, tiny_protocol: Protocol
) -> None:
    question, seen = draw_samples(judged_album, tiny_protocol).items[0], []

    def spy(L: np.ndarray, points: object) -> np.ndarray:
        seen.append((L, points))
        return np.zeros((*L.shape, 2), np.float32)

    score_sample("spy", spy, question, tiny_protocol.counts)
    assert [len(points) for _, points in seen] == [0, 1, 5, 20]
    np.testing.assert_array_equal(seen[2][1].y, seen[3][1].y[:5])
    np.testing.assert_allclose(seen[0][0], srgb_to_lab(question.pixels)[..., 0])


def test_gain_and_selection(judged_album: PictureList, tiny_protocol: Protocol) -> None:
    questions = draw_samples(judged_album, tiny_protocol, limit=3)
    rows = [score_sample("grey", grey, question, tiny_protocol.counts) for question in questions]
    better = [{**row, "psnr": [value + 2 for value in row["psnr"]]} for row in rows]
    scores = with_relative(gather(better), gather(rows), np.zeros(3))
    np.testing.assert_allclose(scores["gain"], 2)
    np.testing.assert_array_equal(scores["cf_excess"], scores["colorfulness"])
    assert select(scores, np.array([2]))["gain"].shape == (1, 4)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (np.zeros((32, 32, 3)), r"answered \(32, 32, 3\) to 0 hints on \(32, 32\); expected ab"),
        (np.zeros((2, 32, 32)), "expected ab"),
        (np.full((32, 32, 2), np.nan), "not finite"),
        (None, "NoneType"),
    ],
)
def test_answers_that_cannot_be_judged(
    answer: object, problem: str, judged_album: PictureList, tiny_protocol: Protocol
) -> None:
    with pytest.raises(ModelError, match=f"(?s)net.*{problem}|{problem}"):
        score_sample(
            "net",
            lambda L, points: answer,
            draw_samples(judged_album, tiny_protocol).items[0],
            tiny_protocol.counts,
        )


def test_grey_answers_are_grey() -> None:
    shown = show(np.linspace(0, 100, 12, dtype=np.float32).reshape(3, 4), np.zeros((3, 4, 2), np.float32))
    np.testing.assert_allclose(shown[..., 0], shown[..., 2], atol=1e-3)


def test_what_is_compared_has_a_better_side() -> None:
    assert all(metric.better for metric in METRICS.values() if metric.compared)

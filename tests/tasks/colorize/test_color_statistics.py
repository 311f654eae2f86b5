"""Evidence of the probes: known answers, bounds, and what must not change it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from safelight.tasks.colorize.color_statistics import circular_distance, hue_error, obeyed, probe_evidence


def pictures(seed: int, count: int = 3, chroma: float = 20.0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [
        (rng.normal(0, chroma, (8, 6, 2)) + rng.normal(0, chroma, 2)).astype(np.float32) for _ in range(count)
    ]


def test_the_truth_itself_is_perfect() -> None:
    truth = pictures(0)
    found = probe_evidence(truth, truth)
    assert found["chroma"] == found["spread"] == found["between"] == 1
    assert found["hue_distance"] == 0
    assert found["hue_error"] == pytest.approx(0, abs=1e-4)
    assert found["red_green"] == found["truth_red_green"]


@given(st.floats(0.01, 3.0), st.integers(0, 20))
def test_paler_answers_change_chroma_alone(factor: float, seed: int) -> None:
    truth = pictures(seed)
    found = probe_evidence([factor * one for one in truth], truth)
    for name in ("chroma", "spread", "between"):
        assert found[name] == pytest.approx(factor, rel=1e-4)
    assert found["hue_error"] == pytest.approx(0, abs=0.1)
    assert found["hue_distance"] == pytest.approx(0, abs=0.5)


@given(st.floats(-179, 179), st.integers(0, 20))
def test_turning_every_hue_is_measured_in_degrees(degrees: float, seed: int) -> None:
    truth = pictures(seed)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turned = [one @ np.array([[c, s], [-s, c]], np.float32) for one in truth]
    assert probe_evidence(turned, truth)["hue_error"] == pytest.approx(abs(degrees), abs=0.1)


def test_red_green_sepia_and_grey_are_told_apart() -> None:
    truth = pictures(1)
    red_green = probe_evidence([one * [1, 0] for one in truth], truth)
    assert red_green["red_green"] == pytest.approx(1)
    assert red_green["axis"] == pytest.approx(1)
    assert red_green["angle"] == pytest.approx(0, abs=1e-3)
    sepia = probe_evidence([np.full_like(one, 0) + np.float32([4, 14]) for one in truth], truth)
    assert sepia["concentration"] == pytest.approx(1)
    assert sepia["hue"] == pytest.approx(np.degrees(np.arctan2(14, 4)), abs=1e-3)
    assert sepia["spread"] == sepia["between"] == pytest.approx(0, abs=1e-6)
    grey = probe_evidence([np.zeros_like(one) for one in truth], truth)
    assert grey["chroma"] == 0
    assert grey["hue_error"] == 90
    assert all(np.isfinite(value) for value in grey.values())


def test_hues_at_random_are_wrong_by_ninety_degrees() -> None:
    rng = np.random.default_rng(0)
    assert hue_error(rng.normal(size=(20000, 2)), rng.normal(size=(20000, 2))) == pytest.approx(90, abs=1)


def test_the_distance_on_the_circle_is_the_shortest_of_all_cuts() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.random(36), rng.random(36)
    bins = np.arange(36)
    cuts = [wasserstein_distance(bins, bins, np.roll(one, k), np.roll(other, k)) * 10 for k in range(36)]
    assert circular_distance(one, other) == pytest.approx(min(cuts), rel=1e-9)
    assert circular_distance(one, one) == 0
    assert circular_distance(np.eye(36)[0], np.eye(36)[18]) == pytest.approx(180)
    assert circular_distance(np.eye(36)[0], np.eye(36)[35]) == pytest.approx(10)  # over the end


def test_obedience_is_a_share_of_the_way() -> None:
    asked, before = np.full((5, 2), 10.0), np.zeros((5, 2))
    assert obeyed(asked, before, asked) == 1
    assert obeyed(before, before, asked) == 0
    assert obeyed(asked * 0.5, before, asked) == pytest.approx(0.5)
    assert obeyed(-asked, before, asked) == pytest.approx(-1)


def test_what_does_not_belong_together_is_refused() -> None:
    with pytest.raises(ValueError, match="as many and as large"):
        probe_evidence(pictures(0, 2), pictures(0, 3))
    with pytest.raises(ValueError, match="as many"):
        probe_evidence([], [])

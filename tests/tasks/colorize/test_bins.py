"""Distributions over bins of color: how far they spread, and the colors that they mean."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from safelight.tasks.colorize.bins import gamut_bins, likely_colors, variance

BINS = gamut_bins()
at = {tuple(cell): number for number, cell in enumerate(BINS.astype(int).tolist())}


def shares(**named: float) -> np.ndarray:
    """A distribution with this mass at red, green, grey."""
    places = {"red": (60, 40), "redder": (70, 40), "green": (-60, 40), "grey": (0, 0)}
    found = np.zeros(len(BINS), np.float32)
    for name, share in named.items():
        found[at[places[name]]] = share
    return found


def test_variance_of_two_colors_is_a_quarter_of_their_squared_distance() -> None:
    either = shares(red=0.5, green=0.5)[:, None, None]
    assert variance(either, BINS) == pytest.approx(120**2 / 4)
    assert variance(shares(red=1.0)[:, None, None], BINS) == pytest.approx(0, abs=1e-2)


@given(arrays(np.float32, len(BINS), elements=st.floats(0, 1, width=32)).filter(lambda p: p.sum() > 0.1))
def test_variance_is_numpys(weights: np.ndarray) -> None:
    p = (weights / weights.sum()).astype(np.float64)
    expected = sum(np.average((c - np.average(c, weights=p)) ** 2, weights=p) for c in BINS.T)
    found = variance(p[:, None, None].astype(np.float32), BINS)[0, 0]
    assert found == pytest.approx(expected, rel=1e-3, abs=0.5)


def test_neighboring_bins_are_one_answer() -> None:
    likely = likely_colors(shares(red=0.4, redder=0.2, green=0.4), BINS)
    assert [each.share for each in likely] == pytest.approx([0.6, 0.4])
    assert likely[0].ab == pytest.approx((60 + 10 / 3, 40), abs=0.01)
    assert likely[1].ab == pytest.approx((-60, 40), abs=0.01)


def test_what_is_unlikely_is_no_answer() -> None:
    assert len(likely_colors(shares(red=0.97, green=0.03), BINS)) == 1


@given(arrays(np.float32, len(BINS), elements=st.floats(0, 1, width=32)).filter(lambda p: p.sum() > 0.1))
def test_answers_are_at_most_three_the_likeliest_first_and_share_no_more_than_all(
    weights: np.ndarray,
) -> None:
    likely = likely_colors(weights / weights.sum(), BINS)
    assert 1 <= len(likely) <= 3
    assert sum(each.share for each in likely) <= 1 + 1e-5
    peaks = np.array([each.ab for each in likely])
    assert np.all(np.abs(peaks) <= np.abs(BINS).max())
    assert [each.share for each in likely] == sorted((each.share for each in likely), reverse=True)


def test_bins_are_each_caller_s_own_and_made_once() -> None:
    """Making them keeps all other threads waiting for some 70 ms: a service is asked for them again and again."""
    assert np.array_equal(BINS, np.unique(BINS, axis=0)), "in order, each once"
    assert (BINS == (0, 0)).all(1).any()
    own = gamut_bins()
    own += 1
    assert np.array_equal(gamut_bins(), BINS)
    start = time.process_time()
    for _ in range(100):
        gamut_bins()
    assert time.process_time() - start < 0.1

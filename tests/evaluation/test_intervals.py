"""Bootstrap intervals against normal theory, and by counting how often they hold the truth."""

import numpy as np
import pytest

from safelight.evaluation.intervals import FEWEST, bootstrap_weights, estimates, standing
from safelight.verdicts.verdict import Estimate


def test_weights() -> None:
    weights = bootstrap_weights(12, np.random.default_rng(0), resamples=50)
    assert weights.shape == (51, 12)
    np.testing.assert_allclose(weights.sum(1), 1)
    np.testing.assert_array_equal(weights[0], np.full(12, 1 / 12))


def test_the_interval_of_a_mean_is_about_two_standard_errors() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(3, 2, (400, 1))
    (found,) = estimates(bootstrap_weights(400, rng) @ values)
    error = 1.96 * values.std() / 20
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - error, abs=0.03)
    assert found.high == pytest.approx(values.mean() + error, abs=0.03)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(300):
        weights = bootstrap_weights(40, rng, resamples=300)
        (found,) = estimates(weights @ rng.exponential(1, (40, 1)))
        held += found.low <= 1 <= found.high
    assert 0.88 <= held / 300 <= 0.98


def test_a_paired_difference_is_surer_than_two_means() -> None:
    rng = np.random.default_rng(3)
    difficulty = rng.normal(0, 10, (60, 1))
    better, worse = difficulty + 0.5 + rng.normal(0, 0.2, (60, 1)), difficulty
    weights = bootstrap_weights(60, rng)
    (lead,) = estimates(weights @ better - weights @ worse)
    assert lead.above_zero
    assert not lead.below_zero
    assert lead.high - lead.low < 0.2
    (alone,) = estimates(weights @ better)
    assert alone.high - alone.low > 3


def test_what_is_not_a_number_stays_so() -> None:
    (found,) = estimates(bootstrap_weights(5, np.random.default_rng(0), 20) @ np.full((5, 1), np.nan))
    assert np.isnan([found.value, found.low, found.high]).all()
    assert not found.above_zero
    assert not found.below_zero


def test_resamples_without_a_value_are_left_out_of_the_interval() -> None:
    """Two of twenty pictures have one: 12 % of the resamples draw neither."""
    values = np.full(20, np.nan)
    values[:2] = 0.6, 0.8
    weights = bootstrap_weights(20, np.random.default_rng(0))
    drawn = weights[:, :2].sum(1)
    means = np.where(drawn > 0, weights[:, :2] @ values[:2] / np.maximum(drawn, 1e-9), np.nan)
    (found,) = estimates(means[:, None])
    assert 0.05 < np.isnan(means).mean() < 0.2
    assert (found.value, found.low, found.high) == pytest.approx((0.7, 0.6, 0.8))


def test_zero_on_the_border_is_not_beyond_it() -> None:
    assert not Estimate(0.0, 0.0, 0.0).above_zero
    assert not Estimate(0.0, 0.0, 0.0).below_zero


def test_who_wins_is_told_only_beyond_doubt_and_from_enough_pictures() -> None:
    better, worse, unsure = Estimate(2, 1, 3), Estimate(-2, -3, -1), Estimate(1, -1, 3)
    assert [standing(each, FEWEST) for each in (better, worse, unsure)] == ["wins", "loses", "cannot tell"]
    assert standing(better, FEWEST - 1) == "cannot tell"

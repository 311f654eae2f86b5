"""Class rebalancing: worked out by hand, the identity at lambda 1, rare colors more."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from safelight.errors import RecipeError
from safelight.tasks.colorize.losses import (
    bin_cross_entropy,
    rebalanced_cross_entropy,
    rebalancing_weights,
    smooth_prior,
)
from safelight.tasks.colorize.network import AbBins

PRIOR = torch.tensor([0.7, 0.2, 0.1])


def soft_and_logits(bins: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    soft = torch.softmax(3 * torch.randn(2, bins, 4, 5, generator=generator), 1)
    return soft, torch.randn(2, bins, 4, 5, generator=generator)


def test_weights_by_hand() -> None:
    """Two bins of 0.75 and 0.25, lambda a half: 1 / 0.625 and 1 / 0.375, of which the prior's mean is 1.8667."""
    weights = rebalancing_weights(torch.tensor([0.75, 0.25]), 0.5)
    torch.testing.assert_close(weights, torch.tensor([1.6, 2.6667]) / 1.866667, rtol=1e-4, atol=0)


@given(st.lists(st.floats(1e-4, 1), min_size=2, max_size=40), st.floats(0, 1))
def test_the_mean_weight_is_one_and_rare_weighs_more(shares: list[float], mix: float) -> None:
    prior = torch.tensor(shares, dtype=torch.float64)
    prior = prior / prior.sum()
    weights = rebalancing_weights(prior, mix)
    assert (prior * weights).sum().item() == pytest.approx(1)
    assert (weights[prior.argsort()].diff() <= 1e-9).all()
    torch.testing.assert_close(rebalancing_weights(prior, 1.0), torch.ones_like(prior))


def test_smoothing_loses_nothing_and_reaches_the_neighbors() -> None:
    centers = AbBins().centers * 110
    counts = torch.zeros(len(centers))
    counts[100] = 5.0
    prior = smooth_prior(counts, centers)
    assert prior.sum().item() == pytest.approx(1, abs=1e-5)
    distance = (centers - centers[100]).norm(dim=1)
    beside = prior[distance.sub(10).abs() < 1]
    assert (beside / prior[100]).tolist() == pytest.approx(
        [math.exp(-(10**2) / (2 * 5**2))] * len(beside), rel=1e-3
    )
    assert prior[distance > 40].max() < 1e-6


@pytest.mark.parametrize("counts", [torch.zeros(2), torch.tensor([1.0, -1]), torch.ones(3)])
def test_what_is_no_histogram_is_refused(counts: torch.Tensor) -> None:
    with pytest.raises(RecipeError, match="expected 2 of 0 or more, not all 0"):
        smooth_prior(counts, torch.tensor([[0.0, 0], [10, 0]]))


def test_even_weights_change_nothing() -> None:
    soft, logits = soft_and_logits()
    even = rebalanced_cross_entropy(logits, soft, torch.ones(3))
    torch.testing.assert_close(even, bin_cross_entropy(logits, soft))


def test_cross_entropy_by_hand() -> None:
    """Uniform logits cost log 3 a pixel; one pixel is of bin 0 (weight 2), one of bin 2 (weight 5)."""
    soft = torch.tensor([[0.8, 0.0], [0.2, 0.1], [0.0, 0.9]]).view(1, 3, 1, 2)
    value = rebalanced_cross_entropy(torch.zeros(1, 3, 1, 2), soft, torch.tensor([2.0, 1, 5]))
    assert value.item() == pytest.approx(3.5 * math.log(3), rel=1e-6)


def test_a_rare_color_pulls_harder() -> None:
    logits = torch.zeros(1, 3, 1, 2, requires_grad=True)
    soft = torch.eye(3)[[0, 2]].T.reshape(1, 3, 1, 2)  # a common color, a rare one
    weights = rebalancing_weights(PRIOR)
    rebalanced_cross_entropy(logits, soft, weights).backward()
    assert logits.grad is not None
    pull = logits.grad[0, :, 0].norm(dim=0)
    assert (pull[1] / pull[0]).item() == pytest.approx((weights[2] / weights[0]).item(), rel=1e-4)

"""Losses on masks of damage: what is worked out by hand, where gradient goes, what is refused."""

import math

import pytest
import torch

from safelight.errors import RecipeError
from safelight.tasks.scratches.losses import ScratchesLossSettings, balanced_cross_entropy, soft_dice


def test_known_values() -> None:
    truth = torch.tensor([1.0, 0, 0, 0]).reshape(1, 1, 2, 2)
    unsure = torch.zeros(1, 1, 2, 2)
    assert balanced_cross_entropy(unsure, truth, 1) == pytest.approx(math.log(2))
    assert balanced_cross_entropy(unsure, truth, 3) == pytest.approx((3 + 3) / 4 * math.log(2))
    # p = 1/2 everywhere: 1 - (2 * 1/2 + 1) / (4 * 1/4 + 1 + 1)
    assert soft_dice(unsure, truth) == pytest.approx(1 - 2 / 3)
    sure = (truth * 2 - 1) * 50
    assert soft_dice(sure, truth) == pytest.approx(0, abs=1e-6)
    assert soft_dice(-sure, truth) > 0.7
    assert soft_dice(torch.full((1, 1, 2, 2), -50.0), truth * 0) == pytest.approx(0, abs=1e-6)


def test_gradient_lowers_both_terms() -> None:
    truth = (torch.arange(16) % 5 == 0).float().reshape(1, 1, 4, 4)
    for term in (lambda x: balanced_cross_entropy(x, truth, 2), lambda x: soft_dice(x, truth)):
        logits = torch.zeros(1, 1, 4, 4, requires_grad=True)
        before = term(logits)
        before.backward()
        assert (logits.grad[truth == 1] < 0).all()
        assert (logits.grad[truth == 0] > 0).all()
        assert term(logits.detach() - logits.grad) < before


@pytest.mark.parametrize("wrong", [{"dice": -1}, {"dice": 0, "cross_entropy": 0}, {"damaged": 0}])
def test_refused_settings(wrong: dict) -> None:
    with pytest.raises(RecipeError, match=r"loss\."):
        ScratchesLossSettings(**wrong)

"""Losses on holes: what is worked out by hand, where gradient goes, what is refused."""

import pytest
import torch

from safelight.errors import RecipeError
from safelight.tasks.inpaint.losses import (
    InpaintLossSettings,
    composite,
    hole_log_error,
    hole_variation,
    masked_l1,
)


def half_missing() -> torch.Tensor:
    mask = torch.zeros(2, 1, 4, 4)
    mask[:, :, :, 2:] = 1
    return mask


def test_known_values() -> None:
    truth, fill, mask = torch.zeros(2, 3, 4, 4), torch.full((2, 3, 4, 4), 0.25), half_missing()
    fill[:, :, :, :2] = 0.75
    assert masked_l1(fill, truth, mask) == pytest.approx(0.25)
    assert masked_l1(fill, truth, 1 - mask) == pytest.approx(0.75)
    assert hole_log_error(fill, truth, mask, 1e-6) == pytest.approx(0.5 * torch.log(torch.tensor(0.0625)))
    assert torch.equal(composite(fill, truth, mask)[:, :, :, :2], truth[:, :, :, :2])
    step = torch.zeros(1, 3, 4, 4)
    step[:, :, :, 3] = 1.0  # one edge of height 1 down the middle of the hole: 4 of 12 pixels of the region
    assert hole_variation(step, half_missing()[:1]) == pytest.approx(4 / 12)


def test_an_empty_hole_costs_nothing_and_is_finite() -> None:
    fill = torch.rand(1, 3, 4, 4, requires_grad=True)
    empty = torch.zeros(1, 1, 4, 4)
    loss = masked_l1(fill, torch.zeros(1, 3, 4, 4), empty) + hole_variation(fill, empty)
    loss.backward()
    assert loss == 0
    assert fill.grad is not None
    assert fill.grad.abs().sum() == 0


def test_gradient_goes_where_the_loss_looks() -> None:
    fill = torch.rand(2, 3, 4, 4, requires_grad=True)
    mask = half_missing()
    hole_log_error(fill, torch.zeros(2, 3, 4, 4), mask, 0.02).backward()
    assert fill.grad is not None
    assert (fill.grad[:, :, :, 2:] > 0).all()
    assert (fill.grad[:, :, :, :2] == 0).all()


def test_a_loss_without_the_hole_is_refused() -> None:
    with pytest.raises(RecipeError, match=r"set loss\.hole"):
        InpaintLossSettings(hole=0, log_error=0, perceptual=0)
    with pytest.raises(RecipeError, match="cannot be negative"):
        InpaintLossSettings(variation=-1)

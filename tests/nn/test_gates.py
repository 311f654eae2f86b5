"""Attention gates: a share between 0 and 1, by the formula."""

import pytest
import torch
from torch.nn import functional as F

from safelight.nn.layers import AttentionGate


def case(factor: int = 2) -> tuple[AttentionGate, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return AttentionGate(6, 8, factor), torch.randn(2, 6, 4 * factor, 5 * factor), torch.randn(2, 8, 4, 5)


@pytest.mark.parametrize("factor", [2, 4])
def test_the_share_is_between_nothing_and_all_and_multiplies_the_skip(factor: int) -> None:
    gate, skip, below = case(factor)
    share = gate.share(skip, below)
    assert share.shape == (2, 1, 4 * factor, 5 * factor)
    assert 0 < share.min() < share.max() < 1
    torch.testing.assert_close(gate(skip, below), skip * share)


def test_the_share_by_the_formula() -> None:
    gate, skip, below = case()
    y, x, b = 2, 3, 1
    window = skip[b, :, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2]
    asked = gate.of_below.weight[:, :, 0, 0] @ below[b, :, y, x] + gate.of_below.bias
    carried = (gate.of_skip.weight * window).sum((1, 2, 3))
    alpha = torch.sigmoid(gate.to_share.weight.flatten() @ F.relu(asked + carried) + gate.to_share.bias)
    small = torch.sigmoid(gate.to_share(F.relu(gate.of_skip(skip) + gate.of_below(below))))
    torch.testing.assert_close(small[b, 0, y, x], alpha[0])
    enlarged = F.interpolate(small, scale_factor=2, mode="bilinear")
    torch.testing.assert_close(gate.share(skip, below), enlarged)


@pytest.mark.parametrize("factor", [2, 4])
def test_gradients_reach_every_weight_and_both_inputs(factor: int) -> None:
    gate, skip, below = case(factor)
    gate(skip.requires_grad_(), below.requires_grad_()).square().sum().backward()
    assert skip.grad is not None
    assert below.grad is not None
    assert below.grad.any()
    assert all(p.grad is not None and p.grad.any() for p in gate.parameters())


def test_what_nobody_asks_for_is_kept_back() -> None:
    gate, skip, below = case()
    torch.nn.init.constant_(gate.to_share.bias, -60.0)  # type: ignore[arg-type]
    assert gate(skip, below).abs().max() < 1e-6

"""Poolings: sizes, known values, no shift."""

import pytest
import torch

from safelight.nn.layers import POOLS, BlurPool


@pytest.mark.parametrize("name", POOLS)
@pytest.mark.parametrize("factor", [2, 4])
def test_a_constant_stays_and_the_size_is_divided(name: str, factor: int) -> None:
    x = torch.full((2, 3, 8, 12), 0.7, requires_grad=True)
    y = POOLS[name](factor)(x)
    assert y.shape == (2, 3, 8 // factor, 12 // factor)
    torch.testing.assert_close(y, torch.full_like(y, 0.7))
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.sum().item() == pytest.approx(y.numel(), rel=1e-5)


def test_blur_pool_by_hand() -> None:
    """One bright pixel, taps 1 3 3 1 over 8 both ways, at every second place."""
    x = torch.zeros(1, 1, 6, 6)
    x[0, 0, 2, 2] = 64.0
    assert BlurPool(2)(x)[0, 0].tolist() == [[1.0, 3.0, 0.0], [3.0, 9.0, 0.0], [0.0, 0.0, 0.0]]


@pytest.mark.parametrize("name", ["average_pool", "blur_pool"])
@pytest.mark.parametrize("factor", [2, 4])
def test_a_ramp_is_not_shifted(name: str, factor: int) -> None:
    ramp = torch.arange(32.0).expand(1, 1, 32, 32)
    y = POOLS[name](factor)(ramp)[0, 0, 4]
    centers = torch.arange(32 // factor) * factor + (factor - 1) / 2
    torch.testing.assert_close(y[2:-2], centers[2:-2])


def test_blur_pool_does_not_mind_a_shift_that_max_pool_minds() -> None:
    stripes = torch.tensor([0.0, 0.0, 1.0, 1.0]).repeat(8).expand(1, 1, 8, 32)
    fine = torch.tensor([0.0, 1.0]).repeat(16).expand(1, 1, 8, 32)
    inner = slice(2, -2)
    assert BlurPool(2)(fine)[..., inner].std() < 1e-6, "what is too fine for the grid becomes its mean"
    one, two = (POOLS["max_pool"](2)(stripes.roll(s, 3))[..., inner].mean() for s in (0, 1))
    three, four = (BlurPool(2)(stripes.roll(s, 3))[..., inner].mean() for s in (0, 1))
    assert abs(three - four) < abs(one - two) / 4

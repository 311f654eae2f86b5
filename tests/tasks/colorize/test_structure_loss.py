"""Total variation: by hand, nothing on a flat picture, a gradient that smooths."""

import pytest
import torch
from torch.autograd import gradcheck

from safelight.tasks.colorize.losses import total_variation


def test_by_hand() -> None:
    """Rows 0 1 | 3 3: down 3 and 2 (mean 2.5), across 1 and 0 (mean 0.5)."""
    assert total_variation(torch.tensor([[[[0.0, 1], [3, 3]]]])).item() == pytest.approx(3.0)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_flat_picture_has_none(value: float) -> None:
    flat = torch.full((2, 3, 5, 4), value, requires_grad=True)
    total_variation(flat).backward()
    assert flat.grad is not None
    assert not flat.grad.any()


def test_a_ramp_has_the_same_at_every_place_and_half_at_twice_the_size() -> None:
    small, large = (torch.linspace(0, 1, n).expand(1, 1, n, n) for n in (8, 15))
    assert total_variation(small).item() == pytest.approx(2 * total_variation(large).item(), rel=1e-5)


def test_its_gradient_smooths() -> None:
    spot = torch.zeros(1, 1, 5, 5, dtype=torch.float64)
    spot[0, 0, 2, 2] = 1.0
    spot.requires_grad_()
    total_variation(spot).backward()
    assert spot.grad is not None
    assert spot.grad[0, 0, 2, 2] > 0
    rough = torch.rand(1, 2, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert gradcheck(total_variation, (rough.requires_grad_(),))

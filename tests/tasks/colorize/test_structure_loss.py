"""Total variation: by hand, nothing on a flat picture, a gradient that smooths. Blotches: as the metric has them."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from safelight.tasks.colorize.blotches import color_steps
from safelight.tasks.colorize.losses import blotch_error, total_variation


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


def test_blotches_are_what_the_metric_counts_but_for_the_truth_s_own() -> None:
    """A patch on flat ground, by the metric's own steps in NumPy; nothing where lightness or the truth changes too."""
    rng = np.random.default_rng(3)
    truth = np.zeros((64, 64, 2), np.float32) + rng.normal(0, 0.2, (64, 64, 2)).astype(np.float32)
    answer = truth.copy()
    answer[20:40, 24:48] += (14, -9)
    L = np.full((64, 64), 60, np.float32)
    L[:, :24] = 20  # an edge of lightness along its left side

    def loss(answer: np.ndarray, truth: np.ndarray, L: np.ndarray) -> Tensor:
        planes = (torch.from_numpy(each.transpose(2, 0, 1)[None] / 110) for each in (answer, truth))
        return blotch_error(*planes, torch.from_numpy(L[None, None] - 50) / 100)

    even = np.full_like(L, 60)
    excess = np.maximum(color_steps(answer) - color_steps(truth), 0)
    assert float(loss(answer, truth, even)) == pytest.approx(excess.mean() / 110, rel=1e-4)
    assert 0.3 < float(loss(answer, truth, L)) / float(loss(answer, truth, even)) < 1
    assert float(loss(answer, answer, even)) < 1e-6
    assert float(loss(truth, answer, even)) < 1e-6  # paler than the truth is no blotch
    outlined = even.copy()
    outlined[20:40, 24:48] = 30
    assert float(loss(answer, truth, outlined)) == pytest.approx(0, abs=1e-4)


def test_one_color_all_over_has_a_slope_and_is_no_blotch() -> None:
    ab = torch.full((1, 2, 64, 64), 0.2, requires_grad=True)
    error = blotch_error(ab, torch.zeros(1, 2, 64, 64), torch.zeros(1, 1, 64, 64))
    error.backward()
    assert error.item() < 1e-6
    assert torch.isfinite(ab.grad).all()  # type: ignore[union-attr]

"""Lab to sRGB in torch: the same as in NumPy, back again, with a gradient everywhere."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.autograd import gradcheck

from safelight.pixels import color
from safelight.tasks.colorize.losses import join, lab_to_srgb


def planes(pixels: np.ndarray) -> torch.Tensor:
    """(n, 3) as (1, 3, 1, n)."""
    return torch.from_numpy(np.asarray(pixels, np.float32).T[None, :, None])


def pixels(planes: torch.Tensor) -> np.ndarray:
    return np.asarray(planes[0, :, 0].T)


@given(st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=1, max_size=20))
def test_srgb_comes_back(srgb: list[tuple[float, float, float]]) -> None:
    lab = color.srgb_to_lab(np.asarray(srgb, np.float32))
    np.testing.assert_allclose(pixels(lab_to_srgb(planes(lab))), srgb, atol=2e-4)


def test_the_same_as_in_numpy_in_and_out_of_the_gamut() -> None:
    rng = np.random.default_rng(0)
    lab = np.column_stack([rng.uniform(0, 100, 500), rng.uniform(-110, 110, (500, 2))]).astype(np.float32)
    ours = pixels(lab_to_srgb(planes(lab)))
    assert ((ours < 0) | (ours > 1)).any(1).mean() > 0.3  # many are beyond, and not clipped
    np.testing.assert_allclose(ours.clip(0, 1), color.lab_to_srgb(lab), atol=1e-4)


def test_known_colors() -> None:
    """Lindbloom's: red is (53.24, 80.09, 67.20)."""
    lab = np.array([[0, 0, 0], [100, 0, 0], [53.2408, 80.0925, 67.2032]])
    wanted = np.array([[0, 0, 0], [1, 1, 1], [1, 0, 0]])
    np.testing.assert_allclose(pixels(lab_to_srgb(planes(lab))), wanted, atol=2e-3)


def test_join_speaks_the_units_of_networks() -> None:
    L, ab = torch.full((1, 1, 2, 2), 0.1), torch.full((1, 2, 2, 2), 0.2)
    torch.testing.assert_close(
        join(L, ab), lab_to_srgb(torch.tensor([60.0, 22, 22]).view(1, 3, 1, 1).expand(1, 3, 2, 2))
    )


@pytest.mark.parametrize(
    "lab", [(0.0, 0.0, 0.0), (100.0, 0.0, 0.0), (20.0, -90.0, 90.0), (60.0, 30.0, -40.0)]
)
def test_every_color_has_a_gradient(lab: tuple[float, float, float]) -> None:
    one = torch.tensor(lab, dtype=torch.float64).view(1, 3, 1, 1).requires_grad_()
    assert gradcheck(lab_to_srgb, (one,))
    lab_to_srgb(one).sum().backward()
    assert one.grad is not None
    assert (one.grad != 0).all()


def test_autocast_does_not_round_colors() -> None:
    lab = torch.rand(1, 3, 8, 8) * 100
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(lab_to_srgb(lab), lab_to_srgb(lab.double()).float(), atol=1e-5, rtol=0)

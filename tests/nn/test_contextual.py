"""Contextual attention: holes borrow from what is known, by the formula, and nothing else changes."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from safelight.nn.bottleneck import SHARPNESS, ContextualAttention, cells, propagate


def hole(h: int = 8, w: int = 10) -> torch.Tensor:
    missing = torch.zeros(1, 1, h, w)
    missing[..., 2:5, 3:6] = 1
    return missing


def some(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_known_cells_stay_to_the_bit_and_missing_ones_change() -> None:
    x, missing = some(1, 4, 8, 10), hole()
    y = ContextualAttention()(x, missing)
    assert torch.equal(y[(missing == 0).expand_as(y)], x[(missing == 0).expand_as(x)])
    assert (y != x)[(missing == 1).expand_as(y)].all()


def test_from_one_color_comes_that_color() -> None:
    missing = hole()
    x = torch.where(missing > 0, some(1, 3, 8, 10), torch.tensor([0.2, -0.4, 0.9]).view(1, 3, 1, 1))
    y = ContextualAttention()(x, missing)
    torch.testing.assert_close(y, torch.tensor([0.2, -0.4, 0.9]).view(1, 3, 1, 1).expand_as(y))


@pytest.mark.parametrize("missing", [0.0, 1.0])
def test_with_nothing_missing_or_nothing_known_all_stays(missing: float) -> None:
    x = some(2, 3, 6, 6)
    assert torch.equal(ContextualAttention()(x, torch.full((2, 1, 6, 6), missing)), x)


def test_a_blurred_guess_of_a_texture_becomes_the_texture() -> None:
    """Stripes of period 4 with a weak copy of themselves in the hole: what is borrowed is strong and in phase."""
    stripes = torch.sin(torch.arange(20.0) * torch.pi / 2 + 0.4).expand(1, 1, 14, 20)
    stripes = torch.cat([stripes, stripes.roll(1, 3)], 1)
    missing = torch.zeros(1, 1, 14, 20)
    missing[..., 5:8, 8:12] = 1
    y = ContextualAttention()(torch.where(missing > 0, 0.3 * stripes, stripes), missing)
    torch.testing.assert_close(y, stripes, atol=0.02, rtol=0)


def test_the_shares_by_the_formula() -> None:
    """Cosines of patches, summed along moved pairs, softmax over whole patches; in float64, cell by cell."""
    h, w = 5, 6
    x, missing = some(1, 3, h, w), torch.zeros(1, 1, h, w)
    missing[..., 1, 2] = 1
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")[0].double()
    patch = {(i, j): padded[:, i : i + 3, j : j + 3].flatten() for i in range(h) for j in range(w)}

    def cosine(a: tuple[int, int], b: tuple[int, int]) -> float:
        return F.cosine_similarity(patch[a], patch[b], 0).item() if a in patch and b in patch else 0.0

    def moved(a: tuple[int, int], b: tuple[int, int]) -> float:
        return sum(
            cosine((a[0] + v, a[1] + u), (b[0] + v, b[1] + u))
            for u in (-1, 0, 1)
            for v in (-1, 0, 1)
            if all((c[0] + v, c[1]) in patch and (c[0] + v, c[1] + u) in patch for c in (a, b))
        )

    asked = (1, 3)
    logits = torch.tensor([moved(asked, b) for b in patch]) * SHARPNESS
    whole = torch.tensor([[max(abs(i - 1), abs(j - 2)) > 1 for i, j in patch]])
    wanted = torch.softmax(logits.masked_fill(~whole[0], -torch.inf), 0)
    patches = torch.stack(list(patch.values())).float()[None]
    shares = ContextualAttention().weights(patches, whole[None].float(), h, w)
    torch.testing.assert_close(shares[0, asked[0] * w + asked[1]], wanted, atol=1e-4, rtol=1e-3)


def test_moving_together_does_not_wrap_around() -> None:
    alike = torch.zeros(1, 3, 4, 3, 4)
    alike[0, 1, 3, 1, 0] = 1  # at the right edge for us, at the left edge for them
    moved = propagate(alike)
    assert moved.nonzero().tolist() == [[0, 0, 3, 0, 0], [0, 1, 3, 1, 0], [0, 2, 3, 2, 0]]


def test_gradients_reach_guess_and_known() -> None:
    x, missing = some(1, 3, 8, 10).requires_grad_(), hole()
    (ContextualAttention()(x, missing) * missing).square().sum().backward()
    assert x.grad is not None
    for part in (missing, 1 - missing):
        assert (x.grad * part).any()


@given(st.integers(1, 3), st.integers(1, 3), st.integers(0, 2**16))
def test_a_cell_is_missing_if_any_pixel_of_it_is(h: int, w: int, seed: int) -> None:
    mask = (torch.rand(1, 1, 4 * h, 4 * w, generator=torch.Generator().manual_seed(seed)) > 0.9).float()
    wanted = mask.view(h, 4, w, 4).sum((1, 3)) > 0
    assert torch.equal(cells(mask, 4)[0, 0], wanted.float())

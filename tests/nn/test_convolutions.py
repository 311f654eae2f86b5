"""Convolution blocks: partial convolution by hand, gates that close, one contract for all three."""

import pytest
import torch
from torch.nn import functional as F

from safelight.nn.convolutions import BLOCKS, GatedBlock, PartialConv, Seen, Window
from safelight.nn.layers import NORMS


def some(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kind", BLOCKS)
@pytest.mark.parametrize("window", [Window(1), Window(3, 2), Window(5, 4), Window(3, 1, 4), Window(5, 1, 2)])
def test_the_stride_alone_decides_the_size(kind: str, window: Window) -> None:
    block = BLOCKS[kind]((3, 2), 6, window, "batch", "relu")
    one, two = (Seen(some(2, c, 8, 12), torch.ones(2, 1, 8, 12)) for c in (3, 2))
    x, known = block(one, two)
    assert x.shape == (2, 6, 8 // window.stride, 12 // window.stride)
    x.square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in block.parameters())
    if kind == "partial":
        assert known is not None
        assert (known == 1).all()
    else:
        assert known is None


def conv_of_ones(kernel: int = 3) -> PartialConv:
    conv = PartialConv((1,), 1, Window(kernel))
    torch.nn.init.ones_(conv.conv.weight)
    assert conv.bias is not None
    torch.nn.init.constant_(conv.bias, 0.5)
    return conv


def test_partial_convolution_of_three_by_three_by_hand() -> None:
    """Weights of 1, bias 0.5: the mean of what is known in the window times 9, plus the bias."""
    x = torch.tensor([[1.0, 2, 3], [4, 100, 6], [7, 8, 9]])[None, None]
    known = torch.tensor([[1.0, 1, 1], [1, 0, 1], [1, 1, 0]])[None, None]
    y, after = conv_of_ones()(Seen(x, known))
    middle = (1 + 2 + 3 + 4 + 6 + 7 + 8) * 9 / 7 + 0.5
    corner = (1 + 2 + 4) * 9 / 3 + 0.5
    last = (6 + 8) * 9 / 2 + 0.5
    assert y[0, 0, 1, 1].item() == pytest.approx(middle)
    assert y[0, 0, 0, 0].item() == pytest.approx(corner)
    assert y[0, 0, 2, 2].item() == pytest.approx(last)
    assert (after == 1).all()


def test_where_nothing_is_known_nothing_is_said() -> None:
    known = torch.zeros(1, 1, 5, 7)
    known[..., 0, 0] = 1
    y, after = conv_of_ones()(Seen(torch.full((1, 1, 5, 7), 3.0), known))
    reached = torch.zeros(1, 1, 5, 7)
    reached[..., :2, :2] = 1
    assert torch.equal(after, reached)
    torch.testing.assert_close(y, reached * 27.5)


def test_without_holes_it_is_a_plain_convolution_but_for_the_border() -> None:
    conv, x = PartialConv((4,), 5, Window(3)), some(2, 4, 6, 8)
    y, _ = conv(Seen(x, torch.ones(2, 1, 6, 8)))
    plain = F.conv2d(x, conv.conv.weight, padding=1)
    torch.testing.assert_close(y[..., 1:-1, 1:-1], plain[..., 1:-1, 1:-1])
    torch.testing.assert_close(y[..., 0, 1:-1], plain[..., 0, 1:-1] * 9 / 6)
    torch.testing.assert_close(y[..., 0, 0], plain[..., 0, 0] * 9 / 4)


def test_each_part_has_its_own_mask() -> None:
    """As in the paper: the mask has as many channels as the features."""
    conv = PartialConv((3, 2), 4, Window(3, 1, 2), bias=False)
    x, masks = (some(2, 3, 7, 9), some(2, 2, 7, 9, seed=1)), (some(2, 1, 7, 9), some(2, 1, 7, 9, seed=2))
    known = tuple((mask > 0.8).float() for mask in masks)
    y, after = conv(*(Seen(*pair) for pair in zip(x, known, strict=True)))
    whole = torch.cat([k.expand_as(part) for k, part in zip(known, x, strict=True)], 1).double()
    counted = F.conv2d(whole, torch.ones(1, 5, 3, 3).double(), padding=2, dilation=2)
    said = F.conv2d(whole * torch.cat(x, 1), conv.conv.weight.double(), padding=2, dilation=2)
    wanted = torch.where(counted > 0, said * 45 / counted.clamp(min=1), 0.0)
    torch.testing.assert_close(y.double(), wanted, atol=1e-5, rtol=1e-4)
    assert torch.equal(after, (counted > 0).float())


def test_counts_are_exact_under_autocast() -> None:
    conv = PartialConv((64,), 1, Window(7), bias=False)
    torch.nn.init.constant_(conv.conv.weight, 1 / (64 * 49))
    x, known = torch.ones(1, 64, 9, 9), (some(1, 1, 9, 9) > 0).float()
    with torch.autocast("cpu", torch.bfloat16):
        y, after = conv(Seen(x, known))
    assert after.dtype == torch.float32
    torch.testing.assert_close(y.float(), after, atol=0.01, rtol=0)


@pytest.mark.parametrize(("bias", "share"), [(-40.0, 0.0), (0.0, 0.5), (40.0, 1.0)])
def test_a_gate_lets_through_what_it_says(bias: float, share: float) -> None:
    block = GatedBlock((3,), 4, Window(), "none", "relu")
    torch.nn.init.zeros_(block.gate.weight)
    torch.nn.init.constant_(block.gate.bias, bias)  # type: ignore[arg-type]
    x = some(1, 3, 5, 6)
    open_wide = F.relu(F.conv2d(x, block.features.weight, block.features.bias, padding=1))
    torch.testing.assert_close(block(Seen(x)).x, share * open_wide)


def test_group_norm_is_torch_by_hand() -> None:
    x = some(2, 12, 5, 6)
    norm = NORMS["group"](12)
    groups = x.view(2, 3, -1)
    wanted = (groups - groups.mean(2, keepdim=True)) / (
        groups.var(2, unbiased=False, keepdim=True) + 1e-5
    ).sqrt()
    torch.testing.assert_close(norm(x), wanted.view_as(x))

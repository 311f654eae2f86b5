"""Blocks: shapes, gradients, and attention that answers only where hints are."""

import pytest
import torch

from safelight.nn.layers import (
    ACTIVATIONS,
    NORMS,
    ConvBlock,
    count_parameters,
    double,
    group_norm,
    pool_to,
)
from safelight.tasks.colorize.network import HintAttention, squared_distances


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_conv_block_keeps_size_and_trains(norm, activation):
    block = ConvBlock(3, 8, norm=norm, activation=activation)
    out = block(torch.randn(2, 3, 8, 12))
    assert out.shape == (2, 8, 8, 12)
    (out**2).sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in block.parameters())


def attention_case():
    torch.manual_seed(0)
    attention = HintAttention(8, heads=2, width=4)
    features = torch.zeros(1, 8, 4, 6)
    features[:, 0], features[:, 1, :, 3:] = 1.0, 5.0  # two halves that look different
    return attention, features


def test_without_hints_attention_is_silent():
    attention, features = attention_case()
    nothing = torch.zeros(1, 1, 4, 6)
    out = attention(features, torch.randn(1, 2, 4, 6), nothing.expand(1, 2, 4, 6), nothing)
    assert torch.equal(out, torch.zeros(1, attention.outputs, 4, 6))


def test_attention_carries_the_surprise_to_what_looks_alike():
    attention, features = attention_case()
    mask = torch.zeros(1, 1, 4, 6)
    mask[..., 0, 0] = 1 / 64  # one pixel of an eighth-size cell
    ab = mask * torch.tensor([0.5, -0.3]).view(1, 2, 1, 1)
    guess = torch.full((1, 2, 4, 6), 0.1)
    out = attention(features, guess, ab, mask).view(1, 2, 3, 4, 6)
    confidence = out[:, :, 2]
    assert (confidence[..., 0, 1] > confidence[..., 0, 4]).all(), "the other half looks different"
    carried = out[:, :, :2, 0, 0] / out[:, :, 2:, 0, 0]
    torch.testing.assert_close(carried[0, 0], torch.tensor([0.4, -0.4]), atol=5e-3, rtol=0)


def test_a_right_guess_carries_nothing():
    attention, features = attention_case()
    mask = torch.ones(1, 1, 4, 6)
    guess = torch.randn(1, 2, 4, 6) * 0.1
    out = attention(features, guess, guess * mask, mask).view(1, 2, 3, 4, 6)
    assert out[:, :, :2].abs().max() < 1e-3


def test_squared_distances_in_shorter_sides():
    distances = squared_distances(2, 4, torch.device("cpu"))
    assert distances.shape == (8, 8)
    assert distances[0, 3] == pytest.approx((3 / 2) ** 2)
    assert torch.equal(distances, distances.T)


def test_pool_and_double():
    planes = torch.arange(16.0).view(1, 1, 4, 4)
    assert pool_to(planes, 2)[0, 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert double(planes).shape == (1, 1, 8, 8)


def test_pool_by_one_is_nothing_and_double_keeps_the_mean():
    planes = torch.rand(1, 2, 4, 6, generator=torch.Generator().manual_seed(0))
    assert pool_to(planes, 1) is planes
    assert torch.equal(double(torch.full((1, 1, 3, 2), 7.0)), torch.full((1, 1, 6, 4), 7.0))
    torch.testing.assert_close(
        pool_to(double(planes), 2)[..., 1:-1, 1:-1].mean(), double(planes)[..., 2:-2, 2:-2].mean()
    )


@pytest.mark.parametrize(
    ("channels", "groups"), [(1, 1), (4, 1), (12, 3), (32, 8), (64, 16), (96, 16), (7, 1), (100, 10)]
)
def test_groups_divide_the_channels(channels, groups):
    assert group_norm(channels).num_groups == groups


def test_parameters_are_counted():
    block = ConvBlock(3, 8)  # 3 x 8 x 9 weights, scale and shift of the norm
    assert count_parameters(block) == 3 * 8 * 9 + 16
    block[0].requires_grad_(False)
    assert count_parameters(block, trained_only=True) == 16


def test_attention_trains_every_weight():
    attention, features = attention_case()
    mask = (torch.rand(1, 1, 4, 6, generator=torch.Generator().manual_seed(0)) > 0.5).float() * 0.1
    features = features + torch.randn(features.shape, generator=torch.Generator().manual_seed(1))
    guess = torch.zeros(1, 2, 4, 6, requires_grad=True)
    ab = torch.randn(1, 2, 4, 6, generator=torch.Generator().manual_seed(2)) * mask
    attention(features, guess, ab, mask).square().sum().backward()
    assert guess.grad.any()
    for name, weight in attention.named_parameters():
        if name != "likeness.bias":
            assert weight.grad.any(), name
        assert torch.isfinite(weight.grad).all(), name


def test_attention_by_the_formula():
    """One pixel's answer in float64, head by head, from the weights."""
    attention, features = attention_case()
    generator = torch.Generator().manual_seed(4)
    features = features + torch.randn(features.shape, generator=generator)
    mask = (torch.rand(1, 1, 4, 6, generator=generator) > 0.6).float() * 0.02
    ab, guess = (
        torch.randn(1, 2, 4, 6, generator=generator) * mask,
        torch.randn(1, 2, 4, 6, generator=generator),
    )
    out = attention(features, guess, ab, mask).view(2, 3, 24)
    tokens = attention.likeness(features).view(2, 4, 24).double()
    tokens = tokens / tokens.norm(dim=1, keepdim=True)
    distances = squared_distances(4, 6, torch.device("cpu")).double()
    share = mask.view(24).double()
    surprise = (ab.view(2, 24) / (mask.view(24) + 1e-4) - guess.view(2, 24)).double()
    for head, asked in ((0, 3), (1, 20)):
        alike = tokens[head].T @ tokens[head][:, asked]
        logits = (
            4 * attention.sharpness[head].exp() * (alike - 1)
            - attention.nearness[head].exp() * distances[asked]
        )
        weight = logits.exp() * (32 * share).clamp(max=1)
        total = weight.sum() + torch.exp(attention.nobody[head] - 3)
        wanted = torch.cat([surprise @ weight, weight[share > 0].sum()[None]]) / total
        torch.testing.assert_close(out[head, :, asked].double(), wanted, atol=1e-4, rtol=1e-4)

"""Adversarial losses: closed forms, where each is at rest, the penalty of functions whose slope is known."""

import math

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck

from safelight.errors import RecipeError
from safelight.losses.adversarial import (
    DISCRIMINATOR_LOSSES,
    GENERATOR_LOSSES,
    AdversarialSettings,
    r1_penalty,
)

REAL, FAKE = torch.tensor([[2.0, 0.5]]), torch.tensor([[-3.0, 0.5]])
BY_HAND = {
    "hinge": ((0 + 0.5) / 2 + (0 + 1.5) / 2, 1.25),
    "least_squares": (0.5 * (1 + 0.25) / 2 + 0.5 * (9 + 0.25) / 2, 0.5 * (16 + 0.25) / 2),
    "non_saturating": (
        (math.log1p(math.exp(-2)) + math.log1p(math.exp(-0.5))) / 2
        + (math.log1p(math.exp(-3)) + math.log1p(math.exp(0.5))) / 2,
        (math.log1p(math.exp(3)) + math.log1p(math.exp(-0.5))) / 2,
    ),
}


@pytest.mark.parametrize("name", DISCRIMINATOR_LOSSES)
def test_closed_forms(name: str) -> None:
    of_discriminator, of_generator = BY_HAND[name]
    assert DISCRIMINATOR_LOSSES[name](REAL, FAKE).item() == pytest.approx(of_discriminator, rel=1e-6)
    assert GENERATOR_LOSSES[name](FAKE).item() == pytest.approx(of_generator, rel=1e-6)


def test_the_best_discriminator_of_equal_distributions() -> None:
    """Non-saturating: D = 1/2, log 4 (Goodfellow et al. 2014, theorem 1). Hinge: 2. Least squares: 1/2, 1/4."""
    for name, logit, least in (
        ("non_saturating", 0.0, math.log(4)),
        ("hinge", 0.0, 2.0),
        ("least_squares", 0.5, 0.25),
    ):
        logits = torch.full((4, 1, 3, 3), logit, requires_grad=True)
        value = DISCRIMINATOR_LOSSES[name](logits, logits)
        assert value.item() == pytest.approx(least, rel=1e-6)
        value.backward()
        assert logits.grad is not None
        assert logits.grad.abs().max().item() < 1e-7


@pytest.mark.parametrize("name", DISCRIMINATOR_LOSSES)
def test_each_pulls_its_own_way(name: str) -> None:
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    DISCRIMINATOR_LOSSES[name](real, fake).backward()
    assert real.grad is not None
    assert fake.grad is not None
    assert real.grad[0, 1] < 0 < fake.grad[0, 1]
    judged = FAKE.clone().requires_grad_()
    GENERATOR_LOSSES[name](judged).backward()
    assert judged.grad is not None
    assert (judged.grad < 0).all()  # also for the fake that is found out: no vanishing gradient


@pytest.mark.parametrize("name", DISCRIMINATOR_LOSSES)
@pytest.mark.parametrize("logit", [-1e4, 0.0, 1e4])
def test_finite_at_the_ends(name: str, logit: float) -> None:
    logits = torch.full((1, 4), logit, requires_grad=True)
    value = DISCRIMINATOR_LOSSES[name](logits, -logits) + GENERATOR_LOSSES[name](logits)
    value.backward()
    assert torch.isfinite(value)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("name", ["least_squares", "non_saturating"])
def test_gradients_are_those_of_the_formula(name: str) -> None:
    real, fake = (each.double().requires_grad_() for each in (REAL, FAKE))
    assert gradcheck(DISCRIMINATOR_LOSSES[name], (real, fake))
    assert gradcheck(GENERATOR_LOSSES[name], (fake,))


def test_r1_of_a_plane_is_half_its_slope_squared() -> None:
    """D(x) = sum of 3 x: the slope is 3 at each of 12 numbers."""
    real = torch.rand(2, 3, 2, 2)
    assert r1_penalty(lambda x: 3 * x.flatten(1).sum(1, keepdim=True), real).item() == pytest.approx(
        0.5 * 9 * 12
    )
    assert r1_penalty(lambda x: x.flatten(1).sum(1, keepdim=True) * 0 + 7, real).item() == 0


def test_r1_of_a_square_and_its_gradient() -> None:
    """D(x) = a |x|^2 has slope 2 a x: penalty 2 a^2 |x|^2, and of that by a 4 a |x|^2."""
    a = torch.tensor(0.7, requires_grad=True)
    real = torch.rand(3, 2, 2, 2)
    penalty = r1_penalty(lambda x: a * x.square().flatten(1).sum(1, keepdim=True), real)
    square = real.square().sum((1, 2, 3)).mean().item()
    assert penalty.item() == pytest.approx(2 * 0.49 * square, rel=1e-5)
    penalty.backward()
    assert a.grad is not None
    assert a.grad.item() == pytest.approx(4 * 0.7 * square, rel=1e-5)


def test_r1_trains_a_discriminator_under_autocast_in_full_precision() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.SiLU(), nn.Conv2d(4, 1, 3, padding=1))
    real = torch.rand(2, 3, 8, 8)
    full = r1_penalty(network, real)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = r1_penalty(network, real.bfloat16().float())
    mixed.backward()
    assert mixed.item() == pytest.approx(full.item(), rel=1e-2)
    assert all(
        p.grad is not None and p.grad.any() for n, p in network.named_parameters() if "2.bias" not in n
    )


def test_more_patches_are_no_larger_penalty() -> None:
    one = r1_penalty(lambda x: x.sum((1, 2, 3)).view(-1, 1), torch.rand(2, 3, 4, 4))
    many = r1_penalty(lambda x: x.sum((1, 2, 3)).view(-1, 1).expand(-1, 9), torch.rand(2, 3, 4, 4))
    assert many.item() == pytest.approx(one.item(), rel=1e-5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"weight": -1.0}, "adversarial.weight"),
        ({"r1": 1.0}, "without a discriminator; set adversarial.weight"),
        ({"weight": 1.0, "r1_every": 0}, "adversarial.r1_every"),
        ({"weight": 1.0, "lr": 0.0}, "adversarial.lr"),
        ({"weight": 1.0, "betas": (0.0, 1.0)}, "adversarial.betas"),
        ({"weight": 1.0, "start": 1.0}, "adversarial.start"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, float], said: str) -> None:
    with pytest.raises(RecipeError, match=said) as excinfo:
        AdversarialSettings(**changes)  # type: ignore[arg-type]
    assert "\n" not in str(excinfo.value)

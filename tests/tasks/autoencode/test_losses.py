"""What a code costs: torch's divergence, values by hand, free bits, active units, and a collapse that is seen."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck
from torch.distributions import Normal, kl_divergence

from safelight.errors import RecipeError
from safelight.tasks.autoencode.losses import (
    AutoencodeLossSettings,
    active_units,
    find_collapse,
    freed,
    kl_nats,
    variances,
)
from safelight.tasks.autoencode.network import Posterior


def posterior(seed: int = 0, pictures: int = 16, latent: int = 5) -> Posterior:
    generator = torch.Generator().manual_seed(seed)
    mean, log_var = (
        torch.randn(pictures, latent, generator=generator, dtype=torch.float64) for _ in range(2)
    )
    return Posterior(mean, log_var)


def test_kl_is_torchs() -> None:
    q = posterior()
    prior = Normal(torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64))
    assert torch.allclose(kl_nats(q), kl_divergence(Normal(q.mean, torch.exp(q.log_var / 2)), prior))


def test_kl_by_hand() -> None:
    q = Posterior(torch.tensor([[0.0, 1.0, 0.0]]), torch.tensor([[0.0, 0.0, math.log(4.0)]]))
    # the prior itself; a mean of 1: 1/2; sd 2: (4 - 1 - log 4) / 2
    assert kl_nats(q)[0].tolist() == pytest.approx([0, 0.5, (3 - math.log(4)) / 2])


@given(mean=st.floats(-20, 20), log_var=st.floats(-14, 8))
@settings(max_examples=40)
def test_kl_is_never_below_zero(mean: float, log_var: float) -> None:
    q = Posterior(torch.tensor([[mean]], dtype=torch.float64), torch.tensor([[log_var]], dtype=torch.float64))
    assert kl_nats(q).item() >= -1e-12


def test_kl_has_its_gradient() -> None:
    mean, log_var = (each[:3].clone().requires_grad_() for each in posterior())
    assert gradcheck(lambda m, v: kl_nats(Posterior(m, v)), (mean, log_var))


def test_free_bits() -> None:
    kl = torch.tensor([[0.1, 2.0], [0.3, 4.0]], requires_grad=True)
    assert freed(kl, 0).item() == pytest.approx(3.2)
    assert freed(kl, 0.5).item() == pytest.approx(3.5)  # the first number's 0.2 counts as 0.5
    freed(kl, 0.5).backward()
    assert kl.grad is not None
    assert kl.grad.tolist() == [[0, 0.5], [0, 0.5]]  # and is not pressed


def test_warmup() -> None:
    settings = AutoencodeLossSettings(kl=2.0, warmup=0.5)
    assert [settings.weight(progress) for progress in (0, 0.25, 0.5, 1)] == [0, 1, 2, 2]
    assert AutoencodeLossSettings(kl=2.0).weight(0) == 2


@pytest.mark.parametrize("wrong", [{"kl": -1.0}, {"warmup": 1.5}, {"free": -0.1}, {"perceptual": -1.0}])
def test_refusals(wrong: dict[str, float]) -> None:
    with pytest.raises(RecipeError, match="loss"):
        AutoencodeLossSettings(**wrong)


def test_active_units_by_hand() -> None:
    means = torch.tensor([[1.0, 0.0, 0.1], [-1.0, 0.0, -0.1], [1.0, 0.0, 0.11], [-1.0, 0.0, -0.11]])
    assert variances(means).tolist() == pytest.approx([1, 0, 0.01105])
    assert active_units(means) == 2


def test_collapse_is_named_with_its_mend() -> None:
    q = posterior()
    kl = kl_nats(q)
    assert find_collapse(q.mean, kl, 0.01, 0.05) is None
    gone = find_collapse(q.mean * 1e-3, kl * 1e-3, 0.049, 0.05)
    assert "posterior collapse: 0 of 5 units" in str(gone)
    assert "--loss.warmup" in str(gone)
    faint = find_collapse(q.mean * 0.3, kl * 1e-2, 0.05, 0.05)  # units move, and say next to nothing
    assert "posterior collapse: 5 of 5 units" in str(faint)
    deaf = find_collapse(q.mean, kl, 0.0499, 0.05)
    assert "ignores its code" in str(deaf)
    broken = find_collapse(q.mean, kl, math.nan, 0.05)
    assert "not finite" in str(broken)

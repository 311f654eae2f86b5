"""Likelihoods: torch's own distributions, values by hand, and what the padding must not change."""

import math
from typing import Any

import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck
from torch.distributions import Bernoulli, Normal

from safelight.tasks.autoencode.losses import (
    NATS,
    SD_OF_LOGISTIC,
    bernoulli_nats,
    bits_per_dimension,
    decoded_of,
    dimensions,
    gaussian_nats,
    logistic_nats,
    reconstruction_nats,
)
from safelight.tasks.autoencode.network import Decoded

SD = torch.tensor(0.2, dtype=torch.float64)


def pair(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    mean, truth = (torch.rand(2, 3, 4, 4, generator=generator, dtype=torch.float64) for _ in range(2))
    return mean, truth


def test_gaussian_is_torchs() -> None:
    mean, truth = pair()
    assert torch.allclose(gaussian_nats(mean, truth, SD), -Normal(mean, SD).log_prob(truth))
    at_mean = gaussian_nats(mean, mean, torch.tensor(1.0))
    assert at_mean.mean().item() == pytest.approx(0.918939, abs=1e-6)  # log sqrt(2 pi)


def test_bernoulli_is_torchs() -> None:
    mean, truth = pair()
    sharp = truth.round()
    assert torch.allclose(bernoulli_nats(torch.logit(mean), sharp), -Bernoulli(mean).log_prob(sharp))


def test_logistic_is_scipys_cumulative_distribution() -> None:
    mean, truth = pair()
    levels = (truth * 255).round() / 255
    logistic = scipy.stats.logistic(mean.numpy(), float(SD / SD_OF_LOGISTIC))
    mass = torch.from_numpy(
        logistic.cdf(levels.numpy() + 0.5 / 255) - logistic.cdf(levels.numpy() - 0.5 / 255)
    )
    within = (levels > 0) & (levels < 1)
    assert torch.allclose(logistic_nats(mean, levels, SD)[within], -mass.log()[within], rtol=1e-6)


@given(mean=st.floats(-0.5, 1.5), sd=st.floats(0.002, 3))
@settings(max_examples=40)
def test_a_logistic_gives_all_levels_together_a_mass_of_one(mean: float, sd: float) -> None:
    levels = torch.arange(256, dtype=torch.float64) / 255
    nats = logistic_nats(torch.tensor(mean), levels, torch.tensor(sd, dtype=torch.float64))
    assert torch.exp(-nats).sum().item() == pytest.approx(1, abs=1e-6)


def test_sd_means_the_standard_deviation() -> None:
    levels = torch.arange(256, dtype=torch.float64) / 255
    mass = torch.exp(-logistic_nats(torch.tensor(0.5, dtype=torch.float64), levels, SD / 4))
    spread = (mass * (levels - 0.5) ** 2).sum().sqrt()
    assert spread.item() == pytest.approx(0.05, rel=0.01)


@pytest.mark.parametrize("likelihood", list(NATS))
def test_padding_counts_for_nothing(likelihood: Any) -> None:
    mean, truth = pair()
    padding = torch.zeros(2, 1, 4, 4)
    padding[0, 0, :, 2:] = 1
    decoded = decoded_of(mean)
    spoiled = torch.where(padding > 0, 0.9, mean)
    nats = [
        reconstruction_nats(likelihood, each, truth, padding, SD) for each in (decoded, decoded_of(spoiled))
    ]
    assert torch.equal(nats[0], nats[1])
    whole = reconstruction_nats(likelihood, decoded, truth, torch.zeros_like(padding), SD)
    assert nats[0][1] == whole[1]
    assert nats[0][0] == pytest.approx(NATS[likelihood](decoded, truth, SD)[0, :, :, :2].sum().item())
    assert dimensions(padding).tolist() == [24, 48]


@pytest.mark.parametrize("likelihood", list(NATS))
def test_gradients(likelihood: Any) -> None:
    mean, truth = pair()
    truth = (truth * 254).round() / 255 + 0.1 / 255

    def nats(mean: torch.Tensor, sd: torch.Tensor) -> torch.Tensor:
        decoded = Decoded(torch.logit(mean), mean)
        return reconstruction_nats(likelihood, decoded, truth, torch.zeros(2, 1, 4, 4), sd)

    assert gradcheck(nats, (mean.clamp(0.05, 0.95).requires_grad_(), SD.clone().requires_grad_()))


def test_an_exact_answer_with_a_tiny_sd_is_finite() -> None:
    _, truth = pair()
    truth = truth.float()
    sd = torch.tensor(0.001)
    for far in (truth, 1 - truth):
        assert torch.isfinite(logistic_nats(far, truth, sd)).all()
        assert torch.isfinite(gaussian_nats(far, truth, sd)).all()
        assert torch.isfinite(bernoulli_nats(decoded_of(far.round()).raw, truth)).all()


def test_bits_by_hand() -> None:
    count = torch.tensor([100.0])
    nats = torch.tensor([100 * math.log(2) * 3])
    assert bits_per_dimension(nats, count, "logistic").item() == pytest.approx(3)
    assert bits_per_dimension(nats, count, "gaussian").item() == pytest.approx(11)
    assert math.isnan(bits_per_dimension(nats, count, "bernoulli").item())


def test_a_wide_gaussian_and_the_logistic_agree_in_bits() -> None:
    """A density over 0..1 plus eight bits is, where it is smooth, the mass of a level."""
    mean, sd = torch.tensor(0.5, dtype=torch.float64), torch.tensor(0.1, dtype=torch.float64)
    levels = (torch.arange(256, dtype=torch.float64) / 255)[96:160]
    density = bits_per_dimension(gaussian_nats(mean, levels, sd), torch.ones(64), "gaussian")
    mass = -torch.log2(Normal(mean, sd).cdf(levels + 0.5 / 255) - Normal(mean, sd).cdf(levels - 0.5 / 255))
    assert torch.allclose(density, mass + math.log2(256 / 255), atol=1e-3)

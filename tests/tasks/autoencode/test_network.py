"""The autoencoder: shapes, what it refuses, what its settings change, and that everything learns."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.errors import RecipeError
from safelight.tasks.autoencode.network import LEAST_LOG_VAR, VAE, Posterior
from safelight.tasks.autoencode.network_settings import VAESettings, check_pair

SMALL = VAESettings(filters=(4, 8), latent=6, norm="group")
PICTURES = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
NOISE = torch.randn(3, 6, generator=torch.Generator().manual_seed(1))


def make(**changes: Any) -> VAE:
    torch.manual_seed(0)
    return VAE(32, replace(SMALL, **changes))


@given(
    filters=st.lists(st.integers(4, 9), min_size=1, max_size=4).map(tuple),
    grid=st.integers(1, 3),
    kernel=st.sampled_from([3, 5, 7]),
    up=st.sampled_from(["resize", "transposed"]),
    layers=st.integers(1, 2),
    hidden=st.sampled_from([0, 5]),
    paint=st.sampled_from(["full", "shuffle"]),
    linear=st.booleans(),
)
@settings(max_examples=15)
def test_any_shape_comes_back_at_its_size(
    filters: tuple[int, ...],
    grid: int,
    kernel: int,
    up: Any,
    layers: int,
    hidden: int,
    paint: Any,
    linear: bool,
) -> None:
    size = grid * 2 ** len(filters)
    side = size // 2 if linear else 0
    network = VAE(
        size,
        VAESettings(
            filters, layers, kernel, up=up, paint=paint, linear=side, hidden=hidden, latent=3, norm="none"
        ),
    )
    decoded, posterior = network(torch.rand(2, 3, size, size), torch.zeros(2, 3))
    assert decoded.mean.shape == decoded.raw.shape == (2, 3, size, size)
    assert posterior.mean.shape == posterior.log_var.shape == (2, 3)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "elu", "silu", "gelu"])
@pytest.mark.parametrize("norm", ["batch", "group", "instance", "none"])
def test_every_weight_learns(activation: Any, norm: Any) -> None:
    network = make(activation=activation, norm=norm, layers=2, hidden=7, learn_sd=True)
    decoded, posterior = network(PICTURES, NOISE)
    loss = ((decoded.mean - PICTURES) / network.sd).square().sum() + posterior.log_var.exp().sum()
    (loss + posterior.mean.square().sum()).backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None, name
        normed = norm != "none" and name.endswith("bias") and ".0." in name  # a norm takes a bias away
        assert normed or weight.grad.abs().sum() > 0, name


@pytest.mark.parametrize(
    ("output", "values", "low", "high"),
    [("sigmoid", "0..1", 0, 1), ("tanh", "-1..1", 0, 1), ("tanh", "0..1", -1, 1)],
)
def test_outputs_stay_in_their_range_and_reach_it(output: Any, values: Any, low: int, high: int) -> None:
    network = make(output=output, values=values, norm="none")
    far = torch.cat([torch.full((1, 6), 1e5), torch.full((1, 6), -1e5)])
    mean = network.decode(far).mean
    assert mean.min() >= low
    assert mean.max() <= high
    assert mean.min() < low + 0.01
    assert mean.max() > high - 0.01


def test_tanh_over_both_signs_is_a_sigmoid_of_twice_the_number() -> None:
    """The note's tanh against sigmoid: the same pictures, if the range of values is the right one."""
    tanh, sigmoid = make(output="tanh", values="-1..1"), make(output="sigmoid")
    assert torch.allclose(tanh.decode(NOISE).mean, torch.sigmoid(2 * sigmoid.decode(NOISE).raw), atol=1e-6)


@pytest.mark.parametrize("output", ["none", "sigmoid", "tanh"])
def test_it_begins_near_grey_and_near_the_prior(output: Any) -> None:
    network = make(output=output, values="-1..1" if output == "tanh" else "0..1")
    decoded, posterior = network(PICTURES, NOISE)
    assert abs(decoded.mean.mean() - 0.5) < 0.05
    assert torch.equal(posterior.log_var, torch.zeros(3, 6))


def test_a_plain_autoencoder_adds_no_noise() -> None:
    plain = make(variational=False)
    one, posterior = plain(PICTURES, NOISE)
    two, _ = plain(PICTURES, 100 * NOISE)
    assert torch.equal(one.mean, two.mean)
    assert (posterior.log_var == LEAST_LOG_VAR).all()
    assert not torch.equal(make()(PICTURES, NOISE)[0].mean, make()(PICTURES, -NOISE)[0].mean)


def test_codes_are_drawn_as_the_posterior_says() -> None:
    posterior = Posterior(torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, math.log(9.0)]]))
    assert torch.allclose(posterior.draw(torch.tensor([[1.0, -1.0]])), torch.tensor([[2.0, -5.0]]))


@pytest.mark.parametrize(
    ("name", "variance"), [("he_normal", 2 / 36), ("he_uniform", 2 / 36), ("glorot_uniform", 2 / (36 + 54))]
)
def test_initial_weights_have_the_variance_of_their_paper(name: Any, variance: float) -> None:
    """Of the second convolution: 4 channels by 3 × 3 come in, and 6 go out."""
    torch.manual_seed(0)
    found = [
        VAE(32, replace(SMALL, filters=(4, 6), initialization=name)).to_code.levels[1][0].weight.var().item()  # type: ignore[index]
        for _ in range(40)
    ]
    assert sum(found) / len(found) == pytest.approx(variance, rel=0.1)


def test_orthogonal_weights_are_orthogonal() -> None:
    rows = make(initialization="orthogonal").to_code.mean.weight
    assert torch.allclose(rows @ rows.T, 2 * torch.eye(6), atol=1e-4)


@pytest.mark.parametrize(
    ("output", "values", "likelihood", "words"),
    [
        ("tanh", "0..1", "bernoulli", "numbers below 0.*sigmoid"),
        ("none", "0..1", "bernoulli", "any number.*sigmoid"),
        ("sigmoid", "-1..1", "gaussian", "reach no value below 0"),
        ("sigmoid", "-1..1", "bernoulli", "black"),
    ],
)
def test_pairs_that_cannot_work_are_refused(output: Any, values: Any, likelihood: Any, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        check_pair(output, values, likelihood)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"filters": ()}, "one number"),
        ({"kernel": 4}, "odd"),
        ({"latent": 0}, "latent 0"),
        ({"sd": 0.0}, "0.001 to 10"),
        ({"output": "sigmoid", "likelihood": "bernoulli", "learn_sd": True}, "learn_sd"),
    ],
)
def test_impossible_settings(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        replace(SMALL, **changes)


@pytest.mark.parametrize(
    ("size", "norm", "words"),
    [(30, "group", "multiple of 4"), (2, "group", "multiple of 4"), (4, "instance", "one pixel")],
)
def test_sizes_that_cannot_be_halved(size: int, norm: Any, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        VAE(size, replace(SMALL, norm=norm))

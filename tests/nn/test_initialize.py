"""First weights: their statistics, and unit variance of every layer on real pictures."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from safelight.errors import RecipeError
from safelight.nn.initialize import (
    INITIALIZATIONS,
    Layer,
    cluster,
    initialize,
    kmeans_filters,
    needs_data,
    patches_seen,
)
from safelight.nn.plain_unet import PlainUNet
from safelight.pixels.files import read_photo
from safelight.pixels.geometry import resize
from tests.nn.plain_kinds import KINDS, plain_network

EXAMPLES = Path(__file__).parents[2] / "examples"
FITTED = [how for how in INITIALIZATIONS if needs_data(how)]


@pytest.fixture(scope="module")
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Four real pictures with holes, and the mask as a fourth channel."""
    names = ("cat", "coffee", "sphinx-1870s", "inuit-woman-1903")
    photos = [resize(read_photo(EXAMPLES / f"{name}.jpg").srgb, (32, 48)) for name in names]
    pictures = torch.from_numpy(np.stack(photos)).permute(0, 3, 1, 2).float()
    mask = torch.zeros(4, 1, 32, 48)
    mask[:, :, 10:18, 20:30] = 1
    return torch.cat([pictures * (1 - mask), mask], 1), mask


def outputs(network: nn.Module, batch: tuple[torch.Tensor, ...]) -> dict[str, torch.Tensor]:
    """What every convolution and linear layer says to the batch, at the first step of training."""
    said: dict[str, torch.Tensor] = {}
    hooks = [
        module.register_forward_hook(lambda m, i, o, name=name: said.__setitem__(name, o.clone()))
        for name, module in network.named_modules()
        if isinstance(module, Layer)
    ]
    with torch.no_grad():
        network.train()(*batch)
    for hook in hooks:
        hook.remove()
    return said


@pytest.mark.parametrize("kind", ["gates", "gated", "partial", "blur-pool-silu-no-norm", "fully-connected"])
def test_lsuv_gives_every_layer_unit_variance(kind: str, batch: Any) -> None:
    network = plain_network(**KINDS[kind])
    initialize(network, "lsuv", batch, torch.Generator().manual_seed(0))
    for name, said in outputs(network, batch).items():
        assert said.var().item() == pytest.approx(1, abs=1e-3), name


@pytest.mark.parametrize("kind", ["gates", "gated", "partial", "blur-pool-silu-no-norm", "fully-connected"])
def test_kmeans_gives_every_channel_unit_variance_and_no_mean(kind: str, batch: Any) -> None:
    network = plain_network(**KINDS[kind])
    initialize(network, "kmeans", batch, torch.Generator().manual_seed(0))
    layers = dict(network.named_modules())
    for name, said in outputs(network, batch).items():
        channels = said.transpose(0, 1).flatten(1) if said.ndim == 4 else said.T
        deviation = channels.std(1)
        live = deviation > 1e-3  # a code of a few pictures may be silent behind a relu
        assert live.float().mean() > 0.9, name
        torch.testing.assert_close(deviation[live], torch.ones(int(live.sum())), atol=5e-3, rtol=0)
        if layers[name].bias is not None:
            assert channels.mean(1).abs().max() < 5e-3, name


def test_the_first_filters_come_from_the_pictures(batch: Any) -> None:
    """k-means filters answer to real patches more unevenly (higher kurtosis) than random ones: they are edges."""

    def kurtosis(how: Any) -> float:
        network = plain_network()
        initialize(network, how, batch, torch.Generator().manual_seed(0))
        said = outputs(network, batch)["down.0.0.block.0"].transpose(0, 1).flatten(1)
        z = (said - said.mean(1, keepdim=True)) / said.std(1, keepdim=True)
        return z.pow(4).mean().item()

    assert kurtosis("kmeans") > 1.5 * kurtosis("he_normal")


@pytest.mark.parametrize("how", FITTED)
def test_fitting_is_reproducible_and_leaves_mode_and_norms_as_new(how: Any, batch: Any) -> None:
    weights = []
    for _ in range(2):
        network = plain_network().eval()
        initialize(network, how, batch, torch.Generator().manual_seed(3))
        assert not network.training
        assert not any(m._forward_hooks for m in network.modules())
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                assert not module.running_mean.any()  # type: ignore[union-attr]
        weights.append([p.clone() for p in network.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


@pytest.mark.parametrize("how", FITTED)
def test_silence_is_left_as_it_was(how: Any) -> None:
    """All-zero questions: no layer is divided by nothing."""
    network = plain_network(norm="none", activation="relu")
    initialize(network, how, (torch.zeros(2, 4, 16, 16),), torch.Generator().manual_seed(0))
    assert all(torch.isfinite(p).all() for p in network.parameters())


def test_questions_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(RecipeError, match="not finite"):
        initialize(plain_network(), "lsuv", (torch.full((1, 4, 16, 16), torch.nan),))


def test_he_normal_keeps_the_variance_through_relu() -> None:
    """He et al. 2015: through thirty layers of relu the second moment stays of the same order."""
    deep = nn.Sequential(*(m for _ in range(30) for m in (nn.Linear(256, 256), nn.ReLU())))
    initialize(deep, "he_normal", None, torch.Generator().manual_seed(0))
    x = torch.randn(64, 256, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert 0.2 < deep(x).square().mean() / x.square().mean() < 5
    weight = deep[0].weight
    assert weight.std().item() == pytest.approx(math.sqrt(2 / 256), rel=0.02)


def test_orthogonal_rows_are_orthogonal() -> None:
    layer = nn.Sequential(nn.Conv2d(4, 8, 3))
    initialize(layer, "orthogonal", None, torch.Generator().manual_seed(0))
    rows = layer[0].weight.flatten(1)
    torch.testing.assert_close(rows @ rows.T, 2 * torch.eye(8), atol=1e-5, rtol=0)
    assert not layer[0].bias.any()


@pytest.mark.parametrize("how", ["he_normal", "orthogonal", "lsuv"])
def test_channels_last_gets_the_same_weights(how: Any, batch: Any) -> None:
    one, two = plain_network(), plain_network().to(memory_format=torch.channels_last)
    for network in (one, two):
        initialize(network, how, batch, torch.Generator().manual_seed(0))
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-3)


def test_channels_last_is_clustered_too(batch: Any) -> None:
    """Not to the same weights: a patch between two clusters falls to either by the last bit."""
    network = plain_network().to(memory_format=torch.channels_last)
    initialize(network, "kmeans", batch, torch.Generator().manual_seed(0))
    assert all(
        p.is_contiguous(memory_format=torch.channels_last) for p in network.parameters() if p.ndim == 4
    )
    for name, said in outputs(network, batch).items():
        deviation = said.float().std((0, 2, 3))  # of a channel, whose mean is its own where there is no bias
        torch.testing.assert_close(deviation, torch.ones_like(deviation), atol=0.02, rtol=0, msg=name)


def test_layers_of_zeros_stay_silent(batch: Any) -> None:
    network = plain_network()
    nn.init.zeros_(network.out.weight)
    initialize(network, "lsuv", batch, torch.Generator().manual_seed(0))
    assert not network.out.weight.any()


def test_frozen_layers_are_left_alone(batch: Any) -> None:
    network: PlainUNet = plain_network()
    network.out.requires_grad_(False)
    before = network.out.weight.clone()
    initialize(network, "lsuv", batch, torch.Generator().manual_seed(5))
    assert torch.equal(network.out.weight, before)


def test_clusters_are_found() -> None:
    """Points along three lines through the origin: each of three centers ends on a line of its own."""
    lines = torch.linalg.qr(torch.randn(6, 3, generator=torch.Generator().manual_seed(0)))[0].T
    generator = torch.Generator().manual_seed(1)
    points = torch.cat([lines[i] * torch.randn(200, 1, generator=generator) for i in range(3)])
    found = (cluster(points, 3, generator) @ lines.T).abs()
    torch.testing.assert_close(found.amax(1), torch.ones(3), atol=0.02, rtol=0)
    assert sorted(found.argmax(1).tolist()) == [0, 1, 2]


def test_filters_do_not_mind_how_strong_a_direction_is() -> None:
    """Whitening: the weak one of two independent sources gets a filter as the strong one does."""
    generator = torch.Generator().manual_seed(0)
    sources = (
        torch.rand(2000, 2, generator=generator).sub(0.5).sign()
        * torch.rand(2000, 2, generator=generator) ** 3
    )
    patches = sources * torch.tensor([10.0, 0.5])
    filters = kmeans_filters(patches, 2, generator) @ torch.diag(torch.tensor([10.0, 0.5]))
    assert sorted(filters.abs().argmax(1).tolist()) == [0, 1]


def test_patches_are_what_the_layer_multiplies() -> None:
    """A layer whose kernel picks one cell: its answers are found among its patches."""
    layer = nn.Conv2d(2, 1, 3, padding=2, dilation=2, bias=False)
    x = torch.rand(1, 2, 6, 7, generator=torch.Generator().manual_seed(0))
    patches = patches_seen(layer, x, torch.Generator().manual_seed(1))
    assert patches.shape == (42, 18)
    said = patches @ layer.weight.detach().flatten()
    torch.testing.assert_close(said.sort().values, layer(x).detach().flatten().sort().values)

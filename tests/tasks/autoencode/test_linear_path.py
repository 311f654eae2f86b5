"""The linear path of an autoencoder: principal components, small pictures, and a start that is PCA itself."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from safelight.errors import RecipeError
from safelight.nn.export import export_onnx
from safelight.runtime.card import ModelCard
from safelight.tasks.autoencode.export import model_parts, part_samples
from safelight.tasks.autoencode.network import (
    SLOW,
    VAE,
    SlowLinear,
    init_from_pca,
    principal_components,
    shrink,
)
from safelight.tasks.autoencode.network_settings import VAESettings

SMALL = VAESettings(filters=(4, 8), latent=6, linear=16, refine=5, norm="none", learn_sd=True, sd=0.05)


def pictures(count: int = 40, size: int = 16) -> torch.Tensor:
    """Smooth color pictures, bytes."""
    coarse = torch.rand(count, 3, 3, 3, generator=torch.Generator().manual_seed(0))
    smooth = F.interpolate(coarse, size=size, mode="bilinear")
    return (smooth * 255).round().to(torch.uint8)


def exact(given: torch.Tensor, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, sds and components by NumPy's SVD."""
    flat = given.flatten(1).numpy() / 255
    mean = flat.mean(0)
    _, values, components = np.linalg.svd(flat - mean, full_matrices=False)
    return mean, values[:count] / np.sqrt(len(flat)), components[:count]


def test_components_are_those_of_the_svd() -> None:
    mean, sds, components = principal_components(pictures().flatten(1), 6, torch.Generator().manual_seed(1))
    true_mean, true_sds, true_components = exact(pictures(), 6)
    assert np.allclose(mean.numpy(), true_mean, atol=1e-5)
    assert np.allclose(sds.numpy(), true_sds, rtol=1e-3)
    assert np.allclose(np.abs(np.sum(components.numpy() * true_components, 1)), 1, atol=1e-2)
    again = principal_components(pictures().flatten(1), 6, torch.Generator().manual_seed(1))
    assert torch.equal(again[2], components)


def test_there_are_no_more_components_than_pictures_tell() -> None:
    _, sds, components = principal_components(pictures(4).flatten(1), 6, torch.Generator().manual_seed(0))
    assert (len(sds), len(components)) == (3, 3)


def test_small_pictures_come_back_from_their_enlargement() -> None:
    small = torch.rand(2, 3, 8, 8, dtype=torch.float64).float()
    for size in (8, 16, 24):
        large = F.interpolate(small, size=size, mode="bilinear")
        assert torch.allclose(shrink(large, 8), small, atol=1e-4)


@pytest.mark.parametrize("paint", ["full", "shuffle"])
def test_a_new_network_is_pca(paint: str) -> None:
    side = 16 if paint == "full" else 8
    settings = VAESettings(filters=(4, 8), latent=6, linear=side, refine=5, paint=paint)  # type: ignore[arg-type]
    network = VAE(16, settings).eval()
    init_from_pca(network, pictures(), torch.Generator().manual_seed(0))
    shown = pictures().float() / 255
    with torch.inference_mode():
        codes = network.encode(shown)
        given = network.decode(codes.mean).mean.flatten(1).numpy()
    mean, _, components = exact(pictures(), 6)
    flat = shown.flatten(1).numpy()
    pca = mean + (flat - mean) @ components.T @ components
    assert np.abs(given - pca).max() < (1e-3 if paint == "full" else 0.1)
    assert torch.allclose(codes.mean.var(0, correction=0), torch.ones(6), atol=0.01)
    assert (codes.log_var < 0).all()


def test_a_path_longer_than_the_pictures_tell_of_stays_finite() -> None:
    network = VAE(16, SMALL).eval()
    init_from_pca(network, pictures(3), torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.isfinite(network.decode(network.encode(pictures().float() / 255).mean).mean).all()


def test_the_path_learns_slowly() -> None:
    path = SlowLinear(5, 3)
    path.begin(torch.ones(3, 5), torch.zeros(3))
    assert torch.allclose(path(torch.ones(1, 5)), torch.full((1, 3), 5.0), atol=1e-5)
    optimizer = torch.optim.Adam(path.parameters(), lr=0.1)
    path(torch.ones(1, 5)).sum().backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    assert torch.allclose(SLOW * path.weight, torch.full((3, 5), 1 - 0.1 * SLOW), atol=1e-5)


def test_all_of_it_learns() -> None:
    network = VAE(16, SMALL)
    init_from_pca(network, pictures(), torch.Generator().manual_seed(0))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    shown = pictures(8).float() / 255
    for _ in range(3):  # what begins at nothing passes no gradient on at first
        optimizer.zero_grad()
        decoded, posterior = network(shown, torch.randn(8, 6))
        loss = ((decoded.mean - shown) ** 2).sum() / network.sd**2 + (posterior.log_var**2).sum()
        loss.backward()
        optimizer.step()
    silent = [
        name for name, value in network.named_parameters() if value.grad is None or not value.grad.any()
    ]
    assert silent == []


def test_paths_that_cannot_be() -> None:
    with pytest.raises(RecipeError, match="divisor of 8"):
        VAE(16, VAESettings(filters=(4, 8), linear=16, paint="shuffle"))
    with pytest.raises(RecipeError, match="output none"):
        VAE(16, VAESettings(filters=(4, 8), linear=8, output="sigmoid"))
    with pytest.raises(RecipeError, match="refine"):
        VAESettings(refine=0)
    with pytest.raises(ValueError, match="no linear path"):
        init_from_pca(VAE(16, VAESettings(filters=(4, 8))), pictures(), torch.Generator())


def test_an_exported_path_answers_as_torch_does(tmp_path: Path) -> None:
    network = VAE(16, SMALL).eval()
    init_from_pca(network, pictures(), torch.Generator().manual_seed(0))
    card = ModelCard(
        name="small", task="code", version="1", created="2026-11-22", size=16, inputs=(), outputs=(),
        parameters=99, license="MIT",
    )  # fmt: skip
    samples = part_samples(network, [*(pictures(3).float() / 255).numpy()])
    code, picture = export_onnx(model_parts(network), card, tmp_path / "small.onnx", samples)
    assert code.largest_difference < 0.01
    assert picture.largest_difference < 0.01 * 255

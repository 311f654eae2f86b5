"""Colors as distributions over ab bins: in the gamut, encoded and decoded."""

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab

from safelight.tasks.colorize.bins import STEP, gamut_bins
from safelight.tasks.colorize.network import AbBins


@pytest.fixture(scope="module")
def bins() -> AbBins:
    return AbBins()


def surface_of_srgb() -> np.ndarray:
    """ab of the faces of the sRGB cube, by scikit-image: no color inside has an ab that they have not."""
    levels = np.linspace(0, 1, 86)
    one, two = np.meshgrid(levels, levels, indexing="ij")
    pair = np.stack([one, two], -1).reshape(-1, 2)
    faces = [np.insert(pair, channel, end, axis=1) for channel in range(3) for end in (0.0, 1.0)]
    return rgb2lab(np.concatenate(faces)[None])[0, :, 1:]


def test_bins_are_the_cells_that_hold_a_color() -> None:
    """259, where Zhang et al. have 313: theirs keep cells just outside of sRGB, ours hold a color each."""
    found = {tuple(cell) for cell in np.round(gamut_bins() / STEP).astype(int)}
    true = {tuple(cell) for cell in np.round(surface_of_srgb() / STEP).astype(int)}
    assert len(found) == 259
    assert found <= true
    assert len(true - found) <= 2  # grazed by a corner of their cell alone


def test_a_grid_of_half_the_step_has_about_four_times_the_bins() -> None:
    assert 3.4 < len(gamut_bins(5.0)) / len(gamut_bins(10.0)) < 4
    assert len(np.unique(gamut_bins(), axis=0)) == len(gamut_bins())


def random_ab(count: int = 60) -> torch.Tensor:
    """Colors of sRGB, ab / 110, as a picture (1, 2, 6, count / 6)."""
    srgb = np.random.default_rng(0).uniform(0.1, 0.9, (1, count, 3))
    ab = rgb2lab(srgb)[0, :, 1:].astype(np.float32) / 110
    return torch.from_numpy(ab.T.reshape(1, 2, 6, -1).copy())


def test_encoding_is_a_distribution_over_five_neighbours(bins: AbBins) -> None:
    ab = random_ab()
    soft = bins.encode(ab)
    assert soft.shape == (1, bins.count, *ab.shape[2:])
    torch.testing.assert_close(soft.sum(1), torch.ones(1, *ab.shape[2:]))
    assert (soft >= 0).all()
    assert ((soft > 0).sum(1) <= 5).all()


def test_encoding_by_the_formula(bins: AbBins) -> None:
    """Zhang et al. 2016, section 2.2: Gaussian weights, sigma 5, over the five nearest, normalized."""
    ab, centers = random_ab().double(), bins.centers.double() * 110
    soft = bins.encode(ab.float())
    for place in ((0, 0), (2, 7), (5, 9)):
        distance = (ab[0, :, place[0], place[1]] * 110 - centers).norm(dim=1)
        nearest = distance.argsort()[:5]
        weight = torch.exp(-(distance[nearest] ** 2) / (2 * 5.0**2))
        wanted = torch.zeros(bins.count, dtype=torch.float64)
        wanted[nearest] = weight / weight.sum()
        torch.testing.assert_close(soft[0, :, place[0], place[1]].double(), wanted, atol=2e-4, rtol=0)


def test_encoding_and_the_mean_come_back_near(bins: AbBins) -> None:
    ab = random_ab()
    back = bins.annealed_mean(torch.log(bins.encode(ab) + 1e-12), 1.0)
    away = (back - ab).norm(dim=1) * 110
    assert away.mean() < 2
    assert away.max() < 5


def test_a_bins_own_color_comes_back_exactly(bins: AbBins) -> None:
    inner = bins.centers[(bins.centers * 110).norm(dim=1) < 25]  # all four neighbours are bins too
    ab = inner.T.reshape(1, 2, 1, -1)
    back = bins.annealed_mean(torch.log(bins.encode(ab) + 1e-12), 1.0)
    torch.testing.assert_close(back, ab, atol=1e-3, rtol=0)


def test_annealed_mean_between_mean_and_mode(bins: AbBins) -> None:
    logits = torch.randn(2, bins.count, 3, 4, generator=torch.Generator().manual_seed(0))
    share = torch.softmax(logits, 1)
    mean = (share[:, :, None] * bins.centers[None, :, :, None, None]).sum(1)
    torch.testing.assert_close(bins.annealed_mean(logits, 1.0), mean, atol=1e-5, rtol=1e-4)
    mode = bins.centers[logits.argmax(1)].permute(0, 3, 1, 2)
    torch.testing.assert_close(bins.annealed_mean(logits, 1e-4), mode, atol=1e-4, rtol=0)


def test_annealing_by_equation_five(bins: AbBins) -> None:
    """exp(log z / T), normalized."""
    logits = torch.randn(1, bins.count, 1, 1, generator=torch.Generator().manual_seed(1))
    z = torch.softmax(logits.double(), 1)[0, :, 0, 0]
    sharpened = z ** (1 / 0.38)
    wanted = (sharpened / sharpened.sum()) @ bins.centers.double()
    torch.testing.assert_close(
        bins.annealed_mean(logits, 0.38)[0, :, 0, 0].double(), wanted, atol=1e-5, rtol=0
    )


def test_the_mean_is_exact_where_the_network_runs_in_half(bins: AbBins) -> None:
    logits = 4 * torch.randn(1, bins.count, 2, 2, generator=torch.Generator().manual_seed(2))
    with torch.autocast("cpu", torch.bfloat16):
        half = bins.annealed_mean(logits, 0.38)
    torch.testing.assert_close(half, bins.annealed_mean(logits, 0.38))


def test_gradients_reach_the_logits(bins: AbBins) -> None:
    logits = torch.randn(1, bins.count, 2, 2, requires_grad=True, generator=torch.Generator().manual_seed(0))
    bins.annealed_mean(logits, 0.38).square().sum().backward()
    assert logits.grad is not None
    assert (logits.grad.abs().amax((0, 2, 3)) > 0).all()


def test_centers_are_no_weights(bins: AbBins) -> None:
    assert not bins.state_dict()
    assert not list(bins.parameters())

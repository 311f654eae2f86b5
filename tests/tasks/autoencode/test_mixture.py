"""The mixture of codes: scipy's densities, samples that have its moments, files that are refused."""

from pathlib import Path

import numpy as np
import pytest
import scipy.stats

from safelight.errors import ModelError
from safelight.tasks.autoencode.mixture import Mixture, choose_mixture, fit_mixture

WEIGHTS = np.array([0.3, 0.7])
MEANS = np.array([[0.0, 1.0], [4.0, -2.0]])
FACTORS = np.array([[[1.0, 0.0], [0.5, 0.5]], [[0.3, 0.0], [0.0, 2.0]]])
MIXTURE = Mixture(WEIGHTS, MEANS, FACTORS)


def test_density_is_scipys() -> None:
    codes = np.random.default_rng(0).normal(0, 3, (50, 2))
    parts = [
        weight * scipy.stats.multivariate_normal(mean, factor @ factor.T).pdf(codes)
        for weight, mean, factor in zip(WEIGHTS, MEANS, FACTORS, strict=True)
    ]
    assert np.allclose(MIXTURE.log_density(codes), np.log(np.sum(parts, axis=0)), atol=1e-8)


def test_samples_have_its_moments() -> None:
    codes = MIXTURE.sample(200_000, np.random.default_rng(0))
    mean = WEIGHTS @ MEANS
    covariance = sum(
        weight * (factor @ factor.T + np.outer(each - mean, each - mean))
        for weight, each, factor in zip(WEIGHTS, MEANS, FACTORS, strict=True)
    )
    assert np.allclose(codes.mean(0), mean, atol=0.03)
    assert np.allclose(np.cov(codes.T), covariance, atol=0.05)
    assert np.array_equal(
        MIXTURE.sample(3, np.random.default_rng(5)), MIXTURE.sample(3, np.random.default_rng(5))
    )


def test_it_comes_back_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "codes.npz").write_bytes(MIXTURE.to_bytes())
    again = Mixture.load(tmp_path / "codes.npz")
    assert np.allclose(again.factors, FACTORS)
    assert again.means.dtype == np.float32
    for content in (b"", b"no zip", MIXTURE.to_bytes()[:200]):
        (tmp_path / "broken.npz").write_bytes(content)
        with pytest.raises(ModelError, match="export the model again"):
            Mixture.load(tmp_path / "broken.npz")


@pytest.mark.parametrize(
    "parts",
    [
        (WEIGHTS, MEANS, FACTORS[:1]),
        (WEIGHTS * 2, MEANS, FACTORS),
        (WEIGHTS, MEANS * np.nan, FACTORS),
        (WEIGHTS, MEANS[0], FACTORS),
    ],
)
def test_what_is_no_mixture_is_refused(parts: tuple[np.ndarray, ...]) -> None:
    with pytest.raises(ModelError):
        Mixture(*parts)


def test_a_fit_finds_the_parts() -> None:
    rng = np.random.default_rng(0)
    found = fit_mixture(MIXTURE.sample(4000, rng), 2, rng)
    order = np.argsort(found.means[:, 0])
    assert np.allclose(found.weights[order], WEIGHTS, atol=0.03)
    assert np.allclose(found.means[order], MEANS, atol=0.15)


def test_held_out_codes_choose_how_many_parts() -> None:
    rng = np.random.default_rng(1)
    chosen, scores = choose_mixture(MIXTURE.sample(3000, rng), MIXTURE.sample(1000, rng), rng)
    assert scores[2] > scores[1] + 0.3
    assert len(chosen.weights) >= 2
    alone, tried = choose_mixture(rng.normal(size=(7, 4)), rng.normal(size=(5, 4)), rng)
    assert set(tried) == {1}
    assert len(alone.weights) == 1

"""How common colors are: counted by brute force, kept with the dataset, and what bins weigh for it."""

from pathlib import Path

import numpy as np
import pytest

from safelight.data.cache import open_dataset
from safelight.pixels.color import srgb_to_lab
from safelight.tasks.colorize import dataset as samples
from safelight.tasks.colorize.bins import gamut_bins
from safelight.tasks.colorize.dataset import bin_weights, cached_counts, color_counts
from tests.training.conftest import Album, soft_picture


def test_counts_by_brute_force() -> None:
    picture = soft_picture(3, (40, 40))
    ab = srgb_to_lab(picture)[..., 1:].reshape(-1, 2)
    distance = np.linalg.norm(ab[:, None] - gamut_bins()[None], axis=2)
    wanted = np.bincount(distance.argmin(1), minlength=len(gamut_bins()))
    counts = color_counts(Album([picture, picture], ["a", "a"]))
    assert counts.sum() == 2 * 40 * 40
    assert np.abs(counts - 2 * wanted).sum() <= 0.02 * counts.sum()  # ties, and cells at the gamut's edge


def test_a_grey_album_is_all_grey() -> None:
    grey = np.full((64, 64, 3), 128, np.uint8)
    counts = color_counts(Album([grey], ["a"]))
    assert gamut_bins()[counts.argmax()].tolist() == [0, 0]
    assert counts.max() == counts.sum()
    weights = bin_weights(Album([grey], ["a"]), 0.5)
    assert weights.argmin() == counts.argmax()
    assert weights.max() > 50 * weights.min()


def test_even_weights_at_lambda_one(album: Album) -> None:
    np.testing.assert_allclose(bin_weights(album, 1.0), 1, rtol=1e-5)


def test_counted_once_for_a_dataset(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = open_dataset(dataset, "train")
    counts = cached_counts(pictures)
    assert [path.name for path in (dataset / "color_prior").iterdir()] == [f"{pictures.fingerprint}.npy"]
    monkeypatch.setattr(samples, "color_counts", lambda _: pytest.fail("counted again"))
    np.testing.assert_array_equal(cached_counts(pictures), counts)


def test_a_dataset_that_cannot_be_written_is_counted_all_the_same(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_out = open_dataset(dataset, "val")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(np, "save", refuse)
    assert cached_counts(held_out).sum() > 0

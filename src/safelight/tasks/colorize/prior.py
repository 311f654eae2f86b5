"""How common each bin of color is in a dataset, and what bins weigh for it (losses/rebalancing.py)."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64

from safelight.data.cache import PictureSet, photo_in
from safelight.pixels.color import srgb_to_lab
from safelight.tasks.colorize.bins import STEP, gamut_bins
from safelight.tasks.colorize.rebalancing import rebalancing_weights, smooth_prior
from safelight.training.batches import Pictures

FOLDER = "color_prior"  # in the dataset's own folder
GRID = 40  # rows and columns of a picture that are counted, about
REACH = 12  # cells from grey to the end of the gamut


def bin_weights(pictures: Pictures, mix: float) -> Float32[np.ndarray, " q"]:
    """Rebalancing weight of each bin on these pictures, each counted once. Raises RecipeError."""
    counts, centers = torch.from_numpy(kept_counts(pictures)), torch.from_numpy(gamut_bins())
    prior = smooth_prior(counts, centers.double())
    return np.asarray(rebalancing_weights(prior, mix), np.float32)


def kept_counts(pictures: Pictures) -> Float64[np.ndarray, " q"]:
    """`color_counts`, measured once for a dataset and kept in its folder, where that can be written."""
    if not isinstance(pictures, PictureSet):
        return color_counts(pictures)
    path = pictures.dataset.folder / FOLDER / f"{pictures.fingerprint}.npy"
    if path.is_file():
        return np.asarray(np.load(path, allow_pickle=False))
    counts = color_counts(pictures)
    _keep(counts, path)
    return counts


def color_counts(pictures: Pictures) -> Float64[np.ndarray, " q"]:
    """Pixels nearest to each bin of models/bins.py, over a grid of about 40 x 40 of each picture."""
    nearest, counts = _nearest_bins(), np.zeros(len(gamut_bins()))
    for number in range(len(pictures)):
        picture = photo_in(pictures, number)
        step = max(1, round(min(picture.shape[:2]) / GRID))
        ab = srgb_to_lab(np.ascontiguousarray(picture[step // 2 :: step, step // 2 :: step]))[..., 1:]
        a, b = np.clip(np.round(ab / STEP).astype(int) + REACH, 0, 2 * REACH).reshape(-1, 2).T
        counts += np.bincount(nearest[a, b], minlength=len(counts))
    return counts


def _nearest_bins() -> Int64[np.ndarray, "cells cells"]:
    """The number of the bin nearest to each cell of the ab plane, in the gamut or not."""
    cells = (np.arange(2 * REACH + 1) - REACH) * STEP
    plane = np.stack(np.meshgrid(cells, cells, indexing="ij"), -1)
    distance = np.linalg.norm(plane[:, :, None] - gamut_bins(), axis=-1)
    return np.asarray(distance.argmin(-1))


def _keep(counts: Float64[np.ndarray, " q"], path: Path) -> None:
    """Whole or not at all; a dataset that cannot be written is measured again the next time."""
    try:
        path.parent.mkdir(exist_ok=True)
        fresh = path.with_suffix(".new.npy")
        np.save(fresh, counts)
        fresh.replace(path)
    except OSError:
        return

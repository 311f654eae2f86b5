"""Samples for colorization: a crop of a picture and random hints; planes and the true ab; how common colors are."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from safelight.data.cache import PictureSet, photo_in
from safelight.pixels.color import srgb_to_lab, srgb_to_lightness
from safelight.prints.simulation import old_print
from safelight.shaped import Float, Float32, Float64, Int64
from safelight.tasks.colorize.bins import STEP, gamut_bins
from safelight.tasks.colorize.hint_sampling import draw_points
from safelight.tasks.colorize.losses import rebalancing_weights, smooth_prior
from safelight.tasks.colorize.prepare import AB_SCALE, preprocess
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.training.augment import age, draw_view
from safelight.training.batches import Pictures, SampleOrder

PRIOR_FOLDER = "color_prior"  # in the dataset's own folder
GRID = 40  # rows and columns of a picture that are counted, about
REACH = 12  # cells from grey to the end of the gamut


class Sample(NamedTuple):
    """The network's input (7, h, w) and the true ab / 110 (2, h, w)."""

    planes: Float32[np.ndarray, "7 h w"]
    truth: Float32[np.ndarray, "2 h w"]


class Batch(NamedTuple):
    """Samples as tensors."""

    planes: Float[Tensor, "b 7 h w"]
    truth: Float[Tensor, "b 2 h w"]


class ColorizeDataset(Dataset[Sample]):
    """The endless sequence of a run's samples. Item k depends on nothing but recipe, pictures and k."""

    def __init__(self, pictures: Pictures, recipe: ColorizeRecipe) -> None:
        self.pictures, self.recipe = pictures, recipe
        self.order = SampleOrder(pictures.sources, recipe.data.weights, recipe.train.seed)
        self.last = recipe.train.steps * recipe.data.batch

    def __getitem__(self, k: int) -> Sample:
        recipe = self.recipe
        rng = np.random.default_rng((recipe.train.seed, k))
        view = draw_view(self.pictures, self.order.picture_number(k), recipe.augment, rng)
        lab = srgb_to_lab(view)
        L, ab = lab[..., 0], np.ascontiguousarray(lab[..., 1:])
        points = draw_points(ab, recipe.hints, rng, min(1.0, k / self.last))
        if recipe.augment.prints and rng.random() < recipe.augment.prints:
            L = srgb_to_lightness(old_print(view, rng))
        elif rng.random() < recipe.augment.aging:
            L = age(L, rng)
        truth = np.moveaxis(ab / np.float32(AB_SCALE), 2, 0)
        planes = preprocess(L, points, recipe.preparation)
        return Sample(planes, np.ascontiguousarray(truth))


def collate(samples: list[Sample]) -> Batch:
    """Samples as one batch."""
    planes, truth = (torch.from_numpy(np.stack(part)) for part in zip(*samples, strict=True))
    return Batch(planes, truth)


def bin_weights(pictures: Pictures, mix: float) -> Float32[np.ndarray, " q"]:
    """Rebalancing weight of each bin on these pictures, each counted once. Raises RecipeError."""
    counts, centers = torch.from_numpy(cached_counts(pictures)), torch.from_numpy(gamut_bins())
    prior = smooth_prior(counts, centers.double())
    return np.asarray(rebalancing_weights(prior, mix), np.float32)


def cached_counts(pictures: Pictures) -> Float64[np.ndarray, " q"]:
    """`color_counts`, measured once for a dataset and cached in its folder, where that can be written."""
    if not isinstance(pictures, PictureSet):
        return color_counts(pictures)
    path = pictures.dataset.folder / PRIOR_FOLDER / f"{pictures.fingerprint}.npy"
    if path.is_file():
        return np.asarray(np.load(path, allow_pickle=False))
    counts = color_counts(pictures)
    _keep(counts, path)
    return counts


def color_counts(pictures: Pictures) -> Float64[np.ndarray, " q"]:
    """Pixels nearest to each bin of `gamut_bins`, over a grid of about 40 x 40 of each picture."""
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

"""Samples for finding damage: a picture as an old print, damaged or not, as a scan shows it; and the true mask."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from safelight.arrays import Mask, Srgb
from safelight.prints.damage import damage
from safelight.prints.simulation import as_print, as_scan
from safelight.shaped import Float, Float32
from safelight.tasks.scratches.prepare import preprocess
from safelight.tasks.scratches.recipe import ScratchesRecipe
from safelight.training.augment import draw_view
from safelight.training.batches import Pictures, SampleOrder


class Sample(NamedTuple):
    """The network's input (3, h, w) and the true mask (1, h, w), 1 = damaged."""

    planes: Float32[np.ndarray, "3 h w"]
    mask: Float32[np.ndarray, "1 h w"]


class Batch(NamedTuple):
    """Samples as tensors."""

    planes: Float[Tensor, "b 3 h w"]
    mask: Float[Tensor, "b 1 h w"]


class ScratchesDataset(Dataset[Sample]):
    """The endless sequence of a run's samples. Item k depends on nothing but recipe, pictures and k."""

    def __init__(self, pictures: Pictures, recipe: ScratchesRecipe) -> None:
        self.pictures, self.recipe = pictures, recipe
        self.order = SampleOrder(pictures.sources, recipe.data.weights, recipe.train.seed)

    def __getitem__(self, k: int) -> Sample:
        rng = np.random.default_rng((self.recipe.train.seed, k))
        view = draw_view(self.pictures, self.order.picture_number(k), self.recipe.augment, rng)
        scan, mask = wear(view.astype(np.float32) / np.float32(255), self.recipe, rng)
        return Sample(preprocess(scan), mask[None])


def wear(
    srgb: Srgb, recipe: ScratchesRecipe, rng: np.random.Generator, harmed: bool | None = None
) -> tuple[Srgb, Mask]:
    """The picture as a scan of an old print of it, and where it is damaged. harmed: None draws whether it is."""
    printed = as_print(srgb, rng, recipe.prints)
    mask = np.zeros(printed.shape[:2], np.float32)
    if rng.random() >= recipe.unharmed if harmed is None else harmed:
        printed, mask = damage(printed, rng, recipe.damage)
    return as_scan(printed, rng, recipe.prints), mask


def collate(samples: list[Sample]) -> Batch:
    """Samples as one batch."""
    planes, mask = (torch.from_numpy(np.stack(part)) for part in zip(*samples, strict=True))
    return Batch(planes, mask)

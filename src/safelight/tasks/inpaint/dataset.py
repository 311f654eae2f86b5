"""Samples for inpainting: a picture, a crop of it, a random hole; planes, truth and mask."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from safelight.prints.simulation import old_print
from safelight.shaped import Float, Float32
from safelight.tasks.inpaint.mask_sampling import draw_mask
from safelight.tasks.inpaint.prepare import preprocess
from safelight.tasks.inpaint.recipe import InpaintRecipe
from safelight.training.augment import draw_view
from safelight.training.batches import Pictures, SampleOrder


class Sample(NamedTuple):
    """The network's input (4 or 7, h, w), the true sRGB (3, h, w), 0..1, and the mask (1, h, w), 1 = missing."""

    planes: Float32[np.ndarray, "c h w"]
    truth: Float32[np.ndarray, "3 h w"]
    mask: Float32[np.ndarray, "1 h w"]


class Batch(NamedTuple):
    """Samples as tensors."""

    planes: Float[Tensor, "b c h w"]
    truth: Float[Tensor, "b 3 h w"]
    mask: Float[Tensor, "b 1 h w"]


class InpaintDataset(Dataset[Sample]):
    """The endless sequence of a run's samples. Item k depends on nothing but recipe, pictures and k."""

    def __init__(self, pictures: Pictures, recipe: InpaintRecipe) -> None:
        self.pictures, self.recipe = pictures, recipe
        self.order = SampleOrder(pictures.sources, recipe.data.weights, recipe.train.seed)
        self.last = recipe.train.steps * recipe.data.batch

    def __getitem__(self, k: int) -> Sample:
        recipe = self.recipe
        rng = np.random.default_rng((recipe.train.seed, k))
        crop = draw_view(self.pictures, self.order.picture_number(k), recipe.augment, rng)
        if recipe.augment.prints and rng.random() < recipe.augment.prints:
            crop = old_print(crop, rng)
        srgb = crop.astype(np.float32) / np.float32(255)
        mask = draw_mask(
            (recipe.augment.size, recipe.augment.size), recipe.holes, rng, min(1.0, k / self.last)
        )
        planes = preprocess(srgb, mask, recipe.preparation)
        return Sample(planes, np.ascontiguousarray(np.moveaxis(srgb, 2, 0)), mask[None])


def collate(samples: list[Sample]) -> Batch:
    """Samples as one batch."""
    planes, truth, mask = (torch.from_numpy(np.stack(part)) for part in zip(*samples, strict=True))
    return Batch(planes, truth, mask)

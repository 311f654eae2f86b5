"""Samples for colorization: a picture, a crop of it, random hints; planes and the true ab."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor
from torch.utils.data import Dataset

from safelight.pixels.color import srgb_to_lab
from safelight.tasks.colorize.hint_sampling import draw_points
from safelight.tasks.colorize.prepare import AB_SCALE, ask
from safelight.tasks.colorize.prior import bin_weights
from safelight.tasks.colorize.recipe import ColorRecipe
from safelight.training.augment import age, draw_view
from safelight.training.batches import Order, Pictures


class Sample(NamedTuple):
    """One question (7, h, w), the true ab / 110 (2, h, w), and what bins weigh if they are rebalanced."""

    planes: Float32[np.ndarray, "7 h w"]
    truth: Float32[np.ndarray, "2 h w"]
    bin_weights: Float32[np.ndarray, " q"] | None = None


class ColorSamples(Dataset[Sample]):
    """The endless sequence of a run's samples. Item k depends on nothing but recipe, pictures and k."""

    def __init__(self, pictures: Pictures, recipe: ColorRecipe) -> None:
        self.pictures, self.recipe = pictures, recipe
        self.order = Order(pictures.sources, recipe.data.weights, recipe.train.seed)
        self.last = recipe.train.steps * recipe.data.batch
        rebalanced = recipe.loss.rebalance
        self.bin_weights = bin_weights(pictures, recipe.loss.rebalance_mix) if rebalanced else None

    def __getitem__(self, k: int) -> Sample:
        recipe = self.recipe
        rng = np.random.default_rng((recipe.train.seed, k))
        lab = srgb_to_lab(draw_view(self.pictures, self.order.picture_number(k), recipe.augment, rng))
        L, ab = lab[..., 0], np.ascontiguousarray(lab[..., 1:])
        points = draw_points(ab, recipe.hints, rng, min(1.0, k / self.last))
        if rng.random() < recipe.augment.aging:
            L = age(L, rng)
        truth = np.moveaxis(ab / np.float32(AB_SCALE), 2, 0)
        planes = ask(L, points, recipe.preparation)
        return Sample(planes, np.ascontiguousarray(truth), self.bin_weights)


def collate(samples: list[Sample]) -> tuple[Tensor, ...]:
    """Planes (b, 7, h, w) and truth (b, 2, h, w); with rebalanced bins their weights (b, q), alike for all."""
    parts = [[sample.planes for sample in samples], [sample.truth for sample in samples]]
    weights = [sample.bin_weights for sample in samples if sample.bin_weights is not None]
    return tuple(torch.from_numpy(np.stack(part)) for part in (*parts, weights) if part)

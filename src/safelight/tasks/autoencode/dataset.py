"""Samples for autoencoders: a picture, slightly varied, in its frame, and the noise that its code gets."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from safelight.arrays import Planes
from safelight.data.cache import PictureSet, photo_in
from safelight.shaped import Float, Float32, UInt8
from safelight.tasks.autoencode.prepare import AutoencodePreparation, FitName, frame
from safelight.tasks.autoencode.recipe import AutoencodeRecipe
from safelight.training.augment import Augmentation
from safelight.training.batches import Pictures, SampleOrder


class Sample(NamedTuple):
    """A picture (3, s, s) 0..1, its padding (1, s, s) 1 = padding, standard normal noise (latent,)."""

    picture: Planes
    padding: Float32[np.ndarray, "1 s s"]
    noise: Float32[np.ndarray, " latent"]


class Batch(NamedTuple):
    """Samples as tensors."""

    pictures: Float[Tensor, "b 3 s s"]
    padding: Float[Tensor, "b 1 s s"]
    noise: Float[Tensor, "b latent"]


class AutoencodeDataset(Dataset[Sample]):
    """The endless sequence of a run's samples. Item k depends on nothing but recipe, pictures and k."""

    def __init__(self, pictures: Pictures, recipe: AutoencodeRecipe) -> None:
        self.pictures, self.recipe = pictures, recipe
        self.preparation = AutoencodePreparation(fit_of(pictures, recipe.preparation.fit))
        self.order = SampleOrder(pictures.sources, recipe.data.weights, recipe.train.seed)

    def __getitem__(self, k: int) -> Sample:
        recipe = self.recipe
        rng = np.random.default_rng((recipe.train.seed, k))
        photo = vary(photo_in(self.pictures, self.order.picture_number(k)), recipe.augment, rng)
        framed = frame(photo, recipe.augment.size, self.preparation)
        noise = rng.standard_normal(recipe.model.latent, np.float32)
        return Sample(np.ascontiguousarray(framed.planes), framed.padding, noise)


def fit_of(pictures: Pictures, wanted: FitName) -> FitName:
    """How these pictures fill the square: as wanted if they are whole, else as their dataset was built."""
    if not isinstance(pictures, PictureSet):
        return wanted
    built: FitName = pictures.dataset.settings.fit  # type: ignore[assignment]
    return wanted if built == "pad" else built


def vary(
    photo: UInt8[np.ndarray, "h w 3"], how: Augmentation, rng: np.random.Generator
) -> UInt8[np.ndarray, "h2 w2 3"]:
    """A random part of the photo, of its own aspect, perhaps mirrored."""
    share = rng.uniform(how.smallest, 1.0)
    h, w = (max(1, round(side * share)) for side in photo.shape[:2])
    top, left = rng.integers(0, photo.shape[0] - h + 1), rng.integers(0, photo.shape[1] - w + 1)
    part = photo[top : top + h, left : left + w]
    if how.flip and rng.random() < 0.5:
        part = part[:, ::-1]
    return np.ascontiguousarray(part)


def collate(samples: list[Sample]) -> Batch:
    """Samples as one batch."""
    pictures, padding, noise = (torch.from_numpy(np.stack(part)) for part in zip(*samples, strict=True))
    return Batch(pictures, padding, noise)

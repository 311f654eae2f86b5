"""How a denoiser is trained: recipe, samples, network, loss, validation samples."""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from safelight.data.cache import photo_in
from safelight.evaluation.metrics import psnr
from safelight.nn.inference import to_network, to_numpy
from safelight.pixels.geometry import resize
from safelight.training.augment import Augmentation, draw_view
from safelight.training.batches import Pictures, SampleOrder
from safelight.training.recipe import DataSettings, OptimizerSettings, Recipe, TrainSettings
from safelight.training.task import TrainingTask


@dataclass(frozen=True)
class DenoiseSettings:
    """The network.

    channels: of its feature maps.
    """

    channels: int = 8


@dataclass(frozen=True)
class Preparation:
    """What is asked.

    noise: standard deviation of the noise, of 0..1.
    """

    noise: float = 0.1


@dataclass(frozen=True, kw_only=True)
class DenoiseRecipe(Recipe):
    """Everything that a denoiser's run is made of."""

    task: Literal["denoise"] = "denoise"
    model: DenoiseSettings = field(default_factory=DenoiseSettings)
    preparation: Preparation = field(default_factory=Preparation)


class Sample(NamedTuple):
    """A noisy picture and the true one, (3, s, s), 0..1."""

    noisy: Float32[np.ndarray, "3 s s"]
    truth: Float32[np.ndarray, "3 s s"]


class Batch(NamedTuple):
    """Samples as tensors."""

    noisy: Float[Tensor, "b 3 s s"]
    truth: Float[Tensor, "b 3 s s"]


class DenoiseDataset(Dataset[Sample]):
    """The endless sequence of a run's samples. Item k depends on nothing but recipe, pictures and k."""

    def __init__(self, pictures: Pictures, recipe: DenoiseRecipe) -> None:
        self.pictures, self.recipe = pictures, recipe
        self.order = SampleOrder(pictures.sources, recipe.data.weights, recipe.train.seed)

    def __getitem__(self, k: int) -> Sample:
        rng = np.random.default_rng((self.recipe.train.seed, k))
        view = draw_view(self.pictures, self.order.picture_number(k), self.recipe.augment, rng)
        return make_sample(view, self.recipe.preparation.noise, rng)


def make_sample(pixels: UInt8[np.ndarray, "s s 3"], noise: float, rng: np.random.Generator) -> Sample:
    truth = np.ascontiguousarray(np.moveaxis(pixels.astype(np.float32) / np.float32(255), 2, 0))
    noisy = truth + noise * rng.standard_normal(truth.shape, np.float32)
    return Sample(noisy.astype(np.float32), truth)


class DenoiseNetwork(nn.Module):
    """Three convolutions that say what the noise is."""

    def __init__(self, settings: DenoiseSettings) -> None:
        super().__init__()
        c = settings.channels
        self.layers = nn.Sequential(
            nn.Conv2d(3, c, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(c, c, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(c, 3, 1),
        )

    def forward(self, noisy: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        answer: Tensor = noisy - self.layers(noisy)
        return answer


class DenoiseValidation:
    """A few held-out pictures with fixed noise."""

    measured = 0
    columns = ("noisy", "denoised", "truth")

    def __init__(self, samples: list[Sample]) -> None:
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def answers(
        self, network: DenoiseNetwork
    ) -> tuple[Float32[np.ndarray, "n h w 3"], Float32[np.ndarray, "n h w 3"]]:
        """What the guard looks at."""
        with torch.inference_mode():
            given = [to_numpy(network(to_network(noisy, network)[None]))[0] for noisy, _ in self.samples]
        return np.moveaxis(np.stack(given), 1, 3), np.moveaxis(
            np.stack([s.truth for s in self.samples]), 1, 3
        )

    def score(self, network: DenoiseNetwork) -> dict[str, float]:
        """PSNR in dB."""
        return {"psnr": float(np.mean([psnr(*pair) for pair in zip(*self.answers(network), strict=True)]))}

    def sheet(self, network: DenoiseNetwork) -> UInt8[np.ndarray, "h w 3"]:
        """A row a sample."""
        given, truth = self.answers(network)
        noisy = np.moveaxis(np.stack([sample.noisy for sample in self.samples]), 1, 3)
        rows = [np.hstack(row) for row in zip(noisy, given, truth, strict=True)]
        return np.asarray(np.round(np.clip(np.vstack(rows), 0, 1) * 255), np.uint8)

    def metadata(self, network: DenoiseNetwork) -> dict[str, Any]:
        """Nothing beyond the scores."""
        return {}


class DenoiseTraining(TrainingTask[DenoiseRecipe, DenoiseNetwork, Sample, Batch]):
    """Denoisers, on crops with fresh noise."""

    recipe = DenoiseRecipe

    def network(self, recipe: DenoiseRecipe) -> DenoiseNetwork:
        return DenoiseNetwork(recipe.model)

    def dataset(self, pictures: Pictures, recipe: DenoiseRecipe) -> DenoiseDataset:
        return DenoiseDataset(pictures, recipe)

    def collate(self, samples: list[Sample]) -> Batch:
        noisy, truth = (torch.from_numpy(np.stack(part)) for part in zip(*samples, strict=True))
        return Batch(noisy, truth)

    def loss_terms(
        self, network: DenoiseNetwork, batch: Batch, recipe: DenoiseRecipe, progress: float
    ) -> dict[str, Tensor]:
        return {"l1": F.l1_loss(network(batch.noisy), batch.truth)}

    def validation(self, held_out: Pictures, recipe: DenoiseRecipe) -> DenoiseValidation:
        side, noise = (recipe.augment.size, recipe.augment.size), recipe.preparation.noise
        photos = [resize(photo_in(held_out, number), side) for number in range(min(4, len(held_out)))]
        return DenoiseValidation(
            [make_sample(photo, noise, np.random.default_rng(n)) for n, photo in enumerate(photos)]
        )


def denoise() -> DenoiseRecipe:
    """A tiny denoiser; seconds."""
    return DenoiseRecipe(
        name="denoise",
        augment=Augmentation(size=32),
        data=DataSettings(batch=4, workers=0),
        optimizer=OptimizerSettings(lr=5e-3),
        train=TrainSettings(steps=60, ema=0.9, checkpoint_every=20, validate_every=30, picture_every=30),
    )


RECIPES = {"denoise": denoise}

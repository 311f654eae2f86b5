"""How autoencoders are trained."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from safelight.losses.adversarial import discriminator_of_pictures
from safelight.shaped import UInt8
from safelight.tasks.autoencode.dataset import AutoencodeDataset, Batch, Sample, collate
from safelight.tasks.autoencode.losses import LossInputs, autoencode_terms
from safelight.tasks.autoencode.network import VAE, init_from_pca
from safelight.tasks.autoencode.prepare import AutoencodePreparation
from safelight.tasks.autoencode.recipe import AutoencodeRecipe
from safelight.tasks.autoencode.validation import AutoencodeValidation
from safelight.training.batches import Pictures
from safelight.training.task import AdversarialTask, GeneratorStep

MOST_SAMPLES, MOST_BYTES = 12_288, 2**28  # of samples that principal components are taken of


class AutoencodeTraining(AdversarialTask[AutoencodeRecipe, VAE, Sample, Batch]):
    """Variational and plain autoencoders."""

    recipe = AutoencodeRecipe

    def network(self, recipe: AutoencodeRecipe) -> VAE:
        """The encoder and the decoder."""
        return VAE(recipe.augment.size, recipe.model)

    def initialize(self, network: VAE, dataset: Dataset[Sample], recipe: AutoencodeRecipe) -> None:
        """A linear path begins as the principal components of many samples."""
        if network.settings.linear:
            generator = torch.Generator().manual_seed(recipe.train.seed)
            init_from_pca(network, _first_pictures(dataset, network.size), generator)

    def dataset(self, pictures: Pictures, recipe: AutoencodeRecipe) -> AutoencodeDataset:
        """Framed pictures, each with the noise of its code."""
        return AutoencodeDataset(pictures, recipe)

    def collate(self, samples: list[Sample]) -> Batch:
        """Pictures, padding and noise."""
        return collate(samples)

    def loss_terms(
        self, network: VAE, batch: Batch, recipe: AutoencodeRecipe, progress: float
    ) -> dict[str, Tensor]:
        """The terms of the negative evidence lower bound, in nats per dimension, and the perceptual one."""
        return autoencode_terms(_loss_inputs(network, batch, recipe, progress))

    def generator_step(
        self, network: VAE, batch: Batch, recipe: AutoencodeRecipe, progress: float
    ) -> GeneratorStep:
        """The same, with what a discriminator is shown: reconstructions and pictures (Esser et al. 2021, section 3.1).

        The padding of both is the picture's, so that a border gives nothing away.
        """
        inputs = _loss_inputs(network, batch, recipe, progress)
        terms = autoencode_terms(inputs)
        return GeneratorStep(terms, fake=2 * inputs.shown - 1, real=2 * inputs.pictures - 1)

    def discriminator(self, recipe: AutoencodeRecipe) -> nn.Module:
        """A discriminator of red, green and blue."""
        return discriminator_of_pictures(recipe.discriminator)

    def validation(self, held_out: Pictures, recipe: AutoencodeRecipe) -> AutoencodeValidation:
        """Fixed pictures, and fixed codes from the prior."""
        return AutoencodeValidation.choose(held_out, recipe)

    def with_measured(self, recipe: AutoencodeRecipe, facts: Mapping[str, Any]) -> AutoencodeRecipe:
        """With the preparation that was found in the dataset."""
        found = facts.get("preparation")
        return replace(recipe, preparation=AutoencodePreparation(**found)) if found else recipe


def _loss_inputs(network: VAE, batch: Batch, recipe: AutoencodeRecipe, progress: float) -> LossInputs:
    pictures, padding, noise = batch
    decoded, posterior = network(pictures, noise)
    return LossInputs(pictures, padding, decoded, posterior, network, recipe.loss, progress)


def _first_pictures(dataset: Dataset[Sample], size: int) -> UInt8[Tensor, "n 3 s s"]:
    """The pictures of the first samples."""
    count = min(MOST_SAMPLES, max(1, MOST_BYTES // (3 * size**2)))
    pictures = torch.empty((count, 3, size, size), dtype=torch.uint8)
    for k in range(count):
        pictures[k] = (torch.from_numpy(dataset[k].picture) * 255).round().to(torch.uint8)
    return pictures

"""How autoencoders are trained."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.utils.data import Dataset

from safelight.losses.perceptual import Features, perceptual_distance, shared_features
from safelight.nn.discriminator import PatchDiscriminator
from safelight.tasks.autoencode.dataset import AutoencodeDataset, Batch, Sample, collate
from safelight.tasks.autoencode.losses import dimensions, freed, kl_nats, reconstruction_nats
from safelight.tasks.autoencode.network import VAE, Decoded, Posterior
from safelight.tasks.autoencode.pca_init import begin_as_components
from safelight.tasks.autoencode.prepare import Preparation
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
            begin_as_components(network, _first_pictures(dataset, network.size), generator)

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
        return self._answered(network, batch, recipe, progress)[0]

    def generator_step(
        self, network: VAE, batch: Batch, recipe: AutoencodeRecipe, progress: float
    ) -> GeneratorStep:
        """The same, with what a discriminator is shown: reconstructions and pictures (Esser et al. 2021, section 3.1).

        The padding of both is the picture's, so that a border gives nothing away.
        """
        pictures, padding, _ = batch
        terms, decoded = self._answered(network, batch, recipe, progress)
        given = torch.where(padding > 0, pictures, decoded.mean)
        return GeneratorStep(terms, fake=2 * given - 1, real=2 * pictures - 1)

    def discriminator(self, recipe: AutoencodeRecipe) -> PatchDiscriminator:
        """A patch discriminator over red, green and blue."""
        return PatchDiscriminator(3, recipe.discriminator)

    def validation(self, held_out: Pictures, recipe: AutoencodeRecipe) -> AutoencodeValidation:
        """Fixed pictures, and fixed codes from the prior."""
        return AutoencodeValidation.choose(held_out, recipe)

    def with_measured(self, recipe: AutoencodeRecipe, facts: Mapping[str, Any]) -> AutoencodeRecipe:
        """With the preparation that was found in the dataset."""
        found = facts.get("preparation")
        return replace(recipe, preparation=Preparation(**found)) if found else recipe

    def _answered(
        self, network: VAE, batch: Batch, recipe: AutoencodeRecipe, progress: float
    ) -> tuple[dict[str, Tensor], Decoded]:
        """The terms, and the reconstructions that they were taken of."""
        pictures, padding, noise = batch
        decoded, posterior = network(pictures, noise)
        terms = bound_terms(decoded, posterior, network.sd, batch, recipe, progress)
        if recipe.loss.perceptual:
            features = shared_features("efficientnet_lite0").to(pictures.device)
            terms["perceptual"] = recipe.loss.perceptual * framed_distance(
                features, decoded.mean, pictures, padding
            )
        return terms, decoded


def bound_terms(
    decoded: Decoded,
    posterior: Posterior,
    sd: Tensor,
    batch: Batch,
    recipe: AutoencodeRecipe,
    progress: float,
) -> dict[str, Tensor]:
    """-log p(x | z) and the weighted KL, both in nats per dimension of the batch's pictures.

    Per dimension, so that learning rates and clipping mean the same at every size of picture; the sum is the
    negative bound of Kingma & Welling 2014, equation 3, over a constant.
    """
    pictures, padding, _ = batch
    count = dimensions(padding).mean()
    nats = reconstruction_nats(recipe.model.likelihood, decoded, pictures, padding, sd)
    terms = {"reconstruction": nats.mean() / count}
    if recipe.model.variational:
        pressed = freed(kl_nats(posterior), recipe.loss.free)
        terms["kl"] = recipe.loss.weight(progress) * pressed / count
    return terms


def framed_distance(
    features: Features, given: Tensor, pictures: Float[Tensor, "b 3 s s"], padding: Float[Tensor, "b 1 s s"]
) -> Tensor:
    """Distance between the features of reconstructions, padded as the pictures are, and of the pictures."""
    with torch.no_grad():
        truth = features(pictures)
    return perceptual_distance(features(torch.where(padding > 0, pictures, given)), truth)


def _first_pictures(dataset: Dataset[Sample], size: int) -> UInt8[Tensor, "n 3 s s"]:
    """The pictures of the first samples."""
    count = min(MOST_SAMPLES, max(1, MOST_BYTES // (3 * size**2)))
    pictures = torch.empty((count, 3, size, size), dtype=torch.uint8)
    for k in range(count):
        pictures[k] = (torch.from_numpy(dataset[k].picture) * 255).round().to(torch.uint8)
    return pictures

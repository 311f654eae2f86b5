"""Autoencoding as a craft: what it brings to the line of training."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from safelight.losses.perceptual import Features, lite0_features, perceptual_distance
from safelight.nn.discriminator import PatchDiscriminator
from safelight.tasks.autoencode.dataset import CodeSamples, Sample, collate
from safelight.tasks.autoencode.losses import dimensions, freed, kl_nats, reconstruction_nats
from safelight.tasks.autoencode.network import VAE, Decoded, Posterior
from safelight.tasks.autoencode.prepare import Preparation
from safelight.tasks.autoencode.recipe import CodeRecipe
from safelight.tasks.autoencode.validation import CodeProbes
from safelight.training.adversarial import Judged
from safelight.training.batches import Pictures

Batch = tuple[Float[Tensor, "b 3 s s"], Float[Tensor, "b 1 s s"], Float[Tensor, "b latent"]]


class CodeCraft:
    """How autoencoders are trained (training/craft.py)."""

    @cached_property
    def features(self) -> Features:
        """The frozen network that a perceptual loss looks through; made when first asked for."""
        return lite0_features()

    def network(self, recipe: CodeRecipe) -> VAE:
        """The encoder and the decoder."""
        return VAE(recipe.augment.size, recipe.model)

    def samples(self, pictures: Pictures, recipe: CodeRecipe) -> CodeSamples:
        """Framed pictures, each with the noise of its code."""
        return CodeSamples(pictures, recipe)

    def collate(self, samples: list[Sample]) -> Batch:
        """Pictures, padding and noise."""
        return collate(samples)

    def terms(
        self, network: nn.Module, batch: Batch, recipe: CodeRecipe, progress: float
    ) -> dict[str, Tensor]:
        """The terms of the negative evidence lower bound, in nats per dimension, and the perceptual one."""
        return self._answered(network, batch, recipe, progress)[0]

    def judged(self, network: nn.Module, batch: Batch, recipe: CodeRecipe, progress: float) -> Judged:
        """The same, with what a discriminator is shown: reconstructions and pictures (Esser et al. 2021, section 3.1).

        The padding of both is the picture's, so that a border gives nothing away.
        """
        pictures, padding, _ = batch
        terms, decoded = self._answered(network, batch, recipe, progress)
        given = torch.where(padding > 0, pictures, decoded.mean)
        return Judged(terms, fake=2 * given - 1, real=2 * pictures - 1)

    def discriminator(self, recipe: CodeRecipe) -> PatchDiscriminator:
        """A patch discriminator over red, green and blue."""
        return PatchDiscriminator(3, recipe.discriminator)

    def probes(self, held_out: Pictures, recipe: CodeRecipe) -> CodeProbes:
        """Fixed pictures, and fixed codes from the prior."""
        return CodeProbes.choose(held_out, recipe)

    def settled(self, recipe: CodeRecipe, facts: Mapping[str, Any]) -> CodeRecipe:
        """With the preparation that was found in the dataset."""
        found = facts.get("preparation")
        return replace(recipe, preparation=Preparation(**found)) if found else recipe

    def _answered(
        self, network: nn.Module, batch: Batch, recipe: CodeRecipe, progress: float
    ) -> tuple[dict[str, Tensor], Decoded]:
        """The terms, and the reconstructions that they were taken of."""
        assert isinstance(network, VAE)
        pictures, padding, noise = batch
        decoded, posterior = network(pictures, noise)
        terms = bound_terms(decoded, posterior, network.sd, batch, recipe, progress)
        if recipe.loss.perceptual:
            features = self.features.to(pictures.device)
            terms["perceptual"] = recipe.loss.perceptual * framed_distance(
                features, decoded.mean, pictures, padding
            )
        return terms, decoded


def bound_terms(
    decoded: Decoded, posterior: Posterior, sd: Tensor, batch: Batch, recipe: CodeRecipe, progress: float
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

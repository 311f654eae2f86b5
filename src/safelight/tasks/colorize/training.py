"""How colorizers are trained."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from safelight.nn.discriminator import PatchDiscriminator
from safelight.tasks.colorize.dataset import Batch, ColorizeDataset, Sample, bin_weights, collate
from safelight.tasks.colorize.losses import color_terms, features_of
from safelight.tasks.colorize.network import (
    HINT_AB,
    HINT_MASK,
    L_PLANE,
    ColorNetwork,
    ColorUNet,
    PlainColorizer,
    color_network,
)
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.tasks.colorize.validation import ColorizeValidation
from safelight.training.batches import Pictures
from safelight.training.task import AdversarialTask, GeneratorStep

FEW = 100  # pixels under hints in a batch


class ColorizeTraining(AdversarialTask[ColorizeRecipe, ColorNetwork, Sample, Batch]):
    """Hinted and plain colorizers, on crops with random hints."""

    recipe = ColorizeRecipe

    def network(self, recipe: ColorizeRecipe) -> ColorNetwork:
        """The U-Net, hinted or plain."""
        return color_network(recipe.model)

    def dataset(self, pictures: Pictures, recipe: ColorizeRecipe) -> ColorizeDataset:
        """Crops with random hints. Raises RecipeError if weights that the loss looks through are missing."""
        features_of(recipe.loss)
        return ColorizeDataset(pictures, recipe)

    def collate(self, samples: list[Sample]) -> Batch:
        """Planes and truth."""
        return collate(samples)

    def prepare_loss(self, network: ColorNetwork, pictures: Pictures, recipe: ColorizeRecipe) -> None:
        """What bins weigh, where they are rebalanced: rare colors more."""
        if recipe.loss.rebalance and isinstance(network, ColorUNet) and network.bins is not None:
            weights = torch.from_numpy(bin_weights(pictures, recipe.loss.rebalance_mix))
            network.bins.weights = weights.to(network.bins.centers.device)

    def generator_step(
        self, network: ColorNetwork, batch: Batch, recipe: ColorizeRecipe, progress: float
    ) -> GeneratorStep:
        """The loss on colors; a discriminator is shown L and the colors, answered and true."""
        planes, truth = batch
        if isinstance(network, PlainColorizer):
            answer, guess = network(planes), None
        else:
            levels, features = network.encode(planes)
            answer, guess = network.decode(planes, levels, features), network.guess(features)
        L = planes[:, L_PLANE]
        terms = color_terms(answer, guess, L, truth, network, recipe.loss)
        return GeneratorStep(terms, fake=torch.cat([L, answer.ab], 1), real=torch.cat([L, truth], 1))

    def contradiction(self, batch: Batch) -> Tensor:
        """How far the painted hints differ from the true colors under them, as a share of both, 0..1.

        About a tenth is usual: a hint is the mean color of a patch. 0 under FEW hinted pixels.
        """
        planes, truth = batch
        hints = planes[:, HINT_MASK.start] > 0
        b, y, x = hints.nonzero(as_tuple=True)  # few of all pixels: looked at alone
        hinted, true = planes[b, HINT_AB, y, x], truth[b, :, y, x]
        both = hinted.abs().sum() + true.abs().sum()
        if len(b) < FEW or not both > 0:
            return torch.zeros(())
        return (hinted - true).abs().sum() / both

    def discriminator(self, recipe: ColorizeRecipe) -> PatchDiscriminator:
        """A patch discriminator over L, a and b."""
        return PatchDiscriminator(3, recipe.discriminator)

    def validation(self, held_out: Pictures, recipe: ColorizeRecipe) -> ColorizeValidation:
        """Fixed pictures and hints."""
        return ColorizeValidation.choose(held_out, recipe.augment.size, recipe.preparation)

    def with_measured(self, recipe: ColorizeRecipe, facts: Mapping[str, Any]) -> ColorizeRecipe:
        """With the vivid gain that was measured."""
        gain = facts.get("vivid_gain")  # none yet where the run is not finished
        if gain is None:
            return recipe
        return replace(recipe, preparation=replace(recipe.preparation, vivid_gain=gain))

"""Colorization as a craft: what it brings to the line of training."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from safelight.nn.discriminator import PatchDiscriminator
from safelight.tasks.colorize.dataset import ColorSamples, Sample, collate
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
from safelight.tasks.colorize.recipe import ColorRecipe
from safelight.tasks.colorize.validation import ColorProbes
from safelight.training.adversarial import Judged
from safelight.training.batches import Pictures

Batch = tuple[
    Tensor, ...
]  # planes (b, 7, h, w), the true ab / 110 (b, 2, h, w), perhaps weights of bins (b, q)

FEW = 100  # pixels under hints in a batch


class ColorCraft:
    """How colorizers are trained (training/craft.py)."""

    def network(self, recipe: ColorRecipe) -> ColorNetwork:
        """The U-Net, hinted or plain."""
        return color_network(recipe.model)

    def samples(self, pictures: Pictures, recipe: ColorRecipe) -> ColorSamples:
        """Crops with random hints. Raises RecipeError if weights that the loss looks through are missing."""
        features_of(recipe.loss)
        return ColorSamples(pictures, recipe)

    def collate(self, samples: list[Sample]) -> Batch:
        """Planes, truth, weights of bins."""
        return collate(samples)

    def terms(
        self, network: nn.Module, batch: Batch, recipe: ColorRecipe, progress: float
    ) -> dict[str, Tensor]:
        """The loss on colors, term by term."""
        return self.judged(network, batch, recipe, progress).terms

    def judged(self, network: nn.Module, batch: Batch, recipe: ColorRecipe, progress: float) -> Judged:
        """The same, with what a discriminator is shown: L and the colors, answered and true."""
        planes, truth, *weights = batch
        if isinstance(network, PlainColorizer):
            answer, guess = network(planes), None
        else:
            assert isinstance(network, ColorUNet)
            levels, features = network.encode(planes)
            answer, guess = network.decode(planes, levels, features), network.guess(features)
        L = planes[:, L_PLANE]
        bin_weights = weights[0][0] if weights else None
        terms = color_terms(answer, guess, L, truth, network, recipe.loss, bin_weights)
        return Judged(terms, fake=torch.cat([L, answer.ab], 1), real=torch.cat([L, truth], 1))

    def contradiction(self, batch: Batch) -> Tensor:
        """How far the painted hints differ from the true colors under them, as a share of both, 0..1.

        About a tenth is usual: a hint is the mean color of a patch. 0 under FEW hinted pixels.
        """
        planes, truth = batch[:2]
        hints = planes[:, HINT_MASK.start] > 0
        b, y, x = hints.nonzero(as_tuple=True)  # few of all pixels: looked at alone
        hinted, true = planes[b, HINT_AB, y, x], truth[b, :, y, x]
        both = hinted.abs().sum() + true.abs().sum()
        if len(b) < FEW or not both > 0:
            return torch.zeros(())
        return (hinted - true).abs().sum() / both

    def discriminator(self, recipe: ColorRecipe) -> PatchDiscriminator:
        """A patch discriminator over L, a and b."""
        return PatchDiscriminator(3, recipe.discriminator)

    def probes(self, held_out: Pictures, recipe: ColorRecipe) -> ColorProbes:
        """Fixed pictures and hints."""
        return ColorProbes.choose(held_out, recipe.augment.size, recipe.preparation)

    def settled(self, recipe: ColorRecipe, facts: Mapping[str, Any]) -> ColorRecipe:
        """With the vivid gain that was measured."""
        gain = facts.get("vivid_gain")  # none yet where the run is not finished
        if gain is None:
            return recipe
        return replace(recipe, preparation=replace(recipe.preparation, vivid_gain=gain))

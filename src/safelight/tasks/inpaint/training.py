"""Inpainting as a craft: what it brings to the line of training."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from safelight.losses.perceptual import Features, lite0_features, perceptual_distance, style_distance
from safelight.nn.discriminator import PatchDiscriminator
from safelight.tasks.inpaint.dataset import FillSamples, Sample, collate
from safelight.tasks.inpaint.losses import (
    FillLossSettings,
    composite,
    hole_log_error,
    hole_variation,
    masked_l1,
)
from safelight.tasks.inpaint.network import Filler
from safelight.tasks.inpaint.prepare import SPANS
from safelight.tasks.inpaint.recipe import FillRecipe
from safelight.tasks.inpaint.validation import FillProbes, choose
from safelight.training.adversarial import Judged
from safelight.training.batches import Pictures

Batch = tuple[Float[Tensor, "b c h w"], Float[Tensor, "b 3 h w"], Float[Tensor, "b 1 h w"]]


class FillCraft:
    """How networks that fill holes are trained (training/craft.py)."""

    @cached_property
    def features(self) -> Features:
        """The frozen network that perceptual losses look through; made when first asked for."""
        return lite0_features()

    def network(self, recipe: FillRecipe) -> Filler:
        """The U-Net."""
        return Filler(recipe.preparation.planes, recipe.model)

    def samples(self, pictures: Pictures, recipe: FillRecipe) -> FillSamples:
        """Crops with random holes."""
        return FillSamples(pictures, recipe)

    def collate(self, samples: list[Sample]) -> Batch:
        """Planes, truth and masks."""
        return collate(samples)

    def terms(
        self, network: nn.Module, batch: Batch, recipe: FillRecipe, progress: float
    ) -> dict[str, Tensor]:
        """The loss on the filled pictures, term by term."""
        return self.judged(network, batch, recipe, progress).terms

    def judged(self, network: nn.Module, batch: Batch, recipe: FillRecipe, progress: float) -> Judged:
        """The same, with what a discriminator is shown: the filled picture and the true one, each with the mask.

        A discriminator that knows the mask looks at the hole and its seam (Yu et al. 2019, section 3.3).
        """
        planes, truth, mask = batch
        black, white = SPANS[recipe.preparation.span]
        fill = (network(planes).float() - black) / (white - black)
        features = self.features.to(truth.device) if recipe.loss.needs_features else None
        terms = fill_terms(fill, truth, mask, recipe.loss, features)
        whole = composite(fill, truth, mask)
        return Judged(terms, *(torch.cat([2 * seen - 1, mask], 1) for seen in (whole, truth)))

    def discriminator(self, recipe: FillRecipe) -> PatchDiscriminator:
        """A patch discriminator over red, green, blue and the mask."""
        return PatchDiscriminator(4, recipe.discriminator)

    def probes(self, held_out: Pictures, recipe: FillRecipe) -> FillProbes:
        """Fixed pictures and holes."""
        return FillProbes(choose(held_out, recipe.augment.size), recipe.preparation)

    def settled(self, recipe: FillRecipe, facts: Mapping[str, Any]) -> FillRecipe:
        """As it was."""
        return recipe


def fill_terms(
    fill: Float[Tensor, "b 3 h w"],
    truth: Float[Tensor, "b 3 h w"],
    mask: Float[Tensor, "b 1 h w"],
    settings: FillLossSettings,
    features: Features | None,
) -> dict[str, Tensor]:
    """Each term of the loss times its weight; their sum is what is lowered. Pictures are 0..1."""
    terms = {}
    if settings.hole:
        terms["hole"] = settings.hole * masked_l1(fill, truth, mask)
    if settings.valid:
        terms["valid"] = settings.valid * masked_l1(fill, truth, 1 - mask)
    if settings.log_error:
        terms["log_error"] = settings.log_error * hole_log_error(fill, truth, mask, settings.floor)
    whole = composite(fill, truth, mask)
    if settings.variation:
        terms["variation"] = settings.variation * hole_variation(whole, mask)
    if features is not None:
        with torch.no_grad():
            true_features = features(truth)
        own_features = features(whole.clamp(0, 1))  # beyond it the other terms pull back
        if settings.perceptual:
            terms["perceptual"] = settings.perceptual * perceptual_distance(own_features, true_features)
        if settings.style:
            terms["style"] = settings.style * style_distance(own_features, true_features)
    return terms

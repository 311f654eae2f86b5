"""How inpainting models are trained."""

import torch
from jaxtyping import Float
from torch import Tensor

from safelight.losses.perceptual import Features, perceptual_distance, shared_features, style_distance
from safelight.nn.discriminator import PatchDiscriminator
from safelight.tasks.inpaint.dataset import Batch, InpaintDataset, Sample, collate
from safelight.tasks.inpaint.losses import (
    InpaintLossSettings,
    composite,
    hole_log_error,
    hole_variation,
    masked_l1,
)
from safelight.tasks.inpaint.network import Filler
from safelight.tasks.inpaint.prepare import SPANS
from safelight.tasks.inpaint.recipe import InpaintRecipe
from safelight.tasks.inpaint.validation import InpaintValidation, choose
from safelight.training.batches import Pictures
from safelight.training.task import AdversarialTask, GeneratorStep


class InpaintTraining(AdversarialTask[InpaintRecipe, Filler, Sample, Batch]):
    """U-Nets that fill random holes."""

    recipe = InpaintRecipe

    def network(self, recipe: InpaintRecipe) -> Filler:
        """The U-Net."""
        return Filler(recipe.preparation.planes, recipe.model)

    def dataset(self, pictures: Pictures, recipe: InpaintRecipe) -> InpaintDataset:
        """Crops with random holes."""
        return InpaintDataset(pictures, recipe)

    def collate(self, samples: list[Sample]) -> Batch:
        """Planes, truth and masks."""
        return collate(samples)

    def generator_step(
        self, network: Filler, batch: Batch, recipe: InpaintRecipe, progress: float
    ) -> GeneratorStep:
        """The loss on the filled pictures; a discriminator is shown them and the true ones, each with the mask.

        A discriminator that knows the mask looks at the hole and its seam (Yu et al. 2019, section 3.3).
        """
        planes, truth, mask = batch
        black, white = SPANS[recipe.preparation.span]
        fill = (network(planes).float() - black) / (white - black)
        features = (
            shared_features("efficientnet_lite0").to(truth.device) if recipe.loss.needs_features else None
        )
        terms = fill_terms(fill, truth, mask, recipe.loss, features)
        whole = composite(fill, truth, mask)
        return GeneratorStep(terms, *(torch.cat([2 * seen - 1, mask], 1) for seen in (whole, truth)))

    def discriminator(self, recipe: InpaintRecipe) -> PatchDiscriminator:
        """A patch discriminator over red, green, blue and the mask."""
        return PatchDiscriminator(4, recipe.discriminator)

    def validation(self, held_out: Pictures, recipe: InpaintRecipe) -> InpaintValidation:
        """Fixed pictures and holes."""
        return InpaintValidation(choose(held_out, recipe.augment.size), recipe.preparation)


def fill_terms(
    fill: Float[Tensor, "b 3 h w"],
    truth: Float[Tensor, "b 3 h w"],
    mask: Float[Tensor, "b 1 h w"],
    settings: InpaintLossSettings,
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

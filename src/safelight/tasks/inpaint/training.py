"""How inpainting models are trained."""

import torch
from torch import nn

from safelight.losses.adversarial import discriminator_of_pictures
from safelight.tasks.inpaint.dataset import Batch, InpaintDataset, Sample, collate
from safelight.tasks.inpaint.losses import LossInputs, inpaint_terms
from safelight.tasks.inpaint.network import InpaintUNet
from safelight.tasks.inpaint.prepare import SPANS
from safelight.tasks.inpaint.recipe import InpaintRecipe
from safelight.tasks.inpaint.validation import InpaintValidation, choose
from safelight.training.batches import Pictures
from safelight.training.task import AdversarialTask, GeneratorStep


class InpaintTraining(AdversarialTask[InpaintRecipe, InpaintUNet, Sample, Batch]):
    """U-Nets that fill random holes."""

    recipe = InpaintRecipe

    def network(self, recipe: InpaintRecipe) -> InpaintUNet:
        """The U-Net."""
        return InpaintUNet(recipe.preparation.planes, recipe.model)

    def dataset(self, pictures: Pictures, recipe: InpaintRecipe) -> InpaintDataset:
        """Crops with random holes."""
        return InpaintDataset(pictures, recipe)

    def collate(self, samples: list[Sample]) -> Batch:
        """Planes, truth and masks."""
        return collate(samples)

    def generator_step(
        self, network: InpaintUNet, batch: Batch, recipe: InpaintRecipe, progress: float
    ) -> GeneratorStep:
        """The loss on the filled pictures; a discriminator is shown them and the true ones, each with the mask.

        A discriminator that knows the mask looks at the hole and its seam (Yu et al. 2019, section 3.3).
        """
        planes, truth, mask = batch
        black, white = SPANS[recipe.preparation.span]
        fill = (network(planes).float() - black) / (white - black)
        inputs = LossInputs(fill, truth, mask, recipe.loss)
        shown = (torch.cat([2 * picture - 1, mask], 1) for picture in (inputs.filled, truth))
        return GeneratorStep(inpaint_terms(inputs), *shown)

    def discriminator(self, recipe: InpaintRecipe) -> nn.Module:
        """A discriminator of red, green, blue and the mask."""
        return discriminator_of_pictures(recipe.discriminator, more=1)

    def validation(self, held_out: Pictures, recipe: InpaintRecipe) -> InpaintValidation:
        """Fixed pictures and holes."""
        return InpaintValidation(choose(held_out, recipe.augment.size), recipe.preparation)

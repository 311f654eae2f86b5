"""How scratch detectors are trained."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor
from torch.utils.data import Dataset

from safelight.tasks.scratches.dataset import Batch, Sample, ScratchesDataset, collate
from safelight.tasks.scratches.losses import LossInputs, scratch_terms
from safelight.tasks.scratches.network import ScratchUNet
from safelight.tasks.scratches.recipe import ScratchesRecipe
from safelight.tasks.scratches.validation import ScratchesValidation, choose
from safelight.training.batches import Pictures
from safelight.training.task import TrainingTask


class ScratchesTraining(TrainingTask[ScratchesRecipe, ScratchUNet, Sample, Batch]):
    """U-Nets that find drawn damage."""

    recipe = ScratchesRecipe

    def network(self, recipe: ScratchesRecipe) -> ScratchUNet:
        """The U-Net."""
        return ScratchUNet(recipe.model)

    def initialize(self, network: ScratchUNet, dataset: Dataset[Sample], recipe: ScratchesRecipe) -> None:
        """Damage is rare, whatever the first weights are."""
        super().initialize(network, dataset, recipe)
        network.expect_little()

    def dataset(self, pictures: Pictures, recipe: ScratchesRecipe) -> ScratchesDataset:
        """Crops as old prints, most of them damaged."""
        return ScratchesDataset(pictures, recipe)

    def collate(self, samples: list[Sample]) -> Batch:
        """Planes and masks."""
        return collate(samples)

    def loss_terms(
        self, network: ScratchUNet, batch: Batch, recipe: ScratchesRecipe, progress: float
    ) -> dict[str, Tensor]:
        """The loss on the mask, term by term, each times its weight."""
        planes, truth = batch
        return scratch_terms(LossInputs(network(planes).float(), truth, recipe.loss))

    def validation(self, held_out: Pictures, recipe: ScratchesRecipe) -> ScratchesValidation:
        """Fixed prints."""
        return ScratchesValidation(choose(held_out, recipe), recipe.preparation.threshold)

    def with_measured(self, recipe: ScratchesRecipe, facts: Mapping[str, Any]) -> ScratchesRecipe:
        """With the threshold that was measured."""
        threshold = facts.get("threshold", recipe.preparation.threshold)
        return replace(recipe, preparation=replace(recipe.preparation, threshold=threshold))

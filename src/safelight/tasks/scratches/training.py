"""Finding damage as a craft: what it brings to the line of training."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from safelight.tasks.scratches.dataset import Sample, ScratchSamples, collate
from safelight.tasks.scratches.losses import balanced_cross_entropy, soft_dice
from safelight.tasks.scratches.network import Finder
from safelight.tasks.scratches.recipe import ScratchRecipe
from safelight.tasks.scratches.validation import ScratchProbes, choose
from safelight.training.batches import Pictures

Batch = tuple[Float[Tensor, "b 3 h w"], Float[Tensor, "b 1 h w"]]


class ScratchCraft:
    """How networks that find damage are trained (training/craft.py)."""

    def network(self, recipe: ScratchRecipe) -> Finder:
        """The U-Net."""
        return Finder(recipe.model)

    def samples(self, pictures: Pictures, recipe: ScratchRecipe) -> ScratchSamples:
        """Crops as old prints, most of them damaged."""
        return ScratchSamples(pictures, recipe)

    def collate(self, samples: list[Sample]) -> Batch:
        """Planes and masks."""
        return collate(samples)

    def terms(
        self, network: nn.Module, batch: Batch, recipe: ScratchRecipe, progress: float
    ) -> dict[str, Tensor]:
        """The loss on the mask, term by term, each times its weight."""
        planes, truth = batch
        logits, loss, terms = network(planes).float(), recipe.loss, {}
        if loss.cross_entropy:
            terms["cross_entropy"] = loss.cross_entropy * balanced_cross_entropy(logits, truth, loss.damaged)
        if loss.dice:
            terms["dice"] = loss.dice * soft_dice(logits, truth)
        return terms

    def probes(self, held_out: Pictures, recipe: ScratchRecipe) -> ScratchProbes:
        """Fixed prints."""
        return ScratchProbes(choose(held_out, recipe), recipe.preparation.threshold)

    def settled(self, recipe: ScratchRecipe, facts: Mapping[str, Any]) -> ScratchRecipe:
        """With the threshold that was measured."""
        threshold = facts.get("threshold", recipe.preparation.threshold)
        return replace(recipe, preparation=replace(recipe.preparation, threshold=threshold))

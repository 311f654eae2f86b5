"""Colorization as a craft: what it brings to the line of training."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from safelight.losses.colour import (
    ColorLossSettings,
    bin_cross_entropy,
    chroma_error,
    huber_distance,
    log_error,
)
from safelight.models.plain_color import ColorNetwork, PlainColorizer, color_network
from safelight.models.unet import Colors, ColorUNet
from safelight.training.batches import Pictures
from safelight.training.color.probes import ColorProbes
from safelight.training.color.recipe import ColorRecipe
from safelight.training.color.samples import ColorSamples, Sample, collate

Batch = tuple[Float[Tensor, "b 7 h w"], Float[Tensor, "b 2 h w"]]


class ColorCraft:
    """How colorizers are trained (training/craft.py)."""

    def network(self, recipe: ColorRecipe) -> ColorNetwork:
        """The U-Net, hinted or plain."""
        return color_network(recipe.model)

    def samples(self, pictures: Pictures, recipe: ColorRecipe) -> ColorSamples:
        """Crops with random hints."""
        return ColorSamples(pictures, recipe)

    def collate(self, samples: list[Sample]) -> Batch:
        """Planes (b, 7, h, w) and the true ab / 110 (b, 2, h, w)."""
        return collate(samples)

    def terms(
        self, network: nn.Module, batch: Batch, recipe: ColorRecipe, progress: float
    ) -> dict[str, Tensor]:
        """The loss on colours, term by term."""
        planes, truth = batch
        if isinstance(network, PlainColorizer):
            return color_terms(network(planes), None, truth, network, recipe.loss)
        assert isinstance(network, ColorUNet)
        levels, features = network.look(planes)
        answer = network.answer(planes, levels, features)
        return color_terms(answer, network.guess(features), truth, network, recipe.loss)

    def probes(self, held_out: Pictures, recipe: ColorRecipe) -> ColorProbes:
        """Fixed pictures and hints."""
        return ColorProbes.choose(held_out, recipe.augment.size, recipe.preparation)

    def settled(self, recipe: ColorRecipe, facts: Mapping[str, Any]) -> ColorRecipe:
        """With the vivid gain that was measured."""
        gain = facts.get("vivid_gain", recipe.preparation.vivid_gain)
        return replace(recipe, preparation=replace(recipe.preparation, vivid_gain=gain))


def color_terms(
    answer: Colors,
    guess: Tensor | None,
    truth: Float[Tensor, "b 2 h w"],
    network: ColorNetwork,
    settings: ColorLossSettings,
) -> dict[str, Tensor]:
    """Each term of the loss times its weight; their sum is what is lowered. guess: None of the plain network."""
    terms = {}
    if settings.huber:
        terms["huber"] = settings.huber * huber_distance(answer.ab, truth, settings.beta)
    if settings.l1:
        terms["l1"] = settings.l1 * F.l1_loss(answer.ab, truth)
    if settings.log_error:
        terms["log_error"] = settings.log_error * log_error(answer.ab, truth, settings.floor)
    if settings.chroma:
        terms["chroma"] = settings.chroma * chroma_error(answer.chroma, truth)
    if settings.guess and guess is not None:
        terms["guess"] = settings.guess * huber_distance(guess.float(), F.avg_pool2d(truth, 8), settings.beta)
    if settings.bins and answer.logits is not None and isinstance(network, ColorUNet) and network.bins:
        small = F.avg_pool2d(truth, truth.shape[-1] // answer.logits.shape[-1])
        terms["bins"] = settings.bins * bin_cross_entropy(answer.logits, network.bins.encode(small))
    return terms

"""The loss of an inpainting network: its settings, the table of its terms, and the functions that these are.

A new term is a function here, a weight in `InpaintLossSettings`, and a row of `TERMS`. Pictures are sRGB
(b, 3, h, w), 0..1; masks (b, 1, h, w), 1 = missing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

from safelight.errors import RecipeError
from safelight.losses.perceptual import features_of_both, perceptual_distance, shared_features, style_distance
from safelight.losses.terms import weighted_terms, weights_in
from safelight.shaped import Float

Picture = Float[Tensor, "b 3 h w"]
Hole = Float[Tensor, "b 1 h w"]


@dataclass(frozen=True)
class InpaintLossSettings:
    """Weights of the terms; a weight of 0 leaves the term out.

    hole: mean absolute error in the hole (Liu et al. 2018 take 6 to 1 of `valid`).
    valid: mean absolute error outside of the hole.
    log_error: half the log of each picture's mean squared error in its hole plus `floor` squared: every
      picture counts alike, as it does in a mean of PSNRs.
    floor: error below which `log_error` no longer presses, of black to white.
    perceptual: distance on EfficientNet-Lite0 features of the composite.
    style: distance of the Gram matrices of those features.
    variation: total variation of the composite in the hole and one pixel around it.
    """

    hole: float = 1.0
    valid: float = 0.1
    log_error: float = 0.0
    floor: float = 0.02
    perceptual: float = 0.0
    style: float = 0.0
    variation: float = 0.0

    def __post_init__(self) -> None:
        if min(weights_in(self, TERMS).values()) < 0 or self.floor <= 0:
            raise RecipeError("weights of loss cannot be negative, and loss.floor must be above 0")
        if self.hole <= 0 and self.log_error <= 0 and self.perceptual <= 0:
            raise RecipeError("no loss in the hole: set loss.hole, loss.log_error or loss.perceptual above 0")


@dataclass(frozen=True)
class LossInputs:
    """A batch as the terms see it: what the network paints everywhere, the truth, the hole."""

    fill: Picture
    truth: Picture
    mask: Hole
    settings: InpaintLossSettings

    @cached_property
    def filled(self) -> Picture:
        """The picture that a user gets."""
        return composite(self.fill, self.truth, self.mask)

    @cached_property
    def features(self) -> tuple[list[Tensor], list[Tensor]]:
        """What a frozen EfficientNet-Lite0 sees in the filled picture and in the true one."""
        filled = self.filled.clamp(0, 1)  # beyond 0..1 the other terms pull back
        return features_of_both(shared_features("efficientnet_lite0"), filled, self.truth)


TERMS: dict[str, Callable[[LossInputs], Tensor | None]] = {  # by the names of their weights
    "hole": lambda x: masked_l1(x.fill, x.truth, x.mask),
    "valid": lambda x: masked_l1(x.fill, x.truth, 1 - x.mask),
    "log_error": lambda x: hole_log_error(x.fill, x.truth, x.mask, x.settings.floor),
    "variation": lambda x: hole_variation(x.filled, x.mask),
    "perceptual": lambda x: perceptual_distance(*x.features),
    "style": lambda x: style_distance(*x.features),
}


def inpaint_terms(inputs: LossInputs) -> dict[str, Tensor]:
    """Each term of the loss times its weight."""
    return weighted_terms(TERMS, inputs, weights_in(inputs.settings, TERMS))


def composite(fill: Picture, truth: Picture, mask: Hole) -> Picture:
    """The filling in the hole, the picture around it: what a user gets."""
    return mask * fill + (1 - mask) * truth


def masked_l1(fill: Picture, truth: Picture, where: Hole) -> Tensor:
    """Mean absolute error over the pixels where `where` is 1, of the whole batch; 0 if there are none."""
    count = where.sum() * fill.shape[1]
    return (where * (fill - truth).abs()).sum() / count.clamp(min=1)


def hole_log_error(fill: Picture, truth: Picture, mask: Hole, floor: float) -> Tensor:
    """Mean over pictures of half the log of the mean squared error in the hole plus floor squared."""
    squared = (mask * (fill - truth) ** 2).sum((1, 2, 3)) / (mask.sum((1, 2, 3)) * 3).clamp(min=1)
    return 0.5 * torch.log(squared + floor**2).mean()


def hole_variation(filled: Picture, mask: Hole) -> Tensor:
    """Mean absolute difference of neighbours of which one is in the hole, or beside it (Liu et al. 2018, eq. 6)."""
    region = F.max_pool2d(mask, 3, 1, 1)
    down = region[:, :, 1:] * region[:, :, :-1] * (filled[:, :, 1:] - filled[:, :, :-1]).abs()
    across = region[:, :, :, 1:] * region[:, :, :, :-1] * (filled[:, :, :, 1:] - filled[:, :, :, :-1]).abs()
    return (down.sum() + across.sum()) / (region.sum() * filled.shape[1]).clamp(min=1)

"""Losses on masks of damage. Logits and truth are (b, 1, h, w); truth is 1 where something is damaged."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from safelight.errors import RecipeError

Plane = Float[Tensor, "b 1 h w"]


@dataclass(frozen=True)
class ScratchLossSettings:
    """Weights of the terms; a weight of 0 leaves the term out.

    cross_entropy: how unlikely the truth of each pixel was held, damaged or whole.
    damaged: what a damaged pixel counts in `cross_entropy` beside a whole one.
    dice: one minus the overlap (Milletari et al. 2016), over the whole batch: it does not mind that damage is rare.
    """

    cross_entropy: float = 1.0
    damaged: float = 1.0
    dice: float = 0.5

    def __post_init__(self) -> None:
        if min(self.cross_entropy, self.dice) < 0 or not self.cross_entropy + self.dice > 0:
            raise RecipeError("loss.cross_entropy and loss.dice cannot be negative, nor both 0")
        if self.damaged <= 0:
            raise RecipeError(f"loss.damaged is {self.damaged:g}; expected a weight above 0")


def balanced_cross_entropy(logits: Plane, truth: Plane, damaged: float) -> Tensor:
    """Mean over pixels of the cross-entropy in nats, damaged pixels counting so many times."""
    return F.binary_cross_entropy_with_logits(logits, truth, pos_weight=logits.new_tensor(damaged))


def soft_dice(logits: Plane, truth: Plane) -> Tensor:
    """1 - 2 |p t| / (|p|^2 + |t|^2) over the batch, 0..1 (Milletari et al. 2016, section 3); 0 if nothing is there."""
    p = torch.sigmoid(logits)
    return 1 - (2 * (p * truth).sum() + 1) / (p.square().sum() + truth.square().sum() + 1)

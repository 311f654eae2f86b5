"""The loss of a damage detector: its settings, the table of its terms, and the functions that these are.

A new term is a function here, a weight in `ScratchesLossSettings`, and a row of `TERMS`. Logits and truth are
(b, 1, h, w); truth is 1 where something is damaged.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from safelight.errors import RecipeError
from safelight.losses.terms import weighted_terms, weights_in
from safelight.shaped import Float

Plane = Float[Tensor, "b 1 h w"]


@dataclass(frozen=True)
class ScratchesLossSettings:
    """Weights of the terms; a weight of 0 leaves the term out.

    cross_entropy: how unlikely the truth of each pixel was held, damaged or whole.
    damaged: what a damaged pixel counts in `cross_entropy` beside a whole one.
    dice: one minus the overlap (Milletari et al. 2016), over the whole batch: it does not mind that damage is rare.
    """

    cross_entropy: float = 1.0
    damaged: float = 1.0
    dice: float = 0.5

    def __post_init__(self) -> None:
        weights = weights_in(self, TERMS)
        if min(weights.values()) < 0 or not sum(weights.values()) > 0:
            names = " and ".join(f"loss.{name}" for name in weights)
            raise RecipeError(f"{names} cannot be negative, nor all 0")
        if self.damaged <= 0:
            raise RecipeError(f"loss.damaged is {self.damaged:g}; expected a weight above 0")


class LossInputs(NamedTuple):
    """A batch as the terms see it."""

    logits: Plane
    truth: Plane
    settings: ScratchesLossSettings


TERMS: dict[str, Callable[[LossInputs], Tensor | None]] = {  # by the names of their weights
    "cross_entropy": lambda x: balanced_cross_entropy(x.logits, x.truth, x.settings.damaged),
    "dice": lambda x: soft_dice(x.logits, x.truth),
}


def scratch_terms(inputs: LossInputs) -> dict[str, Tensor]:
    """Each term of the loss times its weight."""
    return weighted_terms(TERMS, inputs, weights_in(inputs.settings, TERMS))


def balanced_cross_entropy(logits: Plane, truth: Plane, damaged: float) -> Tensor:
    """Mean over pixels of the cross-entropy in nats, damaged pixels counting so many times."""
    return F.binary_cross_entropy_with_logits(logits, truth, pos_weight=logits.new_tensor(damaged))


def soft_dice(logits: Plane, truth: Plane) -> Tensor:
    """1 - 2 |p t| / (|p|^2 + |t|^2) over the batch, 0..1 (Milletari et al. 2016, section 3); 0 if nothing is there."""
    p = torch.sigmoid(logits)
    return 1 - (2 * (p * truth).sum() + 1) / (p.square().sum() + truth.square().sum() + 1)

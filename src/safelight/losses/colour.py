"""Losses on colour. ab is in units of ab / 110, shapes (b, 2, h, w); each returns one number to be lowered."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from safelight.errors import RecipeError

AB_SCALE = 110.0


@dataclass(frozen=True)
class ColorLossSettings:
    """Weights of the terms; a weight of 0 leaves the term out.

    huber: Huber on the distance between two colours, a pixel's two channels together, quadratic below
      `beta` (in ab / 110).
    l1: mean absolute error of the channels.
    log_error: log of each picture's mean squared ab error plus `floor` squared (floor in units of ab): every
      picture counts alike, as it does in a mean of PSNRs.
    chroma: absolute error of the expected chroma (for vivid colours).
    guess: Huber of the answer before any hint, at an eighth of the size.
    bins: cross-entropy of the distribution over ab bins (head "bins" only).
    """

    huber: float = 1.0
    beta: float = 0.05
    l1: float = 0.0
    log_error: float = 0.0
    floor: float = 3.0
    chroma: float = 0.2
    guess: float = 0.2
    bins: float = 0.0

    def __post_init__(self) -> None:
        if self.beta <= 0 or self.floor <= 0:
            raise RecipeError(f"loss.beta ({self.beta}) and loss.floor ({self.floor}) must be above 0")
        if self.huber <= 0 and self.l1 <= 0 and self.log_error <= 0 and self.bins <= 0:
            raise RecipeError(
                "no loss on the colours: set loss.huber, loss.l1, loss.log_error or loss.bins above 0"
            )


def huber_distance(ab: Float[Tensor, "b 2 h w"], truth: Float[Tensor, "b 2 h w"], beta: float) -> Tensor:
    """Huber (1964) of the Euclidean distance of two colours, divided by beta: its slope is 1 far out."""
    squared = ((ab - truth) ** 2).sum(1)
    distance = torch.sqrt(squared + 1e-12)
    return torch.where(distance < beta, 0.5 * squared / beta, distance - 0.5 * beta).mean()


def log_error(ab: Float[Tensor, "b 2 h w"], truth: Float[Tensor, "b 2 h w"], floor: float) -> Tensor:
    """Mean over pictures of half the log of the mean squared ab error plus floor squared (floor in units of ab)."""
    squared = ((ab - truth) ** 2).sum(1).mean((1, 2)) * AB_SCALE**2
    return 0.5 * torch.log(squared + floor**2).mean()


def chroma_error(expected: Float[Tensor, "b 1 h w"], truth: Float[Tensor, "b 2 h w"]) -> Tensor:
    """Mean absolute error of the expected chroma."""
    return F.l1_loss(expected[:, 0], torch.linalg.vector_norm(truth, dim=1))


def bin_cross_entropy(logits: Float[Tensor, "b q h w"], soft: Float[Tensor, "b q h w"]) -> Tensor:
    """Cross-entropy in nats a pixel between softly encoded truth and predicted bins (Zhang et al. 2016, eq. 2)."""
    return F.cross_entropy(logits.float(), soft)

"""Losses on color. ab is in units of ab / 110, shapes (b, 2, h, w); each returns one number to be lowered."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from safelight.losses.ranges import check_ab
from safelight.tasks.colorize.loss_settings import ColorLossSettings

__all__ = [
    "ColorLossSettings",
    "bin_cross_entropy",
    "chroma_error",
    "diversity",
    "huber_distance",
    "log_error",
    "saturation_weighted_error",
]

AB_SCALE = 110.0


def huber_distance(ab: Float[Tensor, "b 2 h w"], truth: Float[Tensor, "b 2 h w"], beta: float) -> Tensor:
    """Huber (1964) of the Euclidean distance of two colors, divided by beta: its slope is 1 far out."""
    check_ab(truth)
    squared = ((ab - truth) ** 2).sum(1)
    distance = torch.sqrt(squared + 1e-12)
    return torch.where(distance < beta, 0.5 * squared / beta, distance - 0.5 * beta).mean()


def log_error(ab: Float[Tensor, "b 2 h w"], truth: Float[Tensor, "b 2 h w"], floor: float) -> Tensor:
    """Mean over pictures of half the log of the mean squared ab error plus floor squared (floor in units of ab)."""
    check_ab(truth)
    squared = ((ab - truth) ** 2).sum(1).mean((1, 2)) * AB_SCALE**2
    return 0.5 * torch.log(squared + floor**2).mean()


def saturation_weighted_error(
    ab: Float[Tensor, "b 2 h w"],
    truth: Float[Tensor, "b 2 h w"],
    saturated: float = 1.5,
    grey: float = 0.5,
    threshold: float = 15.0,
) -> Tensor:
    """Squared error of the channels, `saturated` times at pixels whose true chroma is above `threshold`.

    Elsewhere `grey` times. threshold: in units of ab. Source: note 002, which leaves it open.
    """
    check_ab(truth)
    vivid = torch.linalg.vector_norm(truth, dim=1) * AB_SCALE > threshold
    squared = ((ab - truth) ** 2).mean(1)
    return (torch.where(vivid, saturated, grey) * squared).mean()


def diversity(ab: Float[Tensor, "b 2 h w"], truth: Float[Tensor, "b 2 h w"]) -> Tensor:
    """Minus the log of the variance of ab over a picture, mean over channels and pictures (note 003).

    At most 13.8 (one color), 4.6 at a spread of 11 units of ab. Rewarded is no more variety than each true
    picture has, and none beyond 110 units of ab: a variance grows with the square of an error that the other
    terms punish in proportion, so that without these bounds a few pixels thousands of units away are the cheapest
    variety there is. Its slope at one color is 0: what has collapsed altogether is not brought back by it.
    """
    check_ab(truth)
    variance, wanted = (colors.clamp(-1, 1).flatten(2).var(2).mean(1) for colors in (ab, truth))
    return -torch.log(torch.minimum(variance, wanted).mean() + 1e-6)


def chroma_error(expected: Float[Tensor, "b 1 h w"], truth: Float[Tensor, "b 2 h w"]) -> Tensor:
    """Mean absolute error of the expected chroma."""
    return F.l1_loss(expected[:, 0], torch.linalg.vector_norm(truth, dim=1))


def bin_cross_entropy(logits: Float[Tensor, "b q h w"], soft: Float[Tensor, "b q h w"]) -> Tensor:
    """Cross-entropy in nats a pixel between softly encoded truth and predicted bins (Zhang et al. 2016, eq. 2)."""
    # Bins last: channels-last logits are laid out so, and a softmax over a far axis is several times slower.
    rows = logits.float().movedim(1, -1)
    return (rows.logsumexp(-1) - (rows * soft.movedim(1, -1)).sum(-1)).mean()

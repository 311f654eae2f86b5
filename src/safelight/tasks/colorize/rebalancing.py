"""Class rebalancing: rare colors weigh more (Zhang, Isola & Efros 2016, section 2.2)."""

import torch
from jaxtyping import Float
from torch import Tensor

from safelight.errors import RecipeError


def smooth_prior(
    counts: Float[Tensor, " q"], centers: Float[Tensor, "q 2"], sigma: float = 5.0
) -> Float[Tensor, " q"]:
    """p~: the share of each bin, smoothed with a Gaussian over the ab plane.

    counts: pixels in each bin. centers and sigma are in units of ab. Each bin's share is spread over its
    neighbors and none is lost: the result sums to 1. Raises RecipeError for counts that are no histogram.
    """
    if counts.shape != centers.shape[:1] or not (counts >= 0).all() or not counts.sum() > 0:
        raise RecipeError(
            f"a prior of {tuple(counts.shape)} counts; expected {len(centers)} of 0 or more, not all 0"
        )
    squared = ((centers[:, None] - centers[None]) ** 2).sum(-1).double()
    spread = torch.exp(-squared / (2 * sigma**2))
    share = counts.double() / counts.double().sum()
    return ((spread / spread.sum(0)) @ share).to(centers)


def rebalancing_weights(prior: Float[Tensor, " q"], mix: float = 0.5) -> Float[Tensor, " q"]:
    """w of equation 4: ((1 - lambda) p~ + lambda / Q)^-1, scaled so that its mean over the prior is 1.

    mix: lambda, the share of a uniform distribution; at 1 all bins weigh 1.
    """
    weights = 1 / ((1 - mix) * prior + mix / len(prior))
    return weights / (prior * weights).sum()


def rebalanced_cross_entropy(
    logits: Float[Tensor, "b q h w"], soft: Float[Tensor, "b q h w"], weights: Float[Tensor, " q"]
) -> Tensor:
    """Equations 2 and 3: cross-entropy in nats a pixel, times the weight of the truth's most likely bin."""
    rows, truth = logits.float().movedim(1, -1), soft.movedim(1, -1)  # see bin_cross_entropy
    entropy = rows.logsumexp(-1) - (rows * truth).sum(-1)
    return (weights[truth.argmax(-1)] * entropy).mean()

"""The linear path of an autoencoder, and its start as principal components (Pearson 1901).

What PCA does need not be learned through convolutions: the code begins as the scores of the whole picture, a
linear map paints a small picture from it, and the convolutions only have to add to both.
"""

import math

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional as F

SLOW = 0.03  # of the learning rate: a step that suits convolutions would undo the start
ROUNDS, SPARE = 3, 32  # of subspace iteration; directions beside those that are wanted
AT_ONCE = 1024  # pictures


class SlowLinear(nn.Module):
    """A linear map that learns at a small share of the learning rate: what is stored is its weights over SLOW."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.1 / SLOW / math.sqrt(inputs) * torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, values: Float[Tensor, "b inputs"]) -> Float[Tensor, "b outputs"]:
        """The map's value."""
        return F.linear(values, SLOW * self.weight, SLOW * self.bias)

    def begin(self, weight: Float[Tensor, "outputs inputs"], bias: Float[Tensor, " outputs"]) -> None:
        """Begin as this map."""
        with torch.no_grad():
            self.weight.copy_(weight / SLOW)
            self.bias.copy_(bias / SLOW)


def principal_components(
    pictures: UInt8[Tensor, "n d"], count: int, generator: torch.Generator
) -> tuple[Float[Tensor, " d"], Float[Tensor, " k"], Float[Tensor, "k d"]]:
    """Mean, standard deviations and unit components, largest first, of values 0..1; at most `count` and n - 1.

    By subspace iteration from random directions (Halko, Martinsson & Tropp 2011, algorithm 4.4), a thousand
    pictures at a time, so that they need not be held as floats.
    """
    n, d = pictures.shape
    count = min(count, n - 1, d)
    mean = (
        torch.stack([part.float().mean(0) * len(part) for part in torch.split(pictures, AT_ONCE)]).sum(0)
        / n
        / 255
    )
    basis = torch.linalg.qr(torch.randn(d, min(count + SPARE, d), generator=generator)).Q
    for _ in range(ROUNDS):
        spread = torch.zeros_like(basis)
        for part in torch.split(pictures, AT_ONCE):
            centered = part.float() / 255 - mean
            spread += centered.T @ (centered @ basis)
        basis = torch.linalg.qr(spread).Q
    scores = torch.cat([(part.float() / 255 - mean) @ basis for part in torch.split(pictures, AT_ONCE)])
    variances, turn = torch.linalg.eigh(scores.T @ scores / n)
    largest = torch.arange(len(variances) - 1, len(variances) - 1 - count, -1)
    return mean, variances[largest].clamp(min=1e-8).sqrt(), (basis @ turn[:, largest]).T


def shrink(pictures: Float[Tensor, "n c s s"], side: int) -> Float[Tensor, "n c side side"]:
    """The small pictures that come nearest to these when they are enlarged (least squares)."""
    size = pictures.shape[-1]
    enlarge = F.interpolate(torch.eye(side)[None], size=size, mode="linear")[0].T
    back = torch.linalg.pinv(enlarge)
    return torch.einsum("ij,ncjk,lk->ncil", back, pictures, back)

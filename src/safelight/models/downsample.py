"""Ways to a smaller picture that have no weights: max, average and blur pooling."""

from collections.abc import Callable
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

PoolName = Literal["max_pool", "average_pool", "blur_pool"]
BINOMIAL = (
    1.0,
    3.0,
    3.0,
    1.0,
)  # four taps: the cell's center stays between its pixels, as in average pooling


class BlurPool(nn.Module):
    """Blur, then take every second pixel (Zhang 2019); twice for a factor of 4. Edges are repeated."""

    taps: Tensor

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.halvings = factor.bit_length() - 1
        taps = torch.tensor(BINOMIAL) / sum(BINOMIAL)
        self.register_buffer("taps", (taps[:, None] * taps)[None, None], persistent=False)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h2 w2"]:
        """Each channel for itself."""
        channels = x.shape[1]
        taps = self.taps.to(x.dtype).expand(channels, 1, *self.taps.shape[2:])
        for _ in range(self.halvings):
            x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), taps, stride=2, groups=channels)
        return x


POOLS: dict[PoolName, Callable[[int], nn.Module]] = {
    "max_pool": nn.MaxPool2d,
    "average_pool": nn.AvgPool2d,
    "blur_pool": BlurPool,
}

"""Ways to a smaller picture that have no weights: max, average and blur pooling."""

from collections.abc import Callable
from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

PoolName = Literal["max_pool", "average_pool", "blur_pool"]


class BlurPool(nn.Module):
    """Blur with the binomial taps 1 3 3 1, then take every second pixel (Zhang 2019); twice for a factor of 4.

    Four taps, so that a cell's center stays between its pixels as in average pooling. Edges are repeated.
    """

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.halvings = factor.bit_length() - 1

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h2 w2"]:
        """Each channel for itself."""
        for _ in range(self.halvings):
            # (1 1) * (1 1) * (1 1) = (1 3 3 1): three means of 2 x 2, faster than a depthwise convolution.
            wide = F.avg_pool2d(x, 2, 1, padding=1, count_include_pad=False)
            x = F.avg_pool2d(F.avg_pool2d(wide, 2, 1), 2)
        return x


POOLS: dict[PoolName, Callable[[int], nn.Module]] = {
    "max_pool": nn.MaxPool2d,
    "average_pool": nn.AvgPool2d,
    "blur_pool": BlurPool,
}

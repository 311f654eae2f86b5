"""How far a picture is from those that a model was trained on, as the last part of its network.

The distance to the k-th nearest training picture, between features that the encoder computes anyway.
Source: Sun et al. 2022, "Out-of-distribution detection with deep nearest neighbors". docs/familiar.md says
what it was chosen over, and by which measurement.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

FROM = slice(2, 4)  # encoder levels at an eighth and a sixteenth of the size


def pool(levels: Sequence[Float[Tensor, "b c h w"]]) -> Float[Tensor, "b d"]:
    """What a picture is made of: mean and standard deviation over places of each channel of two levels.

    levels: the encoder's at 1/2, 1/4, 1/8, 1/16 and 1/32. The finest say little of what is seen and the
    deepest little of how it looks, so that noise and textures pass for photographs.
    """
    return torch.cat(
        [part for level in levels[FROM] for part in (level.mean((2, 3)), level.std((2, 3), correction=0))], 1
    )


class Unfamiliarity(nn.Module):
    """Features (b, d) to unfamiliarity (b,): 1 at the threshold, more is farther.

    kept: unit-length features of training pictures, (n, d). nearest: which of them counts, from 1.
    threshold: the distance that is called 1.
    """

    kept: Tensor

    def __init__(self, kept: Float[Tensor, "n d"], nearest: int, threshold: float) -> None:
        super().__init__()
        self.register_buffer("kept", kept)
        self.nearest, self.threshold = nearest, threshold

    def forward(self, features: Float[Tensor, "b d"]) -> Float[Tensor, " b"]:
        """Distance on the unit sphere, |u - v|^2 = 2 - 2 u.v, as a share of the threshold."""
        alike = F.normalize(features, dim=1) @ self.kept.T
        kth = alike.topk(self.nearest, dim=1).values[:, -1]
        return torch.sqrt(torch.clamp(2 - 2 * kth, min=0.0)) / self.threshold

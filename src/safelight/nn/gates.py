"""Attention gates: what comes over a skip passes as far as the coarser level asks for it (Oktay et al. 2018)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class AttentionGate(nn.Module):
    """Additive attention (equations 1 and 2): alpha = sigmoid(psi relu(W_x x + W_g g + b_g) + b_psi).

    x: what the skip carries; g: the features of the level below, `factor` times smaller. Alpha is worked out
    on the smaller grid and enlarged bilinearly, as in the paper.
    """

    def __init__(self, skip: int, below: int, factor: int) -> None:
        super().__init__()
        self.factor = factor
        hidden = max(skip // 2, 1)
        self.of_skip = nn.Conv2d(skip, hidden, factor, stride=factor, bias=False)
        self.of_below = nn.Conv2d(below, hidden, 1)
        self.to_share = nn.Conv2d(hidden, 1, 1)

    def share(
        self, skip: Float[Tensor, "b c h w"], below: Float[Tensor, "b d h2 w2"]
    ) -> Float[Tensor, "b 1 h w"]:
        """Alpha: 0 keeps a pixel of the skip back, 1 lets it through."""
        small = torch.sigmoid(self.to_share(F.relu(self.of_skip(skip) + self.of_below(below))))
        return F.interpolate(small, scale_factor=float(self.factor), mode="bilinear", align_corners=False)

    def forward(
        self, skip: Float[Tensor, "b c h w"], below: Float[Tensor, "b d h2 w2"]
    ) -> Float[Tensor, "b c h w"]:
        """The skip times alpha."""
        return skip * self.share(skip, below)

"""Building blocks: norms and activations by name, a convolution block, and attention to the hinted places."""

import math
from collections.abc import Callable
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

NormName = Literal["batch", "group", "instance", "none"]
ActivationName = Literal["relu", "leaky_relu", "elu", "silu", "gelu"]


def group_norm(channels: int) -> nn.GroupNorm:
    """Group norm (Wu & He 2018) with groups of at least 4 channels, 16 groups at the most."""
    groups = max(g for g in range(1, 17) if channels % g == 0 and channels // g >= min(4, channels))
    return nn.GroupNorm(groups, channels)


NORMS: dict[NormName, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm2d,
    "group": group_norm,
    "instance": lambda channels: nn.InstanceNorm2d(channels, affine=True),
    "none": lambda channels: nn.Identity(),
}
ACTIVATIONS: dict[ActivationName, Callable[[], nn.Module]] = {
    "relu": lambda: nn.ReLU(inplace=True),
    "leaky_relu": lambda: nn.LeakyReLU(0.1, inplace=True),
    "elu": lambda: nn.ELU(inplace=True),
    "silu": lambda: nn.SiLU(inplace=True),
    "gelu": nn.GELU,
}


class ConvBlock(nn.Sequential):
    """Convolution, norm, activation; size divided by the stride, dilated kernels padded so. He initialisation."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        norm: NormName = "batch",
        activation: ActivationName = "relu",
        stride: int = 1,
        dilation: int = 1,
    ) -> None:
        padding = dilation * (kernel // 2)
        conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias=norm == "none")
        nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        super().__init__(conv, NORMS[norm](outputs), ACTIVATIONS[activation]())


class HintAttention(nn.Module):
    """Carry hint colors to all places that look alike, however far away.

    Attention (Vaswani et al. 2017) in which every cell of the grid asks, and only cells that hold hints
    answer: one projection gives query and key, so that likeness is mutual; each head adds a penalty on
    distance and may answer "none of them" (a logit of its own). The answer is how far the hint is from what
    was guessed at its place without hints, so that with all guesses right nothing changes.
    """

    def __init__(self, channels: int, heads: int = 4, width: int = 16) -> None:
        super().__init__()
        self.heads, self.width = heads, width
        self.likeness = nn.Conv2d(channels, heads * width, 1)
        self.sharpness = nn.Parameter(torch.zeros(heads))
        self.nearness = nn.Parameter(torch.linspace(-2.0, 3.0, heads))
        self.nobody = nn.Parameter(torch.zeros(heads))

    @property
    def outputs(self) -> int:
        """Channels that come out: for each head two of color and one of confidence."""
        return 3 * self.heads

    def forward(
        self,
        features: Float[Tensor, "b c h w"],
        guess: Float[Tensor, "b 2 h w"],
        hint_ab: Float[Tensor, "b 2 h w"],
        hint_mask: Float[Tensor, "b 1 h w"],
    ) -> Float[Tensor, "b o h w"]:
        """hint_ab and hint_mask are pooled means over the cells: ab x mask, and the share that is hinted."""
        b, _, h, w = features.shape
        tokens = self.likeness(features).reshape(b, self.heads, self.width, h * w)
        tokens = F.normalize(tokens.float(), dim=2)
        alike = tokens.transpose(2, 3) @ tokens  # b heads asked answering
        scale = 4.0 * self.sharpness.float().exp()[:, None, None]
        logits = scale * (alike - 1.0) - self.nearness.float().exp()[:, None, None] * squared_distances(
            h, w, features.device
        )
        share = hint_mask.float().reshape(b, 1, 1, h * w)
        weight = torch.exp(logits) * torch.clamp(share * 32.0, max=1.0)
        surprise = hint_ab.float() / (hint_mask.float() + 1e-4) - guess.float()
        told = (hint_mask > 0).float() * torch.cat([surprise, torch.ones_like(hint_mask.float())], 1)
        told = told.reshape(b, 1, 3, h * w).transpose(2, 3)
        total = weight.sum(3, keepdim=True) + torch.exp(self.nobody.float() - 3.0)[:, None, None]
        carried = (weight @ told) / total  # b heads h*w 3
        return carried.permute(0, 1, 3, 2).reshape(b, self.outputs, h, w).to(features.dtype)


def squared_distances(h: int, w: int, device: torch.device) -> Float[Tensor, "n n"]:
    """Squared distances between all cells of an h x w grid, in units of the shorter side."""
    # Tensors, not Python's min: an exported network must work it out for each picture's own size.
    shorter = torch.minimum(torch.as_tensor(h), torch.as_tensor(w)).to(device)
    y = torch.arange(h, device=device) / shorter
    x = torch.arange(w, device=device) / shorter
    place = torch.stack([y[:, None].expand(h, w), x[None].expand(h, w)], -1).reshape(h * w, 2)
    return ((place[:, None] - place[None]) ** 2).sum(-1)


def pool_to(planes: Float[Tensor, "b c h w"], factor: int) -> Float[Tensor, "b c h2 w2"]:
    """Mean over factor x factor cells."""
    return F.avg_pool2d(planes, factor) if factor > 1 else planes


def double(planes: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h2 w2"]:
    """Twice the size, bilinear."""
    return F.interpolate(planes, scale_factor=2.0, mode="bilinear", align_corners=False)


def count_parameters(network: nn.Module, trained_only: bool = False) -> int:
    """Number of weights."""
    return sum(math.prod(p.shape) for p in network.parameters() if p.requires_grad or not trained_only)

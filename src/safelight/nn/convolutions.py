"""Convolution blocks by name: plain, gated (Yu et al. 2019) and partial (Liu et al. 2018).

All take the parts that they see (what came up from below, what came over the skip) and give one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from safelight.nn.layers import ACTIVATIONS, NORMS, ActivationName, ConvBlock, NormName

ConvolutionName = Literal["plain", "gated", "partial"]
LEAST_SHARE = 1e-6  # less of a window than any one known cell can be


class Seen(NamedTuple):
    """Features (b, c, h, w); for partial convolution also where they are known, (b, 1, h, w), 1 = known."""

    x: Tensor
    known: Tensor | None = None


@dataclass(frozen=True)
class Window:
    """What a convolution sees at once; padded so that the size is divided by the stride and nothing else."""

    kernel: int = 3
    stride: int = 1
    dilation: int = 1

    @property
    def padding(self) -> int:
        """Zeros on each side."""
        return self.dilation * (self.kernel // 2)


def convolution(inputs: int, outputs: int, window: Window, bias: bool) -> nn.Conv2d:
    """A convolution with this window."""
    return nn.Conv2d(
        inputs, outputs, window.kernel, window.stride, window.padding, window.dilation, bias=bias
    )


def together(parts: tuple[Seen, ...]) -> Tensor:
    """The features of all parts, (b, sum of c, h, w)."""
    return parts[0].x if len(parts) == 1 else torch.cat([part.x for part in parts], 1)


class PlainBlock(nn.Module):
    """Convolution, norm, activation."""

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        window: Window,
        norm: NormName,
        activation: ActivationName,
    ) -> None:
        super().__init__()
        self.block = ConvBlock(
            sum(inputs), outputs, window.kernel, norm, activation, window.stride, window.dilation
        )

    def forward(self, *parts: Seen) -> Seen:
        """One layer on, all of it as known as before."""
        return Seen(self.block(together(parts)))


class GatedBlock(nn.Module):
    """A convolution whose every answer is let through as far as a second one says (Yu et al. 2019, equation 3)."""

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        window: Window,
        norm: NormName,
        activation: ActivationName,
    ) -> None:
        super().__init__()
        # Two convolutions, not one cut in halves: a half is not contiguous in channels_last.
        self.features = convolution(sum(inputs), outputs, window, bias=norm == "none")
        self.gate = convolution(sum(inputs), outputs, window, bias=True)
        self.norm, self.activation = NORMS[norm](outputs), ACTIVATIONS[activation]()

    def forward(self, *parts: Seen) -> Seen:
        """O = activation(features) x sigmoid(gate)."""
        x = together(parts)
        features = self.activation(self.norm(self.features(x)))
        return Seen(features * torch.sigmoid(self.gate(x)))


class PartialConv(nn.Module):
    """Convolution of what is known only, made up for what is not (Liu et al. 2018, equations 1 and 2).

    Each part has its own mask. Beyond the border nothing is known, as in the paper: zero padding does not
    darken the edge. No bias where nothing was known.
    """

    window: Tensor

    def __init__(self, inputs: tuple[int, ...], outputs: int, window: Window, bias: bool = True) -> None:
        super().__init__()
        self.conv = convolution(sum(inputs), outputs, window, bias=False)
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        # The same number for each cell of a part's channels: what a known cell adds to sum(M) / sum(1).
        share = torch.tensor(inputs) / (sum(inputs) * window.kernel**2)
        cells = share.view(1, -1, 1, 1).repeat(1, 1, window.kernel, window.kernel)
        self.register_buffer("window", cells, persistent=False)

    def forward(self, *parts: Seen) -> Seen:
        """W (X * M) sum(1) / sum(M) + b, and zeros where sum(M) is 0; known = sum(M) > 0."""
        share = self.share_known(parts)
        known = (share > LEAST_SHARE).float()
        y = self.conv(together(tuple(Seen(x * _mask(known).to(x.dtype)) for x, known in parts)))
        y = y * (known / share.clamp(min=LEAST_SHARE)).to(y.dtype)
        if self.bias is not None:
            y = y + self.bias.view(1, -1, 1, 1).to(y.dtype) * known.to(y.dtype)
        return Seen(y, known)

    def share_known(self, parts: tuple[Seen, ...]) -> Tensor:
        """sum(M) / sum(1) of every window, (b, 1, h, w), in single precision: counts are exact."""
        masks = torch.cat([_mask(part.known).float() for part in parts], 1)
        conv = self.conv
        with torch.autocast(masks.device.type, enabled=False):
            return F.conv2d(masks, self.window.float(), None, conv.stride, conv.padding, conv.dilation)


class PartialBlock(nn.Module):
    """Partial convolution, norm, activation."""

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        window: Window,
        norm: NormName,
        activation: ActivationName,
    ) -> None:
        super().__init__()
        self.partial = PartialConv(inputs, outputs, window, bias=norm == "none")
        self.norm, self.activation = NORMS[norm](outputs), ACTIVATIONS[activation]()

    def forward(self, *parts: Seen) -> Seen:
        """One layer on, more of it known."""
        x, known = self.partial(*parts)
        return Seen(self.activation(self.norm(x)), known)


def _mask(known: Tensor | None) -> Tensor:
    assert known is not None, "partial convolution is given what is known from the first layer on"
    return known


Block = PlainBlock | GatedBlock | PartialBlock
BLOCKS: dict[ConvolutionName, Callable[[tuple[int, ...], int, Window, NormName, ActivationName], Block]] = {
    "plain": PlainBlock,
    "gated": GatedBlock,
    "partial": PartialBlock,
}

"""The narrow place of a U-Net: more convolutions, dilation, attention, a fully connected code."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from safelight.errors import RecipeError
from safelight.nn.convolutions import BLOCKS, ConvolutionName, Seen, Window
from safelight.nn.layers import ACTIVATIONS, ActivationName, NormName
from safelight.shaped import Float

PATCH = 3  # side of the patches that it compares, in cells
SHARPNESS = 10.0  # lambda of the softmax of contextual attention
NEVER = -1e4


@dataclass(frozen=True)
class BottleneckSettings:
    """What happens at the smallest size.

    width: channels; 0 for those that growth gives.
    depth: convolutions after the last downsampling.
    dilations: how far apart the pixels of each convolution's kernel lie, padded so that sizes hold; none given
      are all 1.
    contextual: missing cells borrow from known ones (Yu et al. 2018); needs memory for (cells)².
    self_attention: heads with which all cells look at all (Vaswani et al. 2017), 0 for none; needs memory for
      (cells)².
    fully_connected: numbers that the whole picture is pressed into; 0 for none.
    """

    width: int = 0
    depth: int = 1
    dilations: tuple[int, ...] = ()
    contextual: bool = False
    self_attention: int = 0
    fully_connected: int = 0

    def __post_init__(self) -> None:
        if min(self.width, self.depth, self.self_attention, self.fully_connected) < 0:
            raise RecipeError(
                "model.bottleneck.width, depth, self_attention and fully_connected cannot be negative"
            )
        if self.dilations and (len(self.dilations) != self.depth or min(self.dilations) < 1):
            raise RecipeError(
                f"model.bottleneck.dilations is {self.dilations} for a depth of {self.depth}; "
                "expected one a convolution, 1 or more each, or none"
            )


class ContextualAttention(nn.Module):
    """Each missing cell becomes a mean of known patches, weighted by how like them the guess in its place is.

    No weights of its own: likeness is the cosine of 3 x 3 patches, summed over neighbors that borrow from
    neighbors (attention propagation, equation 5, before the softmax as in the authors' program). Known cells
    stay as they are, and so does everything where no whole patch is known. Memory grows with (h w)^2.
    """

    def forward(
        self, x: Float[Tensor, "b c h w"], missing: Float[Tensor, "b 1 h w"]
    ) -> Float[Tensor, "b c h w"]:
        """x with its missing cells borrowed; missing: 1 = missing, 0 = known."""
        patches = _patches(x)
        whole = 1 - F.max_pool2d(missing, PATCH, 1, PATCH // 2).flatten(
            2
        )  # b 1 n: no cell of the patch missing
        weights = self.weights(patches, whole, x.shape[2], x.shape[3])
        borrowed = _overlap_mean(weights.to(patches.dtype) @ patches, x)
        possible = whole.amax(2)[..., None, None]
        return torch.lerp(x, borrowed.to(x.dtype), (missing * possible).to(x.dtype))

    def weights(
        self, patches: Float[Tensor, "b n d"], whole: Float[Tensor, "b 1 n"], h: int, w: int
    ) -> Float[Tensor, "b n n"]:
        """How much each cell (rows) takes of each patch (columns); rows sum to 1, or to 0 if nothing is known."""
        unit = F.normalize(patches.float(), dim=2, eps=1e-4)
        similarity = unit @ unit.transpose(1, 2)  # equation 3
        similarity = propagate(similarity.float().view(-1, h, w, h, w)).flatten(3).flatten(1, 2)
        return torch.softmax(SHARPNESS * similarity + NEVER * (1 - whole), 2) * whole


def propagate(similarity: Float[Tensor, "b h w h w"]) -> Float[Tensor, "b h w h w"]:
    """Sum over neighbors, both moved together, left to right and then top to bottom (equation 5, k = 1)."""
    for own, other in ((2, 4), (1, 3)):
        last = similarity.shape[own] - 1
        inner = similarity.narrow(own, 0, last).narrow(other, 0, last)
        outer = similarity.narrow(own, 1, last).narrow(other, 1, last)
        similarity = (
            similarity + _beside(inner, own, other, before=True) + _beside(outer, own, other, before=False)
        )
    return similarity


def _beside(part: Tensor, own: int, other: int, before: bool) -> Tensor:
    """One more row of zeros, at the beginning or the end of both of these dimensions."""
    padding = [0] * (2 * part.ndim)
    for dimension in (own, other):
        padding[2 * (part.ndim - 1 - dimension) + (0 if before else 1)] = 1
    return F.pad(part, padding)


def _patches(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b n d"]:
    """The 3 x 3 patch around every cell, edges repeated."""
    margin = PATCH // 2
    return F.unfold(F.pad(x, (margin,) * 4, mode="replicate"), PATCH).transpose(1, 2)


def _overlap_mean(patches: Float[Tensor, "b n d"], x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    """A picture of x's size from its overlapping patches: the mean of all that cover a cell."""
    b, c, h, w = x.shape
    stacked = patches.transpose(1, 2).reshape(b, c, PATCH, PATCH, h, w).float()
    total = _add_up(stacked, h, w)
    return total / _add_up(torch.ones_like(stacked[:1, :1]), h, w)


def _add_up(stacked: Float[Tensor, "b c k k h w"], h: int, w: int) -> Float[Tensor, "b c h w"]:
    """The sum of patches, each where it lies (what F.fold does; that cannot be exported with free sizes)."""
    margin = PATCH // 2
    wide = F.pad(stacked, (margin,) * 4)
    places = [(i, j) for i in range(PATCH) for j in range(PATCH)]
    moved = [wide[:, :, i, j].narrow(2, 2 * margin - i, h).narrow(3, 2 * margin - j, w) for i, j in places]
    return torch.stack(moved).sum(0)


class SelfAttention(nn.Module):
    """Every cell asks every other, as many times as there are heads; the answer is added to what it was."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(1, channels)
        self.ask = nn.Conv2d(channels, 3 * channels, 1)
        self.tell = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """softmax(Q K' / sqrt(d)) V, equation 1."""
        b, c, h, w = x.shape
        projected = self.ask(self.norm(x)).reshape(b, 3, self.heads, c // self.heads, h * w)
        query, key, value = projected.transpose(3, 4).unbind(1)  # each b heads n d
        attended = F.scaled_dot_product_attention(query, key, value)
        added: Tensor = self.tell(attended.transpose(2, 3).reshape(b, c, h, w))
        return x + added.to(x.dtype)


class PictureCode(nn.Module):
    """The whole picture through a few numbers, and back: fully connected, so of one size (h, w) only."""

    def __init__(self, channels: int, size: tuple[int, int], code: int, activation: ActivationName) -> None:
        super().__init__()
        self.shape = (channels, *size)
        numbers = channels * size[0] * size[1]
        self.press, self.unfold = nn.Linear(numbers, code), nn.Linear(code, numbers)
        self.activation, self.last = ACTIVATIONS[activation](), ACTIVATIONS[activation]()

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Picture, code, picture."""
        code = self.activation(self.press(x.flatten(1)))
        cells: Tensor = self.last(self.unfold(code))
        return cells.reshape(-1, *self.shape)


class Bottleneck(nn.Module):
    """All that was asked for, in this order: convolutions, borrowing, self-attention, the code.

    size: (h, w) of its cells; only a fully connected one needs to know.
    """

    def __init__(
        self,
        settings: BottleneckSettings,
        width: int,
        size: tuple[int, int],
        convolution: ConvolutionName,
        kernel: int,
        norm: NormName,
        activation: ActivationName,
    ) -> None:
        super().__init__()
        dilations = settings.dilations or (1,) * settings.depth
        self.blocks = nn.Sequential(
            *(
                BLOCKS[convolution]((width,), width, Window(kernel, 1, dilation), norm, activation)
                for dilation in dilations
            )
        )
        self.borrow = ContextualAttention() if settings.contextual else None
        self.attend = SelfAttention(width, settings.self_attention) if settings.self_attention else None
        code = settings.fully_connected
        self.code = PictureCode(width, size, code, activation) if code else None

    def forward(self, seen: Seen, missing: Float[Tensor, "b 1 h w"] | None) -> Seen:
        """missing: 1 where a cell holds a missing pixel; None if nothing is missing."""
        x, known = self.blocks(seen)
        if self.borrow is not None and missing is not None:
            x = self.borrow(x, missing)
        if self.attend is not None:
            x = self.attend(x)
        return Seen(x if self.code is None else self.code(x), known)


def cells(mask: Float[Tensor, "b 1 h w"], factor: int) -> Float[Tensor, "b 1 h2 w2"]:
    """The mask on a grid `factor` times smaller: a cell is missing if any pixel of it is, so nothing leaks."""
    return F.max_pool2d((mask > 0).to(torch.float32), factor)

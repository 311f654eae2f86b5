"""A U-Net on top of a timm encoder, pretrained or from scratch, frozen or trained: for holes, and for damage.

For holes the encoder sees the picture with its hole filled by a classical method: a picture as those that its
weights were trained with, without an empty place. The decoder gets the encoder's features, and the mask at each
level if there is one.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from safelight.errors import ModelError, RecipeError
from safelight.nn.encoders import HALVINGS, TimmEncoder
from safelight.nn.layers import ActivationName, ConvBlock, double, pool_to
from safelight.shaped import Float

DEEPEST = len(HALVINGS)  # level n is 2 ** n times smaller than the picture
SHALLOWEST = 3


@dataclass(frozen=True)
class EncoderUNetSettings:
    """A U-Net whose way down is a timm network.

    kind: which network; encoder is the one on top of a timm network.
    encoder: a timm name.
    pretrained: ImageNet weights from a package; false starts from scratch.
    freeze: leave the encoder as it is; trained, it has a learning rate of its own (optimizer.encoder).
    deepest: the last level of the encoder that is used, 3 to 5: level n is 2 ** n times smaller than the picture.
    widths: channels of the decoder at each level above the deepest, down to the whole of the size (with deepest 5:
      at 1/16, 1/8, 1/4, 1/2 and 1).
    blocks: convolutions at each level of the decoder.
    skips: levels that the decoder is shown beside the mask: 4 to 1 are the encoder's features at 1/16 to 1/2,
      0 is the picture itself at full size (the last skip). Those of the deepest level are always shown.
    norm: how the decoder's features are normalized; group for small batches.
    activation: what follows each of the decoder's convolutions.
    """

    kind: Literal["encoder"] = "encoder"
    encoder: str = "tf_efficientnet_lite0"
    pretrained: bool = True
    freeze: bool = True
    deepest: int = DEEPEST
    widths: tuple[int, ...] = (128, 96, 64, 32, 16)
    blocks: int = 2
    skips: tuple[int, ...] = (1, 2, 3, 4)
    norm: Literal["batch", "group", "none"] = "batch"
    activation: ActivationName = "leaky_relu"

    def __post_init__(self) -> None:
        if self.freeze and not self.pretrained:
            raise RecipeError(
                "model.freeze true with model.pretrained false would keep random features; add --model.freeze false"
            )
        if not SHALLOWEST <= self.deepest <= DEEPEST:
            raise RecipeError(f"model.deepest is {self.deepest}; expected {SHALLOWEST} to {DEEPEST}")
        if len(self.widths) != self.deepest:
            raise RecipeError(
                f"model.widths is {self.widths}; expected {self.deepest} numbers, one for each level above the deepest"
            )
        if min(*self.widths, self.blocks) < 1:
            raise RecipeError(
                f"model.widths is {self.widths} and model.blocks {self.blocks}; expected 1 or more each"
            )
        if len(set(self.skips)) != len(self.skips) or not set(self.skips) <= set(self.levels):
            raise RecipeError(
                f"model.skips is {self.skips}; expected each level once at most, from 0 (the picture's size) "
                f"to {self.deepest - 1}"
            )

    @property
    def levels(self) -> tuple[int, ...]:
        """Of the decoder, in the order in which they are made."""
        return tuple(reversed(range(self.deepest)))

    @property
    def multiple(self) -> int:
        """Heights and widths of pictures are multiples of this."""
        return HALVINGS[self.deepest - 1]


class EncoderUNet(nn.Module):
    """A picture (b, 3, h, w), -1..1, and perhaps its mask (b, 1, h, w), 1 = missing, to (b, outputs, h, w).

    h and w are multiples of `multiple`. With a mask, the picture's hole is filled somehow.
    outputs: planes of the answer. masked: whether there is a mask.
    """

    def __init__(self, settings: EncoderUNetSettings, outputs: int = 3, masked: bool = True) -> None:
        super().__init__()
        self.settings, self.masked = settings, masked
        self.encoder = TimmEncoder(
            settings.encoder,
            settings.pretrained,
            frozen=settings.freeze,
            color=True,
            deepest=settings.multiple,
        )
        deepest, channels = settings.deepest, self.encoder.channels()
        shown = {0: 3} | {level: channels[2**level] for level in range(1, deepest + 1)}
        below = settings.widths[0]
        self.deepest = ConvBlock(shown[deepest] + masked, below, 1, settings.norm, settings.activation)
        self.up = nn.ModuleList()
        for level, width in zip(settings.levels, settings.widths, strict=True):
            carried = shown[level] if level in settings.skips else 0
            self.up.append(self._ascent(below + carried + masked, width))
            below = width
        self.out = nn.Conv2d(below, outputs, 3, padding=1)
        assert self.out.bias is not None
        nn.init.zeros_(self.out.bias)

    def _ascent(self, inputs: int, width: int) -> nn.Sequential:
        """The convolutions of a level."""
        entering = (inputs, *[width] * (self.settings.blocks - 1))
        norm, activation = self.settings.norm, self.settings.activation
        return nn.Sequential(*(ConvBlock(i, width, norm=norm, activation=activation) for i in entering))

    @property
    def multiple(self) -> int:
        """Heights and widths are multiples of this."""
        return self.settings.multiple

    def forward(
        self, picture: Float[Tensor, "b 3 h w"], mask: Float[Tensor, "b 1 h w"] | None = None
    ) -> Float[Tensor, "b c h w"]:
        """The answer, in single precision. Raises ModelError for a size that does not fit."""
        self._check_size(picture)
        levels = [picture, *self.encoder.halvings(picture)]
        x = self.deepest(torch.cat([levels[self.settings.deepest], *self._masks(mask, self.multiple)], 1))
        for level, up in zip(self.settings.levels, self.up, strict=True):
            skip = [levels[level]] if level in self.settings.skips else []
            x = up(torch.cat([double(x), *skip, *self._masks(mask, 2**level)], 1))
        answer: Tensor = self.out(x).float()
        return answer

    def _masks(self, mask: Tensor | None, factor: int) -> list[Tensor]:
        """The mask, so many times smaller, where there is one."""
        return [] if mask is None else [pool_to(mask, factor)]

    def _check_size(self, picture: Tensor) -> None:
        if torch.onnx.is_in_onnx_export():  # sizes are symbols then
            return
        h, w = picture.shape[2:]
        if h % self.multiple or w % self.multiple or not h * w:
            raise ModelError(
                f"a picture is {h} x {w}; this network takes multiples of {self.multiple}: pad or resize it"
            )

"""The network that finds damage: a U-Net, plain or on a timm encoder, with one answer a pixel."""

import math

import torch
from torch import Tensor, nn

from safelight.nn.encoder_unet import EncoderUNet, EncoderUNetSettings
from safelight.nn.plain_unet import PlainSettings, PlainUNet
from safelight.shaped import Float

PLANES = 3
RARE = 0.05  # share of pixels that are damaged, as far as a new network knows


class ScratchUNet(nn.Module):
    """Planes (b, 3, h, w) as prepare.py makes them to logits of damage (b, 1, h, w)."""

    def __init__(
        self, settings: PlainSettings | EncoderUNetSettings, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.unet = (
            PlainUNet(PLANES, 1, settings, generator)
            if isinstance(settings, PlainSettings)
            else EncoderUNet(settings, outputs=1, masked=False)
        )
        self.expect_little()

    def expect_little(self) -> None:
        """Begin with damage as rare as it is; the first steps would be spent on it (Lin et al. 2017, section 3.3)."""
        assert self.unet.out.bias is not None
        nn.init.constant_(self.unet.out.bias, math.log(RARE / (1 - RARE)))

    @property
    def multiple(self) -> int:
        """Heights and widths are multiples of this."""
        return self.unet.multiple

    def forward(self, planes: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1 h w"]:
        """Logits, in single precision."""
        logits: Tensor = self.unet(planes)
        return logits

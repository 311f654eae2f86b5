"""The inpainting network: a U-Net that is told the mask, and may start from a classical filling."""

import torch
from torch import Tensor, nn

from safelight.nn.encoder_unet import EncoderUNet, EncoderUNetSettings
from safelight.nn.plain_unet import PlainSettings, PlainUNet
from safelight.shaped import Float

KNOWN, MASK, GUESS = slice(0, 3), slice(3, 4), slice(4, 7)


class InpaintUNet(nn.Module):
    """Planes (b, 4 or 7, h, w) as prepare.py makes them to red, green and blue (b, 3, h, w) everywhere.

    With seven planes the answer is the classical filling in planes 4 to 6 plus what the U-Net adds to it. A
    plain U-Net sees all planes; one with an encoder sees the mask and the filling, without one what is known.
    """

    def __init__(
        self,
        planes: int,
        settings: PlainSettings | EncoderUNetSettings,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.planes = planes
        self.unet = (
            PlainUNet(planes, 3, settings, generator)
            if isinstance(settings, PlainSettings)
            else EncoderUNet(settings)
        )
        if self.starts_from_guess:
            nn.init.zeros_(self.unet.out.weight)  # begins as the classical method

    @property
    def starts_from_guess(self) -> bool:
        """Whether a classical filling is among the planes."""
        return self.planes > GUESS.start

    @property
    def multiple(self) -> int:
        """Heights and widths are multiples of this."""
        return self.unet.multiple

    def forward(self, planes: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 3 h w"]:
        """The answer, in the range of planes 0 to 2, in single precision."""
        picture = planes[:, GUESS if self.starts_from_guess else KNOWN]
        seen = planes if isinstance(self.unet, PlainUNet) else picture
        reply: Tensor = self.unet(seen, planes[:, MASK])
        return reply + picture.float() if self.starts_from_guess else reply

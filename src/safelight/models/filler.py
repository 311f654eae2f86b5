"""The inpainting network: a plain U-Net that is told the mask, and may start from a classical filling."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from safelight.models.plain import PlainUNet
from safelight.models.plain_settings import PlainSettings

MASK, GUESS = slice(3, 4), slice(4, 7)


class Filler(nn.Module):
    """Planes (b, 4 or 7, h, w) as tasks/inpaint.py asks them to red, green and blue (b, 3, h, w) everywhere.

    With seven planes the answer is the classical filling in planes 4 to 6 plus what the U-Net adds to it.
    """

    def __init__(
        self, planes: int, settings: PlainSettings, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.planes = planes
        self.unet = PlainUNet(planes, 3, settings, generator)
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
        reply: Tensor = self.unet(planes, planes[:, MASK])
        return reply + planes[:, GUESS].float() if self.starts_from_guess else reply

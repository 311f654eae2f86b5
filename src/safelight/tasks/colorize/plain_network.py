"""Color from the plain U-Net, through the same contract as the hinted one: planes in, Colors out."""

from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from safelight.errors import ModelError
from safelight.nn.plain import OUTPUTS, PlainUNet
from safelight.nn.plain_settings import PlainSettings
from safelight.tasks.colorize.network import PLANES, Colors, ColorUNet, UNetSettings

AB_DEVIATION = (
    0.1  # of ab / 110 in photographs, about: the U-Net's answer of variance 1 is a color like theirs
)
CHROMA_OFFSET = -2.0  # softplus of it is an average chroma


class PlainColorizer(nn.Module):
    """Planes (b, 7, h, w) as tasks.colorize.ask makes them to Colors; all seven enter at the top.

    h and w are multiples of `multiple`. model.output tanh keeps ab / 110 within -1..1.
    """

    def __init__(self, settings: PlainSettings, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.settings = settings
        self.unet = PlainUNet(PLANES, 3, settings, generator)

    @property
    def multiple(self) -> int:
        """Heights and widths are multiples of this."""
        return self.unet.multiple

    def forward(self, planes: Float[Tensor, "b 7 h w"]) -> Colors:
        """ab / 110 and expected chroma / 110, in single precision."""
        said = AB_DEVIATION * self.unet.raw(planes)
        return Colors(OUTPUTS[self.settings.output](said[:, :2]), F.softplus(said[:, 2:] + CHROMA_OFFSET))


def of_any_size(network: PlainColorizer) -> PlainColorizer:
    """The network, if it can color photos of any size. Raises ModelError for a fully connected one."""
    if any(network.settings.size):
        raise ModelError(
            f"this network's fully connected bottleneck takes pictures of {network.settings.size} pixels only, and "
            "photos have all sizes; train it with model.bottleneck.fully_connected 0 to export it"
        )
    return network


ColorNetwork: TypeAlias = ColorUNet | PlainColorizer


def color_network(settings: UNetSettings | PlainSettings) -> ColorNetwork:
    """A new network of the kind that the settings are of."""
    return PlainColorizer(settings) if isinstance(settings, PlainSettings) else ColorUNet(settings)

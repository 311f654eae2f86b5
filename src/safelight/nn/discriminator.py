"""The patch discriminator of free-form inpainting (SN-PatchGAN, Yu et al. 2019, section 3.3)."""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from safelight.errors import RecipeError
from safelight.shaped import Float

KERNEL = 5


@dataclass(frozen=True)
class DiscriminatorSettings:
    """A network that scores patches as true or made. It trains only where adversarial.weight is above 0.

    channels: those of the first layer, doubled at each one to `widest`.
    widest: most channels of a layer.
    layers: how often the size is halved; more layers judge larger patches.
    spectral: spectral norm (Miyato et al. 2018): no layer can stretch a difference.
    """

    channels: int = 64
    widest: int = 256
    layers: int = 4
    spectral: bool = True

    def __post_init__(self) -> None:
        if self.channels < 1 or self.layers < 1:
            raise RecipeError(
                f"discriminator.channels is {self.channels} and discriminator.layers {self.layers}; "
                "expected 1 or more each"
            )
        if self.widest < self.channels:
            raise RecipeError(
                f"discriminator.widest is {self.widest}, below discriminator.channels {self.channels}; "
                "raise it to that at least"
            )


class PatchDiscriminator(nn.Module):
    """Pictures (b, inputs, h, w) of any size to a score for each patch, (b, 1, ceil(h / 2^layers), ceil(w / ...)).

    Scores are raw: which are real, the adversarial loss says. A mask is one channel more.
    """

    def __init__(self, inputs: int, settings: DiscriminatorSettings = DiscriminatorSettings()) -> None:
        super().__init__()
        widths = [min(settings.channels * 2**layer, settings.widest) for layer in range(settings.layers)]
        layers: list[nn.Module] = []
        for before, width in zip((inputs, *widths), widths, strict=False):
            layers += [_layer(before, width, 2, settings.spectral), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers)
        self.score = _layer(widths[-1], 1, 1, settings.spectral)

    def forward(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 1 h2 w2"]:
        """Scores, in single precision."""
        scores: Tensor = self.score(self.layers(pictures)).float()
        return scores


def _layer(inputs: int, outputs: int, stride: int, spectral: bool) -> nn.Module:
    convolution = nn.Conv2d(inputs, outputs, KERNEL, stride, KERNEL // 2)
    nn.init.kaiming_normal_(convolution.weight, 0.2)
    nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
    return spectral_norm(convolution) if spectral else convolution

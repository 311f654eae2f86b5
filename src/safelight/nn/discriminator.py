"""Discriminators: of patches of pixels (SN-PatchGAN, Yu et al. 2019, section 3.3), or of what a frozen network sees."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from safelight.errors import RecipeError
from safelight.shaped import Float

KERNEL = 5
HEAD_KERNEL = 3
SEEN = slice(1, 4)  # levels of the pyramid that are judged: at 1/4, 1/8 and 1/16 of the size


@dataclass(frozen=True)
class DiscriminatorSettings:
    """A network that scores patches as true or made. It trains only where adversarial.weight is above 0.

    channels: those of the first layer, doubled at each one to `widest`; of features, of every layer.
    widest: most channels of a layer. Of pixels.
    layers: how often the size is halved; more layers judge larger patches. Of pixels.
    spectral: spectral norm (Miyato et al. 2018): no layer can stretch a difference.
    features: what is judged: pixels (none), or what a frozen EfficientNet-Lite0 sees in them (Sauer et al. 2021),
      which needs fewer steps. Of pictures in red, green and blue.
    """

    channels: int = 64
    widest: int = 256
    layers: int = 4
    spectral: bool = True
    features: Literal["none", "efficientnet_lite0"] = "none"

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


class FeatureDiscriminator(nn.Module):
    """Pictures (b, 3 + more, h, w) to the scores (b, n) of what a frozen network sees in them.

    The first three planes are red, green and blue, -1..1; a mask is one plane more. The features at 1/4, 1/8 and
    1/16 of the size have one score each for every 16 x 16 pixels, so that texture counts as much as what is shown
    (Sauer et al. 2021, Projected GANs, without its mixing of features).
    """

    def __init__(self, see: nn.Module, more: int, settings: DiscriminatorSettings) -> None:
        """see: sRGB (b, 3, h, w), 0..1, to the list of its features at 1/2, 1/4, ... of the size."""
        super().__init__()
        self.see = (see,)  # in a tuple: it never changes, and belongs in no checkpoint
        with torch.no_grad():
            example = torch.zeros(1, 3, 64, 64, device=next(see.parameters()).device)
            channels = [level.shape[1] for level in self._levels(example)]
        heads = (
            _head(each + more, settings, halvings) for each, halvings in zip(channels, (2, 1, 0), strict=True)
        )
        self.heads = nn.ModuleList(heads)

    def forward(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b n"]:
        """Scores, in single precision."""
        levels, more = self._levels(pictures[:, :3]), pictures[:, 3:]
        scores = [head(_with(level, more)).flatten(1) for level, head in zip(levels, self.heads, strict=True)]
        return torch.cat(scores, 1).float()

    def _levels(self, rgb: Float[Tensor, "b 3 h w"]) -> list[Tensor]:
        """The features that are judged; what lies beyond -1..1 other terms pull back."""
        levels: list[Tensor] = self.see[0].to(rgb.device)((rgb.clamp(-1, 1) + 1) / 2)
        return levels[SEEN]


def _with(level: Tensor, more: Tensor) -> Tensor:
    """Features and further planes at their size, if there are any."""
    if not more.shape[1]:
        return level
    pooled = F.adaptive_avg_pool2d(more, (level.shape[2], level.shape[3]))
    return torch.cat([level, pooled.to(level.dtype)], 1)


def _head(inputs: int, settings: DiscriminatorSettings, halvings: int) -> nn.Sequential:
    """Convolutions that halve features so many times, and a score."""
    layers: list[nn.Module] = []
    strides = [1] + [2] * halvings
    for before, stride in zip((inputs, *[settings.channels] * len(strides)), strides, strict=False):
        layers += [
            _layer(before, settings.channels, stride, settings.spectral, HEAD_KERNEL),
            nn.LeakyReLU(0.2),
        ]
    return nn.Sequential(*layers, _layer(settings.channels, 1, 1, settings.spectral, HEAD_KERNEL))


def _layer(inputs: int, outputs: int, stride: int, spectral: bool, kernel: int = KERNEL) -> nn.Module:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2)
    nn.init.kaiming_normal_(convolution.weight, 0.2)
    nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
    return spectral_norm(convolution) if spectral else convolution

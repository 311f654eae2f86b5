"""The colorizing U-Net: what the picture shows first, the hints after.

The trunk (encoder, and decoder down to an eighth of the size) sees L alone: for one photo it need run only
once. Below it the hints enter: attention carries them to places that look alike, and the finer levels get
the painted and the propagated hints beside their features. The answer is the propagated hints, as far as a
learned gate trusts them, plus a learned residual.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from safelight.errors import RecipeError
from safelight.nn.encoders import Encoder
from safelight.nn.layers import ActivationName, ConvBlock, HintAttention, NormName, double, pool_to
from safelight.tasks.colorize.color_head import AbBins

L_PLANE, HINT_AB, HINT_MASK, SPREAD = slice(0, 1), slice(1, 3), slice(3, 4), slice(4, 7)
PLANES = 7


class Colors(NamedTuple):
    """What the network says: ab / 110 (b, 2, h, w), expected chroma / 110 (b, 1, h, w), bin logits or None."""

    ab: Tensor
    chroma: Tensor
    logits: Tensor | None = None


@dataclass(frozen=True)
class UNetSettings:
    """A U-Net whose encoder, trained on ImageNet, sees lightness, and whose decoder gets the hints.

    kind: which network; hinted is the one with a pretrained encoder.
    encoder: name of a network of timm.
    pretrained: ImageNet weights from a package; false starts from scratch.
    freeze: leave the encoder as it is, which saves time and memory.
    hints_in: where hints enter: "decoder", or "stem" for an encoder that sees them too (every new hint then costs all).
    widths: channels of the decoder at 1/16, 1/8, 1/4 and 1/2 of the size.
    attention: heads that carry hints to places that look alike; 0 for none.
    base: how the propagated hints are added to the answer: "gated" by a learned gate, "plain" whole, "none" not.
    head: what answers: "regression", or "bins" for a distribution over ab bins (its annealed mean is the answer).
    temperature: how the bins' mean is annealed (Zhang et al. 2016, equation 5); 1 is the mean, towards 0 the mode.
    norm: how the decoder's features are normalized; group for small batches.
    activation: what follows each of the decoder's convolutions.
    """

    kind: Literal["hinted"] = "hinted"
    encoder: str = "tf_efficientnet_lite0"
    pretrained: bool = True
    freeze: bool = True
    hints_in: Literal["decoder", "stem"] = "decoder"
    widths: tuple[int, int, int, int] = (128, 96, 64, 32)
    attention: int = 4
    base: Literal["gated", "plain", "none"] = "gated"
    head: Literal["regression", "bins"] = "regression"
    temperature: float = 0.38
    norm: NormName = "batch"
    activation: ActivationName = "relu"

    def __post_init__(self) -> None:
        if self.freeze and self.hints_in == "stem":
            raise RecipeError(
                "model.hints_in stem needs model.freeze false: a frozen stem cannot learn to see hints"
            )
        if self.freeze and not self.pretrained:
            raise RecipeError(
                "model.freeze true with model.pretrained false would keep random features; add --model.freeze false"
            )
        if not 0 < self.temperature <= 1:
            raise RecipeError(f"model.temperature is {self.temperature}; expected above 0, at most 1")


class ColorUNet(nn.Module):
    """Planes (b, 7, h, w) as tasks.colorize.ask makes them, sizes multiples of 32, to Colors of that size."""

    def __init__(self, settings: UNetSettings) -> None:
        super().__init__()
        self.settings = settings
        hinted_stem = settings.hints_in == "stem"
        self.encoder = Encoder(
            settings.encoder,
            settings.pretrained,
            extra=PLANES - 1 if hinted_stem else 0,
            frozen=settings.freeze,
        )
        stages = self.encoder.channels()

        def block(inputs: int, outputs: int) -> ConvBlock:
            return ConvBlock(inputs, outputs, norm=settings.norm, activation=settings.activation)

        w16, w8, w4, w2 = settings.widths
        self.squeeze = ConvBlock(stages[32], w16, 1, settings.norm, settings.activation)
        self.at16 = nn.Sequential(block(w16 + stages[16], w16), block(w16, w16))
        self.at8 = nn.Sequential(block(w16 + stages[8], w8), block(w8, w8))
        self.guess = nn.Conv2d(w8, 2, 1)
        self.attention = HintAttention(w8, settings.attention) if settings.attention else None
        told = self.attention.outputs if self.attention else 0
        self.mix8 = nn.Sequential(block(w8 + told + PLANES + 1, w8), block(w8, w8))
        self.at4 = nn.Sequential(block(w8 + stages[4] + PLANES - 1, w4), block(w4, w4))
        self.at2 = nn.Sequential(block(w4 + stages[2] + PLANES, w2), block(w2, w2))
        self.out = nn.Conv2d(w2, 4, 3, padding=1)
        self._begin_with_the_hints()
        self.bins = AbBins() if settings.head == "bins" else None
        self.to_bins = nn.Conv2d(w4, self.bins.count, 1) if self.bins else None

    def _begin_with_the_hints(self) -> None:
        """No guess, no residual, little chroma, and trust in the propagated hints."""
        nn.init.zeros_(self.guess.weight)
        nn.init.normal_(self.out.weight, std=1e-3)
        assert self.out.bias is not None
        with torch.no_grad():
            self.out.bias.copy_(torch.tensor([0.0, 0.0, -2.0, 1.0]))

    def look(self, planes: Float[Tensor, "b 7 h w"]) -> tuple[list[Tensor], Tensor]:
        """The trunk: encoder pyramid, and features at an eighth of the size. With hints_in decoder: L alone."""
        seen = planes if self.settings.hints_in == "stem" else planes[:, L_PLANE]
        seen = torch.cat([2.0 * seen[:, :1], seen[:, 1:]], 1)  # (L - 50) / 100 -> the encoder's -1..1
        levels = self.encoder.halvings(seen)
        x = self.at16(torch.cat([double(self.squeeze(levels[4])), levels[3]], 1))
        return levels, self.at8(torch.cat([double(x), levels[2]], 1))

    def answer(self, planes: Float[Tensor, "b 7 h w"], levels: list[Tensor], x: Tensor) -> Colors:
        """The hinted half: colors from the trunk's features and the hint planes."""
        p8, p4, p2 = (pool_to(planes[:, 1:], factor) for factor in (8, 4, 2))
        ab8, mask8 = pool_to(planes[:, HINT_AB] * planes[:, HINT_MASK], 8), pool_to(planes[:, HINT_MASK], 8)
        guess = self.guess(x)
        parts = [x, guess, p8]
        if self.attention is not None:
            parts.append(self.attention(x, guess, ab8, mask8))
        x = self.mix8(torch.cat(parts, 1))
        x4 = self.at4(torch.cat([double(x), levels[1], p4], 1))
        x2 = self.at2(torch.cat([double(x4), levels[0], pool_to(planes[:, L_PLANE], 2), p2], 1))
        raw = double(self.out(x2))
        ab, logits = raw[:, :2], None
        if self.bins is not None and self.to_bins is not None:
            logits = self.to_bins(x4)
            ab = ab + double(double(self.bins.annealed_mean(logits, self.settings.temperature)))
        ab = ab + self.trust(raw[:, 3:4], planes) * planes[:, SPREAD][:, :2]
        return Colors(ab.float(), F.softplus(raw[:, 2:3].float()), logits)

    def trust(self, raw_gate: Tensor, planes: Tensor) -> Tensor | float:
        """How much of the propagated hints goes straight into the answer."""
        if self.settings.base == "none":
            return 0.0
        return torch.sigmoid(raw_gate) if self.settings.base == "gated" else 1.0

    def forward(self, planes: Float[Tensor, "b 7 h w"]) -> Colors:
        """Look, then answer."""
        levels, x = self.look(planes)
        return self.answer(planes, levels, x)

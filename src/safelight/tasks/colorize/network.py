"""The networks that color: a U-Net that sees the picture first and the hints after, and a plain one.

The trunk of the hinted one (encoder, and decoder down to an eighth of the size) sees L alone: for one photo it
need run only once. Below it the hints enter: attention carries them to places that look alike, and the finer
levels get the painted and the propagated hints beside their features. The answer is the propagated hints, as far
as a learned gate trusts them, plus a learned residual.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from safelight.errors import RecipeError
from safelight.nn.encoders import TimmEncoder
from safelight.nn.layers import ActivationName, ConvBlock, NormName, double, pool_to
from safelight.nn.plain_unet import OUTPUTS, PlainSettings, PlainUNet
from safelight.shaped import Float
from safelight.tasks.colorize.bins import gamut_bins
from safelight.tasks.colorize.prepare import AB_SCALE

L_PLANE, HINT_AB, HINT_MASK, SPREAD = slice(0, 1), slice(1, 3), slice(3, 4), slice(4, 7)
PLANES = 7
AB_DEVIATION = 0.1  # of ab / 110 in photographs, about: a plain answer of variance 1 is a color like theirs
CHROMA_OFFSET = -2.0  # softplus of it is an average chroma


class Colors(NamedTuple):
    """What the network says: ab / 110 (b, 2, h, w), expected chroma / 110 (b, 1, h, w), bin logits or None."""

    ab: Tensor
    chroma: Tensor
    logits: Tensor | None = None


class AbBins(nn.Module):
    """Bins of the sRGB gamut in ab, soft encoding into them and the annealed mean out of them.

    weights: what each bin weighs in the loss; None: all weigh the same.
    """

    centers: Tensor
    weights: Tensor | None

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centers", torch.from_numpy(gamut_bins()) / AB_SCALE, persistent=False)
        self.register_buffer("weights", None, persistent=False)

    @property
    def count(self) -> int:
        """Number of bins."""
        return self.centers.shape[0]

    def encode(
        self, ab: Float[Tensor, "b 2 h w"], nearest: int = 5, sigma: float = 5.0
    ) -> Float[Tensor, "b q h w"]:
        """Soft encoding: Gaussian weights (sigma in units of ab) over the nearest bins, summing to 1."""
        b, _, h, w = ab.shape
        pixels = ab.permute(0, 2, 3, 1).reshape(-1, 2).float()
        distance, index = torch.cdist(pixels, self.centers).topk(nearest, largest=False)
        weight = F.softmax(-((distance * AB_SCALE) ** 2) / (2 * sigma**2), dim=1)
        soft = torch.zeros(len(pixels), self.count, device=ab.device).scatter_(1, index, weight)
        return soft.reshape(b, h, w, -1).permute(0, 3, 1, 2)

    def annealed_mean(self, logits: Float[Tensor, "b q h w"], temperature: float) -> Float[Tensor, "b 2 h w"]:
        """Mean of the distribution sharpened by this temperature (equation 5), in ab / 110."""
        if torch.onnx.is_in_onnx_export():  # in the form that runtime/onnx_cheaper.py finds and makes quick
            return torch.einsum("bqhw,qc->bchw", F.softmax(logits.float() / temperature, dim=1), self.centers)
        # Bins last: channels-last logits are laid out so, and a softmax over a far axis is several times slower.
        share = F.softmax(logits.float().permute(0, 2, 3, 1) / temperature, dim=-1)
        with torch.autocast(share.device.type, enabled=False):  # bf16 would round ab by half a unit
            return (share @ self.centers).permute(0, 3, 1, 2)


class HintAttention(nn.Module):
    """Carry hint colors to all places that look alike, however far away.

    Attention (Vaswani et al. 2017) in which every cell of the grid asks, and only cells that hold hints
    answer: one projection gives query and key, so that likeness is mutual; each head adds a penalty on
    distance and may answer "none of them" (a logit of its own). The answer is how far the hint is from what
    was guessed at its place without hints, so that with all guesses right nothing changes.
    """

    def __init__(self, channels: int, heads: int = 4, width: int = 16) -> None:
        super().__init__()
        self.heads, self.width = heads, width
        self.likeness = nn.Conv2d(channels, heads * width, 1)
        self.sharpness = nn.Parameter(torch.zeros(heads))
        self.nearness = nn.Parameter(torch.linspace(-2.0, 3.0, heads))
        self.nobody = nn.Parameter(torch.zeros(heads))

    @property
    def outputs(self) -> int:
        """Channels that come out: for each head two of color and one of confidence."""
        return 3 * self.heads

    def forward(
        self,
        features: Float[Tensor, "b c h w"],
        guess: Float[Tensor, "b 2 h w"],
        hint_ab: Float[Tensor, "b 2 h w"],
        hint_mask: Float[Tensor, "b 1 h w"],
    ) -> Float[Tensor, "b o h w"]:
        """hint_ab and hint_mask are pooled means over the cells: ab x mask, and the share that is hinted."""
        b, _, h, w = features.shape
        tokens = self.likeness(features).reshape(b, self.heads, self.width, h * w)
        tokens = F.normalize(tokens.float(), dim=2)
        similarity = tokens.transpose(2, 3) @ tokens  # b heads asked answering
        scale = 4.0 * self.sharpness.float().exp()[:, None, None]
        logits = scale * (similarity - 1.0) - self.nearness.float().exp()[:, None, None] * squared_distances(
            h, w, features.device
        )
        share = hint_mask.float().reshape(b, 1, 1, h * w)
        weight = torch.exp(logits) * torch.clamp(share * 32.0, max=1.0)
        surprise = hint_ab.float() / (hint_mask.float() + 1e-4) - guess.float()
        value = (hint_mask > 0).float() * torch.cat([surprise, torch.ones_like(hint_mask.float())], 1)
        value = value.reshape(b, 1, 3, h * w).transpose(2, 3)
        total = weight.sum(3, keepdim=True) + torch.exp(self.nobody.float() - 3.0)[:, None, None]
        carried = (weight @ value) / total  # b heads h*w 3
        return carried.permute(0, 1, 3, 2).reshape(b, self.outputs, h, w).to(features.dtype)


def squared_distances(h: int, w: int, device: torch.device) -> Float[Tensor, "n n"]:
    """Squared distances between all cells of an h x w grid, in units of the shorter side."""
    # Tensors, not Python's min: an exported network must work it out for each picture's own size.
    shorter = torch.minimum(torch.as_tensor(h), torch.as_tensor(w)).to(device)
    y = torch.arange(h, device=device) / shorter
    x = torch.arange(w, device=device) / shorter
    place = torch.stack([y[:, None].expand(h, w), x[None].expand(h, w)], -1).reshape(h * w, 2)
    return ((place[:, None] - place[None]) ** 2).sum(-1)


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
        if min(self.widths) < 1 or self.attention < 0:
            raise RecipeError(
                f"model.widths is {self.widths} and model.attention {self.attention}; expected widths of 1 "
                "or more, and heads from 0 (none)"
            )


class ColorUNet(nn.Module):
    """Planes (b, 7, h, w) as prepare.py makes them, sizes multiples of 32, to Colors of that size."""

    def __init__(self, settings: UNetSettings) -> None:
        super().__init__()
        self.settings = settings
        hinted_stem = settings.hints_in == "stem"
        self.encoder = TimmEncoder(
            settings.encoder,
            settings.pretrained,
            extra=PLANES - 1 if hinted_stem else 0,
            frozen=settings.freeze,
        )
        skips = self.encoder.channels()  # by how many times smaller they are

        def conv(inputs: int, outputs: int) -> ConvBlock:
            return ConvBlock(inputs, outputs, norm=settings.norm, activation=settings.activation)

        def decoder_block(inputs: int, outputs: int) -> nn.Sequential:
            return nn.Sequential(conv(inputs, outputs), conv(outputs, outputs))

        width16, width8, width4, width2 = settings.widths
        self.squeeze = ConvBlock(skips[32], width16, 1, settings.norm, settings.activation)
        self.at16 = decoder_block(width16 + skips[16], width16)
        self.at8 = decoder_block(width16 + skips[8], width8)
        self.guess = nn.Conv2d(width8, 2, 1)
        self.attention = HintAttention(width8, settings.attention) if settings.attention else None
        attended = self.attention.outputs if self.attention else 0
        self.mix8 = decoder_block(width8 + attended + PLANES + 1, width8)
        self.at4 = decoder_block(width8 + skips[4] + PLANES - 1, width4)
        self.at2 = decoder_block(width4 + skips[2] + PLANES, width2)
        self.out = nn.Conv2d(width2, 4, 3, padding=1)
        self._begin_with_the_hints()
        self.bins = AbBins() if settings.head == "bins" else None
        self.to_bins = nn.Conv2d(width4, self.bins.count, 1) if self.bins else None

    def _begin_with_the_hints(self) -> None:
        """No guess, no residual, little chroma, and trust in the propagated hints."""
        nn.init.zeros_(self.guess.weight)
        nn.init.normal_(self.out.weight, std=1e-3)
        assert self.out.bias is not None
        with torch.no_grad():
            self.out.bias.copy_(torch.tensor([0.0, 0.0, -2.0, 1.0]))

    def encode(self, planes: Float[Tensor, "b 7 h w"]) -> tuple[list[Tensor], Tensor]:
        """The trunk: the encoder's skips (1/2 to 1/32), and features at 1/8 of the size.

        With hints_in decoder of L alone.
        """
        seen = planes if self.settings.hints_in == "stem" else planes[:, L_PLANE]
        seen = torch.cat([2.0 * seen[:, :1], seen[:, 1:]], 1)  # (L - 50) / 100 -> the encoder's -1..1
        skips = self.encoder.halvings(seen)
        features = self.at16(torch.cat([double(self.squeeze(skips[4])), skips[3]], 1))
        return skips, self.at8(torch.cat([double(features), skips[2]], 1))

    def decode(self, planes: Float[Tensor, "b 7 h w"], skips: list[Tensor], features: Tensor) -> Colors:
        """The hinted half: colors from what `encode` gave and the hint planes."""
        hints8, hints4, hints2 = (pool_to(planes[:, 1:], factor) for factor in (8, 4, 2))
        ab8, mask8 = pool_to(planes[:, HINT_AB] * planes[:, HINT_MASK], 8), pool_to(planes[:, HINT_MASK], 8)
        guess = self.guess(features)
        at8 = [features, guess, hints8]
        if self.attention is not None:
            at8.append(self.attention(features, guess, ab8, mask8))
        decoded8 = self.mix8(torch.cat(at8, 1))
        decoded4 = self.at4(torch.cat([double(decoded8), skips[1], hints4], 1))
        at2 = [double(decoded4), skips[0], pool_to(planes[:, L_PLANE], 2), hints2]
        raw = double(self.out(self.at2(torch.cat(at2, 1))))
        ab, logits = raw[:, :2], None
        if self.bins is not None and self.to_bins is not None:
            logits = self.to_bins(decoded4)
            ab = ab + double(double(self.bins.annealed_mean(logits, self.settings.temperature)))
        ab = ab + self.trust(raw[:, 3:4], planes) * planes[:, SPREAD][:, :2]
        return Colors(ab.float(), F.softplus(raw[:, 2:3].float()), logits)

    def trust(self, raw_gate: Tensor, planes: Tensor) -> Tensor | float:
        """How much of the propagated hints goes straight into the answer."""
        if self.settings.base == "none":
            return 0.0
        return torch.sigmoid(raw_gate) if self.settings.base == "gated" else 1.0

    def forward(self, planes: Float[Tensor, "b 7 h w"]) -> Colors:
        """Encode, then decode."""
        return self.decode(planes, *self.encode(planes))


class PlainColorizer(nn.Module):
    """Planes (b, 7, h, w) as prepare.py makes them to Colors; all seven enter at the top.

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
        raw = AB_DEVIATION * self.unet.raw(planes)
        return Colors(OUTPUTS[self.settings.output](raw[:, :2]), F.softplus(raw[:, 2:] + CHROMA_OFFSET))


ColorNetwork: TypeAlias = ColorUNet | PlainColorizer


def color_network(settings: UNetSettings | PlainSettings) -> ColorNetwork:
    """A new network of the kind that the settings are of."""
    return PlainColorizer(settings) if isinstance(settings, PlainSettings) else ColorUNet(settings)

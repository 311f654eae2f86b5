"""The plain U-Net: from scratch, every part of it a setting. Without skips it is an autoencoder.

First its settings, and which of them cannot work together; then the network.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from safelight.errors import ModelError, RecipeError
from safelight.nn.bottleneck import Bottleneck, BottleneckSettings, cells
from safelight.nn.convolutions import BLOCKS, Block, ConvolutionName, Seen, Window
from safelight.nn.initialize import Initialization, initialize
from safelight.nn.layers import POOLS, ActivationName, AttentionGate, NormName
from safelight.shaped import Float

FACTORS = (2, 4)
MOST_TIMES_SMALLER = 256
MOST_GROWTH = 64.0


@dataclass(frozen=True)
class PlainSettings:
    """A U-Net or autoencoder from scratch. Level 0 has the picture's size; each step below is a level more.

    kind: which network; plain is the one from scratch.
    channels: of level 0, the picture's size.
    growth: how many times as many channels each level has as the one above it.
    widest: most channels of a level.
    steps: how often the size is divided.
    factor: by what it is divided each time, 2 or 4.
    downsampling: how the way down shrinks: a strided convolution or a pooling (blur_pool: Zhang 2019).
    upsampling: how the way back enlarges.
    blocks: convolutions at each level, on the way down and on the way up.
    kernel: side of the convolutions in pixels, odd.
    dilations: how far apart the pixels of each level's kernels lie, level 0 first; none given are all 1.
    activation: what follows each convolution; leaky_relu cannot die.
    norm: how features are normalized; group for small batches.
    skips: levels whose features go straight across; none at all is an autoencoder. Note 001 found that with
      level 0 among them holes are not filled.
    skip_gates: attention gates on the skips (Oktay et al. 2018).
    convolution: its kind: plain, gated (Yu et al. 2019), or partial (Liu et al. 2018: of what is known only).
    output: activation of the answer: none, sigmoid (0..1) or tanh (-1..1).
    initialization: first weights: he_normal, orthogonal, or from a batch: kmeans (Kraehenbuehl et al. 2016), lsuv
      (Mishkin & Matas 2016).
    size: height and width of all pictures, in pixels, if the bottleneck is fully connected; else 0,0.
    """

    kind: Literal["plain"] = "plain"
    channels: int = 64
    growth: float = 2.0
    widest: int = 512
    steps: int = 4
    factor: int = 2
    downsampling: Literal["strided", "max_pool", "average_pool", "blur_pool"] = "strided"
    upsampling: Literal["nearest", "bilinear"] = "nearest"
    blocks: int = 2
    kernel: int = 3
    dilations: tuple[int, ...] = ()
    activation: ActivationName = "leaky_relu"
    norm: NormName = "batch"
    skips: tuple[int, ...] = (1, 2, 3)
    skip_gates: bool = False
    convolution: ConvolutionName = "plain"
    bottleneck: BottleneckSettings = field(default_factory=BottleneckSettings)
    output: Literal["none", "sigmoid", "tanh"] = "none"
    initialization: Initialization = "he_normal"
    size: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        _check_sizes(self)
        _check_windows(self)
        _check_skips(self)
        _check_partial(self)
        _check_bottleneck(self)

    @property
    def multiple(self) -> int:
        """Heights and widths of pictures are multiples of this."""
        return int(self.factor**self.steps)

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of every level, the bottleneck's last."""
        grown = [
            min(round(self.channels * self.growth**level), self.widest) for level in range(self.steps + 1)
        ]
        return (*grown[:-1], self.bottleneck.width or grown[-1])

    @property
    def cells(self) -> tuple[int, int]:
        """Size (h, w) of the bottleneck, if the pictures' size is settings."""
        return self.size[0] // self.multiple, self.size[1] // self.multiple


def _check_sizes(settings: PlainSettings) -> None:
    if settings.factor not in FACTORS:
        raise RecipeError(f"model.factor is {settings.factor}; expected 2 or 4")
    if settings.steps < 1 or settings.multiple > MOST_TIMES_SMALLER:
        raise RecipeError(
            f"model.steps is {settings.steps} with model.factor {settings.factor}; expected 1 step at least, and a "
            f"bottleneck at most {MOST_TIMES_SMALLER} times smaller than the picture"
        )
    if settings.channels < 1 or settings.blocks < 1 or not 1 <= settings.growth <= MOST_GROWTH:
        raise RecipeError(
            f"model.channels is {settings.channels}, model.blocks {settings.blocks} and model.growth "
            f"{settings.growth:g}; expected 1 or more each, and a growth of {MOST_GROWTH:g} at most"
        )
    if settings.widest < settings.channels:
        raise RecipeError(
            f"model.widest is {settings.widest}, below model.channels {settings.channels}; raise it to that at least"
        )


def _check_windows(settings: PlainSettings) -> None:
    if settings.kernel < 1 or settings.kernel % 2 == 0:
        raise RecipeError(f"model.kernel is {settings.kernel}; expected an odd number, so that sizes hold")
    if settings.dilations and (len(settings.dilations) != settings.steps or min(settings.dilations) < 1):
        raise RecipeError(
            f"model.dilations is {settings.dilations} for {settings.steps} steps; expected one for each level above "
            "the bottleneck, 1 or more each, or none"
        )
    if settings.kernel == 1 and max((*settings.dilations, *settings.bottleneck.dilations, 1)) > 1:
        raise RecipeError("a model.kernel of 1 has nothing to dilate; take 3, or leave the dilations out")


def _check_skips(settings: PlainSettings) -> None:
    if len(set(settings.skips)) != len(settings.skips) or not set(settings.skips) <= set(
        range(settings.steps)
    ):
        raise RecipeError(
            f"model.skips is {settings.skips} for {settings.steps} steps; expected each level once at most, from 0 "
            f"(the picture's size) to {settings.steps - 1}"
        )
    if settings.skip_gates and not settings.skips:
        raise RecipeError("model.skip_gates true has no skip to gate; name levels in model.skips")


def _check_partial(settings: PlainSettings) -> None:
    if settings.convolution != "partial":
        return
    if settings.downsampling != "strided" or settings.upsampling != "nearest":
        raise RecipeError(
            f"partial convolution with model.downsampling {settings.downsampling} and model.upsampling "
            f"{settings.upsampling} would mix what is known with the zeros of what is not; expected strided and nearest"
        )
    if settings.bottleneck.contextual:
        raise RecipeError(
            "partial convolution leaves nothing in a hole that could be compared with known patches; set "
            "model.bottleneck.contextual false, or model.convolution gated"
        )
    if settings.bottleneck.fully_connected:
        raise RecipeError(
            "a fully connected bottleneck cannot leave out what is not known; set "
            "model.bottleneck.fully_connected 0, or model.convolution gated"
        )


def _check_bottleneck(settings: PlainSettings) -> None:
    width, heads = settings.widths[-1], settings.bottleneck.self_attention
    if heads and width % heads:
        raise RecipeError(
            f"{heads} heads of self-attention cannot share {width} channels; expected a divisor of them "
            "in model.bottleneck.self_attention"
        )
    if not settings.bottleneck.fully_connected:
        if settings.size != (0, 0):
            raise RecipeError(
                f"model.size is {settings.size}, but only a fully connected bottleneck needs one size; leave it at 0,0"
            )
        return
    if min(settings.size) < 1 or any(side % settings.multiple for side in settings.size):
        raise RecipeError(
            f"model.size is {settings.size}; a fully connected bottleneck needs the pictures' height and width, "
            f"multiples of {settings.multiple}"
        )
    if settings.norm == "instance" and settings.cells == (1, 1):
        raise RecipeError(
            "instance norm makes a bottleneck of a single cell zero; take another model.norm, or fewer steps"
        )


OUTPUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "none": lambda y: y,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}


def block(settings: PlainSettings, inputs: tuple[int, ...], outputs: int, window: Window) -> Block:
    """A convolution block as the settings have it."""
    return BLOCKS[settings.convolution](inputs, outputs, window, settings.norm, settings.activation)


def more_blocks(settings: PlainSettings, width: int, window: Window, count: int) -> nn.Sequential:
    """Blocks that keep their width."""
    return nn.Sequential(*(block(settings, (width,), width, window) for _ in range(count)))


def level_window(settings: PlainSettings, level: int) -> Window:
    """What the blocks of a level see. The bottleneck's dilations are its own."""
    inside = level < len(settings.dilations)
    return Window(settings.kernel, 1, settings.dilations[level] if inside else 1)


class Pooling(nn.Module):
    """A pooling of features."""

    def __init__(self, pool: nn.Module) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, seen: Seen) -> Seen:
        """Smaller."""
        return Seen(self.pool(seen.x))


def descent(settings: PlainSettings, level: int, inputs: int) -> nn.Sequential:
    """From the level above (or the input) to this one; the bottleneck's own convolutions follow elsewhere."""
    width, window = settings.widths[level], level_window(settings, level)
    count = settings.blocks if level < settings.steps else 1
    first: list[nn.Module] = [block(settings, (inputs,), width, window)]
    if level and settings.downsampling == "strided":
        reach = max(settings.kernel, settings.factor + 1)  # no pixel is stepped over
        first = [block(settings, (inputs,), width, Window(reach, settings.factor))]
    elif level and settings.downsampling != "strided":
        first = [Pooling(POOLS[settings.downsampling](settings.factor)), *first]
    return nn.Sequential(*first, *more_blocks(settings, width, window, count - 1))


class Ascent(nn.Module):
    """From the level below to this one: fewer channels, enlarged, joined with the skip if there is one."""

    def __init__(self, settings: PlainSettings, level: int) -> None:
        super().__init__()
        below, width = settings.widths[level + 1], settings.widths[level]
        skip, window = level in settings.skips, level_window(settings, level)
        self.factor, self.upsampling = settings.factor, settings.upsampling
        self.gate = AttentionGate(width, below, settings.factor) if skip and settings.skip_gates else None
        self.narrow = block(settings, (below,), width, Window(1))
        self.join = block(settings, (width, width) if skip else (width,), width, window)
        self.more = more_blocks(settings, width, window, settings.blocks - 1)

    def forward(self, below: Seen, skip: Seen | None) -> Seen:
        """Features of this level."""
        parts = [self.enlarge(self.narrow(below))]
        if skip is not None:
            carried = skip.x if self.gate is None else self.gate(skip.x, below.x)
            parts.append(Seen(carried, skip.known))
        joined: Seen = self.more(self.join(*parts))
        return joined

    def enlarge(self, seen: Seen) -> Seen:
        """`factor` times the size; what is known is enlarged with it."""
        scale = float(self.factor)
        smooth = None if self.upsampling == "nearest" else False
        x = F.interpolate(seen.x, scale_factor=scale, mode=self.upsampling, align_corners=smooth)
        return Seen(x, None if seen.known is None else F.interpolate(seen.known, scale_factor=scale))


class PlainUNet(nn.Module):
    """(b, inputs, h, w) to (b, outputs, h, w), h and w multiples of `multiple`.

    Weights are drawn from `generator` (torch's own if none is given). Where settings.initialization looks at
    data, initialize(network, how, batch) has still to be called with a real batch.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        settings: PlainSettings,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.settings, self.inputs, self.outputs = settings, inputs, outputs
        entering = (inputs, *settings.widths[:-1])
        self.down = nn.ModuleList(descent(settings, level, width) for level, width in enumerate(entering))
        self.bottleneck = Bottleneck(
            settings.bottleneck,
            settings.widths[-1],
            settings.cells,
            settings.convolution,
            settings.kernel,
            settings.norm,
            settings.activation,
        )
        self.up = nn.ModuleList(Ascent(settings, level) for level in range(settings.steps))
        self.out = nn.Conv2d(settings.widths[0], outputs, settings.kernel, padding=settings.kernel // 2)
        initialize(self, settings.initialization, None, generator, settings.activation)

    @property
    def multiple(self) -> int:
        """Heights and widths are multiples of this."""
        return self.settings.multiple

    def forward(
        self, x: Float[Tensor, "b c h w"], mask: Float[Tensor, "b 1 h w"] | None = None
    ) -> Float[Tensor, "b o h w"]:
        """The answer, in single precision. Arguments and errors are those of `raw`."""
        return OUTPUTS[self.settings.output](self.raw(x, mask))

    def raw(
        self, x: Float[Tensor, "b c h w"], mask: Float[Tensor, "b 1 h w"] | None = None
    ) -> Float[Tensor, "b o h w"]:
        """The answer before the output's activation.

        mask: 1 = missing; partial convolution and contextual attention need it (none settings: nothing is
        missing), all others see only x. Raises ModelError for a size that does not fit.
        """
        self._check_size(x)
        known = None
        if self.settings.convolution == "partial":
            known = torch.ones_like(x[:, :1]).float() if mask is None else 1 - mask.float()
        seen, skips = Seen(x, known), {}
        for level, step in enumerate(self.down):
            seen = step(seen)
            if level in self.settings.skips:
                skips[level] = seen
        seen = self.bottleneck(seen, None if mask is None else cells(mask, self.multiple))
        for level in reversed(range(self.settings.steps)):
            seen = self.up[level](seen, skips.pop(level, None))
        answer: Tensor = self.out(seen.x).float()
        return answer

    def _check_size(self, x: Tensor) -> None:
        if torch.onnx.is_in_onnx_export():  # sizes are symbols then
            return
        h, w = x.shape[2:]
        fixed = self.settings.size
        if fixed not in {(0, 0), (h, w)}:
            raise ModelError(
                f"a picture is {h} x {w}; this network's fully connected layer takes {fixed} only"
            )
        if h % self.multiple or w % self.multiple or not h * w:
            raise ModelError(
                f"a picture is {h} x {w}; this network takes multiples of {self.multiple}: pad or resize it"
            )
        if self.settings.norm == "instance" and h == w == self.multiple:
            raise ModelError(
                f"a picture is {h} x {w}, a single cell for this network's bottleneck, which instance norm makes "
                "zero: take a larger picture, or another norm"
            )

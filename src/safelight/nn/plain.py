"""The plain U-Net: from scratch, every part of it a setting. Without skips it is an autoencoder."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from safelight.errors import ModelError
from safelight.nn.bottleneck import Bottleneck, cells
from safelight.nn.convolutions import BLOCKS, Block, Seen, Window
from safelight.nn.downsample import POOLS
from safelight.nn.gates import AttentionGate
from safelight.nn.initialize import initialize
from safelight.nn.plain_settings import PlainSettings

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

        mask: 1 = missing; partial convolution and contextual attention need it (none given: nothing is
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

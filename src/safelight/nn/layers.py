"""Building blocks: norms, activations and poolings by name, a convolution block, attention gates."""

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_weights

from safelight.shaped import Float

NormName = Literal["batch", "group", "instance", "none"]
PoolName = Literal["max_pool", "average_pool", "blur_pool"]
ActivationName = Literal["relu", "leaky_relu", "elu", "silu", "gelu"]


def group_norm(channels: int) -> nn.GroupNorm:
    """Group norm (Wu & He 2018) with groups of at least 4 channels, 16 groups at the most."""
    groups = max(g for g in range(1, 17) if channels % g == 0 and channels // g >= min(4, channels))
    return nn.GroupNorm(groups, channels)


NORMS: dict[NormName, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm2d,
    "group": group_norm,
    "instance": lambda channels: nn.InstanceNorm2d(channels, affine=True),
    "none": lambda channels: nn.Identity(),
}
ACTIVATIONS: dict[ActivationName, Callable[[], nn.Module]] = {
    "relu": lambda: nn.ReLU(inplace=True),
    "leaky_relu": lambda: nn.LeakyReLU(0.1, inplace=True),
    "elu": lambda: nn.ELU(inplace=True),
    "silu": lambda: nn.SiLU(inplace=True),
    "gelu": nn.GELU,
}


class BlurPool(nn.Module):
    """Blur with the binomial taps 1 3 3 1, then take every second pixel (Zhang 2019); twice for a factor of 4.

    Four taps, so that a cell's center stays between its pixels as in average pooling. Edges are repeated.
    """

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.halvings = factor.bit_length() - 1

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h2 w2"]:
        """Each channel for itself."""
        for _ in range(self.halvings):
            # (1 1) * (1 1) * (1 1) = (1 3 3 1): three means of 2 x 2, faster than a depthwise convolution.
            wide = F.avg_pool2d(x, 2, 1, padding=1, count_include_pad=False)
            x = F.avg_pool2d(F.avg_pool2d(wide, 2, 1), 2)
        return x


POOLS: dict[PoolName, Callable[[int], nn.Module]] = {
    "max_pool": nn.MaxPool2d,
    "average_pool": nn.AvgPool2d,
    "blur_pool": BlurPool,
}


class ConvBlock(nn.Sequential):
    """Convolution, norm, activation; size divided by the stride, dilated kernels padded so. He initialisation."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        norm: NormName = "batch",
        activation: ActivationName = "relu",
        stride: int = 1,
        dilation: int = 1,
    ) -> None:
        padding = dilation * (kernel // 2)
        conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias=norm == "none")
        nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        super().__init__(conv, NORMS[norm](outputs), ACTIVATIONS[activation]())


class AttentionGate(nn.Module):
    """Additive attention (equations 1 and 2): alpha = sigmoid(psi relu(W_x x + W_g g + b_g) + b_psi).

    x: what the skip carries; g: the features of the level below, `factor` times smaller. Alpha is worked out
    on the smaller grid and enlarged bilinearly, as in the paper.
    """

    def __init__(self, skip: int, below: int, factor: int) -> None:
        super().__init__()
        self.factor = factor
        hidden = max(skip // 2, 1)
        self.of_skip = nn.Conv2d(skip, hidden, factor, stride=factor, bias=False)
        self.of_below = nn.Conv2d(below, hidden, 1)
        self.to_share = nn.Conv2d(hidden, 1, 1)

    def share(
        self, skip: Float[Tensor, "b c h w"], below: Float[Tensor, "b d h2 w2"]
    ) -> Float[Tensor, "b 1 h w"]:
        """Alpha: 0 keeps a pixel of the skip back, 1 lets it through."""
        small = torch.sigmoid(self.to_share(F.relu(self.of_skip(skip) + self.of_below(below))))
        return F.interpolate(small, scale_factor=float(self.factor), mode="bilinear", align_corners=False)

    def forward(
        self, skip: Float[Tensor, "b c h w"], below: Float[Tensor, "b d h2 w2"]
    ) -> Float[Tensor, "b c h w"]:
        """The skip times alpha."""
        return skip * self.share(skip, below)


def pool_to(planes: Float[Tensor, "b c h w"], factor: int) -> Float[Tensor, "b c h2 w2"]:
    """Mean over factor x factor cells."""
    return F.avg_pool2d(planes, factor) if factor > 1 else planes


def double(planes: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h2 w2"]:
    """Twice the size, bilinear."""
    return F.interpolate(planes, scale_factor=2.0, mode="bilinear", align_corners=False)


def norms_after_convolutions(network: nn.Module, example: Tensor) -> list[tuple[str, str]]:
    """Names of each convolution and of the batch norm that directly follows it, in the order in which they are passed.

    The network is run once, on the example.
    """
    convolutions: dict[int, str] = {}  # by their outputs' ids
    outputs: list[Tensor] = []  # stay alive, so that no two share an id
    pairs: dict[str, str] = {}

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor, name: str) -> None:
        if isinstance(module, nn.Conv2d):
            convolutions[id(output)] = name
            outputs.append(output)
        elif id(inputs[0]) in convolutions:
            pairs[name] = convolutions[id(inputs[0])]

    hooks = [
        module.register_forward_hook(
            lambda module, inputs, output, name=name: note(module, inputs, output, name)
        )
        for name, module in network.named_modules()
        if isinstance(module, (nn.Conv2d, nn.BatchNorm2d))
    ]
    try:
        with torch.no_grad():
            network(example)
    finally:
        for hook in hooks:
            hook.remove()
    return [(convolution, norm) for norm, convolution in pairs.items()]


def fused(network: nn.Module, convolution: str, norm: str) -> tuple[nn.Parameter, nn.Parameter]:
    """Weight and bias of a convolution that has the batch norm after it folded into it."""
    conv, norm_layer = network.get_submodule(convolution), network.get_submodule(norm)
    assert isinstance(conv, nn.Conv2d)
    assert isinstance(norm_layer, nn.BatchNorm2d)
    assert norm_layer.running_mean is not None
    assert norm_layer.running_var is not None
    return fuse_conv_bn_weights(
        conv.weight,
        conv.bias,
        norm_layer.running_mean,
        norm_layer.running_var,
        norm_layer.eps,
        norm_layer.weight,
        norm_layer.bias,
    )


def count_parameters(network: nn.Module, trained_only: bool = False) -> int:
    """Number of weights."""
    return sum(math.prod(p.shape) for p in network.parameters() if p.requires_grad or not trained_only)

"""Every named choice of the plain U-Net, on networks small enough for tests."""

from typing import Any

import torch

from safelight.nn.bottleneck import BottleneckSettings
from safelight.nn.plain_unet import PlainSettings, PlainUNet

SMALL: dict[str, Any] = {"channels": 6, "widest": 12, "steps": 2, "skips": (1,), "blocks": 1}

KINDS: dict[str, dict[str, Any]] = {
    "autoencoder": {"skips": ()},
    "last-skip-kept": {"skips": (0, 1), "blocks": 2},
    "by-four": {"factor": 4, "upsampling": "bilinear"},
    "max-pool-relu-group": {"downsampling": "max_pool", "activation": "relu", "norm": "group"},
    "average-pool-elu-instance": {"downsampling": "average_pool", "activation": "elu", "norm": "instance"},
    "blur-pool-silu-no-norm": {"downsampling": "blur_pool", "activation": "silu", "norm": "none"},
    "gelu-kernel-five": {"activation": "gelu", "kernel": 5},
    "dilated": {"dilations": (1, 2), "bottleneck": BottleneckSettings(depth=2, dilations=(2, 4))},
    "gates": {"skips": (0, 1), "skip_gates": True},
    "gated": {"convolution": "gated", "output": "tanh"},
    "partial": {"convolution": "partial", "skips": (0, 1), "output": "sigmoid"},
    "partial-no-norm-gates": {"convolution": "partial", "norm": "none", "skip_gates": True},
    "self-attention": {"bottleneck": BottleneckSettings(width=8, self_attention=2)},
    "contextual": {"convolution": "gated", "bottleneck": BottleneckSettings(depth=0, contextual=True)},
    "fully-connected": {"bottleneck": BottleneckSettings(fully_connected=5), "size": (32, 48)},
    "orthogonal": {"initialization": "orthogonal", "growth": 1.0},
}


def plain_settings(**changes: Any) -> PlainSettings:
    """Small, with these changes."""
    return PlainSettings(**{**SMALL, **changes})


def plain_network(inputs: int = 4, outputs: int = 3, **changes: Any) -> PlainUNet:
    """A small network, the same at every call."""
    return PlainUNet(inputs, outputs, plain_settings(**changes), torch.Generator().manual_seed(0))


def question(size: tuple[int, int] = (32, 48), inputs: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch of two, and masks with a tenth missing."""
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(2, inputs, *size, generator=generator)
    return x, (torch.rand(2, 1, *size, generator=generator) > 0.9).float()

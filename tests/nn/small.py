"""Networks that are small enough for tests, and questions for them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from safelight.nn.export import Parity, export_onnx
from safelight.runtime.card import ModelCard
from safelight.tasks.colorize.export import model_part
from safelight.tasks.colorize.familiarity import Unfamiliarity
from safelight.tasks.colorize.network import ColorNetwork, ColorUNet, UNetSettings

SMALL = UNetSettings(
    encoder="mobilenetv3_small_050", pretrained=False, freeze=False, widths=(16, 12, 8, 8), attention=2
)


def make_network(**settings: Any) -> ColorUNet:
    """A network with these settings, the same at every call."""
    torch.manual_seed(0)
    return ColorUNet(replace(SMALL, **settings))


def export_colorizer(
    network: ColorNetwork,
    card: ModelCard,
    path: Path,
    samples: Sequence[np.ndarray],
    measure: Unfamiliarity | None = None,
) -> Parity:
    """The network as a file, checked on these planes."""
    (parity,) = export_onnx([model_part(network, measure)], card, path, [samples])
    return parity


def random_planes(batch: int = 2, size: tuple[int, int] = (64, 96), hinted: bool = True) -> torch.Tensor:
    """Planes (b, 7, h, w) in the ranges of tasks.colorize.ask."""
    generator = torch.Generator().manual_seed(1)

    def uniform(channels: int, low: float, high: float) -> torch.Tensor:
        return torch.rand(batch, channels, *size, generator=generator) * (high - low) + low

    mask = (uniform(1, 0, 1) > 0.97).float()
    L, painted, spread = uniform(1, -0.5, 0.5), uniform(2, -0.6, 0.6) * mask, uniform(2, -0.6, 0.6)
    planes = torch.cat([L, painted, mask, spread, uniform(1, 0, 1)], 1)
    if not hinted:
        planes[:, 1:] = 0
    return planes

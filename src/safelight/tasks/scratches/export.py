"""A trained finder of damage as an ONNX file with its card, checked against torch on real pictures."""

from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from safelight.arrays import Planes
from safelight.nn.plane_export import export_planes
from safelight.runtime.card import ModelCard, Port
from safelight.tasks.scratches.network import PLANES, Finder

TOLERANCE = 0.02  # of likelihood
PORTS = (
    Port("planes", (1, PLANES, "height", "width"), (-1.0, 1.0), "red, green, blue"),
    Port("damage", (1, 1, "height", "width"), (0.0, 1.0), "how likely each pixel is damaged"),
)


@dataclass(frozen=True)
class Parity:
    """Largest difference between torch and the exported file over some pictures, in likelihood 0..1."""

    pictures: int
    likelihood: float


class Likelihood(nn.Module):
    """The network with likelihoods in place of logits."""

    def __init__(self, network: Finder) -> None:
        super().__init__()
        self.network = network

    def forward(self, planes: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1 h w"]:
        """0..1."""
        return torch.sigmoid(self.network(planes))


def export_finder(network: Finder, card: ModelCard, path: Path, questions: list[Planes]) -> Parity:
    """Write MODEL.onnx and its card, and compare it with torch on these questions (real pictures, damaged).

    The card's inputs and outputs are filled in. Raises ModelError, and then nothing new stands at `path`.
    """
    apart = export_planes(Likelihood(network), network.multiple, card, path, questions, PORTS, TOLERANCE)
    return Parity(len(questions), apart)

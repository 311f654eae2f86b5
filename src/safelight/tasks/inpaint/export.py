"""A trained network for holes as an ONNX file with its card, checked against torch on real pictures."""

from dataclasses import dataclass
from pathlib import Path

from safelight.arrays import Planes
from safelight.nn.plane_export import export_planes
from safelight.runtime.card import ModelCard, Port
from safelight.tasks.inpaint.network import Filler

TOLERANCE = 2 / 255  # of white to black


@dataclass(frozen=True)
class Parity:
    """Largest difference between torch and the exported file over some pictures, of values 0..1."""

    pictures: int
    srgb: float


def ports(planes: int, span: tuple[float, float]) -> tuple[Port, Port]:
    """planes in, red, green and blue out."""
    meaning = "red, green, blue of what is known, 0 in the hole; mask (1 = missing)"
    if planes > 4:
        meaning += "; a classical filling"
    size = (1, planes, "height", "width")
    asked = Port("planes", size, (min(span[0], 0.0), max(span[1], 1.0)), meaning)
    return asked, Port("rgb", (1, 3, "height", "width"), span, "sRGB everywhere; only the hole is taken")


def export_filler(
    network: Filler, card: ModelCard, path: Path, questions: list[Planes], span: tuple[float, float]
) -> Parity:
    """Write MODEL.onnx and its card, and compare it with torch on these questions (real pictures with holes).

    The card's inputs and outputs are filled in. span: black and white in planes and answer. Raises ModelError,
    and then nothing new stands at `path`.
    """
    white = span[1] - span[0]
    apart = export_planes(
        network, network.multiple, card, path, questions, ports(network.planes, span), TOLERANCE * white
    )
    return Parity(len(questions), apart / white)

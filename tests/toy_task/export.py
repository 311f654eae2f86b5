"""A denoiser of a run as a file with its card."""

from pathlib import Path
from typing import Any

import numpy as np
from safelight.cli.card_of_run import base_card
from safelight.nn.plane_export import export_planes

from safelight.runtime.card import Port

SIZE = (1, 3, "height", "width")
PORTS = (
    Port("planes", SIZE, (-1.0, 2.0), "noisy sRGB"),
    Port("rgb", SIZE, (-1.0, 2.0), "sRGB without the noise"),
)


def export_denoiser(trained: Any, out: Path) -> str:
    """Write MODEL.onnx and its card; what is said of it. Raises ModelError."""
    questions = [
        np.moveaxis(trained.held_out[number].astype(np.float32) / np.float32(255), 2, 0)
        for number in range(min(2, len(trained.held_out)))
    ]
    apart = export_planes(trained.network, 1, base_card(trained, out.stem), out, questions, PORTS, 0.01)
    return f"{out}: differs from torch by at most {apart:.2g}"

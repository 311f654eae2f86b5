"""Small colored pictures and a small protocol: a whole evaluation takes a second."""

import numpy as np
import pytest

from safelight.evaluation.samples import PictureList
from safelight.tasks.colorize.benchmark import Protocol


def colored_picture(rng: np.random.Generator, side: int = 40) -> np.ndarray:
    """Patches of color with soft edges and some texture: sRGB uint8 (side, side, 3)."""
    import cv2

    blobs = rng.integers(30, 226, (4, 4, 3)).astype(np.float32)
    smooth = cv2.resize(blobs, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.clip(smooth + rng.normal(0, 3, smooth.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def tiny_protocol() -> Protocol:
    return Protocol("tiny", 32, 3, "uniform", (0, 1, 5, 20), "these tests")


@pytest.fixture(scope="session")
def judged_album() -> PictureList:
    rng = np.random.default_rng(7)
    rows = [
        {
            "file_name": f"p{i:02}.png",
            "source": "fields" if i % 3 else "rooms",
            "tags": ["standing"] if i % 2 else [],
        }
        for i in range(15)
    ]
    return PictureList([colored_picture(rng) for _ in range(15)], rows)

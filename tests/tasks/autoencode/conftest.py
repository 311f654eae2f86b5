"""Pictures of an autoencoder's tests: whole ones, in squares with a border."""

import json
from pathlib import Path

import numpy as np
import pytest

from safelight.data.build import build_dataset
from safelight.data.settings import BuildSettings
from safelight.pixels.files import write_photo


def figure(number: int) -> np.ndarray:
    """One color that turns into another from left to right, (72, 96, 3): six numbers say all."""
    left, right = np.random.default_rng(number).uniform(0, 1, (2, 3))
    share = np.linspace(0, 1, 96)[None, :, None] * np.ones((72, 1, 1))
    return np.asarray(np.round(255 * (left * (1 - share) + right * share)), np.uint8)


@pytest.fixture(scope="session")
def padded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of 72 × 96, whole inside squares of 64 with a border above and below."""
    folder = tmp_path_factory.mktemp("padded")
    rows = []
    for number in range(64):
        write_photo(folder / f"{number:02}.png", figure(number))
        rows.append({"file_name": f"{number:02}.png", "origin_path": f"album/{number}"})
    (folder / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    dataset = folder.parent / f"{folder.name}-set"
    settings = BuildSettings(size=64, fit="pad", val=0.25, test=0.0, min_ab_range=0, min_chroma=0)
    build_dataset(folder, dataset, settings)
    return dataset

"""What several tests of the commands share."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from safelight.pixels.files import write_photo
from tests.cli.shell import safelight


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty soft color pictures, built by the command."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    (folder / "photos").mkdir()
    for number in range(60):
        coarse = rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, (96, 80), interpolation=cv2.INTER_CUBIC)
        write_photo(folder / "photos" / f"{number:02}.png", picture)
    write_photo(folder / "photos" / "grey.png", np.full((80, 96, 3), 120, np.uint8))
    done = safelight("data", "build", folder / "photos", "-o", folder / "set", "--size", "64")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    assert "60 pictures" in done.stdout
    return folder / "set"

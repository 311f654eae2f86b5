"""Whole commands with one worker and with several: the same files, byte for byte, and the same lines."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from safelight.masks.files import write_mask
from safelight.pixels.files import Photo, read_photo, write_photo
from safelight.pixels.geometry import resize
from safelight.tasks.colorize.hints import Hint, HintSet
from tests.cli.shell import results, safelight

EXAMPLES = Path(__file__).parents[2] / "examples"
PHOTOS = ("inuit-woman-1903.jpg", "scratched.jpg", "sphinx-1870s.jpg")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five small photos, two of them with hints, all with masks in a folder beside."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(7)
    for number in range(5):
        whole = read_photo(EXAMPLES / PHOTOS[number % 3]).pixels
        pixels = np.ascontiguousarray(resize(whole, (96 + 16 * number, 120)))
        (folder / "in").mkdir(exist_ok=True)
        write_photo(folder / "in" / f"{number}.jpg", Photo(pixels))
        hole = np.zeros(pixels.shape[:2], bool)
        hole[20 + number : 60, 30:44] = True
        (folder / "masks").mkdir(exist_ok=True)
        write_mask(folder / "masks" / f"{number}.png", hole)
        if number % 2:
            hints = [Hint(*rng.uniform(0, 1, 2), tuple(rng.uniform(0, 1, 3))) for _ in range(20 * number)]
            HintSet(hints).save(folder / "in" / f"{number}.hints.json")
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in results(folder)}


@pytest.mark.parametrize(
    "words",
    [
        ("colorize", "in", "--recolor", "--reach", "0.4"),
        ("scratches", "in", "--sensitivity", "0.8"),
        ("fill", "in", "--mask", "masks", "--feather", "2"),
        ("repair", "in", "--color", "--keep-mask"),
        ("reconstruct", "in", "--full-size"),
    ],
    ids=lambda words: words[0],
)
def test_several_workers_write_what_one_writes(photos: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    said = []
    for workers in ("1", "3"):
        out = tmp_path / "out"
        done = safelight(*words, "-o", out, "--workers", workers, cwd=photos)
        assert done.returncode == 0, done.stderr
        said.append((re.sub(r"[\d.]+ s$", "", done.stdout), done.stderr, tree(out)))
        shutil.rmtree(out)
    assert said[0] == said[1]
    assert len(said[0][2]) >= 5

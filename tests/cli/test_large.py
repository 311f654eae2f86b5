"""Pictures that are worked on in strips: the same as at once, but for a level; one of 6 GB within 2 GB of memory."""

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from safelight.pixels import decode, large
from safelight.pixels.files import read_photo
from tests.cli.test_masters import GREY, grey_pages, run

SIDE = 32_000


def test_colors_in_strips_are_those_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = grey_pages(tmp_path / "a.tif")
    assert run("colorize", source, "-o", tmp_path / "once.tif", "--vivid", 1) == 0
    monkeypatch.setattr(large, "MEGAPIXELS", 1e-6)
    monkeypatch.setattr(large, "CHUNK", 500)
    monkeypatch.setattr(decode, "read_photo", None)
    assert run("colorize", source, "-o", tmp_path / "strips.tif", "--vivid", 1) == 0
    assert "its colors were found in a copy of 64 × 40 pixels" in capsys.readouterr().err
    monkeypatch.undo()
    for number, _ in enumerate(GREY, start=1):
        once, strips = (
            read_photo(tmp_path / name, page=number).pixels for name in ("once.tif", "strips.tif")
        )
        assert (
            np.abs(once.astype(int) - strips).max() <= 257
        )  # a level of 255: colors went through sRGB once more


@pytest.mark.slow
def test_six_gigabytes_within_two(tmp_path: Path) -> None:
    """32,000 × 32,000 pixels of 16 bits, one strip: the peak of the whole command, as the system counts it."""
    rows = np.linspace(0, 65535, SIDE).astype(np.uint16)[:, None]
    with tifffile.TiffWriter(tmp_path / "a.tif", bigtiff=True) as file:
        strips = (
            np.repeat(np.repeat(rows[top : top + 16], SIDE, 1)[..., None], 3, 2) for top in range(0, SIDE, 16)
        )
        file.write(strips, shape=(SIDE, SIDE, 3), dtype=np.uint16, photometric="rgb", rowsperstrip=16)
    options = ["--limit-megapixels", "1100", "--tiff", "none", "--vivid", "1"]
    subprocess.run(
        [sys.executable, "-m", "safelight", "colorize", str(tmp_path / "a.tif"), *options], check=True
    )
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2 << 20  # kB
    with tifffile.TiffFile(tmp_path / "a-color.tif") as file:
        assert file.is_bigtiff
        assert file.pages[0].shape == (SIDE, SIDE, 3)

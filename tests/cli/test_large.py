"""Pictures that are worked on in strips: the same as at once, but for a level; one of 6 GB within 2 GB of memory."""

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from safelight.batch import large_holes
from safelight.masks.edit import grow
from safelight.pixels import decode, large
from safelight.pixels.files import read_photo
from safelight.pixels.geometry import Box
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


@pytest.mark.parametrize("options", [(), ("--grow", 3, "--feather", 2)])
def test_holes_in_windows_change_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[object, ...]
) -> None:
    """A scratch across several tiles, a mask as large and a smaller one: filled as at once, the rest bit by bit."""
    pixels = np.repeat(np.repeat(GREY[2], 6, axis=0), 6, axis=1)
    h, w = pixels.shape[:2]
    hole = np.zeros((h, w), bool)
    hole[40:46, 20 : w - 20] = True
    hole[60:200, 100:104] = True
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", rowsperstrip=h, metadata=None)
    tifffile.imwrite(tmp_path / "mask.tif", hole.astype(np.uint8) * 255, photometric="minisblack")
    words = ("fill", tmp_path / "a.tif", "--mask", tmp_path / "mask.tif", "--method", "biharmonic", *options)
    assert run(*words, "-o", tmp_path / "once.tif") == 0
    monkeypatch.setattr(large, "MEGAPIXELS", 1e-6)
    monkeypatch.setattr(large, "CHUNK", 5000)
    monkeypatch.setattr(large_holes, "TILE", 64)
    monkeypatch.setattr(large_holes, "MARGIN", 48)
    assert run(*words, "-o", tmp_path / "tiles.tif", "--no-mark") == 0
    monkeypatch.undo()
    once, tiles = (read_photo(tmp_path / name).pixels for name in ("once.tif", "tiles.tif"))
    known = ~grow(hole, 5 if options else 0)
    for result in (once, tiles):
        np.testing.assert_array_equal(result[known], pixels[known])
    assert (tiles != pixels).any(2)[hole].mean() > 0.5
    assert np.abs(once.astype(int) - tiles)[hole].mean() < 0.02 * 65535


def test_repair_in_windows_with_a_smaller_mask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.repeat(np.repeat(GREY[2], 4, axis=0), 4, axis=1)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", metadata=None)
    small = np.zeros(GREY[2].shape[:2], np.uint8)
    small[10:12, 10:40] = 255
    tifffile.imwrite(tmp_path / "a-mask.tif", small, photometric="minisblack")
    monkeypatch.setattr(large_holes, "is_large", lambda path, page=None: False)
    monkeypatch.setattr(large, "MEGAPIXELS", 1e-6)
    assert run("repair", tmp_path / "a.tif") == 0
    changed = (read_photo(tmp_path / "a-repaired.tif").pixels != pixels).any(2)
    hole = np.repeat(np.repeat(small > 0, 4, axis=0), 4, axis=1)
    assert changed[hole].mean() > 0.5
    changed[30:58, 30:170] = False
    assert not changed.any()
    assert run("repair", tmp_path / "a.tif", "--color", "--overwrite") == 1


def test_a_large_hole_is_the_same_in_parts() -> None:
    hole = np.random.default_rng(1).random((50, 77)) > 0.7
    packed = large_holes.LargeHole((50, 77))
    packed.put(0, hole[:20])
    packed.put(20, hole[20:])
    for box in (Box(0, 0, 50, 77), Box(3, 5, 20, 30), Box(49, 76, 1, 1), Box(10, 8, 8, 16)):
        np.testing.assert_array_equal(packed.part(box), hole[box.slices])
    region = packed.region
    assert region is not None
    assert (region.left, region.top, region.width, region.height, region.pixels) == (0, 0, 77, 50, hole.sum())
    assert large_holes.LargeHole((5, 5)).region is None

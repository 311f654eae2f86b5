"""CIE Lab of TIFF against scikit-image and colour-science: photometric 8, 9 and 10, 8 and 16 bits and floats."""

from pathlib import Path

import colour
import numpy as np
import pytest
import tifffile
from skimage.color import rgb2lab

from safelight.pixels import native
from safelight.pixels.files import read_photo

SRGB = np.random.default_rng(3).random((20, 30, 3))


def lab_d50() -> np.ndarray:
    """Lab under D50, adapted by Bradford."""
    xyz = colour.RGB_to_XYZ(SRGB, "sRGB", apply_cctf_decoding=True)
    white, paper = colour.xy_to_XYZ((0.3127, 0.3290)), np.array([0.9642, 1.0, 0.8249])
    adapted = colour.chromatic_adaptation(xyz, white, paper, method="Von Kries", transform="Bradford")
    return np.asarray(colour.XYZ_to_Lab(adapted, colour.XYZ_to_xy(paper)))


def check(path: Path, numbers: np.ndarray, kind: int | str, most: float) -> None:
    tifffile.imwrite(path, numbers, photometric=kind)
    photo = read_photo(path)
    error = np.abs(photo.srgb - SRGB) * 255
    assert error.max() < most
    assert error.mean() < (1.2 if numbers.dtype == np.uint8 else 0.1)  # whole a and b are rough in the dark


def test_cielab(tmp_path: Path) -> None:
    """Photometric 8: D65, a and b with signs (TIFF 6.0, section 23)."""
    L, a, b = np.moveaxis(rgb2lab(SRGB), -1, 0)
    eight = np.stack([L * 2.55, a, b], -1).round().astype(np.int16).astype(np.uint8)
    check(tmp_path / "8.tif", eight, "cielab", 20)
    deep = np.stack([L * 655.35, a * 256, b * 256], -1).round().astype(np.int32).astype(np.uint16)
    check(tmp_path / "16.tif", deep, "cielab", 0.5)
    check(tmp_path / "32.tif", np.stack([L, a, b], -1).astype(np.float32), "cielab", 0.5)


def test_icclab(tmp_path: Path) -> None:
    """Photometric 9: D50, around 128 or 32768; 100 is 65280 of 16 bits (ICC.1:2001)."""
    L, a, b = np.moveaxis(lab_d50(), -1, 0)
    check(tmp_path / "8.tif", np.stack([L * 2.55, a + 128, b + 128], -1).round().astype(np.uint8), 9, 20)
    deep = np.stack([L * 652.8, (a + 128) * 256, (b + 128) * 256], -1).round().astype(np.uint16)
    check(tmp_path / "16.tif", deep, 9, 0.3)


def test_itulab(tmp_path: Path) -> None:
    """Photometric 10: L 0..100, a -85..85, b -75..125 (RFC 3949, 5.2.3). Of colors that have a place in it."""
    L, a, b = np.moveaxis(lab_d50(), -1, 0)
    numbers = np.stack([L * 2.55, a * 255 / 170 + 128, b * 255 / 200 + 96], -1).round()
    inside = ((numbers >= 0) & (numbers <= 255)).all(axis=-1)
    tifffile.imwrite(tmp_path / "a.tif", numbers.clip(0, 255).astype(np.uint8), photometric=10)
    assert inside.mean() > 0.8
    error = np.abs(read_photo(tmp_path / "a.tif").srgb - SRGB)[inside] * 255
    assert error.max() < 20
    assert error.mean() < 1.2


@pytest.mark.parametrize("encoding", ["CIELab", "ICCLab", "ITULab"])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_there_and_back(encoding: native.Encoding, depth: type) -> None:
    """What is filled is filled in a wide RGB: colors of sRGB come back to the number, at 16 bits nearly."""
    numbers = native.lab_from_wide(np.asarray(SRGB * 0.4 + 0.3, np.float32), encoding, np.dtype(depth))
    again = native.lab_from_wide(native.lab_to_wide(numbers, encoding), encoding, np.dtype(depth))
    assert np.abs(again.astype(int) - numbers).max() <= (1 if depth is np.uint8 else 12)

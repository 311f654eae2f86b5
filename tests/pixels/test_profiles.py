"""Colors of embedded profiles against separate arithmetic, at 8 and at 16 bits."""

import io
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from safelight.pixels import profiles
from safelight.pixels.files import read_photo
from tests.pixels import icc

SPACES = {
    "Display P3": (icc.DISPLAY_P3, 2.2),
    "Adobe RGB": (icc.ADOBE_RGB, 563 / 256),
    "gamma 1.8": (icc.SRGB, 1.8),
}


def random_values(size: tuple[int, ...], depth: type) -> np.ndarray:
    return np.random.default_rng(3).integers(0, np.iinfo(depth).max + 1, size, dtype=depth)


@pytest.mark.parametrize("space", SPACES)
def test_eight_bits(space: str) -> None:
    values = random_values((40, 50, 3), np.uint8)
    converted = profiles.convert(Image.fromarray(values), icc.rgb_profile(*SPACES[space]))
    truth = icc.meant(values / 255, *SPACES[space]) * 255
    assert np.abs(np.asarray(converted) - truth).max() < 2.5
    assert np.abs(np.asarray(converted) - truth).mean() < 0.5


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("parametric", [None, 0, 1, 2, 3, 4])
def test_sixteen_bits_stay_sixteen(space: str, parametric: int | None) -> None:
    values = random_values((40, 50, 3), np.uint16)
    primaries, gamma = SPACES[space]
    converted = profiles.convert_deep(values, icc.rgb_profile(primaries, gamma, parametric))
    truth = icc.meant(values / 65535, primaries, gamma) * 65535
    assert converted.dtype == np.uint16
    assert np.abs(converted - truth).mean() < 12  # primaries are rounded to 1/65536 in a profile
    assert np.abs(converted - truth).max() < 400  # the curve of sRGB is steep near black


def test_grey() -> None:
    level = (np.arange(256) / 255) ** 1.8
    truth = icc._encode(level) * 255
    eight = profiles.convert_grey(np.arange(256, dtype=np.uint8)[None], icc.grey_profile(1.8))
    assert eight.dtype == np.uint8
    assert np.abs(eight[0] - truth).max() < 0.55
    deep = profiles.convert_grey(np.arange(256, dtype=np.uint16)[None] * 257, icc.grey_profile(1.8))
    assert np.abs(deep[0] / 257 - truth).max() < 0.2


@pytest.mark.parametrize("index", range(16))
def test_inks(index: int) -> None:
    inks = tuple(index >> shift & 1 for shift in (3, 2, 1, 0))
    image = Image.new("CMYK", (4, 4), tuple(255 * ink for ink in inks))
    converted = profiles.convert(image, icc.cmyk_profile()).getpixel((1, 1))
    assert converted == pytest.approx(icc.lab_meant(icc.cmyk_lab(inks)) * 255, abs=4)  # Lab of 8 bits


@pytest.mark.parametrize("corner", [(1, 1, 1), (0, 1, 1), (1, 0, 0), (0, 0, 0)])
def test_a_table_is_applied_at_sixteen_bits(tmp_path: Path, corner: tuple[int, int, int]) -> None:
    deep = np.broadcast_to(np.array(corner, np.uint16) * 65535, (4, 5, 3))
    path = tmp_path / "scan.tif"
    tifffile.imwrite(path, deep, photometric="rgb", iccprofile=icc.table_profile())
    photo = read_photo(path)
    assert photo.pixels.dtype == np.uint16
    assert photo.pixels[1, 1] / 257 == pytest.approx(icc.lab_meant(icc.corner_lab(corner)) * 255, abs=4)


def test_srgb_is_left_alone() -> None:
    from safelight.pixels.encode import srgb_profile

    values = random_values((9, 9, 3), np.uint8)
    image = Image.fromarray(values)
    assert profiles.convert(image, srgb_profile()) is image
    deep = values.astype(np.uint16) * 257
    assert profiles.convert_deep(deep, srgb_profile()) is deep


@pytest.mark.parametrize(
    "profile",
    [
        b"",
        b"nonsense",
        bytes(500),
        icc.rgb_profile(icc.SRGB, 2.2)[:200],
        icc.cmyk_profile(),
        icc.grey_profile(2),
    ],
)
def test_refuses_what_is_no_profile_for_these_pixels(profile: bytes) -> None:
    with pytest.raises(profiles.ProfileError):
        profiles.convert(Image.new("RGB", (2, 2)), profile)
    with pytest.raises(profiles.ProfileError):
        profiles.convert_deep(np.zeros((2, 2, 3), np.uint16), profile)


def test_a_curve_with_a_straight_part() -> None:
    """The sRGB profile of LittleCMS itself."""
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space.strip() == "RGB"
    values = random_values((20, 20, 3), np.uint16)
    assert np.array_equal(profiles.convert_deep(values, profile), values)

"""Tables of profiles at 16 bits against LittleCMS, which Pillow lets do it at 8."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from safelight.pixels import profiles
from safelight.pixels.icc import parse
from safelight.pixels.icc_tables import read_table
from tests.pixels import icc

KINDS = [
    (space, connection, kind)
    for space in (b"RGB ", b"CMYK")
    for connection in (b"Lab ", b"XYZ ")
    for kind in (b"mft1", b"mft2", b"mAB ")
    if (connection, kind) != (b"XYZ ", b"mft1")  # not allowed: 8 bits are too few for XYZ
]


def by_littlecms(image: Image.Image, profile: bytes) -> np.ndarray:
    """sRGB 0..255, each pixel through the table itself (LittleCMS would put a coarser one in its place)."""
    out = ImageCms.profileToProfile(
        image,
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        "RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.NOOPTIMIZE,
    )
    assert out is not None
    return np.asarray(out, float)


@pytest.mark.parametrize(("space", "connection", "kind"), KINDS)
def test_as_littlecms(space: bytes, connection: bytes, kind: bytes) -> None:
    profile = icc.grid_profile(space, connection, kind)
    channels = 4 if space == b"CMYK" else 3
    values = np.random.default_rng(2).integers(0, 256, (40, 50, channels), np.uint8)
    image = Image.frombytes("CMYK" if channels == 4 else "RGB", (50, 40), values.tobytes())
    truth = by_littlecms(image, profile)
    ours = profiles.convert_deep(values.astype(np.uint16) * 257, profile) / 257
    assert np.abs(truth - values[..., :3]).mean() > 10, "the table does something"
    assert np.abs(ours - truth).mean() < 0.3
    assert np.percentile(np.abs(ours - truth), 99.5) < 1.1  # LittleCMS bends a little between its own points


@pytest.mark.parametrize("kind", [b"mft2", b"mAB "])
def test_grey_through_a_table(kind: bytes) -> None:
    profile = icc.grid_profile(b"GRAY", b"Lab ", kind)
    ramp = np.arange(256, dtype=np.uint8)[None]
    truth = by_littlecms(Image.fromarray(ramp), profile)[..., 1]
    assert np.abs(profiles.convert_grey(ramp, profile) - truth).max() < 2


def test_a_table_comes_before_curves_and_primaries() -> None:
    """ICC.1, 8.3; DisplayCAL writes red and blue changed in the matrix, on purpose (darktable #937)."""
    table, swapped = icc.table_profile(), icc.rgb_profile(icc.SRGB[::-1], 2.2)
    tags = {**parse(swapped).tags, **{b"A2B0": parse(table).tags[b"A2B0"]}}
    both = icc._profile(b"scnr", b"RGB ", b"Lab ", tags)
    values = np.random.default_rng(0).integers(0, 65536, (9, 9, 3), np.uint16)
    assert np.array_equal(profiles.convert_deep(values, both), profiles.convert_deep(values, table))


@pytest.mark.parametrize("place", range(8, 52, 3))
def test_a_damaged_table_is_refused_or_read(place: int) -> None:
    profile = bytearray(icc.grid_profile(b"RGB ", b"Lab ", b"mAB "))
    at = profile.index(b"mAB ")
    profile[at + place] ^= 0xFF
    try:
        table = read_table(parse(bytes(profile)))
        assert np.isfinite(table(np.zeros((2, 3), np.uint16))).all()
    except profiles.ProfileError:
        pass

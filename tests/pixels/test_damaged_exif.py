"""A damaged EXIF block makes no file that others, or we, cannot open again."""

import random
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from safelight.pixels.files import Photo, read_photo, write_remarked
from tests.pixels.test_exif import MAKER_NOTE, camera_block

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)


def rich_block() -> bytes:
    """Many kinds of entries and four directories, by Pillow."""
    block = Image.Exif()
    block[0x010F], block[0x0112], block[0x011A], block[0x011B] = "A maker of cameras", 1, 300.0, 300.0
    block[0x0128], block[0x013B], block[0x8298], block[60000] = 2, "A. Müller", "© 1903", b"private" * 9
    block[0x8769] = {
        0x927C: MAKER_NOTE,
        0x9003: "2026:01:02 03:04:05",
        0xA001: 1,
        0xA002: 8,
        0x829A: 0.01,
        0xA005: {1: "R98"},
    }
    block[0x8825] = {1: "N", 2: (50.0, 56.0, 7.0), 29: "1903:05:04"}
    return block.tobytes().removeprefix(b"Exif\0\0")


def mutated(block: bytes, number: int) -> bytes:
    """One to three bytes changed, or cut off."""
    chance = random.Random(number)
    if number % 10 == 0:
        return block[: chance.randrange(4, len(block))]
    changed = bytearray(block)
    for _ in range(chance.randint(1, 3)):
        changed[chance.randrange(4, len(block))] = chance.randrange(256)
    return bytes(changed)


def must_open(path: Path) -> None:
    """By us, by Pillow and, of a TIFF, by tifffile, with the pixels that were written."""
    assert np.array_equal(read_photo(path).pixels, PIXELS) or path.suffix in (".jpg", ".webp")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of what is damaged within the EXIF directory
        with Image.open(path) as image:
            image.load()
            assert image.size == (8, 6)
    if path.suffix == ".tif":
        assert np.array_equal(tifffile.imread(path), PIXELS)


def try_blocks(folder: Path, numbers: range) -> None:
    for number in numbers:
        block = mutated(rich_block() if number % 2 else camera_block(1), number)
        for suffix in ("tif", "jpg", "png", "webp") if number % 20 == 1 else ("tif",):
            path = folder / f"{number}.{suffix}"
            write_remarked(path, Photo(PIXELS, exif=block))
            must_open(path)
            path.unlink()


def test_a_hundred_damaged_blocks(tmp_path: Path) -> None:
    try_blocks(tmp_path, range(100))


@pytest.mark.slow
def test_two_thousand_damaged_blocks(tmp_path: Path) -> None:
    try_blocks(tmp_path, range(2000))


@pytest.mark.parametrize(
    "entry",
    [
        struct.pack("<HHLL", 0x10F, 2, 400, 90_000),  # beyond the block
        struct.pack("<HHLL", 0x10F, 99, 1, 5),  # of no kind
        struct.pack("<HHLL", 0x10F, 5, 1 << 30, 8),  # longer than any block
        struct.pack("<HHLL", 0x10F, 2, 0, 8),  # nothing
    ],
)
def test_a_damaged_field_is_left_out_and_said(tmp_path: Path, entry: bytes) -> None:
    sound = struct.pack("<HHL4s", 0x110, 2, 4, b"abc\0")
    block = b"II*\0" + struct.pack("<LH", 8, 2) + entry + sound + bytes(4)
    remarks = write_remarked(tmp_path / "a.tif", Photo(PIXELS, exif=block))
    assert remarks == ("1 damaged field of its EXIF could not be written",)
    with Image.open(tmp_path / "a.tif") as image:
        assert image.tag_v2[0x110] == "abc"
        assert 0x10F not in image.tag_v2
    must_open(tmp_path / "a.tif")


def test_a_field_that_is_there_twice_is_written_once(tmp_path: Path) -> None:
    fields = b"".join(struct.pack("<HHL4s", 0x110, 2, 4, word) for word in (b"abc\0", b"xyz\0"))
    block = b"II*\0" + struct.pack("<LH", 8, 2) + fields + bytes(4)
    write_remarked(tmp_path / "a.tif", Photo(PIXELS, exif=block))
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        assert [tag.value for tag in tiff.pages[0].tags if tag.code == 0x110] == ["abc"]

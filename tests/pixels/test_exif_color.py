"""What EXIF says of color, read and rewritten, by Pillow's reading."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from safelight.pixels.exif import COLOR_SPACE, EXIF_DIRECTORY, ColorSaid, as_srgb, read_color
from tests.pixels import icc
from tests.pixels.test_exif import camera_block, read


def adobe_block(order: str = "<", space: int = 65535, index: bytes = b"R03\0") -> bytes:
    """EXIF with ColorSpace and InteropIndex, by hand: directory at 8, EXIF at 26, interoperability at 56."""
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "L", 8)
    first = struct.pack(order + "HHHLLL", 1, EXIF_DIRECTORY, 4, 1, 26, 0)
    short = struct.pack(order + "HHLHH", COLOR_SPACE, 3, 1, space, 0)
    inner = struct.pack(order + "H", 2) + short + struct.pack(order + "HHLLL", 0xA005, 4, 1, 56, 0)
    return start + first + inner + struct.pack(order + "HHHL4sL", 1, 1, 2, 4, index, 0)


@pytest.mark.parametrize("order", "<>")
def test_color_space_and_interoperability(order: str) -> None:
    block = adobe_block(order)
    assert read(block).get_ifd(EXIF_DIRECTORY)[COLOR_SPACE] == 65535
    assert read(block).get_ifd(0xA005)[1] == "R03"
    assert (read_color(block).space, read_color(block).index) == (65535, b"R03")
    converted = as_srgb(block)
    assert read(converted).get_ifd(EXIF_DIRECTORY)[COLOR_SPACE] == 1
    assert read(converted).get_ifd(0xA005)[1] == "R98"
    assert len(converted) == len(block)
    assert read_color(None) == read_color(b"rubbish") == ColorSaid()


def uncalibrated_block(space: int = 65535) -> bytes:
    """What a camera or scanner might write of its primaries, by Pillow: Adobe RGB's and a gamma of 1.8."""
    block = Image.Exif()
    block[318], block[319] = icc.D65_XY, tuple(value for pair in icc.ADOBE_RGB for value in pair)
    block[EXIF_DIRECTORY] = {COLOR_SPACE: space, 0xA500: IFDRational(18, 10)}
    return block.tobytes().removeprefix(b"Exif\x00\x00")


def test_primaries_white_and_gamma() -> None:
    said = read_color(uncalibrated_block())
    assert said.primaries is not None
    assert [each == pytest.approx(xy) for each, xy in zip(said.primaries, icc.ADOBE_RGB, strict=False)]
    assert said.primaries[3] == pytest.approx(icc.D65_XY)
    assert said.gamma == pytest.approx(1.8)
    converted = read_color(as_srgb(uncalibrated_block()))
    assert (converted.space, converted.gamma) == (1, pytest.approx(2.2))
    assert converted.primaries == (*icc.SRGB, pytest.approx(icc.D65_XY))


@given(st.data())
def test_a_damaged_block_is_no_error(data: st.DataObject) -> None:
    block = bytearray(data.draw(st.sampled_from([camera_block(), adobe_block(), uncalibrated_block()])))
    for place in data.draw(st.lists(st.integers(0, len(block) - 1), max_size=8)):
        block[place] = data.draw(st.integers(0, 255))
    assert isinstance(read_color(bytes(block)), ColorSaid)
    assert len(as_srgb(bytes(block))) == len(block)

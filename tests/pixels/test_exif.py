"""The EXIF block is changed in a few places and nowhere else."""

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from safelight.pixels import exif
from safelight.pixels.exif import COLOR_SPACE

MAKER_NOTE = bytes(range(200))


def camera_block(orientation: int = 6) -> bytes:
    """What a camera might write, by Pillow."""
    block = Image.Exif()
    block[0x010F], block[0x0112] = "Maker", orientation
    block[exif.EXIF_DIRECTORY] = {
        0x927C: MAKER_NOTE,
        COLOR_SPACE: 65535,
        exif.WIDTH: 4000,
        exif.HEIGHT: 3000,
        0x9003: "2026:01:02 03:04:05",
    }
    return block.tobytes().removeprefix(b"Exif\x00\x00")


def read(block: bytes) -> Image.Exif:
    read_back = Image.Exif()
    read_back.load(block)
    return read_back


def test_upright_changes_what_is_no_longer_true() -> None:
    before = camera_block()
    after = exif.upright(before, (640, 480))
    assert exif.orientation(before) == 6
    assert exif.orientation(after) == 1
    inner = read(after).get_ifd(exif.EXIF_DIRECTORY)
    assert (inner[COLOR_SPACE], inner[exif.WIDTH], inner[exif.HEIGHT]) == (65535, 480, 640)


def test_upright_keeps_everything_else_in_place() -> None:
    before = camera_block()
    after = exif.upright(before, (640, 480))
    assert len(after) == len(before)
    assert np.count_nonzero(np.frombuffer(before, np.uint8) != np.frombuffer(after, np.uint8)) <= 7
    assert after.index(MAKER_NOTE) == before.index(MAKER_NOTE)
    assert read(after)[0x010F] == "Maker"


def test_the_old_thumbnail_is_let_go() -> None:
    block = b"MM\0*" + struct.pack(">LHHHLHHL", 8, 1, 0x0112, 3, 1, 8, 0, 26) + bytes(20)
    assert exif.orientation(block) == 8
    after = exif.upright(block, (1, 1))
    assert exif.orientation(after) == 1
    assert after[22:26] == bytes(4)


def test_strip_prefix() -> None:
    assert exif.strip_prefix(b"Exif\0\0" + camera_block()) == camera_block()
    assert exif.strip_prefix(camera_block()) == camera_block()
    assert exif.strip_prefix(b"rubbish") is None
    assert exif.strip_prefix(None) is None


@given(st.sampled_from([b"", b"II*\0", b"MM\0*"]), st.binary(max_size=200))
def test_rubbish_is_no_error(start: bytes, rubbish: bytes) -> None:
    block = start + rubbish
    assert 1 <= exif.orientation(block) <= 8
    assert len(exif.upright(block, (3, 4))) == len(block)


@given(st.data())
def test_a_damaged_block_is_no_error(data: st.DataObject) -> None:
    block = bytearray(camera_block())
    for place in data.draw(st.lists(st.integers(0, 120), max_size=8)):
        block[place] = data.draw(st.integers(0, 255))
    assert 1 <= exif.orientation(bytes(block)) <= 8
    assert len(exif.upright(bytes(block), (3, 4))) == len(block)

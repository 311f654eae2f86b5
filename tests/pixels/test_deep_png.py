"""PNG of 16 bits: the numbers that were packed come back, whatever lies around them, and damage is said in one line."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from safelight.errors import PhotoError
from safelight.pixels.files import read_photo
from tests.hostile import png_chunks

KINDS = {1: 0, 2: 4, 3: 2, 4: 6}  # channels: PNG's color type
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


def numbers(channels: int) -> np.ndarray:
    deep = np.random.default_rng(channels).integers(0, 65536, (13, 11, channels), dtype=np.uint16)
    deep[0, 0] = 65535
    return deep


def rows(deep: np.ndarray, interlaced: bool) -> bytes:
    """All rows in the order of the file, of the five filters those that need no row above: none and sub."""
    done = b""
    for y, x, down, across in ADAM7 if interlaced else ((0, 0, 1, 1),):
        for number, row in enumerate(deep[y::down, x::across]):
            data = np.frombuffer(row.astype(">u2").tobytes(), np.uint8).reshape(len(row), -1)
            if number % 2:
                data = np.diff(data, axis=0, prepend=np.zeros_like(data[:1]))
            done += bytes([number % 2]) + data.tobytes() if len(row) else b""
    return done


def png(
    channels: int, stream: bytes, interlaced: bool = False, *, before: tuple = (), after: tuple = ()
) -> bytes:
    header = struct.pack(">LLBBBBB", 11, 13, 16, KINDS[channels], 0, 0, interlaced)
    half = len(stream) // 2
    parts = ((b"IDAT", stream[:half]), (b"IDAT", stream[half:]))
    return png_chunks((b"IHDR", header), *before, *parts, *after, (b"IEND", b""))


def check(path: Path, deep: np.ndarray, alpha: np.ndarray | None) -> None:
    photo = read_photo(path, native=True)
    assert photo.native is not None
    assert photo.native.pixels.dtype == np.uint16
    colors = deep[..., : 1 if deep.shape[2] < 3 else 3]
    np.testing.assert_array_equal(photo.native.pixels, colors)
    np.testing.assert_array_equal(photo.pixels, np.broadcast_to(colors, (*colors.shape[:2], 3)))
    assert (photo.alpha is None) == (alpha is None)
    if alpha is not None:
        np.testing.assert_array_equal(photo.alpha, alpha)
    assert not photo.remarks


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("channels", list(KINDS))
def test_every_number_comes_back(
    tmp_path: Path, channels: int, interlaced: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    deep = numbers(channels)
    stream, path = zlib.compress(rows(deep, interlaced)), tmp_path / "a.png"
    turned = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHLHH", 0x112, 3, 1, 1, 0) + bytes(4)
    around = {
        "nothing": png(channels, stream, interlaced),
        "more rows than the header says": png(
            channels, zlib.compress(rows(deep, interlaced) + bytes(99)), interlaced
        ),
        "more behind the stream": png(channels, stream + b"more", interlaced),
        "no checksum of the stream": png(channels, stream[:-4], interlaced),
        "texts named like Pillow's own": png(
            channels, stream, interlaced, after=((b"tEXt", b"transparency\0x"), (b"tEXt", b"gamma\0x"))
        ),
        "significant bits and EXIF": png(
            channels, stream, interlaced, before=((b"sBIT", bytes([10] * channels)), (b"eXIf", turned))
        ),
    }
    for data in around.values():
        path.write_bytes(data)
        check(path, deep, deep[..., -1] if channels in (2, 4) else None)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_one_color_means_transparent(tmp_path: Path, channels: int, interlaced: bool) -> None:
    """PNG, third edition, 11.3.1.1: exactly that color, and nothing between."""
    deep = numbers(channels)
    deep[5, 6] = deep[2, 3]
    deep[7, 7] = deep[2, 3] ^ np.uint16(1)
    key = (b"tRNS", deep[2, 3].astype(">u2").tobytes())
    path = tmp_path / "a.png"
    path.write_bytes(png(channels, zlib.compress(rows(deep, interlaced)), interlaced, before=(key,)))
    alpha = np.full((13, 11), 65535, np.uint16)
    alpha[5, 6] = alpha[2, 3] = 0
    check(path, deep, alpha)


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("channels", list(KINDS))
def test_damage_is_said_in_one_line(
    tmp_path: Path, channels: int, interlaced: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = rows(numbers(channels), interlaced)
    stream, path = zlib.compress(whole), tmp_path / "a.png"
    cases = {
        png(channels, stream[: len(stream) // 2], interlaced): "image file is truncated",
        png(channels, zlib.compress(whole[:-1]), interlaced): "image file is truncated",
        png(channels, zlib.compress(b"\x09" + whole[1:]), interlaced): "unrecognized data",  # no such filter
        png(channels, b"no deflated data", interlaced): "its packed pixels are damaged",
        png(channels, b"", interlaced): "image file is truncated",
        png(channels, stream, interlaced)[:-40]: "the file is cut off",
    }
    for data, words in cases.items():
        path.write_bytes(data)
        with pytest.raises(PhotoError) as refused:
            read_photo(path)
        assert words in str(refused.value)
        assert "\n" not in str(refused.value)
    assert capfd.readouterr() == ("", "")


def test_the_limit_is_asked_for_before_anything_is_decoded(tmp_path: Path) -> None:
    header = struct.pack(">LLBBBBB", 30_000, 30_000, 16, 2, 0, 0, 0)
    path = tmp_path / "a.png"
    path.write_bytes(png_chunks((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1 << 20))), (b"IEND", b"")))
    with pytest.raises(PhotoError, match="900 megapixels"):
        read_photo(path)


def test_a_side_of_more_than_a_million_pixels_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.png"
    header = struct.pack(">LLBBBBB", 1_000_001, 1, 16, 2, 0, 0, 0)
    stream = zlib.compress(bytes(1 + 6 * 1_000_001))
    path.write_bytes(png_chunks((b"IHDR", header), (b"IDAT", stream), (b"IEND", b"")))
    with pytest.raises(PhotoError, match="a side has at most 1,000,000 pixels"):
        read_photo(path)
    assert capfd.readouterr() == ("", "")

"""Alpha that is nought everywhere is none; what is transparent is learned from as white paper shows it."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.pixels.files import read_photo, read_small
from tests.hostile import deep_png, saved, scene

PICTURE = scene(np.random.default_rng(3))
NOUGHT = np.zeros(PICTURE.shape[:2], np.uint8)


def bmp(alpha: np.ndarray) -> bytes:
    """A BMP of 32 bits with masks for all four channels (version 4 header, as Photoshop writes it)."""
    h, w = alpha.shape
    rows = np.dstack([PICTURE[..., ::-1], alpha])[::-1].tobytes()
    header = struct.pack("<LllHHLLllLL", 108, w, h, 1, 32, 3, len(rows), 2835, 2835, 0, 0)
    header += struct.pack("<4L", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + b"BGRs" + bytes(48)
    start = 14 + len(header)
    return b"BM" + struct.pack("<LHHL", start + len(rows), 0, 0, start) + header + rows


def with_alpha(alpha: np.ndarray) -> dict[str, bytes]:
    four = np.dstack([PICTURE, alpha])
    grey = Image.merge("LA", [Image.fromarray(PICTURE[..., 1]), Image.fromarray(alpha)])
    deep = four.astype(np.uint16) * 257
    return {
        "a.bmp": bmp(alpha),
        "a.png": saved(four, "PNG"),
        "grey.png": saved(grey, "PNG"),
        "deep.png": deep_png(deep),
        "a.webp": saved(four, "WEBP", lossless=True, exact=True),
        "a.tif": saved(four, "TIFF"),
        "grey.tif": saved(grey, "TIFF"),
    }


@pytest.mark.parametrize("name", list(with_alpha(NOUGHT)))
def test_alpha_of_nought_is_none_and_said(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(with_alpha(NOUGHT)[name])
    photo = read_photo(path)
    truth = PICTURE[..., 1:2] if "grey" in name else PICTURE
    np.testing.assert_array_equal(
        photo.pixels // (257 if "deep" in name else 1), np.broadcast_to(truth, PICTURE.shape)
    )
    assert photo.alpha is None
    assert photo.remarks == (
        "its alpha is nought everywhere, which would hide all of it; it was taken for opaque",
    )
    np.testing.assert_array_equal(read_small(path, 48), np.broadcast_to(truth, PICTURE.shape))


@pytest.mark.parametrize("name", list(with_alpha(NOUGHT)))
def test_small_copies_lie_on_white(tmp_path: Path, name: str) -> None:
    cover = NOUGHT.copy()
    cover[:, 20:] = 255
    cover[:, 40:] = 100
    path = tmp_path / name
    path.write_bytes(with_alpha(cover)[name])
    np.testing.assert_array_equal(read_photo(path).alpha // (257 if "deep" in name else 1), cover)  # type: ignore[operator]
    truth = np.repeat(PICTURE[..., 1:2], 3, axis=2) if "grey" in name else PICTURE
    share = cover[..., None] / 255
    small = read_small(path, 48)
    np.testing.assert_allclose(small, truth * share + 255 * (1 - share), atol=1)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_key_of_grey_of_a_few_bits(tmp_path: Path, bits: int) -> None:
    """The key of a PNG is a number as it is stored (PNG, third edition, 11.3.1.1), not one of 0 to 255."""
    top = (1 << bits) - 1
    stored = np.arange(64, dtype=np.uint8).reshape(8, 8) & top
    for key in {0, 1, top}:
        digits = np.unpackbits(stored[..., None], axis=2)[..., 8 - bits :].reshape(8, -1)
        rows = b"".join(b"\0" + row.tobytes() for row in np.packbits(digits, axis=1))
        chunks = (
            (b"IHDR", struct.pack(">2L5B", 8, 8, bits, 0, 0, 0, 0)),
            (b"tRNS", struct.pack(">H", key)),
            (b"IDAT", zlib.compress(rows)),
            (b"IEND", b""),
        )
        made = b"".join(
            struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
            for kind, data in chunks
        )
        (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + made)
        photo = read_photo(tmp_path / "a.png")
        np.testing.assert_array_equal(photo.pixels[..., 0], stored * (255 // top))
        np.testing.assert_array_equal(photo.alpha, np.where(stored == key, 0, 255))

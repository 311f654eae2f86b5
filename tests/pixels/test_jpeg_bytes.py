"""JPEGs of RGB are written by OpenCV, and have each byte that Pillow's would have."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.errors import PhotoError
from safelight.pixels.encode import srgb_profile
from safelight.pixels.files import Photo, read_photo, write_photo
from safelight.pixels.jpeg_segments import PROFILE, profile_segments
from safelight.pixels.photo import Chunk, Metadata


def by_pillow(pixels: np.ndarray, quality: int, extra: bytes = b"") -> bytes:
    file = io.BytesIO()
    sampling = 0 if quality >= 90 else 2
    Image.fromarray(pixels).save(
        file, "JPEG", quality=quality, subsampling=sampling, icc_profile=srgb_profile(), extra=extra
    )
    return file.getvalue()


@pytest.mark.parametrize("quality", [1, 75, 89, 90, 95, 100])
@pytest.mark.parametrize("size", [(1, 1), (8, 16), (333, 517)])
def test_as_pillow_writes_it(tmp_path: Path, size: tuple[int, int], quality: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    written = write_photo(tmp_path / "new.jpg", pixels, quality=quality)
    assert written.read_bytes() == by_pillow(pixels, quality)


def test_segments_stand_where_pillow_puts_them(tmp_path: Path) -> None:
    pixels = np.zeros((20, 30, 3), np.uint8)
    photo = Photo(
        pixels, format="JPEG", metadata=Metadata(comments=(b"said",), segments=(Chunk(b"\xe5", b"own"),))
    )
    written = write_photo(tmp_path / "new.jpg", photo).read_bytes()
    assert written == by_pillow(pixels, 95, b"\xff\xe5\x00\x05own\xff\xfe\x00\x06said")


def test_a_part_of_a_larger_picture_is_written_as_it_is(tmp_path: Path) -> None:
    whole = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    written = write_photo(tmp_path / "new.jpg", whole[3:30, 4:44])
    assert written.read_bytes() == by_pillow(np.ascontiguousarray(whole[3:30, 4:44]), 95)


def test_a_long_profile_is_cut_as_pillow_cuts_it() -> None:
    profile = np.random.default_rng(0).integers(0, 256, 150_000, np.uint8).tobytes()
    pieces = list(profile_segments(profile))
    assert [piece[4 : 4 + len(PROFILE) + 2] for piece in pieces] == [
        PROFILE + bytes((n, 3)) for n in (1, 2, 3)
    ]
    assert b"".join(piece[4 + len(PROFILE) + 2 :] for piece in pieces) == profile
    file = io.BytesIO()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(file, "JPEG", icc_profile=profile)
    assert file.getvalue()[20:].startswith(b"".join(pieces))


def test_what_is_too_long_for_a_jpeg_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="cannot be written"):
        write_photo(tmp_path / "long.jpg", np.zeros((1, 65600, 3), np.uint8))
    assert not list(tmp_path.iterdir())
    assert read_photo(write_photo(tmp_path / "long.jpg", np.zeros((1, 65500, 3), np.uint8))).size == (
        1,
        65500,
    )

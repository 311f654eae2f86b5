"""What a file could not hold of a photo is said, and nothing is said where it holds all."""

import os
from pathlib import Path

import numpy as np
import pytest

from safelight.errors import PhotoError
from safelight.pixels.files import Photo, read_photo, write_remarked
from tests.pixels.test_exif import MAKER_NOTE, camera_block

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
DEEP = PIXELS.astype(np.uint16) * 257
COVER = np.where(np.arange(16) < 5, 40, 255).astype(np.uint8) * np.ones((12, 1), np.uint8)


def said(path: Path, photo: Photo | np.ndarray, **options: Photo) -> str:
    return "; ".join(write_remarked(path, photo, overwrite=True, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_nothing_is_said_where_all_is_kept(tmp_path: Path, suffix: str) -> None:
    photo = Photo(DEEP, COVER.astype(np.uint16) * 257, exif=camera_block())
    assert said(tmp_path / f"a.{suffix}", photo) == ""
    assert read_photo(tmp_path / f"a.{suffix}").remarks == ()


def test_alpha_laid_on_white(tmp_path: Path) -> None:
    assert "laid on white" in said(tmp_path / "a.jpg", Photo(PIXELS, COVER))
    assert said(tmp_path / "a.webp", Photo(PIXELS, COVER)) == ""
    assert said(tmp_path / "a.jpg", Photo(PIXELS, np.full_like(COVER, 255))) == "", "all opaque: nothing lost"


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
def test_sixteen_bits_that_become_eight(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    assert f"16 bits a channel became 8, which is all that a .{suffix} holds" in said(path, Photo(DEEP))
    assert "became 8" in said(path, DEEP)
    assert "became 8" in said(path, Photo(DEEP).srgb, like=Photo(DEEP)), "floats made of a photo of 16 bits"
    assert said(path, PIXELS.astype(np.float32) / 255) == ""
    assert said(path, Photo(PIXELS)) == ""


def test_blocks_that_a_jpeg_cannot_hold(tmp_path: Path) -> None:
    large = Photo(PIXELS, exif=b"II*\0\xff\xff\xff\xff" + bytes(70_000), xmp=b"<x/>" + bytes(66_000))
    text = said(tmp_path / "a.jpg", large)
    assert "its EXIF (" in text
    assert "its XMP (66004 bytes)" in text
    assert said(tmp_path / "b.png", large) == ""


def test_padding_is_let_go_where_a_jpeg_has_no_room(tmp_path: Path) -> None:
    for length in range(65_480, 65_540):
        block = camera_block()
        exif = block + bytes(length - len(block))
        assert said(tmp_path / "a.jpg", Photo(PIXELS, exif=exif)) == ""
        back = read_photo(tmp_path / "a.jpg").exif
        assert back is not None
        assert MAKER_NOTE in back, length


def test_other_names_of_a_file_that_is_replaced(tmp_path: Path) -> None:
    write_remarked(tmp_path / "a.png", PIXELS)
    os.link(tmp_path / "a.png", tmp_path / "b.png")
    assert "another name (a hard link), which keeps the old picture" in said(tmp_path / "a.png", PIXELS // 2)
    assert np.array_equal(read_photo(tmp_path / "b.png").pixels, PIXELS)
    assert said(tmp_path / "a.png", PIXELS) == ""


def test_a_link_to_nothing_is_seen_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to("nowhere.png")
    with pytest.raises(PhotoError, match="exists"):
        write_remarked(tmp_path / "a.png", PIXELS)
    write_remarked(tmp_path / "a.png", PIXELS, overwrite=True)
    assert np.array_equal(read_photo(tmp_path / "nowhere.png").pixels, PIXELS)

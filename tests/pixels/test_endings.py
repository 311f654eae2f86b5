"""Files that lack only their end are read and said; those that end within the picture are refused."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.errors import PhotoError
from safelight.pixels.files import read_photo
from tests.hostile import saved, scene

PICTURE = scene(np.random.default_rng(8))
JPEGS = {
    "plain": {"quality": 92},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_rows": 1},
    "halved": {"quality": 80, "subsampling": 2, "optimize": True},
}


def outcome(path: Path, data: bytes) -> tuple[str, ...] | str:
    """The remarks, or the refusal."""
    path.write_bytes(data)
    try:
        return read_photo(path).remarks
    except PhotoError as error:
        return str(error)


@pytest.mark.parametrize("kind", JPEGS)
def test_jpeg(tmp_path: Path, kind: str) -> None:
    whole = saved(PICTURE, "JPEG", **JPEGS[kind])
    path = tmp_path / "a.jpg"
    for data in (whole[:-1], whole[:-2], whole[:-2] + bytes(700)):
        assert outcome(path, data) == ("its last bytes are missing, but no row of the picture is",)
        with Image.open(io.BytesIO(whole)) as image:
            np.testing.assert_array_equal(read_photo(path).pixels, np.asarray(image))
    for cut in (60, 300, len(whole) // 3):
        assert "truncated" in outcome(path, whole[:-cut])
        assert "truncated" in outcome(path, whole[:-cut] + bytes(900)), "cut, and filled up with noughts"
    assert "not a picture" not in outcome(path, whole + bytes(5000))


def test_a_progressive_jpeg_without_its_last_scan_is_not_whole(tmp_path: Path) -> None:
    whole = saved(PICTURE, "JPEG", progressive=True)
    last_scan = whole.rindex(b"\xff\xda")
    assert "truncated" in outcome(tmp_path / "a.jpg", whole[:last_scan])


def test_png(tmp_path: Path) -> None:
    whole, path = saved(PICTURE, "PNG"), tmp_path / "a.png"
    for cut in range(1, 17):  # the last chunk, then the checksum of the one before
        assert outcome(path, whole[:-cut]) == ("its last bytes are missing, but no row of the picture is",)
        np.testing.assert_array_equal(read_photo(path).pixels, PICTURE)
    for cut in (21, 100, len(whole) // 2):
        assert "cut off" in outcome(path, whole[:-cut])


def test_gif_and_bmp(tmp_path: Path) -> None:
    gif = saved(Image.fromarray(PICTURE).quantize(64), "GIF")
    assert outcome(tmp_path / "a.gif", gif[:-1]) == ()
    assert "truncated" in outcome(tmp_path / "a.gif", gif[:-60])
    bmp = saved(PICTURE[:, :63], "BMP")  # 189 bytes a row, padded by 3
    assert outcome(tmp_path / "a.bmp", bmp[:-3]) == ()
    assert "truncated" in outcome(tmp_path / "a.bmp", bmp[:-4])

"""A path, a Photo and floats are the same photo to whoever takes one."""

from pathlib import Path

import numpy as np
import pytest

from safelight.errors import PhotoError
from safelight.pixels.files import Photo, write_photo
from safelight.pixels.given import check_floats, pixels_of

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)


def test_pixels_of_a_file_and_of_a_photo_have_their_own_depth(tmp_path: Path) -> None:
    path = write_photo(tmp_path / "a.png", PIXELS)
    np.testing.assert_array_equal(pixels_of(path), PIXELS)
    np.testing.assert_array_equal(pixels_of(str(path)), PIXELS)
    deep = PIXELS.astype(np.uint16) * 257
    assert pixels_of(Photo(deep)) is deep


def test_floats_come_back_as_float32_within_0_and_1() -> None:
    floats = PIXELS / 255
    floats[0, 0] = (-0.0005, 0.5, 1.0005)
    found = pixels_of(floats)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, floats.clip(0, 1), atol=1e-7)


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (PIXELS, "divide it by 255"),
        (PIXELS.astype(np.uint16), "by 65535"),
        (PIXELS[..., 0] / 255, r"\(5, 7\)"),
    ],
)
def test_other_arrays_are_refused_with_the_mend(picture: np.ndarray, message: str) -> None:
    with pytest.raises(PhotoError, match=message):
        check_floats(picture)

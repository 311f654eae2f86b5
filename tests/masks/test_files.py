"""Mask files: every polarity, round trips, and one clear line for what is no mask."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from safelight.errors import PhotoError
from safelight.masks.edit import grow
from safelight.masks.files import check_mask, read_mask, write_mask
from safelight.pixels.files import write_photo
from safelight.pixels.photo import Photo
from tests.tasks.strategies import seeds

SIZE = (30, 40)


@pytest.fixture
def hole() -> np.ndarray:
    hole = np.zeros(SIZE, bool)
    hole[10:15, 20:30] = True
    return hole


def picture(hole: np.ndarray, white: int = 255) -> np.ndarray:
    return (hole[..., None] * np.array([white] * 3)).astype(np.uint8)


@given(seeds)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read(tmp_path: Path, seed: int) -> None:
    hole = np.random.default_rng(seed).random(SIZE) < 0.3
    for suffix in (".png", ".tif"):
        write_mask(tmp_path / f"m{suffix}", hole, overwrite=True)
        np.testing.assert_array_equal(read_mask(tmp_path / f"m{suffix}", SIZE).hole, hole)


def test_polarities(tmp_path: Path, hole: np.ndarray) -> None:
    write_photo(tmp_path / "black.png", 255 - picture(hole))
    grey = np.full((*SIZE, 3), 90, np.uint8)
    alpha = hole.astype(np.uint8) * np.uint8(255)
    write_photo(tmp_path / "painted.png", Photo(grey, alpha))
    write_photo(tmp_path / "erased.png", Photo(grey, ~alpha))
    np.testing.assert_array_equal(read_mask(tmp_path / "black.png", SIZE, "black").hole, hole)
    np.testing.assert_array_equal(read_mask(tmp_path / "painted.png", SIZE).hole, hole)
    np.testing.assert_array_equal(read_mask(tmp_path / "painted.png", SIZE, "painted").hole, hole)
    np.testing.assert_array_equal(read_mask(tmp_path / "erased.png", SIZE, "erased").hole, hole)


def test_deep_and_lossy_and_colored_masks(tmp_path: Path, hole: np.ndarray) -> None:
    write_photo(tmp_path / "deep.png", picture(hole).astype(np.uint16) * np.uint16(257))
    write_photo(tmp_path / "red.png", picture(hole) * np.array([1, 0, 0], np.uint8))
    write_photo(tmp_path / "lossy.jpg", picture(hole), quality=80)
    np.testing.assert_array_equal(read_mask(tmp_path / "deep.png", SIZE).hole, hole)
    np.testing.assert_array_equal(read_mask(tmp_path / "red.png", SIZE).hole, hole)
    lossy = read_mask(tmp_path / "lossy.jpg", SIZE).hole
    assert (lossy >= hole).all()
    assert (lossy <= grow(hole, 2)).all()


def test_a_mask_of_the_same_shape_is_resized_and_that_is_said(tmp_path: Path, hole: np.ndarray) -> None:
    write_mask(tmp_path / "m.png", hole)
    found = read_mask(tmp_path / "m.png", (60, 80))
    assert found.hole.shape == (60, 80)
    assert (found.hole >= hole.repeat(2, 0).repeat(2, 1)).all()
    assert "40 × 30 pixels and was resized to the photo's 80 × 60" in found.remarks[0]


def test_refusals_are_one_clear_line(tmp_path: Path, hole: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    files = {
        "shape.png": (picture(hole)[:, 20:], "the mask is 20 × 30 pixels, the photo 40 × 30"),
        "empty.png": (picture(hole, 0), "the mask is empty"),
        "full.png": (np.full((*SIZE, 3), 255, np.uint8), "the mask is full"),
        "photo.png": (rng.integers(0, 255, (*SIZE, 3), np.uint8) // 2 + 60, "as in a photo"),
        "inverted.png": (255 - picture(hole), "looks inverted .white = missing.; say --missing black"),
    }
    for name, (pixels, message) in files.items():
        write_photo(tmp_path / name, pixels)
        with pytest.raises(PhotoError, match=message) as caught:
            read_mask(tmp_path / name, SIZE)
        assert "\n" not in str(caught.value)
        assert name in str(caught.value)
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    with pytest.raises(PhotoError, match=r"broken\.png"):
        read_mask(tmp_path / "broken.png", SIZE)
    with pytest.raises(PhotoError, match="no transparent part"):
        read_mask(tmp_path / "full.png", SIZE, "erased")
    with pytest.raises(PhotoError, match="would blur the mask"):
        write_mask(tmp_path / "m.jpg", hole)


def test_a_stated_polarity_is_believed(tmp_path: Path, hole: np.ndarray) -> None:
    write_photo(tmp_path / "most.png", 255 - picture(hole))
    np.testing.assert_array_equal(read_mask(tmp_path / "most.png", SIZE, "white").hole, ~hole)


def test_bytes_of_a_picture_are_a_mask_in_memory() -> None:
    hole = np.zeros(SIZE, bool)
    hole[3:9, 5:20] = True
    for mask in (hole, hole.astype(float), hole.astype(np.uint8), hole * np.uint8(255)):
        np.testing.assert_array_equal(check_mask(mask, SIZE), hole)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((3, 3)), "expected .30, 40."),
        (np.full(SIZE, 255.0), "expected 0..1"),
        (np.full(SIZE, 200, np.uint8), "expected 0..1"),
        (np.full(SIZE, 255, np.uint8), "is full"),
        (np.full(SIZE, np.nan), "expected 0..1"),
        (np.ones(SIZE), "is full"),
        (np.zeros(SIZE), "is empty"),
        ([[1]], "the mask is list"),
    ],
)
def test_masks_in_memory(mask: np.ndarray, message: str) -> None:
    with pytest.raises(PhotoError, match=message):
        check_mask(mask, SIZE)


@pytest.mark.parametrize(
    ("high", "depth"), [(1, 8), (2, 8), (128, 8), (38, 8), (1, 16), (255, 16), (32768, 16)]
)
@pytest.mark.parametrize("mode", ["white", "black", "painted", "erased"])
def test_a_mask_of_two_numbers_is_believed_and_said(
    tmp_path: Path, hole: np.ndarray, high: int, depth: int, mode: str
) -> None:
    """0 and 1, 0 and 128, 0 and 255 of 65535: the figures are those that were written."""
    dtype = np.uint8 if depth == 8 else np.uint16
    shape = hole if mode in ("white", "painted") else ~hole
    levels = np.where(shape, high, 0).astype(dtype)
    grey = np.full((*SIZE, 3), 90, dtype)
    file = Photo(levels[..., None].repeat(3, 2)) if mode in ("white", "black") else Photo(grey, levels)
    write_photo(tmp_path / "m.png", file)
    found = read_mask(tmp_path / "m.png", SIZE, mode)  # type: ignore[arg-type]
    np.testing.assert_array_equal(found.hole, hole)
    said = f"has the values 0 and {high} of {2**depth - 1}; {high} was taken for white"
    assert [said in remark for remark in found.remarks] == [True]


def test_a_palette_of_two_dark_colors_is_a_mask(tmp_path: Path, hole: np.ndarray) -> None:
    from PIL import Image

    indexed = Image.fromarray(hole.astype(np.uint8), "L").convert("P")
    indexed.putpalette([0, 0, 0, 128, 0, 0])
    indexed.putdata(hole.astype(np.uint8).ravel().tolist())
    indexed.save(tmp_path / "voc.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "voc.png", SIZE).hole, hole)


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        (np.full(SIZE, 1), "every value of it is 1 of 255"),
        (np.full(SIZE, 128), "every value of it is 128 of 255"),
        (
            np.arange(1200).reshape(SIZE) % 21,
            "its highest value is 20 of 255, and it has more values than two",
        ),
        (np.zeros(SIZE), "the mask is empty"),
        (np.full(SIZE, 255), "the mask is full"),
    ],
)
def test_what_is_neither_black_nor_white_is_refused_with_its_figure(
    tmp_path: Path, levels: np.ndarray, message: str
) -> None:
    write_photo(tmp_path / "m.png", levels.astype(np.uint8)[..., None].repeat(3, 2))
    with pytest.raises(PhotoError, match=message):
        read_mask(tmp_path / "m.png", SIZE)

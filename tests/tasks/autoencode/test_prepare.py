"""A photo in the network's square and out of it: nothing is lost, nothing of the padding comes along."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.data.screen import fit
from safelight.data.settings import BuildSettings
from safelight.errors import PhotoError, RecipeError
from safelight.pixels.geometry import Box, inside
from safelight.tasks.autoencode.prepare import GREY, AutoencodePreparation, frame, unframe


def noise(h: int, w: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (h, w, 3), dtype=np.uint8)


@given(h=st.integers(1, 90), w=st.integers(1, 90), size=st.sampled_from([16, 32, 48]))
@settings(max_examples=40)
def test_a_padded_photo_lies_whole_in_its_box(h: int, w: int, size: int) -> None:
    planes, padding, box = frame(noise(h, w), size)
    assert planes.shape == (3, size, size)
    assert planes.dtype == padding.dtype == np.float32
    assert padding.sum() == size * size - box.height * box.width
    assert (padding[0][box.slices] == 0).all()
    assert (planes[:, padding[0] > 0] == GREY).all()
    assert max(box.height, box.width) == size


def test_what_fits_exactly_comes_back_unchanged() -> None:
    photo = noise(48, 32)
    planes, _, box = frame(photo, 48)
    assert box == Box(0, 8, 48, 32)
    assert np.array_equal(np.round(unframe(planes, box) * 255).astype(np.uint8), photo)
    assert unframe(planes, box, (96, 64)).shape == (96, 64, 3)


@pytest.mark.parametrize("fit_name", ["pad", "crop", "stretch"])
def test_use_frames_as_a_dataset_does(fit_name: str) -> None:
    """A photo from a file and the same photo from a dataset of the network's size ask the same question."""
    photo = noise(80, 52)
    square, box = fit(photo, BuildSettings(size=32, fit=fit_name))
    planes, _, found = frame(photo, 32, AutoencodePreparation(fit_name))  # type: ignore[arg-type]
    assert found == (box or Box(0, 0, 32, 32))
    stored = np.moveaxis(square[found.slices].astype(np.float32) / 255, 2, 0)
    assert np.array_equal(planes[(slice(None), *found.slices)], stored)


def test_the_padding_of_a_dataset_does_not_matter() -> None:
    square = noise(32, 32)
    box = Box(0, 6, 32, 20)
    other = np.full_like(square, 9)
    other[box.slices] = square[box.slices]
    one, two = (frame(inside(each, (0, 6, 32, 20)), 32) for each in (square, other))
    assert np.array_equal(one.planes, two.planes)
    assert one.box == box
    assert np.array_equal(inside(square, None), square)


def test_eight_sixteen_bits_and_floats_ask_the_same() -> None:
    photo = noise(32, 32)
    same = [photo, photo.astype(np.uint16) * 257, (photo / np.float32(255)).astype(np.float32)]
    planes = [frame(each, 32).planes for each in same]
    assert np.abs(planes[0] - planes[1]).max() < 1e-6
    assert np.abs(planes[0] - planes[2]).max() < 1e-6


def test_typical_box() -> None:
    assert AutoencodePreparation("pad", 1.5).typical_box(96) == Box(0, 16, 96, 64)
    assert AutoencodePreparation("pad", 0.5).typical_box(96) == Box(24, 0, 48, 96)
    assert AutoencodePreparation("crop", 1.5).typical_box(96) == Box(0, 0, 96, 96)


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (np.zeros((8, 8)), "expected an array"),
        (np.full((8, 8, 3), 200.0), "divide it by 255"),
        (np.full((8, 8, 3), -1.0), "scale it to 0..1"),
        (np.full((8, 8, 3), np.nan), "expected 0..1"),
        (np.zeros((8, 8, 3), np.int64), "of int64"),
        ("photo.jpg", "the picture is str"),
    ],
)
def test_refusals(picture: object, words: str) -> None:
    with pytest.raises(PhotoError, match=words):
        frame(picture, 8)  # type: ignore[arg-type]


def test_impossible_aspect() -> None:
    with pytest.raises(RecipeError, match="aspect"):
        AutoencodePreparation("pad", float("nan"))

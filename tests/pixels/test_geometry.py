"""Each function with its inverse, on every depth and number of channels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.pixels.geometry import (
    center_crop,
    fit_size,
    letterbox,
    pad_to_multiple,
    resize,
    tiles,
    unletterbox,
    untile,
    working_size,
)

SIDES = st.integers(1, 40)
SIZES = st.tuples(SIDES, SIDES)
DEPTHS = st.sampled_from([np.uint8, np.uint16, np.float32])
CHANNELS = st.sampled_from([(), (1,), (2,), (3,), (7,)])


def random_array(size: tuple[int, ...], depth: type) -> np.ndarray:
    return (np.random.default_rng(0).random(size) * 200).astype(depth)


@given(SIZES, SIZES, DEPTHS, CHANNELS)
def test_resize_keeps_type_channels_and_range(
    size: tuple[int, int], asked: tuple[int, int], depth: type, channels: tuple[int, ...]
) -> None:
    array = random_array(size + channels, depth)
    resized = resize(array, asked)
    assert (resized.shape, resized.dtype) == (asked + channels, depth)
    assert resized.min() >= array.min() - 1e-4  # of a value up to 200: float32 rounding
    assert resized.max() <= array.max() + 1e-4


def test_shrinking_averages() -> None:
    array = np.array([[0, 2, 4, 6], [2, 4, 6, 8]], np.float32)
    assert resize(array, (1, 2)).tolist() == [[2, 6]]


def test_enlarging_keeps_places() -> None:
    ramp = np.arange(8, dtype=np.float32)[None] + 0.5  # the value is the place
    large = resize(ramp, (1, 32))
    assert large[0, 2:-2] == pytest.approx((np.arange(32)[2:-2] + 0.5) / 4)


def test_one_side_shrinks_while_the_other_grows() -> None:
    assert np.allclose(resize(np.full((8, 2), 3, np.float32), (2, 8)), 3)


@given(SIZES, st.integers(1, 300), st.sampled_from([1, 8, 32]))
def test_fit_size(size: tuple[int, int], short_side: int, multiple: int) -> None:
    fitted = fit_size(size, short_side, multiple)
    assert all(side % multiple == 0 and side >= multiple for side in fitted)
    scale = short_side / min(size)
    assert all(
        abs(new - old * scale) <= multiple / 2 or new == multiple
        for new, old in zip(fitted, size, strict=True)
    )


def test_fit_size_of_a_ribbon() -> None:
    assert fit_size((1, 10000), 256, 32, long_side=1024) == (32, 1024)


@given(SIZES, SIZES, DEPTHS, CHANNELS)
def test_letterbox(
    size: tuple[int, int], room: tuple[int, int], depth: type, channels: tuple[int, ...]
) -> None:
    array = random_array(size + channels, depth)
    boxed, box = letterbox(array, room)
    assert (boxed.shape, boxed.dtype) == (room + channels, depth)
    assert box.height == room[0] or box.width == room[1]
    assert np.array_equal(unletterbox(boxed, box), resize(array, (box.height, box.width)))
    assert unletterbox(boxed, box, size).shape == array.shape


@given(SIZES, DEPTHS, CHANNELS)
def test_padding_is_undone_by_a_crop(size: tuple[int, int], depth: type, channels: tuple[int, ...]) -> None:
    array = random_array(size + channels, depth)
    for padding in ("edge", "reflect"):
        padded, before = pad_to_multiple(array, 32, padding)  # type: ignore[arg-type]
        assert padded.shape[0] % 32 == padded.shape[1] % 32 == 0
        assert max(padded.shape[0] - size[0], padded.shape[1] - size[1]) < 32
        assert np.array_equal(padded[: before[0], : before[1]], array)


@given(SIZES, st.integers(1, 20), st.integers(0, 19), CHANNELS)
def test_tiles_cover_and_come_back(
    size: tuple[int, int], tile: int, overlap: int, channels: tuple[int, ...]
) -> None:
    overlap %= tile
    array = random_array(size + channels, np.float32)
    pieces = [(box, array[box.slices]) for box in tiles(size, tile, overlap)]
    assert {piece.shape[:2] for _, piece in pieces} == {(min(tile, size[0]), min(tile, size[1]))}
    assert np.allclose(untile(pieces, size, overlap), array, atol=1e-3)


@given(SIZES, SIZES, DEPTHS, CHANNELS)
def test_center_crop(
    size: tuple[int, int], asked: tuple[int, int], depth: type, channels: tuple[int, ...]
) -> None:
    assert center_crop(random_array(size + channels, depth), asked).shape == asked + channels


def test_center_crop_takes_the_middle() -> None:
    assert center_crop(np.arange(25).reshape(5, 5), (1, 3)).tolist() == [[11, 12, 13]]


def test_refusals() -> None:
    with pytest.raises(ValueError, match="at least 1 × 1"):
        resize(np.zeros((4, 4)), (0, 4))
    with pytest.raises(ValueError, match="overlap"):
        list(tiles((10, 10), 4, 4))
    with pytest.raises(ValueError, match="do not cover"):
        untile([], (4, 4), 0)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((600, 800), (600, 800)),  # smaller than asked: as it is
        ((1500, 2048), (750, 1024)),
        ((512, 2048), (256, 1024)),  # 4 : 1: still by its long side
        ((400, 4662), (400, 4662)),  # a panorama of parts of 400 x 800
        ((4662, 400), (4662, 400)),
        ((1024, 8192), (512, 4096)),  # of parts of 1024 x 2048
        ((1, 100_000), (1, 8192)),  # its memory is bounded
    ],
)
def test_a_panorama_is_looked_at_at_the_scale_of_its_parts(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert working_size(size, 1024) == expected

"""A photo keeps its own lightness; grey stays grey bit by bit; ab is enlarged in place."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.pixels.color import (
    TO_LINEAR,
    compress,
    encode,
    expand,
    lab_to_srgb,
    luminance,
    srgb_to_lab,
    srgb_to_lightness,
)
from safelight.pixels.geometry import Box, resize
from safelight.pixels.recolor import replace_ab

DEPTHS = {np.uint8: 255, np.uint16: 65535, np.float32: 1}


def picture(height: int, width: int, depth: type = np.uint8) -> np.ndarray:
    srgb = np.random.default_rng(height * width).random((height, width, 3))
    return srgb.astype(depth) if depth == np.float32 else (srgb * DEPTHS[depth] + 0.5).astype(depth)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_grey_photo_without_color_comes_back_bit_by_bit(depth: type) -> None:
    levels = np.arange(DEPTHS[depth] + 1, dtype=depth).reshape(16, -1, 1)
    grey = np.repeat(levels, 3, axis=2)
    assert np.array_equal(replace_ab(grey, np.zeros((5, 3, 2), np.float32)), grey)


@pytest.mark.parametrize("depth", DEPTHS)
def test_no_color_gives_equal_channels_and_the_same_lightness(depth: type) -> None:
    photo = picture(40, 30, depth)
    grey = replace_ab(photo, np.zeros((4, 3, 2), np.float32))
    assert grey.dtype == depth
    assert np.array_equal(grey[..., 0], grey[..., 1])
    assert np.array_equal(grey[..., 0], grey[..., 2])
    assert np.allclose(srgb_to_lightness(grey), srgb_to_lightness(photo), atol=0.4)  # two levels of black


@pytest.mark.parametrize("depth", DEPTHS)
def test_its_own_ab_gives_the_photo_back(depth: type) -> None:
    photo = picture(50, 70, depth)
    back = replace_ab(photo, srgb_to_lab(photo)[..., 1:])
    error = np.abs(back.astype(np.float64) - photo) / DEPTHS[depth]
    assert error.max() < (1.5 / 255 if depth == np.uint8 else 1e-3)


@given(st.floats(-128, 128), st.floats(-128, 128), st.sampled_from(list(DEPTHS)))
def test_lightness_stays_whatever_the_color(a: float, b: float, depth: type) -> None:
    photo = picture(16, 16, depth)
    colored = replace_ab(photo, np.full((1, 1, 2), (a, b), np.float32))
    assert np.abs(srgb_to_lightness(colored) - srgb_to_lightness(photo)).max() < 0.8


def test_enlarges_as_resize_does_and_joins_as_lab_does() -> None:
    photo = np.full((300, 500, 3), 128, np.float32) / 255
    ab = np.random.default_rng(0).normal(0, 8, (12, 20, 2)).astype(np.float32)
    lab = np.concatenate([srgb_to_lab(photo)[..., :1], resize(ab, (300, 500))], axis=2)
    assert np.allclose(replace_ab(photo, ab), lab_to_srgb(lab), atol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 1), (3, 200000)])
@pytest.mark.parametrize("ab_size", [(1, 1), (5, 4), (20, 30)])
def test_odd_sizes(size: tuple[int, int], ab_size: tuple[int, int]) -> None:
    photo = picture(*size)
    assert replace_ab(photo, np.ones((*ab_size, 2), np.float32)).shape == photo.shape


def test_threads_change_nothing() -> None:
    photo, ab = picture(700, 300), np.random.default_rng(0).normal(0, 20, (9, 7, 2)).astype(np.float32)
    assert np.array_equal(replace_ab(photo, ab, threads=1), replace_ab(photo, ab, threads=5))


@pytest.mark.parametrize(
    "photo", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8)]
)
def test_refuses_what_is_not_a_picture(photo: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected uint8, uint16 or float32"):
        replace_ab(photo, np.zeros((1, 1, 2), np.float32))


@pytest.mark.parametrize("box", [Box(0, 0, 60, 90), Box(7, 11, 20, 30), Box(59, 89, 1, 1)])
@pytest.mark.parametrize("ab_size", [(5, 7), (60, 90), (80, 100)])
def test_a_part_is_as_it_is_in_the_whole(box: Box, ab_size: tuple[int, int]) -> None:
    photo = picture(60, 90)
    ab = np.random.default_rng(0).normal(0, 20, (*ab_size, 2)).astype(np.float32)
    assert np.array_equal(replace_ab(photo, ab, box=box), replace_ab(photo, ab)[box.slices])


def in_plain_steps(pixels: np.ndarray, ab: np.ndarray) -> np.ndarray:
    """What `replace_ab` gives, without its shortcuts: whole planes, one step after the other."""
    height, width = pixels.shape[:2]
    wide = cv2.resize(ab, (width, ab.shape[0]), interpolation=cv2.INTER_LINEAR)
    wide = wide * np.array([1 / 500, -1 / 200], np.float32)
    place = np.clip((np.arange(height) + 0.5) * (len(wide) / height) - 0.5, 0, len(wide) - 1)
    above = np.minimum(place.astype(int), len(wide) - 2)
    share = (place - above).astype(np.float32)[:, None, None]
    to_fx, to_fz = np.moveaxis(wide[above] * (1 - share) + wide[above + 1] * share, 2, 0)
    light, levels = luminance(pixels), np.arange(65536, dtype=np.float32) / 65535
    deep = pixels.dtype != np.uint8
    fy = compress(light) if deep else compress(levels)[(light * np.float32(65535) + 0.5).astype(int)]
    Y = expand(fy)
    X, Z = expand(fy + to_fx) - Y, expand(fy + to_fz) - Y
    rgb = np.stack([row[0] * X + row[2] * Z for row in TO_LINEAR])
    over, under = np.maximum(1 - Y, np.float32(1e-9)), np.minimum(-Y, np.float32(-1e-9))
    reach = np.minimum(over / np.maximum(rgb.max(0), over), under / np.minimum(rgb.min(0), under))
    linear = np.moveaxis(rgb * reach + Y, 0, 2)
    if deep:
        most = 65535 if pixels.dtype == np.uint16 else 1
        encoded = encode(linear)
        return encoded if most == 1 else (encoded * most + np.float32(0.5)).astype(np.uint16)
    return (encode(levels) * 255 + 0.5).astype(np.uint8)[
        (linear * np.float32(65535) + np.float32(0.5)).astype(int)
    ]


@pytest.mark.parametrize("strength", [0.0, 10.0, 60.0])
@pytest.mark.parametrize("kind", ["grey", "color", "dark", "light", "half grey"])
@pytest.mark.parametrize("depth", DEPTHS)
def test_the_shortcuts_change_no_bit(kind: str, depth: type, strength: float) -> None:
    photo = picture(240, 331, depth)
    scale = photo / DEPTHS[depth]
    shown = {
        "grey": np.repeat(scale[..., :1], 3, axis=2),
        "color": scale,
        "dark": scale * 0.02,
        "light": 0.5 + 0.4 * scale,
        "half grey": np.where(np.arange(240)[:, None, None] < 120, scale[..., :1], scale),
    }[kind]
    photo = shown.astype(np.float32) if depth == np.float32 else (shown * DEPTHS[depth]).astype(depth)
    ab = np.random.default_rng(1).normal(0, 1, (24, 31, 2)).astype(np.float32) * np.float32(strength)
    assert np.array_equal(replace_ab(photo, ab), in_plain_steps(photo, ab))

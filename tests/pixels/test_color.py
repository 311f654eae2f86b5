"""Lab against published values and scikit-image; colorfulness against its paper."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.color import rgb2lab

from safelight.pixels.color import chroma, colorfulness, lab_to_srgb, srgb_to_lab, srgb_to_lightness

PUBLISHED = {  # Lab under D65 with the primaries of brucelindbloom.com, as widely published
    (255, 0, 0): (53.2408, 80.0925, 67.2032),
    (0, 255, 0): (87.7347, -86.1827, 83.1793),
    (0, 0, 255): (32.2970, 79.1875, -107.8602),
    (255, 255, 0): (97.1393, -21.5537, 94.4780),
    (0, 255, 255): (91.1132, -48.0875, -14.1312),
    (255, 0, 255): (60.3242, 98.2343, -60.8249),
    (255, 255, 255): (100, 0, 0),
    (119, 119, 119): (50.0344, 0, 0),
    (0, 0, 0): (0, 0, 0),
}


@pytest.mark.parametrize(("srgb", "lab"), PUBLISHED.items())
def test_published_values(srgb: tuple[int, int, int], lab: tuple[float, float, float]) -> None:
    color = np.array(srgb, np.uint8)
    assert srgb_to_lab(color) == pytest.approx(np.array(lab), abs=1e-2)
    assert srgb_to_lab(color.astype(np.float32) / 255) == pytest.approx(np.array(lab), abs=1e-2)
    assert lab_to_srgb(np.array(lab, np.float32)) == pytest.approx(color / 255, abs=1e-3)


def test_agrees_with_scikit_image() -> None:
    steps = np.arange(0, 256, 5, dtype=np.uint8)
    srgb = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 52, 3)
    assert np.abs(srgb_to_lab(srgb) - rgb2lab(srgb)).max() < 1e-2


@pytest.mark.parametrize("depth", [np.uint8, np.uint16, np.float32, np.float64])
def test_every_depth_gives_the_same_float32_lab(depth: type) -> None:
    srgb = np.random.default_rng(1).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    given_depth = {np.uint8: srgb, np.uint16: srgb.astype(np.uint16) * 257}.get(
        depth, (srgb / 255).astype(depth)
    )
    lab = srgb_to_lab(given_depth)
    assert (lab.dtype, lab.shape) == (np.float32, (7, 5, 3))
    assert np.allclose(lab, srgb_to_lab(srgb), atol=2e-3)
    assert np.allclose(srgb_to_lightness(given_depth), lab[..., 0], atol=2e-3)


def test_grey_has_no_color() -> None:
    grey = np.repeat(np.arange(65536, dtype=np.uint16).reshape(256, 256, 1), 3, axis=2)
    assert np.abs(srgb_to_lab(grey)[..., 1:]).max() < 1e-3
    assert np.allclose(srgb_to_lightness(grey[..., 0]), srgb_to_lab(grey)[..., 0], atol=1e-4)


@given(arrays(np.float32, (3, 4, 3), elements=st.floats(0, 1, width=32)))
def test_round_trip(srgb: np.ndarray) -> None:
    assert np.allclose(lab_to_srgb(srgb_to_lab(srgb)), srgb, atol=2e-4)


@given(arrays(np.float32, (2, 2, 3), elements=st.floats(-200, 200, width=32)))
def test_colors_outside_srgb_are_clipped(lab: np.ndarray) -> None:
    srgb = lab_to_srgb(lab)
    assert srgb.min() >= 0
    assert srgb.max() <= 1


def test_chroma_of_the_purest_blue() -> None:
    assert chroma(srgb_to_lab(np.array([0, 0, 255], np.uint8))[1:]) == pytest.approx(133.8, abs=0.1)


def test_colorfulness_by_hand() -> None:
    half = np.zeros((2, 4, 3), np.uint8)
    half[:, :2, 0] = 255  # half red, half black: rg is 255 or 0, yb is 127.5 or 0
    by_hand = np.hypot(127.5, 63.75) + 0.3 * np.hypot(127.5, 63.75)
    assert colorfulness(half) == pytest.approx(by_hand)
    assert colorfulness(half.astype(np.float32) / 255) == pytest.approx(by_hand, rel=1e-6)
    assert colorfulness(half.astype(np.uint16) * 257) == pytest.approx(by_hand, rel=1e-6)
    assert colorfulness(np.full((3, 3, 3), 90, np.uint8)) == 0

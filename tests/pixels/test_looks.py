"""Grey, toned, tinted, faded and colored pictures, each made so that its kind is known."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from safelight.pixels.color import lab_to_srgb
from safelight.pixels.tone import look_of

SIZE = (120, 160)
SEEDS = range(6)


def soft(seed: int, channels: int, coarse: int = 9) -> np.ndarray:
    """Smooth shapes, -1..1, (h, w, channels), with edges as of things."""
    rng = np.random.default_rng(seed)
    few = rng.uniform(-1, 1, (coarse, coarse, channels)).astype(np.float32)
    smooth = cv2.resize(few, SIZE[::-1], interpolation=cv2.INTER_CUBIC).reshape(*SIZE, channels)
    return np.asarray(np.clip(np.round(smooth * 4) / 4 * 0.7 + smooth * 0.3, -1, 1))


def lightness(seed: int) -> np.ndarray:
    """L of a picture, 8 to 95, with fine grain."""
    L = 52 + 43 * soft(seed, 1)[..., 0] + np.random.default_rng(seed).normal(0, 1.5, SIZE)
    return np.asarray(np.clip(L, 5, 97), np.float32)


def picture(L: np.ndarray, ab: np.ndarray, depth: type = np.uint8) -> np.ndarray:
    lab = np.dstack([L, np.broadcast_to(ab, (*L.shape, 2))]).astype(np.float32)
    return np.round(lab_to_srgb(lab) * np.iinfo(depth).max).astype(depth)


def as_jpeg(pixels: np.ndarray, quality: int = 70) -> np.ndarray:
    """Through OpenCV's JPEG, whose color is halved: noise of ab that is nobody's color."""
    _, file = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR)[..., ::-1])


def toned(seed: int, hue: float, strength: float) -> np.ndarray:
    """One color at each lightness: most in the middle tones, none in the deepest black, a little in the paper."""
    L = lightness(seed)
    share = 0.25 * L / 100 + 3 * (L / 100) * (1 - L / 100)
    direction = np.array([np.cos(np.radians(hue)), np.sin(np.radians(hue))])
    return picture(L, share[..., None] * strength * direction)


def colored(seed: int, strength: float = 30) -> np.ndarray:
    return picture(lightness(seed), strength * soft(seed + 100, 2))


@pytest.mark.parametrize("seed", SEEDS)
def test_grey_is_grey_also_as_a_jpeg_and_of_every_depth(seed: int) -> None:
    grey = picture(lightness(seed), np.zeros(2))
    for each in (grey, as_jpeg(grey), grey.astype(np.uint16) * 257, grey / np.float32(255)):
        look = look_of(each)
        assert (look.kind, look.has_colors, look.negative) == ("grey", False, False)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("hue", "strength"),
    [(65, 25), (85, 14), (45, 20), (265, 30), (240, 12), (345, 9), (10, 8)],
    ids=["sepia", "tea", "copper", "cyanotype", "iron", "selenium", "gold"],
)
def test_one_hue_along_lightness_is_toned(seed: int, hue: float, strength: float) -> None:
    for each in (toned(seed, hue, strength), as_jpeg(toned(seed, hue, strength))):
        look = look_of(each)
        assert look.kind == "toned"
        assert abs((look.hue - hue + 180) % 360 - 180) < 12


@pytest.mark.parametrize("seed", SEEDS)
def test_a_split_tone_and_paper_that_yellowed_from_one_side_are_toned(seed: int) -> None:
    L = lightness(seed)
    split = np.stack([4 - 8 * L / 100, -10 + 24 * L / 100], axis=-1)  # blue shadows, warm lights
    assert look_of(picture(L, split)).kind == "toned"
    aged = np.linspace(6, 22, SIZE[1])[None, :, None] * np.array([0.15, 0.98]) * (L / 100)[..., None]
    assert look_of(picture(L, aged)).kind == "toned"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_curve_is_the_tone_at_each_lightness(seed: int) -> None:
    L = np.linspace(15, 90, 12, dtype=np.float32)[None]
    share = 0.25 * L / 100 + 3 * (L / 100) * (1 - L / 100)
    found = look_of(toned(seed, 65, 20)).curve.at(L)
    truth = share[..., None] * 20 * np.array([np.cos(np.radians(65)), np.sin(np.radians(65))])
    assert np.abs(found - truth).max() < 1.5


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("strength", [60, 30, 15])
def test_colors_of_its_own_are_seen_also_where_they_are_weak(seed: int, strength: float) -> None:
    for each in (colored(seed, strength), as_jpeg(colored(seed, strength))):
        assert look_of(each).kind == "colored"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("base", [lambda s: picture(lightness(s), np.zeros(2)), lambda s: toned(s, 70, 12)])
def test_a_tinted_dress_on_a_grey_or_toned_print_is_seen(
    seed: int, base: Callable[[int], np.ndarray]
) -> None:
    tinted = base(seed).astype(np.float32)
    cv2.ellipse(mask := np.zeros(SIZE, np.uint8), (80, 70), (28, 22), 0, 0, 360, 255, -1)
    dye = np.array([1.0, 0.72, 0.75]) if seed % 2 else np.array([0.68, 0.95, 0.9])
    tinted[mask > 0] = tinted[mask > 0] * dye
    look = look_of(np.round(tinted).astype(np.uint8))
    assert look.kind == "tinted"
    assert look.has_colors


@pytest.mark.parametrize("seed", SEEDS)
def test_a_date_stamp_in_red_makes_no_color_photo(seed: int) -> None:
    stamped = picture(lightness(seed), np.zeros(2))
    stamped[108:114, 120:150] = (230, 60, 20)  # 1 % of the picture
    assert look_of(stamped).kind == "grey"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_faded_print_has_colors_and_is_called_faded(seed: int) -> None:
    """Dyes that lost density, cyan most (a red cast), under stain: contrast and black are gone."""
    linear = (np.clip(colored(seed, 45) / 255, 0.02, 1)) ** 2.2
    density = -np.log10(linear) * np.array([0.28, 0.5, 0.42]) + np.array([0.04, 0.14, 0.2])
    faded = np.round(255 * (10**-density) ** (1 / 2.2)).astype(np.uint8)
    assert look_of(faded).kind == "faded"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_orange_film_of_a_color_negative_is_noticed(seed: int) -> None:
    """The complement under a mask of (255, 150, 90), as unmasked scans of C-41 film are."""
    film = np.array([255, 150, 90])
    negative = np.round((0.25 + 0.75 * (1 - colored(seed, 25) / 255)) * film).astype(np.uint8)
    assert look_of(negative).negative
    assert not look_of(colored(seed, 25)).negative


def test_one_pixel_and_flat_pictures_are_grey_or_toned() -> None:
    for size in ((1, 1), (2, 3), (50, 1)):
        assert look_of(np.full((*size, 3), 90, np.uint8)).kind == "grey"
    assert look_of(np.full((30, 30, 3), (180, 150, 110), np.uint8)).kind == "toned"


@pytest.mark.parametrize("seed", range(3))
def test_film_scanned_against_its_own_base_is_noticed_and_a_toned_print_is_none(seed: int) -> None:
    # By formula: the base became white, and what is dense in the negative is orange, not black.
    positive = colored(seed, 25).mean(-1, keepdims=True) / 255
    negative = np.round(255 * (1 - positive * (0.55, 0.75, 0.95))).astype(np.uint8)
    assert (look_of(negative).kind, look_of(negative).negative) == ("toned", True)
    for paper in ((1.0, 0.93, 0.78), (1.0, 0.85, 0.6), (0.8, 0.55, 0.35)):
        print_of_it = np.round(255 * positive * paper).astype(np.uint8)
        assert not look_of(print_of_it).negative

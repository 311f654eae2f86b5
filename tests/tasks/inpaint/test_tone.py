"""What is filled keeps the tone of a print, and the colors of a photograph."""

import numpy as np
import pytest

from safelight.pixels.color import lab_to_srgb, srgb_to_lab
from safelight.pixels.files import read_photo
from safelight.tasks.inpaint.restore import load_filler
from safelight.tasks.inpaint.tone import in_tone
from tests.tasks.inpaint.test_restore import EXAMPLES

HOLE = np.zeros((64, 80), bool)
HOLE[20:40, 30:50] = True


def lab_picture(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Lightness from 30 to 80 across and some noise, with these colors."""
    L = np.linspace(30, 80, 80)[None].repeat(64, 0) + np.random.default_rng(0).normal(0, 2, (64, 80))
    return lab_to_srgb(np.stack([L, a + 0 * L, b + 0 * L], -1).astype(np.float32))


def blue(picture: np.ndarray) -> np.ndarray:
    """A network's answer that has gone wrong: right in lightness, blue in the hole."""
    lab = srgb_to_lab(picture)
    lab[HOLE, 1:] = (2, -25)
    return np.asarray(lab_to_srgb(lab))


def test_in_a_sepia_print_color_follows_from_lightness() -> None:
    L = srgb_to_lab(lab_picture(np.float32(0), np.float32(0)))[..., 0]
    print_ = lab_picture(4 + L / 25, 30 - (L - 50) ** 2 / 100)
    filled = in_tone(blue(print_), print_, HOLE)
    np.testing.assert_allclose(srgb_to_lab(filled)[HOLE], srgb_to_lab(print_)[HOLE], atol=0.5)
    np.testing.assert_array_equal(filled[~HOLE], blue(print_)[~HOLE])


def test_a_color_photograph_keeps_what_the_network_says() -> None:
    rows = np.linspace(-30, 30, 64)[:, None]
    photo = lab_picture(rows, -rows)
    np.testing.assert_array_equal(in_tone(blue(photo), photo, HOLE), blue(photo))


def test_between_a_print_and_a_photograph_it_is_drawn_to_the_tone_in_part() -> None:
    """Colors that stray by 4.75, in the middle between 3.5 and 6, keep half of their distance to the tone."""
    rows = np.where(np.arange(64)[:, None] % 2, 1, -1) * 4.75
    photo = lab_picture(rows, np.float32(10))
    b = srgb_to_lab(in_tone(blue(photo), photo, HOLE))[HOLE][:, 2]
    np.testing.assert_allclose(b, (10 - 25) / 2, atol=1.0)


def test_a_grey_print_stays_grey_to_the_last_bit() -> None:
    print_ = np.repeat(np.random.default_rng(0).random((64, 80, 1), np.float32), 3, 2)
    filled = in_tone(blue(print_), print_, HOLE)
    assert (filled == filled[..., :1]).all()


def brown(L: np.ndarray) -> list[np.ndarray]:
    """a and b."""
    return [share * L * (100 - L) / 2500 for share in (7, 20)]


@pytest.mark.parametrize("method", ["model", "biharmonic"])
def test_a_toned_photo_is_filled_in_its_tone(method: str) -> None:
    """The bundled model, on an example toned by a rule: black and white stay, the middle is brown."""
    photo = read_photo(EXAMPLES / "madison-square-1900.jpg")
    L = srgb_to_lab(photo.srgb)[..., 0]
    toned = lab_to_srgb(np.stack([L, *brown(L)], -1).astype(np.float32))[:300, :400]
    hole = np.zeros(toned.shape[:2], bool)
    hole[100:140, 50:350] = True
    lab = srgb_to_lab(load_filler()(toned, hole.astype(np.float32), method, grain=0))[hole]  # type: ignore[arg-type]
    assert np.abs(lab[:, 1:].T - brown(lab[:, 0])).mean() < 0.6

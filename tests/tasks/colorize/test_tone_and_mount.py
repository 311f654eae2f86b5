"""What stays of a photo that is colored: its tone where asked, its paper always; and what is said of it."""

from pathlib import Path

import numpy as np
import pytest

from safelight.pixels.color import srgb_to_lab
from safelight.pixels.geometry import Box
from safelight.pixels.photo import Photo
from safelight.tasks.colorize.tone_and_mount import analyze, keep_tone_and_mount, toned_in_words
from safelight.tasks.registry import load
from tests.pixels.test_looks import colored, lightness, picture, toned
from tests.runtime.tiny import make_model


def test_a_tone_is_laid_under_the_colors(tmp_path: Path) -> None:
    """At each place ab of the result is that of the colors plus that of the tone, and L is the photo's."""
    original = Photo(toned(0, 70, 14))
    painted = load(make_model(tmp_path)).recolor(original)
    seen = analyze(original.pixels)
    kept = keep_tone_and_mount(original, painted, seen, toning=True)
    before, colors, after = (srgb_to_lab(each.pixels) for each in (original, painted, kept))
    inside = (after[..., 0] > 20) & (after[..., 0] < 80) & (painted.pixels.max(axis=2) < 250)
    np.testing.assert_allclose(after[..., 0][inside], before[..., 0][inside], atol=0.6)
    missed = np.linalg.norm(after[..., 1:] - colors[..., 1:] - before[..., 1:], axis=-1)[inside]
    assert np.median(missed) < 2
    untouched = keep_tone_and_mount(original, painted, seen, toning=False)
    np.testing.assert_array_equal(untouched.pixels, painted.pixels)


def test_paper_keeps_its_own_pixels() -> None:
    card = np.full((240, 300, 3), (232, 222, 196), np.uint8)
    card[30:150, 40:200] = np.minimum(picture(lightness(1), np.zeros(2)), 140)
    original, painted = Photo(card), Photo(np.full_like(card, 90))
    seen = analyze(card)
    assert seen.mount == Box(30, 40, 120, 160)
    assert seen.look.kind == "grey"  # of the picture, not of its paper
    kept = keep_tone_and_mount(original, painted, seen).pixels
    assert (kept[30:150, 40:200] == 90).all()
    kept[30:150, 40:200] = card[30:150, 40:200]
    np.testing.assert_array_equal(kept, card)
    all_of_it = analyze(
        card, mounts=False
    )  # the paper is colored too, but makes no grey picture a colored one
    assert (all_of_it.mount, all_of_it.look.kind) == (None, "grey")


@pytest.mark.parametrize(
    ("pixels", "keep_toning", "said"),
    [
        (picture(lightness(0), np.zeros(2)), False, ()),
        (picture(lightness(0), np.zeros(2)), True, ("has no tone to keep",)),
        (toned(0, 70, 14), True, ()),
        (colored(0), False, ("has colors of its own; they were replaced",)),
    ],
)
def test_what_is_said(pixels: np.ndarray, keep_toning: bool, said: tuple[str, ...]) -> None:
    assert analyze(pixels).remarks(keep_toning) == said


def test_tones_that_were_replaced_are_counted() -> None:
    assert toned_in_words([]) == toned_in_words([False, False]) == ""
    assert toned_in_words([True]) == "toned; --keep-toning keeps the tone"
    assert toned_in_words([True, False, True]) == "2 toned; --keep-toning keeps the tone"


def test_scripts_of_version_0_1_find_the_old_names() -> None:
    from safelight.runtime.seen import keep_own, see

    assert (see, keep_own) == (analyze, keep_tone_and_mount)

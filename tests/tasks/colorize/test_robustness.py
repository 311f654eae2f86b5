"""Small changes of a photo: each is what its name says, and their effect is measured right."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.errors import ModelError
from safelight.evaluation.samples import PictureList
from safelight.tasks.colorize.benchmark import Protocol
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.robustness import (
    PERTURBATIONS,
    VISIBLE,
    Perturbation,
    brighten,
    flip_lowest_bit,
    jpeg,
    robustness,
    set_pixels,
    shift,
    unshift,
    write_robustness,
)

SIZE = 24
PROTOCOL = Protocol("tiny", SIZE, 3, "uniform", (0, 1), "for tests")
PICTURES = PictureList(
    [np.random.default_rng(k).integers(0, 256, (SIZE, SIZE, 3), np.uint8) for k in range(9)]
)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@given(count=st.integers(0, 700))
def test_as_many_pixels_change_as_are_asked_for(count: int) -> None:
    grey = np.full((SIZE, SIZE, 3), 100, np.uint8)
    changed = set_pixels(count)(grey, rng())
    different = (changed != grey).any(axis=2)
    assert different.sum() == min(count, SIZE * SIZE)
    assert set(np.unique(changed[different])) <= {0, 255}
    assert (grey == 100).all()


def test_a_flipped_bit_changes_by_one() -> None:
    changed = flip_lowest_bit(PICTURES[0], rng())
    apart = np.abs(changed.astype(int) - PICTURES[0])
    assert set(np.unique(apart)) == {0, 1}
    assert 0.4 < apart.mean() < 0.6


def test_a_shift_moves_by_one_pixel_and_the_answer_back() -> None:
    shifted = shift(PICTURES[0], rng())
    np.testing.assert_array_equal(shifted[:, 1:], PICTURES[0][:, :-1])
    ab = np.random.default_rng(0).random((SIZE, SIZE, 2))
    moved = np.concatenate([ab[:, :1], ab[:, :-1]], axis=1)
    np.testing.assert_array_equal(unshift(moved)[:, :-1], ab[:, :-1])


def test_worse_jpeg_changes_more_and_brightness_by_its_factor() -> None:
    picture = np.linspace(0, 255, SIZE * SIZE * 3).reshape(SIZE, SIZE, 3).astype(np.uint8)
    fine, coarse = (np.abs(jpeg(q)(picture, rng()).astype(int) - picture).mean() for q in (95, 10))
    assert 0 < fine < coarse
    assert brighten(1.02)(np.full((2, 2, 3), 100, np.uint8), rng()).max() == 102
    assert brighten(1.02)(np.full((2, 2, 3), 255, np.uint8), rng()).max() == 255


@pytest.mark.parametrize("perturbation", PERTURBATIONS, ids=lambda p: p.name)
def test_every_change_keeps_shape_and_type_and_repeats(perturbation: Perturbation) -> None:
    one, other = (perturbation.change(PICTURES[0], rng()) for _ in range(2))
    assert one.shape == PICTURES[0].shape
    assert one.dtype == np.uint8
    np.testing.assert_array_equal(one, other)
    assert not np.array_equal(one, PICTURES[0])


def constant(L: np.ndarray, points: Points) -> np.ndarray:
    """Whatever the photo, the same color."""
    return np.full((*L.shape, 2), 20, np.float32)


def nervous(L: np.ndarray, points: Points) -> np.ndarray:
    """Two hues, by the parity of the first pixel's L: a single bit can turn it."""
    return np.full((*L.shape, 2), 30 if int(L[0, 0]) % 2 else -30, np.float32)


def test_a_model_that_does_not_look_is_not_moved() -> None:
    result = robustness(constant, "constant", PICTURES, protocol=PROTOCOL)
    assert len(result.movements) == len(PERTURBATIONS)
    assert all(m.moved.value == m.most.value == m.gain.value == m.seen == 0 for m in result.movements)
    assert result.sentences[0] == "None of these small changes moves the colors visibly on average."


def test_a_model_that_one_bit_turns_is_found_out(tmp_path: Path) -> None:
    turn = Perturbation("turned", lambda pixels, _: np.where(pixels < 250, pixels + 5, 0).astype(np.uint8))
    result = robustness(nervous, "nervous", PICTURES, protocol=PROTOCOL, perturbations=(turn,))
    (moved,) = result.movements
    assert moved.moved.value > VISIBLE
    assert 0 < moved.seen <= 1
    assert moved.worst_moved > 10
    assert moved.moved.low <= moved.moved.value <= moved.moved.high
    assert "turned: the colors move visibly" in result.sentences[0]
    page = write_robustness(result, tmp_path / "report")
    assert "| turned |" in page.read_text()
    row = json.loads((tmp_path / "report" / "robustness.json").read_text())
    assert row["movements"][0]["change"] == "turned"
    assert row["pictures"] == len(PICTURES)


def test_movement_is_the_mean_difference_of_the_colors() -> None:
    """One picture whose answer goes from one color to another: the figure of CIEDE2000 between them."""
    from safelight.evaluation.metrics import ciede2000
    from safelight.pixels.color import lab_to_srgb, srgb_to_lab

    grey = np.full((SIZE, SIZE, 3), 128, np.uint8)
    grey[0, :4] = (200, 60, 60), (60, 200, 60), (200, 60, 60), (60, 200, 60)  # enough color to be judged

    def by_brightness(L: np.ndarray, points: Points) -> np.ndarray:
        return np.full((*L.shape, 2), 10 if L[-1, -1] > 54 else 0, np.float32)

    lighter = Perturbation("lighter", lambda pixels, _: np.maximum(pixels, 140).astype(np.uint8))
    result = robustness(
        by_brightness, "steps", PictureList([grey]), protocol=PROTOCOL, perturbations=(lighter,)
    )
    lab = srgb_to_lab(grey)
    before, after = (
        srgb_to_lab(
            lab_to_srgb(np.concatenate([lab[..., :1], np.full((SIZE, SIZE, 2), ab)], 2).astype(np.float32))
        )
        for ab in (0, 10)
    )
    assert result.movements[0].moved.value == pytest.approx(float(ciede2000(before, after).mean()), rel=1e-4)


def test_an_answer_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(ModelError, match="expected ab"):
        robustness(lambda L, points: L, "flat", PICTURES, protocol=PROTOCOL)

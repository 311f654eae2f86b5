"""The question and the answer of inpainting: ranges, empty holes, round trips, untouched pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.errors import RecipeError
from safelight.tasks.inpaint.classical import telea
from safelight.tasks.inpaint.prepare import (
    GUESSES,
    SPANS,
    InpaintPreparation,
    from_span,
    postprocess,
    preprocess,
    to_span,
)
from tests.tasks.strategies import seeds


def question(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((12, 15, 3), dtype=np.float32), (rng.random((12, 15)) < 0.2).astype(np.float32)


@given(seeds, st.sampled_from(list(SPANS)), st.sampled_from(GUESSES))
@settings(max_examples=30)
def test_planes(seed: int, span: str, guess: str) -> None:
    picture, mask = question(seed)
    preparation = InpaintPreparation(span, guess)
    planes = preprocess(picture, mask, preparation)
    assert planes.shape == (preparation.planes, 12, 15)
    assert planes.dtype == np.float32
    black, white = SPANS[span]
    np.testing.assert_array_equal(planes[3], mask)
    assert not planes[:3, mask > 0].any()
    assert planes[:3].min() >= min(black, 0)
    assert planes[:3].max() <= white
    spoiled = np.where(mask[..., None] > 0, np.float32(0.77), picture)
    np.testing.assert_array_equal(preprocess(spoiled, mask, preparation), planes)


@given(seeds, st.sampled_from(list(SPANS)))
@settings(max_examples=30)
def test_the_answer_keeps_what_is_known_and_takes_the_rest(seed: int, span: str) -> None:
    picture, mask = question(seed)
    truth = np.random.default_rng(seed + 1).random((12, 15, 3), dtype=np.float32)
    result = postprocess(to_span(np.moveaxis(truth, 2, 0), span), picture, mask, InpaintPreparation(span))
    np.testing.assert_array_equal(result[mask == 0], picture[mask == 0])
    np.testing.assert_allclose(result[mask > 0], truth[mask > 0], atol=1e-5)
    np.testing.assert_allclose(from_span(to_span(truth, span), span), truth, atol=1e-6)


def test_wild_answers_are_clipped() -> None:
    picture, mask = question(0)
    result = postprocess(np.full((3, 12, 15), 9, np.float32), picture, mask)
    assert (result[mask > 0] == 1).all()


def test_the_guess_is_the_classical_filling() -> None:
    picture, mask = question(3)
    planes = preprocess(picture, mask, InpaintPreparation(guess="telea"))
    np.testing.assert_allclose(np.moveaxis(planes[4:], 0, 2), 2 * telea(picture, mask) - 1, atol=1e-6)


@pytest.mark.parametrize(
    "picture", [np.full((4, 4, 3), 255.0), np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), np.nan)]
)
def test_a_picture_of_another_range_is_refused_with_the_mend(picture: np.ndarray) -> None:
    with pytest.raises(ValueError, match="divide it by 255"):
        preprocess(picture, np.zeros((4, 4)))


@pytest.mark.parametrize("wrong", [{"span": "signed"}, {"guess": "magic"}, {"crossover": -1}])
def test_refused_preparations(wrong: dict) -> None:
    with pytest.raises(RecipeError, match="preparation"):
        InpaintPreparation(**wrong)

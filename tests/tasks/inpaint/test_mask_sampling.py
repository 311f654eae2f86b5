"""Random holes: shares, bins, curriculum, and shapes that lie where they should."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.errors import RecipeError
from safelight.masks.shapes import SHAPES
from safelight.tasks.inpaint.mask_sampling import BINS, HoleSampling, draw_in_bin, draw_mask, inner
from tests.tasks.strategies import seeds

sizes = st.tuples(st.integers(16, 80), st.integers(16, 80))


@given(sizes, seeds, st.sampled_from(BINS), st.booleans())
@settings(max_examples=60)
def test_a_mask_lies_in_its_bin(size: tuple[int, int], seed: int, area: tuple, border: bool) -> None:
    mask = draw_in_bin(size, area, border, np.random.default_rng(seed))
    assert mask.shape == size
    assert mask.dtype == np.float32
    assert set(np.unique(mask)) == {0, 1}
    assert area[0] <= mask.mean() <= area[1]
    assert not (mask > 0)[~inner(size, border)].any()


def test_a_mask_that_may_not_touch_the_edge_does_not() -> None:
    for seed in range(20):
        mask = draw_in_bin((64, 64), (0.5, 0.6), False, np.random.default_rng(seed))
        assert not mask[[0, -1]].any()
        assert not mask[:, [0, -1]].any()


def test_a_picture_too_small_for_a_bin_is_refused() -> None:
    with pytest.raises(ValueError, match="no mask of 3 × 3"):
        draw_in_bin((3, 3), (0.01, 0.1), True, np.random.default_rng(0))


@given(sizes, seeds, st.floats(0, 1))
@settings(max_examples=60)
def test_the_curriculum_bounds_the_hole(size: tuple[int, int], seed: int, progress: float) -> None:
    sampling = HoleSampling(area=(0.01, 0.5), start_area=0.1)
    mask = draw_mask(size, sampling, np.random.default_rng(seed), progress)
    assert mask.any()
    assert mask.mean() <= sampling.most_at(progress) + 1e-6
    assert sampling.most_at(0) == pytest.approx(0.1)
    assert sampling.most_at(1) == pytest.approx(0.5)


def test_holes_grow_with_the_run() -> None:
    sampling = HoleSampling(start_area=0.05)

    def mean(progress: float) -> float:
        rng = np.random.default_rng(0)
        return float(np.mean([draw_mask((48, 48), sampling, rng, progress).mean() for _ in range(100)]))

    assert mean(0) < 0.05 < mean(1)


def test_the_same_seed_draws_the_same_mask() -> None:
    one, two, other = (draw_mask((40, 50), HoleSampling(), np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


@pytest.mark.parametrize("kind", list(SHAPES))
def test_one_kind_alone(kind: str) -> None:
    nothing = dict.fromkeys(SHAPES, 0.0)
    sampling = HoleSampling(**{**nothing, kind: 1.0}, mixed=0.0)
    rng = np.random.default_rng(0)
    assert all(0 < draw_mask((64, 64), sampling, rng).mean() <= 0.5 for _ in range(20))


@pytest.mark.parametrize("kind", [kind for kind in SHAPES if kind != "scratches"])
def test_shapes_cover_about_the_share(kind: str) -> None:
    rng = np.random.default_rng(1)
    shares = [SHAPES[kind]((96, 96), 0.1, rng).mean() for _ in range(200)]
    assert min(shares) > 0
    assert 0.04 < np.mean(shares) < 0.13  # what falls outside the picture is lost


def test_rectangles_are_rectangles_and_scratches_are_thin() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        y, x = np.nonzero(SHAPES["rectangles"]((50, 70), 0.1, rng))
        assert len(y) == (np.ptp(y) + 1) * (np.ptp(x) + 1)
        assert 0 < SHAPES["scratches"]((256, 256), 0.2, rng).mean() < 0.03


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rectangles": -1}, "one above 0"),
        (dict.fromkeys(SHAPES, 0), "one above 0"),
        ({"mixed": 2}, "holes.mixed"),
        ({"pieces": (0, 2)}, "holes.pieces"),
        ({"area": (0.5, 0.2)}, "holes.area"),
        ({"start_area": 0.9}, "holes.start_area"),
    ],
)
def test_refusals(wrong: dict, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        HoleSampling(**wrong)

"""Finding: the question's range, the mask made of likelihoods, and how masks are compared."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from safelight.errors import RecipeError
from safelight.masks.match import count_matches, ranked_precision
from safelight.tasks.scratches.prepare import (
    ScratchesPreparation,
    likely_damage,
    likely_mask,
    pool,
    postprocess,
    preprocess,
)
from safelight.tasks.scratches.ridge_filter import ScratchSettings, find_ridges, find_scratches
from tests.tasks.strategies import seeds

BARE = ScratchSettings(margin=0)


def test_a_question_is_the_picture_between_minus_one_and_one() -> None:
    picture = np.zeros((4, 6, 3), np.float32)
    picture[..., 1] = 1
    planes = preprocess(picture)
    assert planes.shape == (3, 4, 6)
    assert planes.dtype == np.float32
    assert (planes[:, 0, 0] == (-1, 1, -1)).all()
    assert postprocess(np.array([[[-0.1, 0.5, 1.2]]], np.float32)).tolist() == [[0, 0.5, 1]]


def test_what_is_less_likely_counts_where_it_continues_what_is_likely() -> None:
    likelihood = np.zeros((20, 30), np.float32)
    likelihood[5, 5:10], likelihood[5, 10:15] = 0.9, 0.4  # one scratch that fades
    likelihood[15, 5:15] = 0.4  # only a suspicion
    found = likely_mask(likelihood, (20, 30), BARE) > 0
    assert found[5, 5:15].all()
    assert found.sum() == 10
    assert likely_mask(likelihood, (20, 30), ScratchSettings(sensitivity=1, margin=0))[15, 5:15].all()
    assert not likely_mask(likelihood, (20, 30), ScratchSettings(sensitivity=0.0, margin=0)).any()
    likelihood[5, 15:20] = 0.15  # and fades out
    assert not (likely_mask(likelihood, (20, 30), BARE) > 0)[5, 15:].any()
    far = (
        likely_mask(likelihood, (20, 30), BARE, ScratchesPreparation(continues=2.0)) > 0
    )  # 1 / (1 + e²) = 0.119
    assert far[5, 5:20].all()
    assert far.sum() == 15
    grown = likely_mask(likelihood, (20, 30), ScratchSettings(margin=1)) > 0
    assert grown[4, 7]
    assert grown[6, 7]


def test_what_is_wider_than_damage_is_left_and_a_line_is_not() -> None:
    likelihood = np.zeros((120, 200), np.float32)
    likelihood[20:60, 20:60] = 1  # a collar
    likelihood[90:98] = 1  # a fold
    found = likely_mask(likelihood, (120, 200), BARE) > 0
    assert not found[:80].any()
    assert found[90:98].all()
    large = likely_mask(likelihood[85:103, :40], (18, 40), ScratchSettings(margin=0, part_of=1000))
    assert large[5:13].all()


def test_specks_are_left_out_on_demand_and_masks_get_the_size_of_the_photo() -> None:
    likelihood = np.zeros((40, 50), np.float32)
    likelihood[10, 5:45], likelihood[30, 30] = 1, 1
    lines = likely_mask(likelihood, (40, 50), ScratchSettings(dust=False, margin=0))
    assert lines[10, 20] == 1
    assert lines[30, 30] == 0
    large = likely_mask(likelihood, (120, 150), BARE)
    assert large.shape == (120, 150)
    assert large[31, 60] == 1
    assert large[60:80].max() == 0


@given(seeds)
@settings(max_examples=20)
def test_a_mask_matches_itself_and_its_neighbors_within_the_tolerance(seed: int) -> None:
    mask = np.random.default_rng(seed).random((24, 30)) < 0.05
    mask[12, 12] = True
    same = count_matches(mask, mask)
    assert (same.precision, same.recall, same.f1) == (1, 1, 1)
    moved = np.zeros_like(mask)
    moved[1:, 1:] = mask[:-1, :-1]
    moved[12, 12] = True  # what fell over the border
    assert count_matches(moved, mask, 1.5).precision == 1
    assert ranked_precision(mask.astype(np.float32), mask) == pytest.approx(1)


def test_known_counts() -> None:
    truth, found = np.zeros((20, 20), bool), np.zeros((20, 20), bool)
    truth[5, :10], found[5, 5:10], found[15, :5] = True, True, True
    found_, right, damaged, seen = count_matches(found, truth, 0)
    assert (found_, right, damaged, seen) == (10, 5, 10, 5)
    matches = count_matches(found, truth, 0)
    assert (matches.precision, matches.recall, matches.f1) == (0.5, 0.5, 0.5)
    nothing = count_matches(np.zeros((20, 20)), truth)
    assert (nothing.precision, nothing.recall, nothing.f1) == (1, 0, 0)


def test_average_precision_by_hand() -> None:
    truth = np.array([[1, 0, 0, 0, 1, 0, 0, 0]])
    likelihood = np.array([[0.9, 0, 0.8, 0, 0.7, 0, 0.1, 0]], np.float32)
    # ranks with no tolerance: hit, miss, hit: (1 / 1 + 2 / 3) / 2
    assert ranked_precision(likelihood, truth, 0) == pytest.approx((1 + 2 / 3) / 2)
    assert ranked_precision(np.zeros((1, 8), np.float32), truth, 0) == pytest.approx(2 / 8)  # one threshold
    assert np.isnan(ranked_precision(likelihood, truth * 0))


def test_ridges_are_ranked_as_they_are_marked() -> None:
    picture = np.full((80, 90, 3), 0.4, np.float32)
    picture += np.random.default_rng(0).normal(0, 0.01, (80, 90, 1)).astype(np.float32)
    picture[10:70, 40:42] = 0.95
    mask, likelihood = find_ridges(picture)
    np.testing.assert_array_equal(mask, find_scratches(picture))
    assert mask[40, 41] == 1
    assert 0 <= likelihood.min() <= likelihood.max() <= 1
    assert likelihood[30:50, 40:42].min() > 0.5 > likelihood[:, :20].max()


@pytest.mark.parametrize(
    "wrong",
    [
        {"working": 10},
        {"threshold": 0},
        {"threshold": 1},
        {"enlarge": 0.5},
        {"scales": (1, 5)},
        {"continues": -1},
        {"worn_from": -1},
        {"scales": (0.5, 1), "mirrored": (2.0,)},
        {"worn_from": 2000},
        {"scales": (0.5, 1), "scale_weights": (1.0,)},
        {"scales": (0.5, 1), "scale_weights": (2.0, -1.0)},
        {"scales": (0.5, 1), "scale_weights": (0.0, 0.0)},
        {"scale_weights": (1.0, 1.0)},
    ],
)
def test_refused_preparation(wrong: dict) -> None:
    with pytest.raises(RecipeError, match=r"preparation\."):
        ScratchesPreparation(**wrong)


def test_scales_with_weights_are_pooled_as_odds() -> None:
    """Odds are multiplied, each to the power of its share: 1 : 9, 9 : 1 and 9 : 1 by 1/4, 1/2, 1/4 are 3 : 1."""
    likelihoods = [np.full((2, 3), share, np.float32) for share in (0.1, 0.9, 0.9)]
    np.testing.assert_allclose(pool(likelihoods, (1, 2, 1)), 0.75, atol=1e-6)
    np.testing.assert_allclose(pool(likelihoods), (0.1 + 0.9 + 0.9) / 3, atol=1e-6)


def test_a_scale_that_is_certain_decides_nothing_alone() -> None:
    certain, against = np.ones((1, 1), np.float32), np.full((1, 1), 1e-5, np.float32)
    assert pool([certain, against], (1, 1))[0, 0] == pytest.approx(0.5, abs=1e-3)


def test_one_scale_is_itself_whatever_it_weighs() -> None:
    likelihood = np.random.default_rng(0).random((4, 5), np.float32)
    np.testing.assert_array_equal(pool([likelihood], (3,)), likelihood)


def test_in_a_worn_photo_faint_damage_counts_by_itself() -> None:
    """A sure scratch of 20 per mille, and apart from it one that would only continue another."""
    likelihood = np.zeros((100, 100), np.float32)
    likelihood[20:22], likelihood[60:62, 10:40] = 0.99, 0.6
    prepared = ScratchesPreparation(threshold=0.9, continues=2.0, worn_from=20)  # continued from 0.55 on
    found = likely_mask(likelihood, (100, 100), BARE, prepared) > 0
    assert found[20:22].all()
    assert found[60:62, 10:40].all()
    assert found.sum() == 200 + 60
    assert likely_damage(likelihood, (100, 100), BARE, prepared).worn
    for otherwise in (replace(prepared, worn_from=20.1), replace(prepared, worn_from=0)):
        few = likely_damage(likelihood, (100, 100), BARE, otherwise)
        assert (few.mask.sum(), few.worn) == (200, False)
    likelihood[20:22] = 0
    assert not likely_mask(likelihood, (100, 100), BARE, prepared).any()
    likelihood[60:62, 10:40] = 0.5
    likelihood[20:22] = 0.99
    assert likely_mask(likelihood, (100, 100), BARE, prepared).sum() == 200

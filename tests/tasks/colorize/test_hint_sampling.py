"""Random hints: the field's distributions, and colors that are really means of the picture."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, stats

from safelight.errors import RecipeError
from safelight.tasks.colorize.hint_sampling import (
    HintSampling,
    draw_count,
    draw_places,
    draw_points,
    gaussian_mean,
    patch_mean,
    report_colors,
)
from tests.tasks.strategies import seeds

MANY = 4000
ALWAYS = HintSampling(automatic=0.0)


def counts(sampling: HintSampling, seed: int = 0, progress: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.array([draw_count(sampling, rng, progress) for _ in range(MANY)])


def test_geometric_has_mean_seven_at_an_eighth() -> None:
    drawn = counts(replace(ALWAYS, count="geometric", most=10_000))
    assert drawn.mean() == pytest.approx(7, abs=4 * np.sqrt(56 / MANY))  # variance (1 - p) / p^2 = 56
    frequency = np.bincount(drawn, minlength=40)[:20] / MANY
    np.testing.assert_allclose(frequency, (1 / 8) * (7 / 8) ** np.arange(20), atol=0.02)


def test_geometric_is_cut_at_most() -> None:
    assert counts(replace(ALWAYS, count="geometric", most=5)).max() == 5


def test_uniform_reaches_both_ends_alike() -> None:
    drawn = np.bincount(counts(replace(ALWAYS, count="uniform", most=9)))
    assert len(drawn) == 10
    assert stats.chisquare(drawn).pvalue > 1e-4


def test_log_gives_every_doubling_the_same_share() -> None:
    drawn = counts(replace(ALWAYS, count="log", most=127))
    assert (drawn.min(), drawn.max()) == (1, 127)
    octaves = np.bincount(np.log2(drawn).astype(int))  # 1, 2..3, 4..7, ..., 64..127
    assert len(octaves) == 7
    assert stats.chisquare(octaves).pvalue > 1e-4


def test_fixed_is_always_the_most() -> None:
    assert set(counts(replace(ALWAYS, count="fixed", most=6))) == {6}


@pytest.mark.parametrize("count", ["geometric", "uniform", "log", "fixed"])
def test_automatic_share_has_no_hints(count: str) -> None:
    none = (counts(HintSampling(count=count, most=50, automatic=1.0)) == 0).mean()
    assert none == 1
    some = (counts(HintSampling(count=count, most=50, automatic=0.3)) == 0).mean()
    without = (counts(HintSampling(count=count, most=50, automatic=0.0)) == 0).mean()
    assert some == pytest.approx(0.3 + 0.7 * without, abs=0.04)


def test_most_zero_is_no_hints_at_all() -> None:
    assert not counts(replace(ALWAYS, most=0)).any()


def test_the_curriculum_grows_to_the_end_of_the_run() -> None:
    grows = HintSampling(count="fixed", most=101, start_most=1, automatic=0)
    assert [grows.most_at(progress) for progress in (-1, 0, 0.25, 0.5, 1, 2)] == [1, 1, 26, 51, 101, 101]
    shrinks = replace(grows, most=0, start_most=40)
    assert [shrinks.most_at(progress) for progress in (0, 0.5, 1)] == [40, 20, 0]
    assert [replace(grows, start_most=0).most_at(progress) for progress in (0, 1)] == [101, 101]
    assert set(counts(grows, progress=0.25)) == {26}


@pytest.mark.parametrize(
    ("curriculum", "halfway"),
    [("linear", 220), ("cosine", 220), ("geometric", 127), ("stairs", 160)],
)
def test_the_curriculum_falls_along_its_curve(curriculum: str, halfway: int) -> None:
    """From 400 to 40: halfway linearly, by the root of 401 x 41, or on the third of four stairs."""
    falls = HintSampling(count="fixed", most=40, start_most=400, automatic=0, curriculum=curriculum)
    most = [falls.most_at(progress) for progress in np.linspace(0, 1, 101)]
    assert (most[0], most[50], most[100]) == (400, halfway, 40)
    assert most == sorted(most, reverse=True)
    sooner = replace(falls, curriculum_end=0.5)
    assert [sooner.most_at(progress) for progress in (0, 0.25, 0.5, 0.8)] == [400, most[50], 40, 40]
    assert set(counts(falls, progress=1.0)) == {40}


def test_stairs_are_equal() -> None:
    falls = HintSampling(most=10, start_most=40, curriculum="stairs", curriculum_stairs=4)
    most = [falls.most_at(step / 100) for step in range(100)]
    assert [most.count(level) for level in (40, 30, 20, 10)] == [25] * 4


@pytest.mark.parametrize("curriculum", ["linear", "cosine", "geometric", "stairs"])
def test_a_curriculum_may_stay_where_it_is(curriculum: str) -> None:
    still = HintSampling(most=7, start_most=7, curriculum=curriculum)
    assert {still.most_at(progress) for progress in (0, 0.3, 1)} == {7}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"curriculum_end": 0.0}, "hints.curriculum_end"),
        ({"curriculum_stairs": 1}, "hints.curriculum_stairs"),
        ({"automatic": 1.5}, "automatic"),
        ({"stop": 0.0}, "stop"),
        ({"most": -1}, "cannot be negative"),
        ({"start_most": -1}, "cannot be negative"),
        ({"variance": -1.0}, "cannot be negative"),
        ({"patch": (0, 3)}, "hints.patch"),
        ({"patch": (5, 3)}, "hints.patch"),
    ],
)
def test_impossible_settings_are_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(RecipeError, match=said) as excinfo:
        HintSampling(**change)
    assert "\n" not in str(excinfo.value)


def test_uniform_places_cover_the_grid() -> None:
    y, x = draw_places(MANY, (5, 8), "uniform", np.random.default_rng(0))
    assert stats.chisquare(np.bincount(y, minlength=5)).pvalue > 1e-4
    assert stats.chisquare(np.bincount(x, minlength=8)).pvalue > 1e-4
    assert abs(np.corrcoef(y, x)[0, 1]) < 0.06


def test_normal_places_lie_around_the_middle() -> None:
    h, w = 400, 1000
    y, x = draw_places(MANY, (h, w), "normal", np.random.default_rng(0))
    for found, side in ((y, h), (x, w)):
        z = (found + 0.5 - side / 2) / (side / 4)
        inside = np.abs(z) < 1.9  # the clipped ends apart
        assert abs(z[inside].mean()) < 0.06
        assert stats.kstest(z[inside], stats.truncnorm(-1.9, 1.9).cdf).pvalue > 1e-4
        # beyond two sigma it is clipped to the edge
        assert np.isin(found, (0, side - 1)).mean() == pytest.approx(2 * stats.norm.sf(2), abs=0.015)


@settings(max_examples=60)
@given(
    seeds, st.integers(1, 30), st.integers(1, 30), st.sampled_from(["uniform", "normal"]), st.integers(0, 30)
)
def test_places_are_on_the_grid(seed: int, h: int, w: int, place: str, count: int) -> None:
    y, x = draw_places(count, (h, w), place, np.random.default_rng(seed))
    assert len(y) == len(x) == count
    assert y.dtype == x.dtype == np.int32
    assert ((y >= 0) & (y < h) & (x >= 0) & (x < w)).all()


@settings(max_examples=40)
@given(seeds, st.integers(1, 12), st.integers(1, 12))
def test_patch_mean_by_brute_force(seed: int, h: int, w: int) -> None:
    rng = np.random.default_rng(seed)
    ab = rng.uniform(-80, 80, (h, w, 2)).astype(np.float32)
    y, x, side = rng.integers(0, h, 9), rng.integers(0, w, 9), rng.integers(1, 8, 9)
    found = patch_mean(ab, y, x, side)
    assert found.dtype == np.float32
    for row, column, s, color in zip(y, x, side, found, strict=True):
        window = [
            ab[i, j]
            for i in range(row - (s - 1) // 2, row + s // 2 + 1)
            for j in range(column - (s - 1) // 2, column + s // 2 + 1)
            if 0 <= i < h and 0 <= j < w
        ]
        np.testing.assert_allclose(color, np.mean(window, 0), atol=1e-3)


def test_gaussian_mean_is_that_of_scipy_inside() -> None:
    rng = np.random.default_rng(0)
    ab = rng.uniform(-80, 80, (40, 50, 2)).astype(np.float32)
    y, x = rng.integers(6, 34, 20), rng.integers(6, 44, 20)
    for variance, truncate in ((1.0, 3.0), (4.0, 3.0)):  # sigma 1 and 2: both cut at three sigma
        sigma = np.sqrt(variance)
        blurred = [
            ndimage.gaussian_filter(plane, sigma, truncate=truncate, mode="constant")
            for plane in np.moveaxis(ab, 2, 0)
        ]
        wanted = np.stack(blurred, -1)[y, x]
        np.testing.assert_allclose(gaussian_mean(ab, y, x, variance), wanted, atol=2e-3)


def test_gaussian_mean_ends_at_the_edge_of_the_picture() -> None:
    ab = np.full((6, 7, 2), (30, -20), np.float32)
    corners = np.array([0, 0, 5, 5]), np.array([0, 6, 0, 6])
    np.testing.assert_allclose(gaussian_mean(ab, *corners, 9.0), ab[corners], atol=1e-4)


def test_a_narrow_gaussian_is_the_pixel_itself() -> None:
    ab = np.random.default_rng(0).uniform(-80, 80, (9, 9, 2)).astype(np.float32)
    y, x = np.array([0, 4, 8]), np.array([8, 3, 0])
    np.testing.assert_allclose(gaussian_mean(ab, y, x, 0.01), ab[y, x], atol=1e-4)


def test_reported_colors_and_radii() -> None:
    ab = np.random.default_rng(0).uniform(-80, 80, (20, 20, 2)).astype(np.float32)
    y, x, side = np.array([3, 9]), np.array([5, 17]), np.array([1, 4])
    points = report_colors(ab, y, x, side)
    assert points.radius.tolist() == [0, 1.5]
    np.testing.assert_allclose(points.ab[0], ab[3, 5], atol=1e-4)
    soft = report_colors(ab, y, x, side, variance=4.0)
    np.testing.assert_allclose(soft.ab, gaussian_mean(ab, y, x, 4.0))


@settings(max_examples=30)
@given(seeds)
def test_the_same_seed_gives_the_same_hints(seed: int) -> None:
    ab = np.random.default_rng(1).uniform(-80, 80, (16, 24, 2)).astype(np.float32)
    sampling = HintSampling(most=30, patch=(1, 5))
    one, two = (draw_points(ab, sampling, np.random.default_rng(seed)) for _ in range(2))
    for name in ("y", "x", "ab", "radius"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
        assert len(getattr(one, name)) == len(one)
    assert len(one) <= 30


def test_patches_have_every_side_from_smallest_to_largest() -> None:
    ab = np.zeros((30, 30, 2), np.float32)
    sampling = HintSampling(count="fixed", most=500, automatic=0, patch=(2, 5))
    points = draw_points(ab, sampling, np.random.default_rng(0))
    assert set(Counter(points.radius.tolist())) == {0.5, 1.0, 1.5, 2.0}

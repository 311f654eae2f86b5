"""Levin 2004 against a dense solve, the paper's formula pixel by pixel, and cases with a known answer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.levin import NEIGHBORS, Levin, constraints, equations, neighbor_weights, solve


def points(*hints: tuple[int, int, float, float], radius: float = 0) -> Points:
    table = np.array(hints, np.float32).reshape(-1, 4)
    return Points(
        table[:, 0].astype(np.int32),
        table[:, 1].astype(np.int32),
        table[:, 2:],
        np.full(len(table), radius, np.float32),
    )


def lightness(seed: int, h: int = 9, w: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 100, (h, w)).astype(np.float32)


def test_weights_follow_the_paper_pixel_by_pixel() -> None:
    L = lightness(0)
    weights = neighbor_weights(L)
    Y = L.astype(np.float64) / 100
    for r in [(0, 0), (0, 3), (4, 4), (8, 6), (5, 0)]:
        window = {
            step: Y[r[0] + step[0], r[1] + step[1]]
            for step in NEIGHBORS
            if 0 <= r[0] + step[0] < 9 and 0 <= r[1] + step[1] < 7
        }
        variance = 0.6 * np.var([*window.values(), Y[r]])
        nearest = min((value - Y[r]) ** 2 for value in window.values())
        variance = max(variance, nearest / -np.log(0.01), 2e-6)
        raw = {step: np.exp(-((value - Y[r]) ** 2) / variance) for step, value in window.items()}
        expected = [raw.get(step, 0) / sum(raw.values()) for step in NEIGHBORS]
        np.testing.assert_allclose(weights[:, r[0], r[1]], expected, atol=1e-12)


def test_equations_are_identity_minus_weights() -> None:
    L = lightness(1)
    dense = equations(L).toarray()
    expected = np.eye(63)
    for (dy, dx), weight in zip(NEIGHBORS, neighbor_weights(L), strict=True):
        for y in range(9):
            for x in range(7):
                if 0 <= y + dy < 9 and 0 <= x + dx < 7:
                    expected[y * 7 + x, (y + dy) * 7 + x + dx] = -weight[y, x]
    np.testing.assert_allclose(dense, expected, atol=1e-12)
    np.testing.assert_allclose(dense.sum(1), 0, atol=1e-12)


def test_the_sparse_solve_is_the_dense_solve() -> None:
    L = lightness(2)
    fixed, colors = np.array([5, 17, 40]), np.array([[10.0, -5], [-30, 20], [50, 0]])
    dense = equations(L).toarray()
    for row, pixel in enumerate(fixed):
        dense[pixel] = np.eye(63)[pixel]
        assert row < 3
    right = np.zeros((63, 2))
    right[fixed] = colors
    np.testing.assert_allclose(solve(equations(L), fixed, colors), np.linalg.solve(dense, right), atol=1e-8)


def test_one_hint_colors_everything() -> None:
    for L in (np.full((12, 10), 40, np.float32), lightness(3)):
        np.testing.assert_allclose(
            Levin()(L, points((4, 5, 20, -30))), np.full((*L.shape, 2), (20, -30)), atol=1e-3
        )


def test_on_flat_lightness_the_color_falls_evenly_between_two_hinted_columns() -> None:
    L = np.full((5, 9), 50, np.float32)
    ends = points(*[(y, 0, 0, 0) for y in range(5)], *[(y, 8, 80, -80) for y in range(5)])
    expected = np.linspace(0, 80, 9)
    np.testing.assert_allclose(Levin()(L, ends)[..., 0], np.tile(expected, (5, 1)), atol=1e-3)


def test_an_edge_of_lightness_keeps_colors_apart() -> None:
    L = np.full((16, 16), 20, np.float32)
    L[:, 8:] = 80
    answer = Levin()(L, points((8, 2, 40, 0), (8, 13, -40, 0)))
    np.testing.assert_allclose(answer[:, :7, 0], 40, atol=1)
    np.testing.assert_allclose(answer[:, 9:, 0], -40, atol=1)


def test_no_hints_no_color() -> None:
    assert not Levin()(lightness(4), Points.none()).any()


def test_every_pixel_hinted_is_returned() -> None:
    L = lightness(5, 3, 3)
    everywhere = points(*[(y, x, y * 10, x * 10) for y in range(3) for x in range(3)])
    np.testing.assert_array_equal(Levin()(L, everywhere)[..., 0], np.repeat([[0], [10], [20]], 3, axis=1))


def test_a_kept_picture_is_not_mistaken_for_another() -> None:
    levin, hints = Levin(), points((1, 1, 30, 0), (7, 5, -30, 0))
    for seed in (6, 7, 6):
        np.testing.assert_array_equal(levin(lightness(seed), hints), Levin()(lightness(seed), hints))
    changed = lightness(6)
    before = levin(changed, hints)
    changed[:] = lightness(7)  # the same array, other values
    assert np.abs(levin(changed, hints) - before).max() > 0.1


@pytest.mark.parametrize(
    ("radius", "rows", "columns"),
    [(0.0, (4, 5), (3, 4)), (1.0, (3, 6), (2, 5)), (0.5, (4, 6), (3, 5)), (2.5, (2, 8), (1, 7))],
)
def test_hints_fix_their_whole_patch(radius: float, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    fixed, colors = constraints(points((4, 3, 1, 2), radius=radius), (9, 8))
    expected = np.zeros((9, 8), bool)
    expected[slice(*rows), slice(*columns)] = True
    np.testing.assert_array_equal(fixed, np.flatnonzero(expected))
    assert (colors == (1, 2)).all()


def test_the_later_hint_wins_and_patches_are_cut_at_the_border() -> None:
    fixed, colors = constraints(points((0, 0, 1, 1), (0, 1, 2, 2), radius=1), (4, 4))
    np.testing.assert_array_equal(fixed, [0, 1, 2, 4, 5, 6])
    assert (colors == 2).all()


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 8))
def test_every_answer_lies_between_the_hints(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    hints = points(*[(*rng.integers(0, (9, 7)), *rng.uniform(-90, 90, 2)) for _ in range(count)])
    L = rng.choice([0.0, 50.0, 50.1, 100.0], (9, 7)).astype(np.float32)  # hard edges, flat parts, saturation
    answer = Levin()(L, hints)
    assert (answer >= hints.ab.min(0) - 1e-2).all()
    assert (answer <= hints.ab.max(0) + 1e-2).all()

"""Every baseline answers in the right shape, is grey without hints, and does what its name says."""

import numpy as np
import pytest

from safelight.tasks.colorize.baselines import BASELINES, nearest_hint
from safelight.tasks.colorize.hints import Points


def random_points(rng: np.random.Generator, count: int, size: tuple[int, int]) -> Points:
    y, x = (rng.integers(0, side, count).astype(np.int32) for side in size)
    return Points(y, x, rng.uniform(-60, 60, (count, 2)).astype(np.float32), np.zeros(count, np.float32))


@pytest.mark.parametrize("name", [*BASELINES])
def test_contract(name: str) -> None:
    rng = np.random.default_rng(0)
    L = rng.uniform(0, 100, (14, 11)).astype(np.float32)
    predict = BASELINES[name]()
    for count in (0, 1, 6):
        hints = random_points(rng, count, L.shape)
        answer = predict(L, hints)
        assert answer.shape == (14, 11, 2)
        assert answer.dtype == np.float32
        if count == 0:
            assert not answer.any()
        if count == 1 and name not in ("grey", "kriging"):
            np.testing.assert_allclose(answer, np.broadcast_to(hints.ab[0], answer.shape), atol=1e-3)


def test_nearest_hint_by_brute_force() -> None:
    rng = np.random.default_rng(1)
    L = np.zeros((13, 17), np.float32)
    hints = random_points(rng, 9, L.shape)
    answer = nearest_hint(L, hints)
    for y in range(13):
        for x in range(17):
            squared = (hints.y - y) ** 2 + (hints.x - x) ** 2
            equally_near = hints.ab[squared == squared.min()]
            assert (answer[y, x] == equally_near).all(1).any()

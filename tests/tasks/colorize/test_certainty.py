"""How sure a color is: known answers of the network's opinion, and what calibration makes of it."""

import numpy as np

from safelight.tasks.colorize.bins import gamut_bins
from safelight.tasks.colorize.certainty import BESIDE, CALIBRATION, NEAR, certainty, opinion

BINS = gamut_bins()
RED = int(np.argmin(((BINS - (50, 40)) ** 2).sum(1)))
BLUE = int(np.argmin(((BINS - (10, -50)) ** 2).sum(1)))


def shares(*parts: tuple[int, float]) -> np.ndarray:
    """A distribution of one cell."""
    found = np.zeros((len(BINS), 1, 1), np.float32)
    for bin, share in parts:
        found[bin] = share
    return found


def shown(bin: int) -> np.ndarray:
    return np.tile(BINS[bin].astype(np.float32), (8, 8, 1))


def test_the_opinion_is_the_share_of_colors_near_the_one_shown() -> None:
    assert opinion(shares((RED, 1.0)), shown(RED)) == 1
    assert opinion(shares((RED, 1.0)), shown(BLUE)) == 0
    assert np.isclose(opinion(shares((RED, 0.7), (BLUE, 0.3)), shown(RED)), 0.7)


def test_certainty_follows_the_calibration_and_never_falls_with_the_opinion() -> None:
    far = np.zeros((1, 1), np.float32)
    called = [
        float(certainty(shares((RED, p), (BLUE, 1 - p)), shown(RED), far)[0, 0])
        for p in np.linspace(0, 1, 21)
    ]
    assert called == sorted(called)
    assert np.isclose(called[10], CALIBRATION[1][5], atol=1e-3)
    assert 0 <= called[0] < called[-1] <= 1


def test_beside_a_hint_a_color_is_sure_whatever_the_network_says() -> None:
    near = np.ones((1, 1), np.float32)
    assert certainty(shares((BLUE, 1.0)), shown(RED), near) >= BESIDE[2] - 1e-6
    assert certainty(shares((BLUE, 1.0)), shown(RED), near * 0.3) < 0.2


def test_near_is_less_than_two_bins() -> None:
    assert 10 <= NEAR <= 20

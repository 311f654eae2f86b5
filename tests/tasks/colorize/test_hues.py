"""Hues of skies, skin and plants: known pictures, and answers turned by a known angle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.tasks.colorize.scores import ANGLE, METRICS, RULES, hue_shares, shows


def flat(L: float, hue: float, chroma: float, size: tuple[int, int] = (8, 6)) -> np.ndarray:
    angle = np.radians(hue)
    return np.tile(np.array([L, chroma * np.cos(angle), chroma * np.sin(angle)], np.float32), (*size, 1))


def scene() -> np.ndarray:
    """Sky above, a meadow below, a face in the middle third of the meadow."""
    lab = np.concatenate([flat(75, 255, 25), flat(50, 128, 40)])
    lab[10:13, 2:4] = flat(65, 55, 25, (3, 2))
    return lab


def test_each_thing_is_where_it_is() -> None:
    found = {name: shows(scene(), rule) for name, rule in RULES.items()}
    assert found["sky"][:8].all()
    assert not found["sky"][8:].any()
    assert found["skin"].sum() == 6
    assert found["skin"][10:13, 2:4].all()
    assert found["vegetation"].sum() == 8 * 6 - 6


def test_a_lake_below_is_no_sky_and_grey_is_nothing() -> None:
    assert not shows(flat(75, 255, 25), RULES["sky"])[4:].any()
    grey = flat(60, 0, 0)
    assert not any(shows(grey, rule).any() for rule in RULES.values())


@given(st.floats(-180, 180))
@settings(max_examples=40)
def test_right_means_within_the_angle(turned: float) -> None:
    truth, answer = flat(75, 255, 25), flat(75, 255 + turned, 25)
    shares = hue_shares(answer, truth)
    assert shares["sky_there"] == 0.5
    if abs(abs(turned) - ANGLE) > 0.01:
        assert shares["sky_right"] == (0.5 if abs(turned) < ANGLE else 0)


def test_the_truth_is_right_and_grey_is_wrong() -> None:
    truth = scene()
    right, grey = hue_shares(truth, truth), hue_shares(truth * np.array([1, 0, 0], np.float32), truth)
    for name in RULES:
        assert right[f"{name}_right"] == right[f"{name}_there"] > 0
        assert grey[f"{name}_right"] == 0


def test_the_statistic_pools_pixels_and_is_nothing_without_them() -> None:
    weights = np.array([[0.5, 0.5]])
    scores = {"sky_there": np.array([[0.4], [0.1]]), "sky_right": np.array([[0.3], [0.0]])}
    assert METRICS["hue_sky"].values(weights, scores)[0, 0] == pytest.approx(0.3 / 0.5)
    none = {name: np.zeros((2, 1)) for name in scores}
    assert np.isnan(METRICS["hue_sky"].values(weights, none)).all()

"""Widths of holes, and where one method takes over from another."""

import numpy as np
import pytest

from safelight.evaluation.samples import PictureList
from safelight.masks.edit import thickness
from safelight.tasks.inpaint.biharmonic import biharmonic
from safelight.tasks.inpaint.classical import mean_color
from safelight.tasks.inpaint.scores import WIDTHS, crossover, hole_of_width, score_widths
from tests.evaluation.conftest import colored_picture


@pytest.mark.parametrize("line", [True, False])
@pytest.mark.parametrize("width", [2, 8, 24])
def test_holes_have_their_width(width: int, line: bool) -> None:
    hole = hole_of_width(96, width, line, np.random.default_rng(width))
    assert thickness(hole) == pytest.approx(width, abs=2)


def test_scores_fall_with_the_width() -> None:
    rng = np.random.default_rng(0)
    pictures = PictureList([colored_picture(rng, 64) for _ in range(3)])
    scores = score_widths({"biharmonic": biharmonic, "mean color": mean_color}, pictures, size=64)
    assert scores["biharmonic"].shape == (3, len(WIDTHS))
    assert scores["biharmonic"][:, 0].mean() > scores["biharmonic"][:, -1].mean()
    assert crossover(scores["biharmonic"], scores["mean color"]) == WIDTHS[0]


def test_crossover_is_where_it_stays_better() -> None:
    classical = np.full((2, len(WIDTHS)), 20.0)
    model = classical + np.array([1, -1, -1, 1, 1, 1, 1, 1, 1])
    assert crossover(model, classical) == WIDTHS[3]
    assert crossover(classical - 1, classical) == float("inf")

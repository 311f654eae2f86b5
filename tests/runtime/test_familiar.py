"""The figure in words, in the card, and missing in older models."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from safelight.errors import ModelError
from safelight.pixels.photo import Photo
from safelight.runtime.card import ModelCard
from safelight.runtime.familiar import Familiarity, in_words, warning
from safelight.tasks.registry import load
from tests.runtime.tiny import CARD, make_model

TOLD = Familiarity("distance to the k-th nearest", "Sun et al. 2022", "features", 400, 5, 0.97, 907, 0.43)


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ([0.0], ""),
        ([1.0], ""),
        ([1.234], ""),  # its warning says it
        ([0.2, 1.0, 0.9], ""),
        ([0.2, 1.2, 0.9], "1 unlike the training photos"),
        ([], ""),
    ],
)
def test_how_many_of_several_are_unlike_and_nothing_of_one(figures: list[float], words: str) -> None:
    assert in_words(figures) == words


def test_one_line_of_warning_past_the_threshold_and_none_before() -> None:
    assert warning(1.0) == ()
    (line,) = warning(1.3)
    assert "\n" not in line
    assert "(distance 1.30, limit 1): expect poor colors, or give hints" in line


@pytest.mark.parametrize(
    ("figure", "shown"), [(1.004, "1.004"), (1.0049, "1.005"), (1.00004, "1.00004"), (12.3456, "12.35")]
)
def test_what_is_above_the_limit_is_seen_to_be_above(figure: float, shown: str) -> None:
    assert f"(distance {shown}, limit 1)" in warning(figure)[0]


def test_the_card_keeps_it_and_tells_it() -> None:
    card = replace(CARD, familiarity=TOLD)
    assert ModelCard.from_json(card.to_json()) == card
    assert "97 % of 907 held-out pictures" in card.to_page()
    assert "Sun et al. 2022" in card.to_page()
    assert "Unfamiliar" not in CARD.to_page()


def test_a_card_with_a_measure_of_another_shape_is_refused() -> None:
    row = {**asdict(CARD), "familiarity": {"method": "guess"}}
    import json

    with pytest.raises(ModelError, match="export the model again"):
        ModelCard.from_json(json.dumps(row))


def test_an_older_model_works_and_says_that_it_has_no_measure(tmp_path: Path) -> None:
    colorizer = load(make_model(tmp_path))
    photo = Photo(np.full((40, 40, 3), 128, np.uint8))
    assert colorizer.colorize(photo).unfamiliarity is None
    with pytest.raises(ModelError, match="export it again"):
        colorizer.unfamiliarity(photo)

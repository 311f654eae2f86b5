"""Words for colors: everyday ones, against the colors that CSS gives to the same words."""

import pytest
from matplotlib.colors import CSS4_COLORS, to_rgb

from safelight.tasks.colorize.color_names import hex_of_name, in_words, like


@pytest.mark.parametrize(
    "word", ["red", "green", "blue", "yellow", "orange", "purple", "pink", "black", "white", "grey", "olive"]
)
def test_a_plain_color_has_its_plain_word(word: str) -> None:
    assert in_words(to_rgb(CSS4_COLORS[word])) == word


@pytest.mark.parametrize(
    ("css", "word"),
    [
        ("saddlebrown", "brown"),
        ("navy", "dark blue"),
        ("maroon", "dark red"),
        ("lightblue", "light blue"),
        ("beige", "beige"),
        ("wheat", "beige"),
        ("dimgrey", "grey"),
        ("gainsboro", "light grey"),
        ("teal", "turquoise"),
        ("forestgreen", "green"),
    ],
)
def test_other_colors_have_the_word_of_their_kind(css: str, word: str) -> None:
    assert in_words(to_rgb(CSS4_COLORS[css])) == word


def test_names_and_slips() -> None:
    assert hex_of_name("Dark  Red") == CSS4_COLORS["darkred"].lower()
    assert hex_of_name("reddish") is None
    assert like("firebrik") == "firebrick"
    assert like("qqqqqqqq") is None

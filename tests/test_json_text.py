"""JSON that decides a result says one thing: a key that is there twice is refused by name."""

import pytest

from safelight.errors import ModelError, RecipeError
from safelight.json_text import RepeatedKeyError, parsed, parsed_settings
from safelight.runtime.card import ModelCard
from safelight.training.recipe import from_json

TWICE = '{"a": [{"size": 1, "b": 2, "size": 3}]}'


def test_settings_have_each_key_once_however_deep() -> None:
    with pytest.raises(RepeatedKeyError, match="has the key 'size' twice in one object; keep one"):
        parsed_settings(TWICE)
    assert parsed(TWICE) == {"a": [{"size": 3, "b": 2}]}
    assert parsed_settings('{"a": {"a": 1}, "b": {"a": 1}}') == {"a": {"a": 1}, "b": {"a": 1}}


def test_what_is_nested_without_end_is_an_error_of_its_own() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        parsed_settings("[" * 100_000)


def test_cards_and_recipes_are_settings() -> None:
    with pytest.raises(ModelError, match="has the key 'size' twice"):
        ModelCard.from_json(TWICE)
    with pytest.raises(RecipeError, match="recipe has the key 'size' twice"):
        from_json(TWICE)

"""The table of recipes: each can be named, stored and built."""

import pytest

from safelight.errors import RecipeError
from safelight.training.modules import TrainingModule
from safelight.training.overrides import to_json
from safelight.training.recipe import all_recipes, from_json, recipe_named
from safelight.training.task import training_task


@pytest.mark.parametrize("name", all_recipes())
def test_a_recipe_is_named_as_in_the_table_and_says_what_it_is_for(name: str) -> None:
    recipe = recipe_named(name)
    assert recipe.name == name
    assert from_json(to_json(recipe)) == recipe
    assert all_recipes()[name]() == recipe
    first_line = (all_recipes()[name].__doc__ or "").splitlines()[0]
    assert 20 < len(first_line) < 120
    assert first_line.endswith(".")


@pytest.mark.parametrize("name", all_recipes())
def test_a_recipe_makes_a_network_with_something_to_train(name: str) -> None:
    module = TrainingModule(recipe_named(name), training_task(recipe_named(name)))
    assert (
        sum(parameter.numel() for parameter in module.network.parameters() if parameter.requires_grad)
        > 10_000
    )


def test_an_unknown_recipe_is_refused_with_the_nearest() -> None:
    with pytest.raises(RecipeError, match="did you mean 'color'") as refusal:
        recipe_named("colour")
    assert "\n" not in str(refusal.value)
    with pytest.raises(RecipeError, match="safelight recipes lists them"):
        recipe_named("zzz")


@pytest.mark.parametrize("name", all_recipes())
def test_a_recipe_fits_everybodys_pictures(name: str) -> None:
    """No source is named: a dataset of somebody else's has others."""
    assert recipe_named(name).data.weights == ()

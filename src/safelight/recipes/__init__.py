"""Recipes that are known to be good: functions that return a Recipe, in a visible table."""

import difflib
from collections.abc import Callable

from safelight.errors import RecipeError
from safelight.recipes.colorize import color, quick
from safelight.training.recipe import Recipe

RECIPES: dict[str, Callable[[], Recipe]] = {"color": color, "quick": quick}


def recipe_named(name: str) -> Recipe:
    """The recipe of that name. Raises RecipeError with the nearest name."""
    if name not in RECIPES:
        near = difflib.get_close_matches(name, RECIPES, 1)
        raise RecipeError(
            f"no recipe or run folder {name!r}; "
            + (f"did you mean {near[0]!r}? " if near else "")
            + f"recipes: {', '.join(RECIPES)}"
        )
    return RECIPES[name]()

"""Recipes that are known to be good: functions that return a Recipe, in a visible table."""

import difflib
from collections.abc import Callable

from safelight.errors import RecipeError
from safelight.recipes import fill, notes
from safelight.recipes.colorize import color, quick
from safelight.training.recipe import Recipe

RECIPES: dict[str, Callable[[], Recipe]] = {
    "color": color,
    "quick": quick,
    "note-000-hints": notes.note_000_hints,
    "note-000-colorful": notes.note_000_colorful,
    "note-002-simple": notes.note_002_simple,
    "note-003-lab": notes.note_003_lab,
    "fill": fill.fill,
    "note-001-unet": fill.note_001_unet,
    "note-001-autoencoder": fill.note_001_autoencoder,
    "note-001-last-skip": fill.note_001_last_skip,
    "note-001-deep": fill.note_001_deep,
    "note-001-dilated": fill.note_001_dilated,
    "note-001-gated": fill.note_001_gated,
    "note-001-partial": fill.note_001_partial,
    "note-001-attention": fill.note_001_attention,
    "note-001-small-then-big": fill.note_001_small_then_big,
    "note-001-unit-range": fill.note_001_unit_range,
    "note-001-byte-range": fill.note_001_byte_range,
}


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

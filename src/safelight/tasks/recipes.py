"""Recipes that are known to be good: functions that return a Recipe, in a visible table."""

import difflib
from collections.abc import Callable

from safelight.errors import RecipeError
from safelight.tasks.autoencode import recipes as figures
from safelight.tasks.colorize import recipes_notes as notes
from safelight.tasks.colorize.recipes import color, quick
from safelight.tasks.inpaint import recipes as fill
from safelight.tasks.scratches import recipes as scratches
from safelight.training.recipe import Recipe

RECIPES: dict[str, Callable[[], Recipe]] = {
    "color": color,
    "quick": quick,
    "note-000-hints": notes.note_000_hints,
    "note-000-colorful": notes.note_000_colorful,
    "note-002-simple": notes.note_002_simple,
    "note-003-lab": notes.note_003_lab,
    "fill": fill.fill,
    "fill-encoder": fill.fill_encoder,
    "scratches": scratches.scratches,
    "scratches-encoder": scratches.scratches_encoder,
    "scratches-quick": scratches.scratches_quick,
    "note-001-unet": fill.note_001_unet,
    "note-001-autoencoder": fill.note_001_autoencoder,
    "note-001-last-skip": fill.note_001_last_skip,
    "note-001-deep": fill.note_001_deep,
    "note-001-dilated": fill.note_001_dilated,
    "note-001-gated": fill.note_001_gated,
    "note-001-partial": fill.note_001_partial,
    "note-001-attention": fill.note_001_attention,
    "note-001-discriminator": fill.note_001_discriminator,
    "note-001-small-then-big": fill.note_001_small_then_big,
    "note-001-unit-range": fill.note_001_unit_range,
    "note-001-byte-range": fill.note_001_byte_range,
    "figures": figures.figures,
    "figures-quick": figures.figures_quick,
    "note-004-bce": figures.note_004_bce,
    "note-004-sigmoid": figures.note_004_sigmoid,
    "note-004-tanh": figures.note_004_tanh,
    "note-004-tanh-both": figures.note_004_tanh_both,
    "note-004-kernel-5": figures.note_004_kernel_5,
    "note-004-none": figures.note_004_none,
    "note-004-wide": figures.note_004_wide,
    "note-004-lr-5": figures.note_004_lr_5,
    "note-004-lr-10": figures.note_004_lr_10,
    "note-004-latent-128": figures.note_004_latent_128,
    "note-004-he-normal": figures.note_004_he_normal,
    "note-004-pad": figures.note_004_pad,
}


def recipe_named(name: str) -> Recipe:
    """The recipe of that name. Raises RecipeError with the nearest name."""
    if name not in RECIPES:
        near = difflib.get_close_matches(name, RECIPES, 1)
        raise RecipeError(
            f"no recipe or run folder {name!r}; "
            + (f"did you mean {near[0]!r}? " if near else "")
            + "safelight recipes lists them"
        )
    return RECIPES[name]()

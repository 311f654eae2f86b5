"""Every setting on one Markdown page: docs/settings.md, written by `make docs`."""

from collections.abc import Iterator
from typing import Any

from safelight.tasks.registry import all_tasks, measured_settings
from safelight.training.overrides import as_typed
from safelight.training.recipe import recipe_named
from safelight.training.settings_help import Explained, classes, explain, summary

MAIN = tuple(task.main_recipe for task in all_tasks())
PARTS = (
    *("model", "hints", "holes", "damage", "prints", "preparation", "augment", "loss"),
    *("adversarial", "discriminator", "data", "optimizer", "train", "guard"),
)
PAGES = {  # the page on when to use the settings of a class, by its module; the longest name that fits counts
    "": "training.md#what-to-change",
    "losses.adversarial": "fill.md#train-an-inpainting-model",
    "nn.discriminator": "fill.md#train-an-inpainting-model",
    "nn.encoder_unet": "fill.md#train-an-inpainting-model",
    "nn.plain_unet": "networks.md",
    "tasks.autoencode": "vae.md#the-network",
    "tasks.autoencode.losses": "vae.md#the-loss-and-its-units",
    "tasks.autoencode.prepare": "vae.md#use",
    "tasks.colorize": "training.md#the-network",
    "tasks.inpaint": "fill.md#train-an-inpainting-model",
    "tasks.scratches": "fill.md#what-the-network-is-trained-on",
    "tasks.scratches.prepare": "fill.md#finding-scratches",
    "training.augment": "data.md#augmentation",
    "training.guard": "guard.md",
}
EXCEPTIONS = {  # settings that are explained on another page than their class
    "unharmed": "fill.md#what-the-network-is-trained-on",
    "hints.variance": "hints.md",
    "preparation.soft_mask": "hints.md",
    "preparation.coarse_side": "experiments.md#a-second-coarse-look",
    "preparation.coarse_share": "experiments.md#a-second-coarse-look",
    "preparation.crossover": "fill.md#how-it-is-done",
    "data.batch": "before.md",
    "optimizer.lr": "before.md",
    "train.checkpoint_every": "guard.md#what-is-checked",
    "train.seed": "journal.md#comparing",
}
HEAD = "| setting | what it takes | in the main recipes | what it means | when |\n|---|---|---|---|---|"
INTRODUCTION = f"""\
Written by `make docs` from the docstrings of the settings' classes. A setting is given by its name, as in \
`safelight train color --data DATASET --optimizer.lr 1e-3`; `safelight train color --settings` prints those of \
a recipe with its values. Lists are typed with commas: `64,96`. A share is a number from 0 to 1; a weight of 0 \
leaves its term out.

The main recipes are those of the bundled models: {", ".join(f"`{name}`" for name in MAIN)}. Where they agree, \
or only one has the setting, the value stands alone. Which settings to begin with: \
[training](training.md#what-to-change)."""


def settings_page() -> str:
    """The page. A test compares it with docs/settings.md, so that the page is never behind the code."""
    recipes = {name: recipe_named(name) for name in MAIN}
    top_level = {
        name: [each for each in explain(recipe) if "." not in each.name] for name, recipe in recipes.items()
    }
    parts = ["# Settings", INTRODUCTION, "## The recipe itself", _table(top_level, "training.md")]
    for part in PARTS:
        kinds = _kinds(part, recipes)
        parts.append(f"## {part}")
        for kind, users in kinds.items():
            parts += _section(part, kind, users, alone=len(kinds) == 1)
    return "\n\n".join(parts) + "\n"


def _kinds(part: str, recipes: dict[str, Any]) -> dict[type[Any], dict[str, Any]]:
    """The classes that this part may be of, each with the recipes that can have it, and their own settings if so."""
    kinds: dict[type[Any], dict[str, Any]] = {}
    for name, recipe in recipes.items():
        for kind in classes(type(recipe)).get(part, ()):
            chosen = getattr(recipe, part)
            kinds.setdefault(kind, {})[name] = chosen if isinstance(chosen, kind) else None
    return kinds


def _section(part: str, kind: type[Any], users: dict[str, Any], alone: bool) -> Iterator[str]:
    """Heading, what the class says of itself, and the table."""
    chosen = {name: settings for name, settings in users.items() if settings is not None}
    others = [name for name in users if name not in chosen]
    choice = f"`--{part}.kind {kind.kind}`" if others else ""
    if not alone:
        yield f"### {part} of {' and '.join(chosen or others)}{'' if chosen else f', with {choice}'}"
    who = f"For {', '.join(chosen)}." if alone else ""
    also = f"For {' and '.join(others)} too, with {choice}." if chosen and others else ""
    yield " ".join(filter(None, (summary(kind), who, also)))
    rows = {name: list(explain(settings, f"{part}.")) for name, settings in chosen.items()}
    yield _table(
        rows or {others[0]: list(explain(kind(), f"{part}."))},
        PAGES[max(filter(kind.__module__.removeprefix("safelight.").startswith, PAGES), key=len)],
    )


def _table(settings_of: dict[str, list[Explained]], page: str) -> str:
    """A row for each setting, with the values that each recipe has."""
    values: dict[str, dict[str, list[str]]] = {}  # setting, value, recipes
    explained: dict[str, Explained] = {}
    for recipe, settings in settings_of.items():
        for each in settings:
            explained.setdefault(each.name, each)
            values.setdefault(each.name, {}).setdefault(_code(as_typed(each.value)), []).append(recipe)
    return "\n".join([HEAD, *(_row(each, values[name], page) for name, each in explained.items())])


def _row(each: Explained, values: dict[str, list[str]], page: str) -> str:
    typed = ", ".join(map(_code, each.typed)) if isinstance(each.typed, tuple) else each.typed
    if len(values) == 1:
        value = next(iter(values))
    else:
        value = "; ".join(f"{', '.join(recipes)}: {value}" for value, recipes in values.items())
    meaning = each.meaning[:1].upper() + each.meaning[1:]
    if each.name == "task":
        typed = "fixed"
    if each.name in measured_settings():
        typed, meaning = "measured", f"{meaning} It cannot be set."
    link = EXCEPTIONS.get(each.name, page)
    return f"| `{each.name}` | {typed} | {value} | {meaning} | [{link.partition('.')[0]}]({link}) |"


def _code(text: str) -> str:
    return f"`{text}`" if text else "(none)"

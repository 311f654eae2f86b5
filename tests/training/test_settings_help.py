"""Settings explain themselves: every one of every recipe, from the docstring of its class."""

import inspect
from dataclasses import dataclass, field
from typing import Literal

import pytest

from safelight.tasks.registry import all_tasks
from safelight.training.overrides import settings
from safelight.training.recipe import all_recipes, recipe_named
from safelight.training.settings_help import classes, explain, meanings, summary


@dataclass(frozen=True)
class Lens:
    """A lens.

    It is ground by hand.

    focus: length in millimeters, of
      the whole lens.
    near, far: range in meters.
    """

    focus: int = 50
    near: float = 1.0
    far: float = 9.0


@dataclass(frozen=True)
class Pinhole:
    """width: of the hole."""

    kind: Literal["pinhole"] = "pinhole"
    width: float = 0.3


@dataclass(frozen=True)
class Zoom:
    """kind: of lens. range: not read as a setting of its own, it does not begin a line."""

    kind: Literal["zoom"] = "zoom"
    range: tuple[int, int] = (35, 70)


@dataclass(frozen=True)
class Camera:
    """film: brand."""

    film: Literal["fast", "slow"] = "slow"
    lens: Lens = field(default_factory=Lens)
    front: Zoom | Pinhole = field(default_factory=Zoom)
    stops: tuple[float, ...] = ()
    weights: tuple[tuple[str, float], ...] = ()


def test_a_docstring_is_read_line_by_line() -> None:
    assert meanings(Lens) == {
        "focus": "length in millimeters, of the whole lens.",
        "near": "range in meters.",
        "far": "range in meters.",
    }
    assert summary(Lens) == "A lens. It is ground by hand."
    assert summary(Pinhole) == ""


def test_a_tree_is_explained_with_names_types_and_choices() -> None:
    told = {each.name: each for each in explain(Camera())}
    assert told["film"].typed == ("fast", "slow")
    assert told["front.kind"].typed == ("zoom", "pinhole")
    assert told["front.kind"].meaning.startswith("of lens.")
    assert told["front.range"].typed == "two whole numbers"
    assert told["front.range"].meaning == ""
    assert told["lens.near"][1:] == (1.0, "number", "range in meters.")
    assert told["stops"].typed == "numbers"
    assert told["weights"].typed == "name=number, ..."


@pytest.mark.parametrize("name", all_recipes())
def test_every_setting_of_every_recipe_has_a_meaning(name: str) -> None:
    recipe = recipe_named(name)
    told = {each.name: each.meaning for each in explain(recipe)}
    assert list(told) == list(settings(recipe))
    assert [name for name, meaning in told.items() if len(meaning) < 5] == []
    assert [name for name, meaning in told.items() if not meaning.endswith(".")] == []


def test_kinds_of_settings_that_no_recipe_begins_with_are_explained_too() -> None:
    for task in all_tasks():
        for part, kinds in classes(task.training.recipe).items():
            for kind in kinds:
                assert [each.name for each in explain(kind(), f"{part}.") if not each.meaning] == []


def test_no_docstring_explains_what_is_no_setting() -> None:
    kinds = {kind for task in all_tasks() for each in classes(task.training.recipe).values() for kind in each}
    assert len(kinds) > 15
    for kind in kinds:
        assert set(meanings(kind)) <= set(inspect.signature(kind).parameters)

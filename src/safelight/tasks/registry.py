"""The tasks that can be trained, by name, with the class of their recipes."""

from typing import Any, NamedTuple

from safelight.errors import RecipeError, RunError
from safelight.journal.run import Run
from safelight.json_text import parsed
from safelight.tasks.autoencode.recipe import CodeRecipe
from safelight.tasks.autoencode.training import CodeCraft
from safelight.tasks.colorize.recipe import ColorRecipe
from safelight.tasks.colorize.training import ColorCraft
from safelight.tasks.inpaint.recipe import FillRecipe
from safelight.tasks.inpaint.training import FillCraft
from safelight.tasks.scratches.recipe import ScratchRecipe
from safelight.tasks.scratches.training import ScratchCraft
from safelight.training.recipe import Recipe
from safelight.training.task import Craft
from safelight.training.tree import from_tree


class Task(NamedTuple):
    """How a task is trained, and by what kind of recipe."""

    craft: Craft[Any]
    recipe: type[Any]


TASKS: dict[str, Task] = {
    "colorize": Task(ColorCraft(), ColorRecipe),
    "fill": Task(FillCraft(), FillRecipe),
    "scratches": Task(ScratchCraft(), ScratchRecipe),
    "code": Task(CodeCraft(), CodeRecipe),
}

NEVER_AGED, AGING_ONCE = ("fill", "scratches"), 0.2


def craft_of(recipe: Recipe) -> Craft[Any]:
    """How this recipe is trained."""
    return TASKS[recipe.task].craft


def recipe_of(run: Run) -> Any:
    """A run's recipe. Raises RunError, with the file's name, for one that is damaged or of another safelight."""
    try:
        return from_json(run.recipe_json)
    except RecipeError as error:
        raise RunError(f"{run.folder / 'recipe.json'} cannot be used: {error}") from None


def from_json(text: str) -> Any:
    """The recipe of `tree.to_json`, of the class that its "task" names. Raises RecipeError."""
    try:
        tree = parsed(text)
    except ValueError as error:
        raise RecipeError(f"recipe is not JSON ({error})") from None
    if not isinstance(tree, dict):
        raise RecipeError(f"recipe is {tree!r}; expected an object with settings")
    task = tree.get("task", "colorize")  # recipes from before there were other tasks do not name it
    if not isinstance(task, str) or task not in TASKS:
        raise RecipeError(f"task is {task!r}; expected one of {', '.join(TASKS)}")
    return from_tree(TASKS[task].recipe, _without_aging(tree) if task in NEVER_AGED else tree)


def _without_aging(tree: dict[str, Any]) -> dict[str, Any]:
    """As it was trained: aging did nothing for these tasks, but its default was 0.2."""
    augment = tree.get("augment")
    if not isinstance(augment, dict) or augment.get("aging") != AGING_ONCE:
        return tree
    return {**tree, "augment": {**augment, "aging": 0.0}}

"""Recipes: what those of all tasks share, those that are known to be good by name, and those of runs.

A recipe is a frozen dataclass, a tree of settings. An experiment is `replace(parent, ...)` in Python or
`--model.norm group` on the command line.
"""

import difflib
import re
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal

from safelight.errors import RecipeError, RunError
from safelight.journal.run import Run
from safelight.json_text import RepeatedKeyError, parsed_settings
from safelight.losses.adversarial import AdversarialSettings
from safelight.nn.discriminator import DiscriminatorSettings
from safelight.tasks.base import Task
from safelight.tasks.registry import OLDEST, TASKS, all_tasks, known_task
from safelight.training.augment import Augmentation
from safelight.training.guard.settings import GuardSettings
from safelight.training.optimizers import OptimizerSettings
from safelight.training.overrides import from_tree

__all__ = [
    "AdversarialRecipe",
    "DataSettings",
    "OptimizerSettings",
    "Recipe",
    "TrainSettings",
    "all_recipes",
    "from_json",
    "recipe_named",
    "recipe_of",
]

LARGEST_SEED = 2**32 - 1  # that all generators take


@dataclass(frozen=True)
class DataSettings:
    """Which pictures, how many at a time.

    batch: pictures in a step.
    workers: loading processes; 0 loads in the training process itself.
    weights: how often a source is drawn relative to its share, as pairs source=weight; sources not named have 1.
    """

    batch: int = 16
    workers: int = 2
    weights: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if self.batch < 1 or self.workers < 0:
            raise RecipeError(
                f"data.batch is {self.batch} and data.workers {self.workers}; expected 1 and 0 at least"
            )


@dataclass(frozen=True)
class TrainSettings:
    """How long and how.

    steps: optimizer steps in all.
    ema: decay of the averaged weights that are judged and exported, 0 for off.
    precision: bits of a number in the network: "bf16" (autocast), "32", or "auto": bf16 where the machine computes it
      natively, and is faster with it, else 32.
    channels_last: memory layout of the network; true is the faster one with bf16.
    seed: decides first weights, pictures, crops and hints; the same seed gives the same run.
    checkpoint_every: steps between two checkpoints, from which a run resumes and the guard goes back.
    validate_every: steps between two rounds of scores on held-out pictures.
    picture_every: steps between two sheets of answers in the run's pictures/.
    """

    steps: int = 4000
    ema: float = 0.998
    precision: Literal["auto", "bf16", "32"] = "auto"
    channels_last: bool = True
    seed: int = 0
    checkpoint_every: int = 250
    validate_every: int = 500
    picture_every: int = 500

    def __post_init__(self) -> None:
        if self.steps < 1 or min(self.checkpoint_every, self.validate_every, self.picture_every) < 1:
            raise RecipeError("train.steps and the intervals of train are counted in steps, from 1")
        if not 0 <= self.ema < 1:
            raise RecipeError(f"train.ema is {self.ema}; expected 0 (off) to below 1")
        if not 0 <= self.seed <= LARGEST_SEED:
            raise RecipeError(f"train.seed is {self.seed}; expected 0 to {LARGEST_SEED}")


@dataclass(frozen=True)
class Recipe:
    """Everything that a run is made of; each task's own adds its network, loss and samples.

    name: what the recipe is called; run folders bear it.
    task: what is learned; each recipe has its own, which cannot be changed.
    """

    name: str
    _: KW_ONLY
    task: str
    augment: Augmentation = field(default_factory=Augmentation)
    data: DataSettings = field(default_factory=DataSettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    guard: GuardSettings = field(default_factory=GuardSettings)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\w[\w.-]*", self.name):
            raise RecipeError(
                f"name is {self.name!r}; expected letters, digits, and - _ . (runs are named by it)"
            )


@dataclass(frozen=True, kw_only=True)
class AdversarialRecipe(Recipe):
    """A recipe of a task that can be trained against a discriminator."""

    adversarial: AdversarialSettings = field(default_factory=AdversarialSettings)
    discriminator: DiscriminatorSettings = field(default_factory=DiscriminatorSettings)


def all_recipes() -> dict[str, Callable[[], Recipe]]:
    """Every recipe that is known to be good, by name: functions whose docstrings say what they are for."""
    return {name: make for task in all_tasks() for name, make in task.recipe_table.items()}


def recipe_named(name: str) -> Recipe:
    """The recipe of that name, or of the bundled model of that task. Raises RecipeError with the nearest name."""
    recipes, task = all_recipes(), known_task(name)
    if name in recipes or (task and task.main_recipe):
        return recipes[name if name in recipes or not task else task.main_recipe]()
    near = difflib.get_close_matches(name, recipes, 1)
    raise RecipeError(
        f"no recipe or run folder {name!r}; "
        + (f"did you mean {near[0]!r}? " if near else "")
        + "safelight recipes lists them"
    )


def recipe_of(run: Run) -> Recipe:
    """A run's recipe. Raises RunError, with the file's name, for one that is damaged or of another safelight."""
    try:
        return from_json(run.recipe_json)
    except RecipeError as error:
        raise RunError(f"{run.folder / 'recipe.json'} cannot be used: {error}") from None


def from_json(text: str) -> Recipe:
    """The recipe of `tree.to_json`, of the class that its "task" names. Raises RecipeError."""
    try:
        tree = parsed_settings(text)
    except RepeatedKeyError as error:
        raise RecipeError(f"recipe {error}") from None
    except ValueError as error:
        raise RecipeError(f"recipe is not JSON ({error})") from None
    if not isinstance(tree, dict):
        raise RecipeError(f"recipe is {tree!r}; expected an object with settings")
    name = tree.get("task", OLDEST)
    task = known_task(name) if isinstance(name, str) else None
    if task is None:
        raise RecipeError(f"task is {name!r}; expected one of {', '.join(TASKS)}")
    recipe: Recipe = from_tree(task.training.recipe, _as_it_was(tree, task) | {"task": task.name})
    return recipe


def _as_it_was(tree: dict[str, Any], task: Task) -> dict[str, Any]:
    """The tree as it was trained: without settings that did nothing for the task then, and would be refused now."""
    for part, _, setting, was, now in (
        (*each.name.partition("."), each.was, each.now) for each in task.ignored
    ):
        group = tree.get(part)
        if isinstance(group, dict) and group.get(setting) == was:
            tree = {**tree, part: {**group, setting: now}}
    return tree

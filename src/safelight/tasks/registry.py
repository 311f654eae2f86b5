"""The tasks by name, and the restorers of their models.

Entries are strings, imported when they are asked for: whoever knows the registry knows no task.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from safelight.runtime.modelfile import check_name, check_threads, find_model
from safelight.tasks.base import Task, resolve

if TYPE_CHECKING:
    from safelight.tasks.autoencode.restore import Autoencoder
    from safelight.tasks.colorize.restore import Colorizer
    from safelight.tasks.inpaint.restore import Filler
    from safelight.tasks.scratches.restore import ScratchFinder

TASKS: dict[str, str] = {
    "colorize": "safelight.tasks.colorize.task:TASK",
    "inpaint": "safelight.tasks.inpaint.task:TASK",
    "scratches": "safelight.tasks.scratches.task:TASK",
    "autoencode": "safelight.tasks.autoencode.task:TASK",
}
# What tasks were called before, or are called elsewhere: in recipes, cards and run folders, by commands and models.
ALIASES: dict[str, str] = {
    "color": "colorize",
    "fill": "inpaint",
    "holes": "inpaint",
    "code": "autoencode",
    "codes": "autoencode",
    "figures": "autoencode",
    "encode": "autoencode",
    "decode": "autoencode",
}
OLDEST = "colorize"  # recipes of before there were other tasks do not name theirs


def canonical(name: str) -> str:
    """The name of the task that is meant; what is none stays as it is."""
    return ALIASES.get(name, name)


def task_in(recipe: Mapping[str, Any]) -> str:
    """The name of a stored recipe's task."""
    return canonical(str(recipe.get("task", OLDEST)))


def known_task(name: str) -> Task | None:
    """The task of that name, old or new; None where there is none."""
    entry = TASKS.get(canonical(name))
    task: Task | None = resolve(entry) if entry else None
    return task


def task_named(name: str) -> Task:
    """The task of that name, old or new. Raises KeyError."""
    task = known_task(name)
    if task is None:
        raise KeyError(name)
    return task


def all_tasks() -> tuple[Task, ...]:
    """Every task, in the order of the registry."""
    return tuple(map(task_named, TASKS))


def measured_settings() -> frozenset[str]:
    """Settings that are found after training, not asked for."""
    return frozenset(name for task in all_tasks() for name in task.measured)


@overload
def load(model: Literal["fill", "inpaint"], threads: int = 0) -> "Filler": ...  # type: ignore[overload-overlap]
@overload
def load(model: Literal["scratches"], threads: int = 0) -> "ScratchFinder": ...  # type: ignore[overload-overlap]
@overload
def load(model: Literal["figures", "autoencode"], threads: int = 0) -> "Autoencoder": ...  # type: ignore[overload-overlap]
@overload
def load(model: str | Path | None = None, threads: int = 0) -> "Colorizer": ...
def load(model: str | Path | None = None, threads: int = 0) -> Any:
    """A restorer: `load()(photo)` is the photo in color, `load("fill")(photo, mask=mask)` the mended photo,
    `load("scratches")(photo)` the mask of its damage; `load("figures")` has `encode`, `decode` and `sample`.

    model: the name of a task, of a bundled model (`safelight models`) or the path of a MODEL.onnx with its card,
    whose task decides what is returned (a pair of files is an autoencoder); None is the bundled colorizer.
    "fill" and "scratches" work without a model too, by classical methods. threads: how many the network may use,
    0 for one a core. Raises ModelError.
    """
    check_threads(threads)
    if model is None:
        return task_named("colorize").load(None, threads)
    check_name(model)
    task = known_task(str(model))
    if task is not None:
        return task.load(None, threads)
    return find_task(model).load(model, threads)


def find_task(model: str | Path) -> Task:
    """The task of a model by the name of its task, its own name, or the path of its file. Raises ModelError."""
    task = known_task(str(model)) or next(
        (each for each in all_tasks() if each.recognizes and resolve(each.recognizes)(model)), None
    )
    if task is not None:
        return task
    single = [name for each in all_tasks() if not each.recognizes for name in each.card_tasks]
    return task_named(find_model(model, tuple(single)).card.task)

"""The commands that made a model, for its card."""

import shlex
from pathlib import Path

from safelight.journal.run import Run
from safelight.tasks.registry import all_tasks
from safelight.training.recipe import Recipe, all_recipes, recipe_of
from safelight.training.tree import as_typed, difference


def measured_settings() -> frozenset[str]:
    """Settings that are found after training, not asked for."""
    return frozenset(name for task in all_tasks() for name in task.measured)


def history(run: Run) -> str:
    """The command that trained this run; before it, a line each, those of the runs whose weights it began with."""
    facts = run.facts
    dataset, before = Path(facts["dataset"]["path"]).name, facts.get("weights_from")
    if not before:
        made = command(recipe_of(run), dataset)
        return f"{made} --from {shlex.quote(began_from)}" if (began_from := facts.get("began_from")) else made
    # The seed is left out: a run that keeps weights takes its parent's next one by itself.
    changed = {name: new for name, (_, new) in facts["difference"].items() if name != "train.seed"}
    began = _line(before, dataset, changed, "--keep-weights")
    older = run.folder.parent / before
    return f"{history(Run.open(older))}\n{began}" if (older / "run.json").is_file() else began


def command(recipe: Recipe, dataset: str) -> str:
    """The command that trains this recipe: the named one, and each setting that differs from it."""
    changed = difference(all_recipes()[recipe.name](), recipe) if recipe.name in all_recipes() else {}
    settings = {name: value for name, (_, value) in changed.items() if name not in measured_settings()}
    return _line(recipe.name, dataset, settings)


def _line(start: str, dataset: str, settings: dict[str, object], *flags: str) -> str:
    """A training command as it is typed."""
    # What another kind of network does not have is None here, and cannot be given to it.
    given = {name: as_typed(value) for name, value in settings.items() if value is not None}
    words = [f"--{name} {shlex.quote(text)}" for name, text in given.items()]
    return " ".join(["safelight train", start, *flags, "--data", dataset, *words])

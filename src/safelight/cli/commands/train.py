"""safelight train and safelight recipes: from a dataset to a run folder."""

from __future__ import annotations

import difflib
import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from safelight.cli import pre_train
from safelight.cli.arguments import PATH, Finite
from safelight.journal import run
from safelight.tasks import registry
from safelight.training import begin, console, fit, folds, hardware, overrides, settings_help
from safelight.training import recipe as training_recipe

EXAMPLES = """
\b
Examples:
  safelight train color --data datasets/photos
  safelight train color --data datasets/photos --train.steps 8000 --optimizer.lr 1e-3
  safelight train runs/2026-11-22_11h51m10s-color --data datasets/photos --model.norm group
  safelight train runs/2026-11-22_11h51m10s-color --resume
  safelight train runs/2026-11-22_11h51m10s-color --data datasets/photos --keep-weights --optimizer.lr 5e-4
  safelight train color --data datasets/photos --from color --optimizer.lr 1e-4 --minutes 15
  safelight train color --data datasets/photos --find-lr
  safelight train color --data datasets/photos --find-batch
  safelight train color --data datasets/photos --folds 5
  safelight train color --settings

A run that starts from another one has it as its parent: the exact difference is in the run.json of the new run.
"""
EXCLUSIVE = {  # option -> those that it would ignore
    "--resume": ("--folds", "--keep-weights", "--from", "--minutes", "--find-batch", "--find-lr"),
    "--folds": ("--keep-weights", "--from", "--minutes", "--devices", "--find-batch", "--find-lr"),
    "--find-batch": ("--find-lr", "--keep-weights", "--from", "--minutes", "--devices"),
    "--find-lr": ("--keep-weights", "--from", "--minutes", "--devices"),
    "--keep-weights": ("--from",),
    "--minutes": ("--devices",),
}


@click.command(
    epilog=EXAMPLES,
    context_settings={"ignore_unknown_options": True},
)
@click.argument("recipe_or_run", metavar="RECIPE|RUN")
@click.option("--data", type=PATH, metavar="DATASET", help="A dataset, or a folder of photos.")
@click.option(
    "--runs", "runs_folder", type=PATH, default="runs", show_default=True, help="Folder of the runs."
)
@click.option("--resume", is_flag=True, help="Continue RUN from its last checkpoint.")
@click.option("--keep-weights", is_flag=True, help="Start from the weights of RUN, to train it for longer.")
@click.option(
    "--from",
    "model",
    metavar="MODEL|RUN",
    help="Start from the weights of a bundled or exported model, or of a run.",
)
@click.option(
    "--minutes",
    type=Finite(min=0, min_open=True),
    metavar="N",
    help="Choose steps, schedule and validations so that the run takes about N minutes here.",
)
@click.option(
    "--folds",
    "fold_count",
    type=int,
    metavar="K",
    help="K-fold cross-validation: K runs, each evaluated on the fold that it leaves out.",
)
@click.option(
    "--find-batch", is_flag=True, help="Print which batch sizes fit and how fast each is; then exit."
)
@click.option("--find-lr", is_flag=True, help="Run a learning rate range test with a plot; then exit.")
@click.option("--plot", type=PATH, metavar="PNG", help="Where --find-lr draws its curve.")
@click.option("--settings", "listing", is_flag=True, help="List and explain every setting; then exit.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@click.option(
    "--devices",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Processors or GPUs that share each batch.",
)
@click.option(
    "--accelerator",
    type=click.Choice(["auto", "cpu", "gpu"]),
    default="auto",
    show_default=True,
    help="auto: a GPU if there is one.",
)
@click.argument("changes", nargs=-1, type=click.UNPROCESSED, metavar="[--SETTING VALUE]...")
def train(
    recipe_or_run: str,
    data: Path | None,
    runs_folder: Path,
    resume: bool,
    keep_weights: bool,
    model: str | None,
    minutes: float | None,
    fold_count: int | None,
    find_batch: bool,
    find_lr: bool,
    plot: Path | None,
    listing: bool,
    quiet: bool,
    devices: int,
    accelerator: hardware.Accelerator,
    changes: tuple[str, ...],
) -> int:
    """Train a model with a RECIPE (safelight recipes), or that of an earlier RUN, with changed settings."""
    if recipe_or_run.startswith("-"):
        raise click.UsageError(
            "name the recipe before its settings: safelight train RECIPE --data DATASET ..."
        )
    changed = _settings(changes)
    _check_exclusive(
        {
            "--resume": resume,
            "--folds": fold_count is not None,
            "--keep-weights": keep_weights,
            "--from": model is not None,
            "--minutes": minutes is not None,
            "--devices": devices > 1,
            "--find-batch": find_batch,
            "--find-lr": find_lr,
        }
    )
    _check_plot(plot, find_lr)
    if minutes is not None and "train.steps" in changed:
        raise click.UsageError("--minutes sets --train.steps; give one of the two")
    # What can be refused without torch, which takes seconds to load, was refused.
    parent, recipe = _recipe_or_run(recipe_or_run)
    recipe = _with_settings(recipe, changed)
    if listing:
        _list_settings(recipe)
        return 0
    stages = pre_train.stage_output(quiet)
    if resume:
        if parent is None or changes:
            raise click.UsageError("--resume goes on with a run as it was: safelight train RUN --resume")
        return _print_result(fit.resume(parent, data, quiet, devices, accelerator, stages))
    if data is None:
        raise click.UsageError("give the pictures to train on: --data DATASET")
    parent, keep_weights, model = _initial_weights(recipe, parent, keep_weights, model)
    device = hardware.device_for(accelerator, devices)
    pre_train.build_if_plain(data)
    if find_batch:
        pre_train.print_batches(recipe, data, device)
        return 0
    if find_lr:
        pre_train.print_rates(recipe, data, plot, device)
        return 0
    sets = fit.open_sets(data, None if fold_count is None else (0, fold_count))
    pre_train.check_memory_of(recipe, device, quiet)
    recipe = pre_train.with_pace(recipe, sets, device, minutes, quiet)
    if fold_count is not None:
        judge = pre_train.fold_judge(recipe)
        return _print_result(
            folds.fit_folds(recipe, data, runs_folder, fold_count, judge, quiet, parent, accelerator)
        )
    return _print_result(
        fit.fit(
            recipe,
            data,
            runs_folder,
            parent,
            quiet,
            keep_weights,
            devices=devices,
            accelerator=accelerator,
            sets=sets,
            begin=model,
            stage=stages,
        )
    )


@click.command(epilog="\b\nExample:\n  safelight recipes")
def recipes() -> None:
    """List the named recipes."""
    for name, make in training_recipe.all_recipes().items():
        summary = (make.__doc__ or "").strip().splitlines()[0] if make.__doc__ else ""
        click.echo(f"{name:24} {summary}")


def _recipe_or_run(name: str) -> tuple[run.Run | None, training_recipe.Recipe]:
    """The run and its recipe, or a recipe by name. Raises RunError, RecipeError."""
    if Path(name).is_dir():
        parent = run.Run.open(name)
        return parent, training_recipe.recipe_of(parent)
    return None, training_recipe.recipe_named(name)


def _initial_weights(
    recipe: training_recipe.Recipe, parent: run.Run | None, keep_weights: bool, model: str | None
) -> tuple[run.Run | None, bool, str | None]:
    """The run whose weights are kept, whether they are, and the model that is begun with. Raises UsageError."""
    if keep_weights and parent is None:
        raise click.UsageError(
            "--keep-weights starts from a run's weights: safelight train RUN --keep-weights"
        )
    if model is not None and Path(model).is_dir():
        return run.Run.open(model), True, None
    if model is not None:
        begin.check_same_network(model, recipe)
    return parent, keep_weights, model


def _settings(words: Sequence[str]) -> dict[str, str]:
    """{"model.norm": "group"} from --model.norm group or --model.norm=group."""
    changes = {}
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if not name.startswith("--"):
            raise click.UsageError(f"{word!r} is no setting; expected --model.norm group")
        _check_option(name)
        if not equals:
            value = next(rest, "--")
            if value.startswith("--"):
                raise click.UsageError(f"{name} needs a value: {name} VALUE")
        changes[name.removeprefix("--")] = value
    return changes


def _check_exclusive(typed: dict[str, bool]) -> None:
    """Raises UsageError for options of which one would be dropped."""
    for option, others in EXCLUSIVE.items():
        for other in others:
            if typed[option] and typed[other]:
                raise click.UsageError(f"{option} and {other} do not go together; leave one out")


def _check_plot(plot: Path | None, find_lr: bool) -> None:
    """Raises UsageError for a curve that would not be drawn, or not be written after it was measured."""
    if plot is not None and not find_lr:
        raise click.UsageError("--plot draws the curve of --find-lr; add it, or leave --plot out")
    if plot is not None and plot.suffix.lower() != ".png":
        raise click.UsageError(f"--plot is {plot}; expected a name that ends in .png")


def _with_settings(recipe: training_recipe.Recipe, changes: dict[str, str]) -> training_recipe.Recipe:
    """The recipe with these settings. Raises RecipeError, and UsageError for what is measured."""
    recipe = overrides.override(recipe, changes)
    for name in registry.measured_settings() & changes.keys():
        raise click.UsageError(f"--{name} is measured when a run is finished; leave it out")
    return recipe


def _check_option(name: str) -> None:
    """Raises UsageError for what is nearly one of the command's own options; settings have dots."""
    options = [option for each in train.params for option in each.opts if option.startswith("--")]
    near = difflib.get_close_matches(name, options, 1, 0.8)
    if near and "." not in name:
        raise click.UsageError(f"no option {name}; did you mean {near[0]}?")


def _list_settings(recipe: training_recipe.Recipe) -> None:
    """A line each, as it would be typed; behind a #, as a shell's comment, the choices and what it means."""
    for each in settings_help.explain(recipe):
        if each.name not in registry.measured_settings():
            setting = f"--{each.name} {shlex.quote(overrides.as_typed(each.value))}"
            choices = f"[{'|'.join(each.typed)}] " if isinstance(each.typed, tuple) else ""
            click.echo(f"{setting:<40} # {choices}{each.meaning}")


def _folds_line(run: run.Run) -> str:
    """How many folds there were, and the first scores with half of their 95 % intervals."""
    facts = run.facts
    task = registry.task_named(registry.task_in(json.loads(run.recipe_json)))
    intervals, shown = facts.get("interval", {}), tuple(task.progress)
    scores = [
        f"{name} {value:.2f} ± {intervals[name]:.2f}"
        for name, value in facts.get("scores", {}).items()
        if name.endswith(shown) and name in intervals
    ]
    done = f"{facts['state']}, {len(facts['children'])} of {facts['folds']} folds"
    return f"{run.folder}: {', '.join([done, *scores])}; all figures in {run.folder / 'summary.md'}"


def _print_result(run: run.Run) -> int:
    """What came of a run, and what to do next; the exit status."""
    facts = run.facts
    finished = facts["state"] == "finished"
    status = 0 if finished else int(facts.get("status", 130))
    if not hardware.is_rank_zero():  # of several processes
        return status
    if "folds" in facts:
        click.echo(_folds_line(run))
        return status
    scores = console.in_scores(facts.get("scores", {}), registry.task_named(facts["task"]).progress)
    measured = f"; {scores} on held-out pictures" if scores else ""
    click.echo(f"{run.folder}: {facts['state']} at step {facts.get('step', 0)}{measured}")
    folder, data = shlex.quote(str(run.folder)), shlex.quote(facts["dataset"]["path"])
    if not finished:
        click.echo(f"go on with: safelight train {folder} --resume")
    else:
        click.echo(f"next: safelight judge {folder} --data {data} -o report; safelight export {folder}")
    return status

"""safelight train and safelight recipes: from a dataset to a run folder."""

import difflib
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.cli.given import Finite, Place
from safelight.cli.made_by import measured_settings

if TYPE_CHECKING:
    from safelight.journal.run import Run
    from safelight.training.accelerators import Accelerator
    from safelight.training.recipe import Recipe

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

Starting from a run keeps it as the parent: the new run's run.json names the exact difference.
"""
APART = {  # what each of these would drop
    "--resume": ("--folds", "--keep-weights", "--from", "--minutes", "--find-batch", "--find-lr"),
    "--folds": ("--keep-weights", "--from", "--minutes", "--devices", "--find-batch", "--find-lr"),
    "--find-batch": ("--find-lr", "--keep-weights", "--from", "--minutes", "--devices"),
    "--find-lr": ("--keep-weights", "--from", "--minutes", "--devices"),
    "--keep-weights": ("--from",),
    "--minutes": ("--devices",),
}
TOLD_OF_FOLDS = ("gain_0", "gain_10", "hole_psnr", "psnr")  # scores of the line that is printed at the end


@click.command(
    short_help="Train a model by a recipe.",
    epilog=EXAMPLES,
    context_settings={"ignore_unknown_options": True},
)
@click.argument("recipe", metavar="RECIPE|RUN")
@click.option(
    "--data", type=Place(path_type=Path), metavar="DATASET", help="A dataset, or a folder of photos."
)
@click.option(
    "--runs", type=Place(path_type=Path), default="runs", show_default=True, help="Where runs are kept."
)
@click.option("--resume", is_flag=True, help="Go on with RUN from its last checkpoint.")
@click.option("--keep-weights", is_flag=True, help="Start from RUN's weights: train it for longer.")
@click.option(
    "--from",
    "begin",
    metavar="MODEL|RUN",
    help="Start from the weights of a bundled or exported model, or of a run.",
)
@click.option(
    "--minutes",
    type=Finite(min=0, min_open=True),
    metavar="N",
    help="Set steps, schedule and checks so that the run takes about N minutes here.",
)
@click.option("--folds", type=int, metavar="K", help="K runs, each judged on the fold that it leaves out.")
@click.option("--find-batch", is_flag=True, help="Which batch sizes fit, how fast each is; then leave.")
@click.option("--find-lr", is_flag=True, help="A learning rate range test with a plot; then leave.")
@click.option("--plot", type=Place(path_type=Path), metavar="PNG", help="Where --find-lr draws its curve.")
@click.option("--settings", "listing", is_flag=True, help="List and explain every setting; then leave.")
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
    recipe: str,
    data: Path | None,
    runs: Path,
    resume: bool,
    keep_weights: bool,
    begin: str | None,
    minutes: float | None,
    folds: int | None,
    find_batch: bool,
    find_lr: bool,
    plot: Path | None,
    listing: bool,
    quiet: bool,
    devices: int,
    accelerator: "Accelerator",
    changes: tuple[str, ...],
) -> int:
    """Train a model by a RECIPE (safelight recipes), or that of an earlier RUN, with changed settings."""
    if recipe.startswith("-"):
        raise click.UsageError(
            "name the recipe before its settings: safelight train RECIPE --data DATASET ..."
        )
    changed = _settings(changes)
    _check_pairs(
        {
            "--resume": resume,
            "--folds": folds is not None,
            "--keep-weights": keep_weights,
            "--from": begin is not None,
            "--minutes": minutes is not None,
            "--devices": devices > 1,
            "--find-batch": find_batch,
            "--find-lr": find_lr,
        }
    )
    _check_plot(plot, find_lr)
    if minutes is not None and "train.steps" in changed:
        raise click.UsageError("--minutes sets --train.steps; give one of the two")
    # torch takes seconds: what can be refused without it was refused
    from safelight.cli import before
    from safelight.training import fit
    from safelight.training.accelerators import device_for
    from safelight.training.folds import fit_folds

    parent, plan = _recipe_or_run(recipe)
    plan = _changed(plan, changed)
    if listing:
        _list_settings(plan)
        return 0
    if resume:
        if parent is None or changes:
            raise click.UsageError("--resume goes on with a run as it was: safelight train RUN --resume")
        return _tell(fit.resume(parent, data, quiet, devices, accelerator, before.stages(quiet)))
    if data is None:
        raise click.UsageError("give the pictures to train on: --data DATASET")
    parent, keep_weights, begin = _beginning(plan, parent, keep_weights, begin)
    device = device_for(accelerator, devices)
    before.build_if_plain(data)
    if find_batch:
        before.tell_batches(plan, data, device)
        return 0
    if find_lr:
        before.tell_rates(plan, data, plot, device)
        return 0
    before.check_room(plan, device, quiet)
    plan = before.paced(plan, data, device, minutes, quiet)
    if folds is not None:
        return _tell(fit_folds(plan, data, runs, folds, before.judge_of(plan), quiet, parent, accelerator))
    return _tell(
        fit.fit(
            plan,
            data,
            runs,
            parent,
            quiet,
            keep_weights,
            devices=devices,
            accelerator=accelerator,
            begin=begin,
            stage=before.stages(quiet),
        )
    )


@click.command(epilog="\b\nExample:\n  safelight recipes")
def recipes() -> None:
    """List the recipes that are known to be good."""
    from safelight.training.recipe import all_recipes

    for name, make in all_recipes().items():
        summary = (make.__doc__ or "").strip().splitlines()[0] if make.__doc__ else ""
        click.echo(f"{name:24} {summary}")


def _recipe_or_run(name: str) -> "tuple[Run | None, Recipe]":
    from safelight.journal.run import Run
    from safelight.training.recipe import recipe_named, recipe_of

    if Path(name).is_dir():
        parent = Run.open(name)
        return parent, recipe_of(parent)
    return None, recipe_named(name)


def _beginning(
    plan: "Recipe", parent: "Run | None", keep_weights: bool, begin: str | None
) -> "tuple[Run | None, bool, str | None]":
    """The run whose weights are kept, whether they are, and the model that is begun with. Raises UsageError."""
    from safelight.journal.run import Run
    from safelight.training.begin import check_same_network

    if keep_weights and parent is None:
        raise click.UsageError(
            "--keep-weights starts from a run's weights: safelight train RUN --keep-weights"
        )
    if begin is not None and Path(begin).is_dir():
        return Run.open(begin), True, None
    if begin is not None:
        check_same_network(begin, plan)
    return parent, keep_weights, begin


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


def _check_pairs(given: dict[str, bool]) -> None:
    """Raises UsageError for options of which one would be dropped."""
    for option, others in APART.items():
        for other in others:
            if given[option] and given[other]:
                raise click.UsageError(f"{option} and {other} do not go together; leave one out")


def _check_plot(plot: Path | None, find_lr: bool) -> None:
    """Raises UsageError for a curve that would not be drawn, or not be written after it was measured."""
    if plot is not None and not find_lr:
        raise click.UsageError("--plot draws the curve of --find-lr; add it, or leave --plot out")
    if plot is not None and plot.suffix.lower() != ".png":
        raise click.UsageError(f"--plot is {plot}; expected a name that ends in .png")


def _changed(plan: "Recipe", changes: dict[str, str]) -> "Recipe":
    """The recipe with these settings. Raises RecipeError, and UsageError for what is measured."""
    from safelight.training.tree import override

    plan = override(plan, changes)
    for name in measured_settings() & changes.keys():
        raise click.UsageError(f"--{name} is measured when a run is finished; leave it out")
    return plan


def _check_option(name: str) -> None:
    """Raises UsageError for what is nearly one of the command's own options; settings have dots."""
    own = [option for each in train.params for option in each.opts if option.startswith("--")]
    near = difflib.get_close_matches(name, own, 1, 0.8)
    if near and "." not in name:
        raise click.UsageError(f"no option {name}; did you mean {near[0]}?")


def _list_settings(recipe: "Recipe") -> None:
    """A line each, as it would be typed; behind a #, as a shell's comment, the choices and what it means."""
    from safelight.training.meanings import explain
    from safelight.training.tree import as_typed

    for each in explain(recipe):
        if each.name not in measured_settings():
            setting = f"--{each.name} {shlex.quote(as_typed(each.value))}"
            choices = f"[{'|'.join(each.typed)}] " if isinstance(each.typed, tuple) else ""
            click.echo(f"{setting:<40} # {choices}{each.meaning}")


def _folds_line(run: "Run") -> str:
    """How many folds there were, and the first scores with half of their 95 % intervals."""
    facts = run.facts
    intervals = facts.get("interval", {})
    told = [
        f"{name} {value:.2f} ± {intervals[name]:.2f}"
        for name, value in facts.get("scores", {}).items()
        if name.endswith(TOLD_OF_FOLDS) and name in intervals
    ]
    done = f"{facts['state']}, {len(facts['children'])} of {facts['folds']} folds"
    return f"{run.folder}: {', '.join([done, *told])}; all figures in {run.folder / 'summary.md'}"


def _tell(run: "Run") -> int:
    from safelight.tasks.registry import task_named
    from safelight.training.ranks import is_first
    from safelight.training.tell import in_scores

    facts = run.facts
    finished = facts["state"] == "finished"
    status = 0 if finished else int(facts.get("status", 130))
    if not is_first():  # of several processes
        return status
    if "folds" in facts:
        click.echo(_folds_line(run))
        return status
    scores = in_scores(facts.get("scores", {}), task_named(facts["task"]).progress)
    told = f"; {scores} on held-out pictures" if scores else ""
    click.echo(f"{run.folder}: {facts['state']} at step {facts.get('step', 0)}{told}")
    folder, data = shlex.quote(str(run.folder)), shlex.quote(facts["dataset"]["path"])
    if not finished:
        click.echo(f"go on with: safelight train {folder} --resume")
    else:
        click.echo(f"next: safelight judge {folder} --data {data} -o report; safelight export {folder}")
    return status

"""safelight export: a trained run becomes a file that needs no torch."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.cli.arguments import PATH, refuse_existing

if TYPE_CHECKING:
    from safelight.journal.run import Run

EXAMPLES = """
\b
Examples:
  safelight export runs/2026-11-22_11h51m10s-color
  safelight export runs/2026-11-22_11h51m10s-color -o model.onnx
  safelight colorize grandmother.jpg --model model.onnx
  safelight export runs/2026-11-22_11h51m10s-figures -o figures.onnx

Writes model.onnx, model.card.json and model.card.md. The card takes its scores from the newest verdict on
RUN, so judge it first. The model remembers what some pictures of its dataset are like, so that it can say
how unfamiliar a photo is. An autoencoder becomes two files, figures.encoder.onnx and figures.decoder.onnx,
and figures.codes.npz, from which safelight sample draws.
"""


@click.command(short_help="Write the model of a run as ONNX, with its card.", epilog=EXAMPLES)
@click.argument("folder", type=PATH, metavar="RUN")
@click.option(
    "-o",
    "out",
    type=PATH,
    metavar="MODEL.onnx",
    help="Where to write it.  [default: the run's name, here]",
)
@click.option(
    "--data",
    type=PATH,
    metavar="DATASET",
    help="Its dataset, if it is no longer where it was.",
)
@click.option("--size", type=int, metavar="N", help="Short side in use, in pixels.  [default: as trained]")
@click.option(
    "--license", default="not stated", show_default=True, help="License of the model, for its card."
)
@click.option("--overwrite", is_flag=True, help="Replace a model that is already there.")
def export(
    folder: Path, out: Path | None, data: Path | None, size: int | None, license: str, overwrite: bool
) -> None:
    """Write the model of a RUN as ONNX, with its card, and check that it answers as torch does."""
    from safelight.journal.run import Run
    from safelight.terminal import Stages

    run = Run.open(folder)
    out = out or Path(f"{run.folder.resolve().name}.onnx")
    if out.suffix != ".onnx":
        raise click.UsageError(f"-o is {out}; expected a name that ends in .onnx")
    for taken in (out, out.with_suffix(".decoder.onnx")):
        refuse_existing(taken, overwrite)
    with Stages() as stage:
        lines = _write(run, out, data, size, license, stage)
    click.echo("\n".join(lines))


def _write(
    run: "Run", out: Path, data: Path | None, size: int | None, license: str, stage: "Callable[[str], None]"
) -> list[str]:
    """Write the files; lines about them. Raises ModelError."""
    stage("reading the run")
    from safelight.tasks.registry import task_named
    from safelight.training.export import Trained, export_run, unfinished
    from safelight.training.fit import open_sets, trained_network

    network, recipe = trained_network(run)
    task = task_named(recipe.task)
    if size is not None and task.fixed_size:
        raise click.UsageError(f"--size is for colorizers and fillers; {task.fixed_size}")
    sets = open_sets(data or Path(run.dataset["path"]), run.fold)
    trained = Trained(run, network, recipe, *sets, size or recipe.augment.size, license, stage)
    line, early = export_run(trained, out), unfinished(run)
    return [line, f"this run {early}; its model may be far from what the recipe can do"] if early else [line]

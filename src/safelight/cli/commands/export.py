"""safelight export: a trained run becomes a file that needs no torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from safelight.cli.arguments import PATH, refuse_existing
from safelight.journal import records
from safelight.journal.run import Run
from safelight.tasks import registry
from safelight.terminal import Stages
from safelight.training import export as model_export
from safelight.training import fit, trained

EXAMPLES = """
\b
Examples:
  safelight export runs/2026-11-22_11h51m10s-color
  safelight export runs/2026-11-22_11h51m10s-color -o model.onnx
  safelight colorize grandmother.jpg --model model.onnx
  safelight export runs/2026-11-22_11h51m10s-figures -o figures.onnx

Writes model.onnx, model.card.json and model.card.md. The card has the scores of the newest verdict on RUN, so
run safelight judge first. The model stores features of some training pictures, to measure how unfamiliar a
photo is. An autoencoder becomes two files, figures.encoder.onnx and figures.decoder.onnx, and
figures.codes.npz, from which safelight sample draws.
"""


@click.command(epilog=EXAMPLES)
@click.argument("folder", type=PATH, metavar="RUN")
@click.option(
    "-o",
    "out",
    type=PATH,
    metavar="MODEL.onnx",
    help="Output file.  [default: the name of the run, in the current folder]",
)
@click.option(
    "--data",
    type=PATH,
    metavar="DATASET",
    help="The dataset of the run, if it has moved.",
)
@click.option(
    "--size",
    type=click.IntRange(1),
    metavar="N",
    help="Shorter side of the pictures that the model is given, in pixels.  [default: as trained]",
)
@click.option(
    "--license", default="not stated", show_default=True, help="License of the model, for its card."
)
@click.option("--overwrite", is_flag=True, help="Replace files that already exist.")
def export(
    folder: Path, out: Path | None, data: Path | None, size: int | None, license: str, overwrite: bool
) -> None:
    """Export the model of a RUN as ONNX, with its model card, and check its outputs against those of PyTorch."""
    run = Run.open(folder)
    out = out or Path(f"{run.folder.resolve().name}.onnx")
    if out.suffix != ".onnx":
        raise click.UsageError(f"-o is {out}; expected a name that ends in .onnx")
    for ending in registry.task_named(records.read_record(run.folder).task).endings:
        refuse_existing(Path(f"{out.with_suffix('')}{ending}"), overwrite)
    with Stages() as stage:
        lines = _write(run, out, data, size, license, stage)
    click.echo("\n".join(lines))


def _write(
    run: Run, out: Path, data: Path | None, size: int | None, license: str, stage: Callable[[str], None]
) -> list[str]:
    """Write the files; lines about them. Raises ModelError."""
    stage("reading the run")
    network, recipe = trained.trained_network(run)
    task = registry.task_named(recipe.task)
    if size is not None and task.fixed_size:
        raise click.UsageError(f"--size is for colorizers and fillers; {task.fixed_size}")
    sets = fit.open_sets(data or Path(run.dataset["path"]), run.fold)
    learned = model_export.Trained(run, network, recipe, *sets, size or recipe.augment.size, license, stage)
    line, early = model_export.export_run(learned, out), model_export.unfinished(run)
    return [line, f"this run {early}; its model may be far from what the recipe can do"] if early else [line]

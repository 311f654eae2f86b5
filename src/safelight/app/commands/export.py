"""safelight export: a trained run becomes a file that needs no torch."""

from pathlib import Path

import click

EXAMPLES = """
\b
Examples:
  safelight export runs/2026-11-22_11h51m10s-color -o model.onnx
  safelight colorize grandmother.jpg --model model.onnx
  safelight export runs/2026-11-22_11h51m10s-figures -o figures.onnx

Writes model.onnx, model.card.json and model.card.md. The card takes its scores from the newest verdict on
RUN, so judge it first. The model remembers what some pictures of its dataset are like, so that it can say
how unfamiliar a photo is. An autoencoder becomes two files, figures.encoder.onnx and figures.decoder.onnx,
and figures.codes.npz, from which safelight sample draws.
"""


@click.command(short_help="Write the model of a run as ONNX, with its card.", epilog=EXAMPLES)
@click.argument("folder", type=click.Path(path_type=Path), metavar="RUN")
@click.option("-o", "out", required=True, type=click.Path(path_type=Path), metavar="MODEL.onnx")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DATASET",
    help="Its dataset, if it is no longer where it was.",
)
@click.option("--size", type=int, metavar="N", help="Short side in use, in pixels.  [default: as trained]")
@click.option("--license", default="MIT", show_default=True, help="License of the model, for its card.")
def export(folder: Path, out: Path, data: Path | None, size: int | None, license: str) -> None:
    """Write the model of a RUN as ONNX, with its card, and check that it answers as torch does."""
    import numpy as np

    from safelight.app.card_of_run import card_of_run, probe_questions
    from safelight.data.cache import open_dataset
    from safelight.journal.run import Run
    from safelight.models.export import export as write_model
    from safelight.training.familiar import learn_familiarity
    from safelight.training.fit import trained_network

    if out.suffix != ".onnx":
        raise click.UsageError(f"-o is {out}; expected a name that ends in .onnx")
    run = Run.open(folder)
    network, recipe = trained_network(run)
    data = data or Path(run.facts["dataset"]["path"])
    pictures, held_out = open_dataset(data, "train"), open_dataset(data, "val")
    if recipe.task == "code":
        from safelight.app.export_codes import export_codes

        if size is not None:
            raise click.UsageError(
                "--size is for colorizers; an autoencoder runs at the size it was trained at"
            )
        click.echo(export_codes(run, network, recipe, out, pictures, held_out, license))
        return
    if recipe.task == "fill":
        from safelight.app.export_fill import export_fill

        side = size or recipe.augment.size
        click.echo(export_fill(run, network, recipe, out, pictures, held_out, side, license))
        return
    if recipe.task == "scratches":
        from safelight.app.export_scratches import export_scratches

        if size is not None:
            raise click.UsageError("--size is for colorizers and fillers; a finder looks at photos in tiles")
        click.echo(export_scratches(run, network, recipe, out, pictures, held_out, license))
        return
    measure, familiarity = learn_familiarity(network, pictures, held_out, np.random.default_rng(0))
    size = size or recipe.augment.size
    card = card_of_run(run, network, recipe, pictures, out.stem, size, license, familiarity)
    parity = write_model(network, card, out, probe_questions(held_out, recipe), measure)
    click.echo(
        f"{out}: {out.stat().st_size / 1e6:.1f} MB, {card.parameters / 1e6:.1f} M parameters; "
        f"differs from torch by at most {max(parity.ab, parity.chroma):.2f} units of ab "
        f"on {parity.pictures} pictures"
    )

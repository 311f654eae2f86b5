"""safelight sample: new pictures from random latent codes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from safelight.batch import pictures
from safelight.batch.work import order_of
from safelight.cli import autoencoder
from safelight.cli.arguments import (
    PATH,
    asked_labels,
    autoencoder_option,
    label_options,
    overwrite_option,
    refuse_file_name,
)

EXAMPLES = """
\b
Examples:
  safelight sample -n 64 --seed 1 -o samples.png
  safelight sample -n 8 --from prior -o samples/
  safelight sample --model figures.onnx -o samples.png
  safelight sample --model runs/2026-11-22_11h51m10s-figures -o samples.png

A file gets all pictures in one grid, a folder one file each. The same seed gives the same pictures.
"""


@click.command(epilog=EXAMPLES)
@click.option(
    "-n", "count", type=click.IntRange(1, 4096), default=64, show_default=True, help="Number of pictures."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Random seed.")
@click.option("-o", "out", required=True, type=PATH, metavar="OUT", help="A PNG file, or a folder.")
@autoencoder_option
@click.option(
    "--from",
    "source",
    type=click.Choice(["mixture", "prior"]),
    default="mixture",
    show_default=True,
    help="mixture: codes like those of the training pictures; prior: codes from N(0, 1), less similar.",
)
@label_options
@overwrite_option
def sample(
    count: int, seed: int, out: Path, model: str | None, source: Literal["mixture", "prior"], overwrite: bool
) -> None:
    """Sample new pictures, like those that the autoencoder was trained on, from random latent codes."""
    if not pictures.is_file(out):
        refuse_file_name(out)
    settings = pictures.SampleSettings(autoencoder.model_of(model), count, seed, source, **asked_labels())
    order, vae = order_of("sample", settings), autoencoder.open_autoencoder(model)
    made = pictures.pictures_of(vae, order)
    columns, mark = pictures.columns_of(order, count), pictures.PictureMarker(order, vae)
    click.echo(pictures.write_pictures(made, out, overwrite, columns, mark))

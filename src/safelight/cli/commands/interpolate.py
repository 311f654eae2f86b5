"""safelight interpolate: the pictures between two photos."""

from pathlib import Path

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
    refuse_replacing,
    refuse_streams,
)

EXAMPLES = """
\b
Examples:
  safelight interpolate anna.jpg ben.jpg -o between.png
  safelight interpolate anna.jpg ben.jpg --steps 30 -o frames/
"""


@click.command(epilog=EXAMPLES)
@click.argument("start", type=PATH, metavar="A")
@click.argument("end", type=PATH, metavar="B")
@click.option("-o", "out", required=True, type=PATH, metavar="OUT", help="A PNG file, or a folder.")
@click.option(
    "--steps",
    type=click.IntRange(2, 4096),
    default=8,
    show_default=True,
    help="Number of pictures, both ends included.",
)
@autoencoder_option
@label_options
@overwrite_option
def interpolate(start: Path, end: Path, out: Path, steps: int, model: str | None, overwrite: bool) -> None:
    """Interpolate from photo A to photo B: between their latent codes, along a great circle."""
    refuse_streams([start, end])
    refuse_replacing(out, [start, end])
    if not pictures.is_file(out):
        refuse_file_name(out)
    settings = pictures.InterpolateSettings(autoencoder.model_of(model), steps, **asked_labels())
    order, vae = order_of("interpolate", settings), autoencoder.open_autoencoder(model)
    made = pictures.pictures_of(vae, order, [start, end])
    columns, mark = pictures.columns_of(order, steps), pictures.PictureMarker(order, vae, [start, end])
    click.echo(pictures.write_pictures(made, out, overwrite, columns, mark))

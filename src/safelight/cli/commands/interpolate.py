"""safelight interpolate: the pictures between two photos."""

from pathlib import Path

import click

from safelight.cli import autoencoder, image_output
from safelight.cli.arguments import (
    PATH,
    autoencoder_option,
    overwrite_option,
    refuse_file_name,
    refuse_streams,
)
from safelight.tasks.autoencode import restore

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
@overwrite_option
def interpolate(start: Path, end: Path, out: Path, steps: int, model: str | None, overwrite: bool) -> None:
    """Interpolate from photo A to photo B: between their latent codes, along a great circle."""
    refuse_streams([start, end])
    if not image_output.is_file(out):
        refuse_file_name(out)
    vae = autoencoder.open_autoencoder(model)
    ends = vae.encode([start, end])
    codes = restore.between(ends[0], ends[1], steps)
    pictures = list(vae.decode(codes))
    click.echo(image_output.write_pictures(pictures, out, overwrite, columns=min(steps, 16)))

"""safelight sample: new pictures from random latent codes."""

from __future__ import annotations

from pathlib import Path

import click

from safelight.cli import autoencoder, image_output
from safelight.cli.arguments import PATH, autoencoder_option, overwrite_option, refuse_file_name

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
@overwrite_option
def sample(count: int, seed: int, out: Path, model: str | None, source: str, overwrite: bool) -> None:
    """Sample new pictures, like those that the autoencoder was trained on, from random latent codes."""
    if not image_output.is_file(out):
        refuse_file_name(out)
    vae = autoencoder.open_autoencoder(model)
    codes = autoencoder.sample_codes(vae, count, seed, source)
    click.echo(image_output.write_pictures(list(vae.decode(codes)), out, overwrite))

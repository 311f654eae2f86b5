"""safelight sample: new pictures from random codes."""

from pathlib import Path

import click

from safelight.cli.given import Place

EXAMPLES = """
\b
Examples:
  safelight sample -n 64 --seed 1 -o samples.png
  safelight sample -n 8 --from prior -o samples/
  safelight sample --model figures.onnx -o samples.png
  safelight sample --model runs/2026-11-22_11h51m10s-figures -o samples.png

A file gets all pictures in one grid, a folder one file each. The same seed gives the same pictures.
"""


@click.command(short_help="Make new pictures from random codes.", epilog=EXAMPLES)
@click.option(
    "-n", "count", type=click.IntRange(1, 4096), default=64, show_default=True, help="How many pictures."
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Another one, other pictures."
)
@click.option(
    "-o",
    "out",
    required=True,
    type=Place(path_type=Path),
    metavar="OUT",
    help="A PNG file, or a folder.",
)
@click.option("--model", metavar="NAME|FILE|RUN", help="A bundled autoencoder, an exported one, or a run.")
@click.option(
    "--from",
    "source",
    type=click.Choice(["mixture", "prior"]),
    default="mixture",
    show_default=True,
    help="mixture: codes like those of the training pictures; prior: from N(0, 1), less alike.",
)
@click.option("--overwrite", is_flag=True, help="Replace files that are already there.")
def sample(count: int, seed: int, out: Path, model: str | None, source: str, overwrite: bool) -> None:
    """Make new pictures, of the kind that the autoencoder was trained on, from random codes."""
    import numpy as np

    from safelight.cli.autoencoder import open_autoencoder
    from safelight.cli.outcomes import refuse_no_folder
    from safelight.cli.pictures_out import is_file, write_pictures

    if not is_file(out):
        refuse_no_folder(out)
    vae = open_autoencoder(model)
    codes = vae.sample(count, np.random.default_rng(seed), "prior" if source == "prior" else "mixture")
    click.echo(write_pictures(list(vae.decode(codes)), out, overwrite))

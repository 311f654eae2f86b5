"""safelight interpolate: the pictures between two photos."""

from pathlib import Path

import click

from safelight.cli.given import Place

EXAMPLES = """
\b
Examples:
  safelight interpolate anna.jpg ben.jpg -o between.png
  safelight interpolate anna.jpg ben.jpg --steps 30 -o frames/
"""


@click.command(short_help="Show the pictures between two photos.", epilog=EXAMPLES)
@click.argument("one", type=Place(path_type=Path), metavar="A")
@click.argument("other", type=Place(path_type=Path), metavar="B")
@click.option(
    "-o",
    "out",
    required=True,
    type=Place(path_type=Path),
    metavar="OUT",
    help="A PNG file, or a folder.",
)
@click.option(
    "--steps",
    type=click.IntRange(2, 4096),
    default=8,
    show_default=True,
    help="How many, both ends included.",
)
@click.option("--model", metavar="NAME|FILE|RUN", help="A bundled autoencoder, an exported one, or a run.")
@click.option("--overwrite", is_flag=True, help="Replace files that are already there.")
def interpolate(one: Path, other: Path, out: Path, steps: int, model: str | None, overwrite: bool) -> None:
    """Show the pictures on the way from photo A to photo B: between their codes, along a great circle."""
    from safelight.cli.autoencoder import open_autoencoder
    from safelight.cli.outcomes import refuse_no_folder, refuse_streams
    from safelight.cli.pictures_out import is_file, write_pictures
    from safelight.tasks.autoencode.restore import between

    refuse_streams([one, other])
    if not is_file(out):
        refuse_no_folder(out)
    vae = open_autoencoder(model)
    ends = vae.encode([one, other])
    codes = between(ends[0], ends[1], steps)
    click.echo(write_pictures(list(vae.decode(codes)), out, overwrite, columns=min(steps, 16)))

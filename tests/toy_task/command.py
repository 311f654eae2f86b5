"""safelight denoise: photos without their noise."""

from pathlib import Path

import click

from safelight.pixels.files import write_photo
from safelight.tasks.registry import load


@click.command()
@click.argument("photo", type=click.Path(path_type=Path))
@click.option("--model", required=True, type=click.Path(path_type=Path), metavar="MODEL.onnx")
@click.option("-o", "out", required=True, type=click.Path(path_type=Path), metavar="FILE")
def denoise(photo: Path, model: Path, out: Path) -> None:
    """Take the noise out of a PHOTO."""
    write_photo(out, load(model)(photo), like=photo)

"""safelight reconstruct: photos through an autoencoder's code and back."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from safelight.arrays import Srgb
    from safelight.runtime.codes import Autoencoder

EXAMPLES = """
\b
Examples:
  safelight reconstruct anna.jpg ben.jpg -o pairs.png     photos above, what came back below
  safelight reconstruct photos/ -o reconstructed/         a file for each photo
  safelight reconstruct anna.jpg -o back/ --full-size     enlarged to the photo's own size
"""


@click.command(short_help="Show what a code of few numbers keeps of photos.", epilog=EXAMPLES)
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PHOTO...")
@click.option(
    "-o",
    "out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="A PNG file, or a folder.",
)
@click.option("--model", metavar="NAME|FILE|RUN", help="A bundled autoencoder, an exported one, or a run.")
@click.option("--full-size", is_flag=True, help="Enlarge to the photo's size (into a folder).")
@click.option("--overwrite", is_flag=True, help="Replace files that are already there.")
def reconstruct(
    photos: tuple[Path, ...], out: Path, model: str | None, full_size: bool, overwrite: bool
) -> None:
    """Turn each PHOTO (or the photos of a folder) into its code, a few numbers, and back into a picture."""
    from safelight.app.autoencoder import open_autoencoder
    from safelight.app.pictures_out import is_file, write_pictures
    from safelight.errors import PhotoError
    from safelight.runtime.batch import find_photos

    if full_size and is_file(out):
        raise click.UsageError("--full-size needs a folder: -o FOLDER")
    vae = open_autoencoder(model)
    paths = [path for place in photos for path, _ in find_photos(place)]
    if not paths:
        raise PhotoError(
            f"no photos in {', '.join(map(str, photos))}; expected JPEG, PNG, TIFF or WebP files"
        )
    if is_file(out):
        click.echo(write_pictures([pair(vae, path) for path in paths], out, overwrite))
        return
    for path in paths:
        write_pictures([vae.reconstruct(path, full_size)], out, overwrite, names=[path.stem])
    click.echo(f"{out}: {len(paths)} reconstructed")


def pair(vae: "Autoencoder", path: Path) -> "Srgb":
    """The photo as the network sees it, and below it what came back."""
    import numpy as np

    from safelight.pixels.files import read_photo
    from safelight.tasks.autoencode import unframe

    photo = read_photo(path)
    framed = vae.frame(photo)
    return np.vstack([unframe(framed.planes, framed.box), vae.reconstruct(photo)])

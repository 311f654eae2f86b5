"""safelight encode: the codes of photos as a table."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.cli.given import Place
from safelight.cli.outcomes import PHOTO
from safelight.cli.size_limit import size_limit

if TYPE_CHECKING:
    from safelight.cli.progress import Bars
    from safelight.runtime.plan import Plan
    from safelight.tasks.autoencode.restore import Autoencoder, Code

EXAMPLES = """
\b
Examples:
  safelight encode photos/ -o codes.csv
  safelight encode photos/ -o codes.npz        np.load("codes.npz")["codes"]
  safelight encode photos/ -o codes.parquet    where pyarrow is installed

Exit status: 0 every photo has its code, 1 some failed (each said in one line).
"""


@click.command(short_help="Write the codes of photos as a table.", epilog=EXAMPLES)
@click.argument("photos", nargs=-1, required=True, type=PHOTO, metavar="PHOTO...")
@click.option(
    "-o",
    "out",
    required=True,
    type=Place(path_type=Path),
    metavar="TABLE",
    help=".csv, .npz or .parquet",
)
@click.option("--model", metavar="NAME|FILE|RUN", help="A bundled autoencoder, an exported one, or a run.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is already there.")
@size_limit
def encode(photos: tuple[Path, ...], out: Path, model: str | None, overwrite: bool) -> int:
    """Write the code of each PHOTO (or of the photos of a folder): the numbers that the autoencoder keeps of it."""
    from safelight.cli.autoencoder import open_autoencoder
    from safelight.cli.codes_out import FORMATS, write_codes
    from safelight.cli.outcomes import photos_among, refuse_taken, tell_passed
    from safelight.cli.progress import Bars

    if out.suffix.lower() not in FORMATS:
        raise click.UsageError(f"-o is {out}; expected a name that ends in {', '.join(FORMATS)}")
    refuse_taken(out, overwrite)
    among = photos_among(photos)
    vae = open_autoencoder(model)
    with Bars() as bars:
        done = write_codes(out, codes(vae, among, bars), vae.latent, overwrite)
        tell_passed(among.passed, bars.say)
    failed = len(among) - done
    click.echo(
        f"{out}: codes of {done} photos, {vae.latent} numbers each" + (f", {failed} failed" * bool(failed))
    )
    return 1 if failed else 0


def codes(vae: "Autoencoder", among: "Plan", bars: "Bars") -> "Iterator[tuple[str, Code]]":
    """File name and code of each photo that can be read; the others are said."""
    from safelight.errors import PhotoError, shown

    for number, job in enumerate(among, start=1):
        try:
            if job.trouble:
                raise PhotoError(f"{shown(job.photo)}: {job.trouble}")
            yield str(job.photo), vae.posterior(job.photo).mean
        except PhotoError as error:
            bars.say(str(error))
        bars.show("encoding", number, len(among))

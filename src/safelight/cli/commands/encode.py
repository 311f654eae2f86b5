"""safelight encode: the latent codes of photos as a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from safelight.batch.plan import Plan
from safelight.cli import autoencoder
from safelight.cli.arguments import (
    PATH,
    autoencoder_option,
    overwrite_option,
    photos_argument,
    refuse_existing,
    size_limit_option,
)
from safelight.cli.batch_output import gather_photos, print_passed
from safelight.errors import PhotoError, shown
from safelight.tasks.autoencode import restore
from safelight.terminal import Bars

EXAMPLES = """
\b
Examples:
  safelight encode photos/ -o codes.csv
  safelight encode photos/ -o codes.npz        np.load("codes.npz")["codes"]
  safelight encode photos/ -o codes.parquet    where pyarrow is installed

Exit status: 0 every photo has its code, 1 some photos failed (one line for each).
"""


@click.command(epilog=EXAMPLES)
@photos_argument
@click.option("-o", "out", required=True, type=PATH, metavar="TABLE", help=".csv, .npz or .parquet")
@autoencoder_option
@overwrite_option
@size_limit_option
def encode(photos: tuple[Path, ...], out: Path, model: str | None, overwrite: bool) -> int:
    """Write the latent code of each photo (or of the photos of a folder), as the autoencoder encodes it."""
    if out.suffix.lower() not in autoencoder.FORMATS:
        raise click.UsageError(f"-o is {out}; expected a name that ends in {', '.join(autoencoder.FORMATS)}")
    refuse_existing(out, overwrite)
    plan = gather_photos(photos)
    vae = autoencoder.open_autoencoder(model)
    with Bars() as bars:
        encoded = autoencoder.write_codes(out, _codes(vae, plan, bars), vae.latent, overwrite)
        print_passed(plan.passed, bars.say)
    failed = len(plan) - encoded
    click.echo(
        f"{out}: codes of {encoded} photos, {vae.latent} numbers each" + (f", {failed} failed" * bool(failed))
    )
    return 1 if failed else 0


def _codes(vae: restore.Autoencoder, plan: Plan, bars: Bars) -> Iterator[tuple[str, restore.Code]]:
    """File name and code of each photo that can be read; the others are reported."""
    for number, job in enumerate(plan, start=1):
        try:
            if job.trouble:
                raise PhotoError(f"{shown(job.photo)}: {job.trouble}")
            yield str(job.photo), vae.posterior(job.photo).mean
        except PhotoError as error:
            bars.say(str(error))
        bars.show("encoding", number, len(plan))

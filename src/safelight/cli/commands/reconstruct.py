"""safelight reconstruct: photos through an autoencoder's code and back."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.cli.given import Place
from safelight.cli.outcomes import PHOTO
from safelight.cli.size_limit import size_limit

if TYPE_CHECKING:
    from safelight.arrays import Srgb
    from safelight.runtime.batch import Job
    from safelight.runtime.plan import Plan
    from safelight.tasks.autoencode.restore import Autoencoder

EXAMPLES = """
\b
Examples:
  safelight reconstruct anna.jpg ben.jpg -o pairs.png     photos above, what came back below
  safelight reconstruct photos/ -o reconstructed/         a file for each photo
  safelight reconstruct anna.jpg -o back/ --full-size     enlarged to the photo's own size

Into a folder a photo goes as PHOTO-reconstructed.png; one that is there already stays.

Exit status: 0 every photo came back, 1 some failed (each said in one line).
"""


@click.command(short_help="Show what a code of few numbers keeps of photos.", epilog=EXAMPLES)
@click.argument("photos", nargs=-1, required=True, type=PHOTO, metavar="PHOTO...")
@click.option(
    "-o",
    "out",
    required=True,
    type=Place(),
    metavar="OUT",
    help="A PNG file, or a folder.",
)
@click.option("--model", metavar="NAME|FILE|RUN", help="A bundled autoencoder, an exported one, or a run.")
@click.option("--full-size", is_flag=True, help="Enlarge to the photo's size (into a folder).")
@click.option("--overwrite", is_flag=True, help="Replace files that are already there.")
@size_limit
def reconstruct(
    photos: tuple[Path, ...], out: str, model: str | None, full_size: bool, overwrite: bool
) -> int:
    """Turn each PHOTO (or the photos of a folder) into its code, a few numbers, and back into a picture."""
    from safelight.cli.autoencoder import open_autoencoder
    from safelight.cli.outcomes import photos_among, plan_jobs, refuse_taken
    from safelight.cli.pictures_out import is_file
    from safelight.runtime.names import COLORED, reconstructed_name

    if is_file(Path(out)) and not out.endswith(("/", os.sep)):
        if full_size:
            raise click.UsageError("--full-size needs a folder: -o FOLDER")
        refuse_taken(Path(out), overwrite)
        among = photos_among(photos)
        return _into_a_file(open_autoencoder(model), among, Path(out), overwrite)
    jobs = plan_jobs(photos, out, (reconstructed_name, *COLORED), overwrite)
    return _into_a_folder(open_autoencoder(model), jobs, full_size, overwrite)


def _into_a_file(vae: "Autoencoder", jobs: "Plan", out: Path, overwrite: bool) -> int:
    """All photos and what came back as one grid; the exit status."""
    from safelight.cli.outcomes import report
    from safelight.cli.pictures_out import write_pictures
    from safelight.runtime.batch import run

    pairs: list[Srgb] = []
    beyond: list[str] = []

    def work(job: "Job") -> tuple[str, ...]:
        pairs.append(pair(vae, job.photo))
        beyond.extend(vae.remarks(job.photo))
        return ()

    def written() -> str:
        words = [write_pictures(pairs, out, overwrite)] if pairs else []
        return "; ".join([*words, *_beyond(beyond)])

    return report(run(jobs, work, overwrite=True), jobs, "reconstructing", "reconstructed", written)


def _into_a_folder(vae: "Autoencoder", jobs: "Plan", full_size: bool, overwrite: bool) -> int:
    """A file for each photo; the exit status."""
    from safelight.cli.outcomes import report
    from safelight.cli.pictures_out import write_pictures
    from safelight.runtime.batch import run

    beyond: list[str] = []

    def work(job: "Job") -> tuple[str, ...]:
        picture = vae.reconstruct(job.photo, full_size)
        write_pictures([picture], job.result.parent, overwrite, names=[job.result.stem])
        beyond.extend(vae.remarks(job.photo))
        return ()

    return report(
        run(jobs, work, overwrite),
        jobs,
        "reconstructing",
        "reconstructed",
        lambda: "; ".join(_beyond(beyond)),
    )


def _beyond(remarks: Sequence[str]) -> list[str]:
    """What there is to know of several photos, in a few words; of one all of it."""
    if len(remarks) < 2:
        return list(remarks)
    return [
        f"{len(remarks)} wider or taller than the photos learned from: what came back beyond means nothing"
    ]


def pair(vae: "Autoencoder", path: Path) -> "Srgb":
    """The photo as the network sees it, and below it what came back."""
    import numpy as np

    from safelight.pixels.files import read_photo
    from safelight.tasks.autoencode.prepare import unframe

    photo = read_photo(path)
    framed = vae.frame(photo)
    return np.vstack([unframe(framed.planes, framed.box), vae.reconstruct(photo)])

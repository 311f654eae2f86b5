"""safelight reconstruct: photos encoded and decoded by an autoencoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from safelight import arrays
from safelight.cli import autoencoder, image_output
from safelight.cli.arguments import (
    TYPED_PATH,
    autoencoder_option,
    ends_as_folder,
    overwrite_option,
    photos_argument,
    refuse_existing,
    size_limit_option,
)
from safelight.cli.batch_output import gather_photos, plan_jobs, report
from safelight.runtime.batch import Job, run
from safelight.runtime.names import COLORED, reconstructed_name
from safelight.runtime.plan import Plan
from safelight.tasks.autoencode import restore

EXAMPLES = """
\b
Examples:
  safelight reconstruct anna.jpg ben.jpg -o pairs.png     photos above, their reconstructions below
  safelight reconstruct photos/ -o reconstructed/         a file for each photo
  safelight reconstruct anna.jpg -o back/ --full-size     enlarged to the photo's own size

In a folder the results are called PHOTO-reconstructed.png; one that already exists is not replaced.

Exit status: 0 every photo was reconstructed, 1 some photos failed (one line for each).
"""


@click.command(epilog=EXAMPLES)
@photos_argument
@click.option("-o", "out", required=True, type=TYPED_PATH, metavar="OUT", help="A PNG file, or a folder.")
@autoencoder_option
@click.option("--full-size", is_flag=True, help="Enlarge to the photo's size (into a folder).")
@overwrite_option
@size_limit_option
def reconstruct(
    photos: tuple[Path, ...], out: str, model: str | None, full_size: bool, overwrite: bool
) -> int:
    """Encode each photo (or the photos of a folder) as a latent code, a few numbers, and decode it again."""
    if image_output.is_file(Path(out)) and not ends_as_folder(out):
        if full_size:
            raise click.UsageError("--full-size needs a folder: -o FOLDER")
        refuse_existing(Path(out), overwrite)
        plan = gather_photos(photos)
        return _into_a_file(autoencoder.open_autoencoder(model), plan, Path(out), overwrite)
    jobs = plan_jobs(photos, out, (reconstructed_name, *COLORED), overwrite)
    return _into_a_folder(autoencoder.open_autoencoder(model), jobs, full_size, overwrite)


def _into_a_file(vae: restore.Autoencoder, jobs: Plan, out: Path, overwrite: bool) -> int:
    """All photos and their reconstructions as one grid; the exit status."""
    pairs: list[arrays.Srgb] = []
    remarks: list[str] = []

    def reconstruct_job(job: Job) -> tuple[str, ...]:
        pairs.append(autoencoder.with_reconstruction(vae, job.photo))
        remarks.extend(vae.remarks(job.photo))
        return ()

    def detail() -> str:
        written = [image_output.write_pictures(pairs, out, overwrite)] if pairs else []
        return "; ".join([*written, *_summed_up(remarks)])

    outcomes = run(jobs, reconstruct_job, overwrite=True)
    return report(outcomes, jobs, "reconstructing", "reconstructed", detail)


def _into_a_folder(vae: restore.Autoencoder, jobs: Plan, full_size: bool, overwrite: bool) -> int:
    """A file for each photo; the exit status."""
    remarks: list[str] = []

    def reconstruct_job(job: Job) -> tuple[str, ...]:
        picture = vae.reconstruct(job.photo, full_size)
        image_output.write_pictures([picture], job.result.parent, overwrite, names=[job.result.stem])
        remarks.extend(vae.remarks(job.photo))
        return ()

    outcomes = run(jobs, reconstruct_job, overwrite)
    return report(outcomes, jobs, "reconstructing", "reconstructed", lambda: "; ".join(_summed_up(remarks)))


def _summed_up(remarks: Sequence[str]) -> list[str]:
    """The remark on one photo as it is; those on several photos in a few words."""
    if len(remarks) < 2:
        return list(remarks)
    return [
        f"{len(remarks)} wider or taller than the photos learned from: what came back beyond means nothing"
    ]

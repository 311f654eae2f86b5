"""safelight reconstruct: photos encoded and decoded by an autoencoder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from safelight import arrays
from safelight.batch import pictures
from safelight.batch import reconstruct as batch_reconstruct
from safelight.batch.plan import Plan
from safelight.batch.run import run
from safelight.batch.work import Job, Manner, Report, order_of
from safelight.cli import autoencoder
from safelight.cli.archives import Archives, archive_options
from safelight.cli.arguments import (
    TYPED_PATH,
    asked_labels,
    autoencoder_option,
    ends_as_folder,
    label_options,
    overwrite_option,
    photos_argument,
    refuse_existing,
    refuse_replacing,
    size_limit_option,
    workers_option,
)
from safelight.cli.batch_output import gather_photos, plan_jobs, report, work_off
from safelight.runtime import begun, modelfile
from safelight.runtime.names import COLORED, reconstructed_name
from safelight.tasks.autoencode import task

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
@label_options
@overwrite_option
@workers_option
@size_limit_option
@archive_options
def reconstruct(
    photos: tuple[Path, ...],
    out: str,
    model: str | None,
    full_size: bool,
    overwrite: bool,
    archives: Archives,
) -> int:
    """Encode each photo (or the photos of a folder) as a latent code, a few numbers, and decode it again."""
    if pictures.is_file(Path(out)) and not ends_as_folder(out):
        if full_size:
            raise click.UsageError("--full-size needs a folder: -o FOLDER")
        refuse_existing(Path(out), overwrite)
        archives.check(())
        plan = gather_photos(photos)
        refuse_replacing(Path(out), [job.photo for job in plan])
        return _into_a_file(autoencoder.model_of(model), plan, Path(out), overwrite)
    jobs = plan_jobs(photos, out, (reconstructed_name, *COLORED), overwrite)
    encoder, decoder = (f"{model or task.TASK.bundled}{half}" for half in modelfile.HALVES)
    with begun.begun([(encoder, "encode"), (decoder, "decode")], 1, alone=len(jobs) == 1):
        settings = batch_reconstruct.ReconstructSettings(
            autoencoder.model_of(model), full_size, **asked_labels()
        )
        order = order_of("reconstruct", settings, Manner(overwrite))
        words = "reconstructing", "reconstructed"
        return work_off(jobs, order, photos, out, archives, *words, batch_reconstruct.summed_up)


def _into_a_file(model: str, jobs: Plan, out: Path, overwrite: bool) -> int:
    """All photos and their reconstructions as one grid; the exit status."""
    order = order_of("pairs", pictures.PairsSettings(model, **asked_labels()))
    vae = autoencoder.open_autoencoder(model)
    pairs: dict[Path, arrays.Srgb] = {}

    def reconstruct_job(job: Job) -> Report:
        pairs[job.photo] = pictures.pair(vae, job.photo)
        return Report(facts={"beyond": vae.remarks(job.photo)})

    def detail(reports: Iterable[Report]) -> str:
        beyond = batch_reconstruct.summed_up(reports)  # first: it takes them as they come
        return "; ".join(filter(None, [*write(), beyond]))

    def write() -> list[str]:
        photos = [job.photo for job in jobs if job.photo in pairs]
        if not photos:
            return []
        columns, mark = pictures.columns_of(order, len(photos)), pictures.PictureMarker(order, vae, photos)
        return [pictures.write_pictures([pairs[photo] for photo in photos], out, overwrite, columns, mark)]

    outcomes = run(jobs, reconstruct_job, overwrite=True)
    return report(outcomes, jobs, "reconstructing", "reconstructed", detail)

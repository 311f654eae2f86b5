"""safelight scratches: detection of scratches, cracks and dust, written as a mask."""

from __future__ import annotations

from pathlib import Path

import click

from safelight import arrays
from safelight.cli import overlays
from safelight.cli.arguments import (
    TYPED_PATH,
    dry_run_option,
    model_option,
    overwrite_option,
    photos_argument,
    preview_option,
    sensitivity_option,
    size_limit_option,
)
from safelight.cli.batch_output import plan_jobs, print_plan, report
from safelight.masks import files as mask_files
from safelight.pixels import files
from safelight.runtime.batch import Job, room_for, run
from safelight.runtime.names import filled_name, mask_name, preview_name, repaired_name, result_name
from safelight.tasks.scratches import restore, ridge_filter

EXAMPLES = """
\b
Examples:
  safelight scratches portrait.jpg                     writes portrait-mask.png, white on the damage
  safelight scratches portrait.jpg -o mask.png --sensitivity 0.7
  safelight scratches portrait.jpg --grow 3            wider, for safelight fill: the edge of damage is soft
  safelight scratches portrait.jpg --method ridge --dark
  safelight scratches scans/ -o masks/                 a whole folder; run it again to continue

By default undamaged photos stay unmarked, and faint damage is missed: --sensitivity 0.8 finds more, and marks
more that is sound. Check the mask before you fill it (--preview), and correct it in any paint program: what is
white will be replaced. Stains are not detected: paint them into the mask. The ridge filter does not know what a
picture shows, and marks wires, letters and lace too.

Exit status: 0 every photo has its mask, 1 some photos failed (one line for each), 2 wrong usage, 130 stopped.
"""
MIN_PERCENT = 0.1  # smaller shares are not given in figures


@click.command(epilog=EXAMPLES)
@photos_argument
@click.option(
    "-o", "out", type=TYPED_PATH, metavar="MASK", help="A .png for one photo, or a folder (FOLDER/)."
)
@sensitivity_option
@click.option(
    "--method",
    type=click.Choice(["auto", "network", "ridge"]),
    default="auto",
    show_default=True,
    help="network: learned; ridge: a filter for thin lines; auto: the network if a model is bundled.",
)
@model_option
@click.option("--dark", is_flag=True, help="Ridge filter: also look for dark scratches, as the network does.")
@click.option("--no-dust", is_flag=True, help="Ignore specks.")
@click.option(
    "--grow",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    metavar="N",
    help="Grow the mask by N pixels; 3 covers the soft edge of most damage.",
)
@preview_option
@overwrite_option
@dry_run_option
@size_limit_option
def scratches(
    photos: tuple[Path, ...],
    out: str | None,
    sensitivity: float,
    method: restore.FindMethod,
    model: str | None,
    dark: bool,
    no_dust: bool,
    grow: int,
    preview: bool,
    overwrite: bool,
    dry_run: bool,
) -> int:
    """Detect scratches, cracks and dust in photos: a mask of the same size, white = damaged, for safelight fill."""
    names = (mask_name, filled_name, repaired_name, result_name, preview_name)
    jobs = plan_jobs(photos, out, names, overwrite)
    if dry_run:
        return print_plan(jobs, overwrite)
    settings = ridge_filter.ScratchSettings(sensitivity, dark=dark, dust=not no_dust, margin=grow)
    finder = restore.load_finder(model)

    def find_job(job: Job) -> tuple[str, ...]:
        photo = files.read_photo(job.photo)
        found = finder.find(photo.pixels, settings, method)
        mask_files.write_mask(room_for(job.result), found.mask, overwrite=overwrite)
        if not found.mask.any():
            return (f"nothing was marked {found.title}: the mask is empty; --sensitivity 0.8 looks harder",)
        previewed = (overlays.write_preview(job, photo.pixels, found.mask > 0),) if preview else ()
        return (f"marked {damaged_share(found.mask)} of the photo as damaged {found.title}", *previewed)

    return report(run(jobs, find_job, overwrite), jobs, "looking", "marked")


def damaged_share(mask: arrays.Mask) -> str:
    """The marked share of a photo, "3.2 %", with as many digits as it takes not to be 0."""
    percent = 100 * float((mask > 0).mean())
    return f"{percent:.1f} %" if percent >= MIN_PERCENT else f"less than {MIN_PERCENT:g} %"

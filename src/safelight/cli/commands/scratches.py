"""safelight scratches: detection of scratches, cracks and dust, written as a mask."""

from __future__ import annotations

from pathlib import Path

import click

from safelight.batch import scratches as batch_scratches
from safelight.batch.work import Manner, order_of
from safelight.cli.archives import Archives, archive_options
from safelight.cli.arguments import (
    TYPED_PATH,
    dry_run_option,
    edges_option,
    model_option,
    overwrite_option,
    photos_argument,
    preview_option,
    refuse_idle,
    sensitivity_option,
    size_limit_option,
    workers_option,
)
from safelight.cli.batch_output import plan_jobs, print_plan, work_off
from safelight.runtime import begun
from safelight.runtime.names import filled_name, mask_name, preview_name, repaired_name, result_name
from safelight.tasks.scratches import restore, task

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


@click.command(epilog=EXAMPLES)
@photos_argument
@click.option(
    "-o", "out", type=TYPED_PATH, metavar="MASK", help="A .png for one photo, or a folder (FOLDER/)."
)
@sensitivity_option
@edges_option
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
@workers_option
@dry_run_option
@size_limit_option
@archive_options
def scratches(
    photos: tuple[Path, ...],
    out: str | None,
    sensitivity: float,
    edges: bool,
    method: restore.FindMethod,
    model: str | None,
    dark: bool,
    no_dust: bool,
    grow: int,
    preview: bool,
    overwrite: bool,
    dry_run: bool,
    archives: Archives,
) -> int:
    """Detect scratches, cracks and dust in photos: a mask of the same size, white = damaged, for safelight fill.

    Each page of a TIFF has a mask of its own: NAME-mask.png, NAME-2-mask.png.
    """
    if method == "network":
        refuse_idle(["dark"], "the network looks for dark scratches anyway")
    elif method == "ridge":
        refuse_idle(["edges", "model"], "it is for the network, and --method is ridge")
    names = (mask_name, filled_name, repaired_name, result_name, preview_name)
    jobs = plan_jobs(photos, out, names, overwrite)
    if dry_run:
        return print_plan(jobs, overwrite)
    with begun.begun([(model or task.TASK.bundled, "scratches")], 1, alone=len(jobs) == 1):
        settings = batch_scratches.ScratchesSettings(model, sensitivity, method, dark, no_dust, grow, edges)
        order = order_of("scratches", settings, Manner(overwrite, preview))
        return work_off(jobs, order, photos, out, archives, "looking", "marked")

"""safelight fill: inpainting of what a mask marks as missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from safelight.batch import beside
from safelight.batch import fill as batch_fill
from safelight.batch.work import Manner, order_of
from safelight.cli.archives import Archives, archive_options
from safelight.cli.arguments import (
    PATH,
    Finite,
    asked_labels,
    dry_run_option,
    grain_option,
    label_options,
    model_option,
    out_option,
    overwrite_option,
    pages_option,
    photos_argument,
    preview_option,
    size_limit_option,
    tiff_option,
    workers_option,
)
from safelight.cli.batch_output import plan_jobs, print_plan, work_off
from safelight.cli.engines import engine_options, in_shard
from safelight.cli.inputs import dry_run_note, infrared_for, infrared_option
from safelight.cli.projects import project_option, replayed
from safelight.masks import files as mask_files
from safelight.pixels import tiff_packing
from safelight.runtime import begun
from safelight.runtime.names import (
    filled_name,
    mask_name,
    preview_name,
    repaired_name,
    result_name,
)
from safelight.tasks.inpaint import restore, task

EXAMPLES = """
\b
Examples:
  safelight fill portrait.jpg --mask damage.png          writes portrait-filled.png
  safelight fill portrait.jpg --mask damage.png --grow 2 --feather 3
  safelight fill scans/ --mask masks/ -o mended/         masks/NAME.png or masks/NAME-mask.png for NAME,
                                                         masks/1920/NAME.png for scans/1920/NAME
  safelight fill portrait.jpg                            with portrait-mask.png, if that lies beside it
  safelight fill portrait.jpg --preview                  and portrait-preview.jpg: what was replaced, in red
  safelight fill slide.tif --infrared auto --grow 2      what the scan's infrared channel shows as damaged
  safelight fill portrait.jpg --project portrait.safelight.json    what was decided in safelight darkroom
  safelight fill cut.png --missing erased                its transparent pixels are the mask

A mask is a picture of the size of the photo in which white marks what is missing (--missing changes this).
safelight scratches makes one. The mask of a TIFF's page 2 is NAME-2-mask.png, or page 2 of a TIFF of masks. Pixels
outside the mask are not changed at all, which a JPEG cannot store: the results of JPEG photos are PNG files unless -o
names a .jpg (NAME-jpg-filled.png if there is a NAME.png too).
The edge of damage is soft: if traces remain, --grow 2 covers them.

Exit status: 0 every photo has its result, 1 some photos failed (one line for each), 2 wrong usage, 130 stopped.
"""


@click.command(epilog=EXAMPLES)
@photos_argument
@click.option("--mask", type=PATH, metavar="FILE|FOLDER", help="The mask, or a folder of masks.")
@infrared_option
@click.option(
    "--missing",
    type=click.Choice(["auto", "white", "black", "painted", "erased"]),
    default="auto",
    show_default=True,
    help="What marks the damage in the mask; painted: opaque pixels; erased: transparent pixels.",
)
@click.option("--grow", type=Finite(0), default=0, metavar="N", help="Grow the holes by N pixels.")
@click.option("--feather", type=Finite(0), default=0, metavar="N", help="Fade into the photo over N pixels.")
@grain_option
@out_option
@click.option(
    "--method",
    type=click.Choice(["auto", "model", "biharmonic", "telea"]),
    default="auto",
    show_default=True,
    help="auto: biharmonic (a smooth surface) for thin damage, the model for the rest; telea: from the edges inward.",
)
@model_option
@project_option
@preview_option
@label_options
@pages_option
@tiff_option
@overwrite_option
@workers_option
@dry_run_option
@engine_options
@size_limit_option
@archive_options
def fill(
    photos: tuple[Path, ...],
    mask: Path | None,
    infrared: str | None,
    missing: mask_files.Missing,
    grow: float,
    feather: float,
    grain: float,
    out: str | None,
    method: restore.Method,
    model: str | None,
    project: Path | None,
    preview: bool,
    pages: str,
    tiff: tiff_packing.Packing,
    overwrite: bool,
    dry_run: bool,
    archives: Archives,
) -> int:
    """Fill the missing parts of photos (inpainting), or of folders recursively (OUT is skipped).

    The result has the size, bit depth, alpha and metadata of the photo. The method that filled it is reported.
    """
    names = (filled_name, mask_name, repaired_name, result_name, preview_name)
    jobs, seen_by = infrared_for(plan_jobs(photos, out, names, overwrite, mask), infrared, mask)
    jobs = in_shard(jobs)
    if missing == "erased":
        jobs = beside.with_own_masks(jobs)
    if dry_run:
        return print_plan(
            jobs,
            overwrite,
            [
                dry_run_note(job.mask, ", by its infrared" if seen_by else " (has no mask: would fail)")
                for job in jobs
            ],
        )
    with begun.begun([(model or task.TASK.bundled, "fill")], 1, alone=len(jobs) == 1):
        settings = batch_fill.FillSettings(
            model,
            method,
            missing,
            grow,
            feather,
            pages=pages,
            tiff=tiff,
            infrared=seen_by,
            grain=grain,
            **asked_labels(),
        )
        manner = Manner(overwrite, preview)
        order = order_of("fill", settings, manner)
        if project:
            jobs, order = replayed("fill", project, jobs, manner, model)
            order = replace(
                order, settings={**order.settings, **asked_labels(), "pages": pages, "tiff": tiff}
            )
        return work_off(
            jobs, order, photos, out, archives, "filling", "filled", left_because="no mask, or an empty one"
        )

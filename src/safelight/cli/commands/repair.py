"""safelight repair: scratches are detected and inpainted, and on request the photo is colorized."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import click

from safelight.batch import beside
from safelight.batch import repair as batch_repair
from safelight.batch.work import Manner, order_of
from safelight.cli.archives import Archives, archive_options
from safelight.cli.arguments import (
    PATH,
    Finite,
    asked_labels,
    dry_run_option,
    edges_option,
    grain_option,
    label_options,
    out_option,
    overwrite_option,
    pages_option,
    photos_argument,
    preview_option,
    refuse_idle,
    sensitivity_option,
    size_limit_option,
    tiff_option,
    workers_option,
)
from safelight.cli.batch_output import plan_jobs, print_plan, work_off
from safelight.cli.engines import engine_options, in_shard
from safelight.cli.inputs import (
    dry_run_note,
    infrared_for,
    infrared_option,
    read_hint_file,
)
from safelight.cli.projects import project_option, replayed
from safelight.pixels import tiff_packing
from safelight.runtime import begun, modelfile
from safelight.runtime.names import filled_name, mask_name, preview_name, repaired_name, result_name
from safelight.tasks.inpaint import restore as inpainting
from safelight.tasks.inpaint import task as inpaint
from safelight.tasks.scratches import restore as detection
from safelight.tasks.scratches import task as scratches

EXAMPLES = """
\b
Examples:
  safelight repair portrait.jpg                          detect and fill scratches: portrait-repaired.png
  safelight repair portrait.jpg --keep-mask              the same, and portrait-mask.png to check and correct:
                                                         a mask beside the photo is used instead of detection
  safelight repair portrait.jpg --preview                the same, and portrait-preview.jpg: the mask in red
  safelight repair portrait.jpg --mask corrected.png     with a mask of your own
  safelight repair slide.tif --infrared auto             dust and scratches by the scan's infrared channel
  safelight repair portrait.jpg --color --hints dress.json -o portrait-new.png
  safelight repair portrait.jpg --project portrait.safelight.json    what was decided in safelight darkroom
  safelight repair scans/ -o mended/ --sensitivity 0.2   a whole folder, only obvious scratches

Only clear damage is marked, so that undamaged photos stay whole; faint damage is missed (--sensitivity 0.8 finds
more, and marks good parts too). Stains are not detected: paint them into a mask. The detected mask is grown by two
pixels or more, because the edge of damage is soft, and filled by the network, which leaves the fewest smudges on
real tears.

Pixels outside the mask are not changed at all, which a JPEG cannot store: the results of JPEG photos are PNG files
unless -o names a .jpg. PNG, TIFF and WebP photos keep their format; WebP is written lossless.

Exit status: 0 every photo has its result, 1 some photos failed (one line for each), 2 wrong usage, 130 stopped.
"""
DETECTORS = ("network", "ridge")  # of --find; --method once meant these


@click.command(epilog=EXAMPLES)
@photos_argument
@out_option
@click.option(
    "--mask", type=PATH, metavar="FILE|FOLDER", help="A mask of the damage (white), instead of detection."
)
@infrared_option
@sensitivity_option
@edges_option
@click.option(
    "--find",
    type=click.Choice(["auto", *DETECTORS]),
    default="auto",
    show_default=True,
    help="How damage is detected. network: learned; ridge: a filter for thin lines; auto: the network.",
)
@click.option(
    "--grow",
    type=Finite(0),
    metavar="N",
    help="Grow the mask by N pixels.  [default: 2 or more, with the photo's size; 0 for a mask of yours]",
)
@click.option(
    "--method",
    type=click.Choice(["auto", "model", "biharmonic", "telea", *DETECTORS]),
    default="model",
    show_default=True,
    metavar="[auto|model|biharmonic|telea]",
    help="How the mask is filled, as in safelight fill.",
)
@grain_option
@click.option(
    "--keep-mask",
    is_flag=True,
    help="Write the detected mask as NAME-mask.png; NAME is the photo's, or that of -o in another folder.",
)
@preview_option
@click.option("--color", is_flag=True, help="Colorize the repaired photo.")
@click.option("--hints", "hint_file", type=PATH, metavar="FILE", help="A file of hints, for --color.")
@project_option
@label_options
@pages_option
@tiff_option
@overwrite_option
@workers_option
@dry_run_option
@engine_options
@size_limit_option
@archive_options
def repair(
    photos: tuple[Path, ...],
    out: str | None,
    mask: Path | None,
    infrared: str | None,
    sensitivity: float,
    edges: bool,
    find: detection.FindMethod,
    grow: float | None,
    method: str,
    grain: float,
    keep_mask: bool,
    preview: bool,
    color: bool,
    hint_file: Path | None,
    project: Path | None,
    pages: str,
    tiff: tiff_packing.Packing,
    overwrite: bool,
    dry_run: bool,
    archives: Archives,
) -> int:
    """Repair photos: detect scratches, fill them, and with --color colorize the result.

    The result of a JPEG is a PNG, so that all other pixels keep their values; name it -o NAME.jpg if you want a JPEG.
    """
    if hint_file and not color:
        raise click.UsageError("--hints are hints of color; give --color too")
    if mask is not None:
        refuse_idle(
            ["sensitivity", "edges", "find", "keep_mask"],
            "nothing is detected where --mask says what is damaged",
        )
    if find == "ridge":
        refuse_idle(["edges"], "it is for the network, and --find is ridge")
    names = (repaired_name, mask_name, filled_name, result_name, preview_name)
    jobs, seen_by = infrared_for(plan_jobs(photos, out, names, overwrite, mask), infrared, mask)
    jobs = in_shard(jobs)
    if mask is None and keep_mask and not seen_by:
        jobs = batch_repair.with_kept_masks(jobs)
    if dry_run:
        without = " (has no mask: would fail)" if mask else ", by its infrared" if seen_by else ""
        return print_plan(jobs, overwrite, [dry_run_note(job.mask, without) for job in jobs])
    if method in DETECTORS:  # as --find was called before
        method, find = "model", cast("detection.FindMethod", method)
    hint_set = read_hint_file(hint_file) if hint_file else None
    if color:
        jobs = beside.with_hints(jobs)
    models = [(scratches.TASK.bundled, "scratches"), (inpaint.TASK.bundled, "fill")]
    if color:
        models.append((modelfile.MODEL, "colorize"))
    with begun.begun(models, 1, alone=len(jobs) == 1):
        settings = batch_repair.RepairSettings(
            sensitivity,
            find,
            grow,
            cast("inpainting.Method", method),
            color,
            None if hint_set is None else hint_set.to_json(),
            pages=pages,
            grain=grain,
            tiff=tiff,
            infrared=seen_by,
            edges=edges,
            **asked_labels(),
        )
        manner = Manner(overwrite, preview, keep_mask)
        order = order_of("repair", settings, manner)
        if project:
            jobs, order = replayed("repair", project, jobs, manner)
            order = replace(
                order, settings={**order.settings, **asked_labels(), "pages": pages, "tiff": tiff}
            )
        return work_off(jobs, order, photos, out, archives, "repairing", "repaired", batch_repair.summed_up)

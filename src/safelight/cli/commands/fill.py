"""safelight fill: inpainting of what a mask marks as missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from safelight.cli import image_output, overlays
from safelight.cli.arguments import (
    PATH,
    Finite,
    dry_run_option,
    model_option,
    out_option,
    overwrite_option,
    photos_argument,
    preview_option,
    size_limit_option,
)
from safelight.cli.batch_output import plan_jobs, print_plan, report
from safelight.cli.inputs import dry_run_note, mask_remarks, masks_for
from safelight.errors import PhotoError
from safelight.masks import edit
from safelight.masks import files as mask_files
from safelight.pixels import files
from safelight.runtime.batch import Job, run
from safelight.runtime.names import (
    filled_name,
    mask_name,
    preview_name,
    repaired_name,
    result_name,
)
from safelight.runtime.plan import Found
from safelight.tasks.inpaint import restore

EXAMPLES = """
\b
Examples:
  safelight fill portrait.jpg --mask damage.png          writes portrait-filled.png
  safelight fill portrait.jpg --mask damage.png --grow 2 --feather 3
  safelight fill scans/ --mask masks/ -o mended/         masks/NAME.png or masks/NAME-mask.png for NAME,
                                                         masks/1920/NAME.png for scans/1920/NAME
  safelight fill portrait.jpg                            with portrait-mask.png, if that lies beside it
  safelight fill portrait.jpg --preview                  and portrait-preview.jpg: what was replaced, in red
  safelight fill cut.png --missing erased                its transparent pixels are the mask

A mask is a picture of the size of the photo in which white marks what is missing (--missing changes this).
safelight scratches makes one. Pixels outside the mask are not changed at all, which a JPEG cannot store: the
results of JPEG photos are PNG files unless -o names a .jpg (NAME-jpg-filled.png if there is a NAME.png too).
The edge of damage is soft: if traces remain, --grow 2 covers them.

Exit status: 0 every photo has its result, 1 some photos failed (one line for each), 2 wrong usage, 130 stopped.
"""


@dataclass(frozen=True)
class Options:
    """What holds for all photos of a call. missing: how masks are read. grow, feather: pixels."""

    filler: restore.Filler
    method: restore.Method
    missing: mask_files.Missing
    grow: float
    feather: float
    preview: bool
    overwrite: bool


@click.command(epilog=EXAMPLES)
@photos_argument
@click.option("--mask", type=PATH, metavar="FILE|FOLDER", help="The mask, or a folder of masks.")
@click.option(
    "--missing",
    type=click.Choice(["auto", "white", "black", "painted", "erased"]),
    default="auto",
    show_default=True,
    help="What marks the damage in the mask; painted: opaque pixels; erased: transparent pixels.",
)
@click.option("--grow", type=Finite(0), default=0, metavar="N", help="Grow the holes by N pixels.")
@click.option("--feather", type=Finite(0), default=0, metavar="N", help="Fade into the photo over N pixels.")
@out_option
@click.option(
    "--method",
    type=click.Choice(["auto", "model", "biharmonic", "telea"]),
    default="auto",
    show_default=True,
    help="auto: biharmonic (a smooth surface) for thin damage, the model for the rest; telea: from the edges inward.",
)
@model_option
@preview_option
@overwrite_option
@dry_run_option
@size_limit_option
def fill(
    photos: tuple[Path, ...],
    mask: Path | None,
    missing: mask_files.Missing,
    grow: float,
    feather: float,
    out: str | None,
    method: restore.Method,
    model: str | None,
    preview: bool,
    overwrite: bool,
    dry_run: bool,
) -> int:
    """Fill the missing parts of photos (inpainting), or of folders recursively (OUT is skipped).

    The result has the size, bit depth, alpha and metadata of the photo. The method that filled it is reported.
    """
    names = (filled_name, mask_name, repaired_name, result_name, preview_name)
    jobs = plan_jobs(photos, out, names, overwrite, mask)
    masks = masks_for(jobs, mask)
    if missing == "erased":
        masks = {photo: found if found.file else Found(photo) for photo, found in masks.items()}
    if dry_run:
        return print_plan(
            jobs, overwrite, [dry_run_note(masks[job.photo], " (has no mask: would fail)") for job in jobs]
        )
    options = Options(restore.load_filler(model), method, missing, grow, feather, preview, overwrite)

    def fill_job(job: Job) -> Sequence[str]:
        found = masks[job.photo]
        remarks = () if found.file == job.photo else mask_remarks(found, mask)
        return (*remarks, *_fill_one(job, found, options))

    return report(run(jobs, fill_job, overwrite), jobs, "filling", "filled")


def _fill_one(job: Job, mask: Found, options: Options) -> Sequence[str]:
    """One photo from file to file; what was done, and what could not be kept of it."""
    photo = files.read_photo(job.photo, native=True)
    if mask.file is None:
        raise PhotoError(
            "; ".join(("has no mask; give --mask, or make one with safelight scratches", *mask.remarks))
        )
    marked = mask_files.read_mask(mask.file, photo.size, options.missing)
    remarks = [*photo.remarks, *marked.remarks]
    if options.preview:
        hole = edit.grow(marked.hole, options.grow + options.feather)
        remarks.append(overlays.write_preview(job, photo.pixels, hole))
    filled = options.filler.fill(
        photo, marked.hole, options.method, options.grow, options.feather, in_place=True
    )
    result = (
        image_output.made_opaque(filled.photo, marked.hole) if options.missing == "erased" else filled.photo
    )
    return (
        *remarks,
        options.filler.remark(filled.used, options.method),
        *image_output.write_lossless(job.result, result, options.overwrite),
    )

"""safelight fill: what a mask marks as missing is filled."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.cli.given import Finite, Place
from safelight.cli.given_masks import masks_of, note_of, told_of
from safelight.cli.outcomes import PHOTO, plan_jobs, report, tell_jobs
from safelight.cli.size_limit import size_limit

if TYPE_CHECKING:
    from safelight.masks.files import Missing
    from safelight.masks.shapes import Hole
    from safelight.pixels.files import Photo
    from safelight.runtime.batch import Job
    from safelight.runtime.beside import Found
    from safelight.tasks.inpaint.restore import Filler, Method

EXAMPLES = """
\b
Examples:
  safelight fill portrait.jpg --mask damage.png          writes portrait-filled.png
  safelight fill portrait.jpg --mask damage.png --grow 2 --feather 3
  safelight fill scans/ --mask masks/ -o mended/         masks/NAME.png or masks/NAME-mask.png for NAME,
                                                         masks/1920/NAME.png for scans/1920/NAME
  safelight fill portrait.jpg                            with portrait-mask.png, if that lies beside it
  safelight fill portrait.jpg --preview                  and portrait-preview.jpg: what was replaced, in red
  safelight fill cut.png --missing erased                with what is transparent in it for its mask

A mask is a picture of the photo's size in which white is what is missing (--missing says otherwise). Every
pixel outside the mask stays as it is, bit by bit, which a JPEG cannot hold: unless -o names a .jpg, results
of JPEG photos are PNG files (NAME-jpg-filled.png where there is a NAME.png too). safelight scratches makes a
mask. Damage has a soft rim: where smudges stay, --grow 2 covers it.

Exit status: 0 every photo has its result, 1 some failed (each said in one line), 2 wrong usage, 130 stopped.
"""


PREVIEW_HELP = "Also write NAME-preview.jpg: the photo with the mask in red, small places in rings."


@click.command(short_help="Fill what a mask marks as missing.", epilog=EXAMPLES)
@click.argument("photos", nargs=-1, required=True, type=PHOTO, metavar="PHOTO...")
@click.option(
    "--mask", type=Place(path_type=Path), metavar="FILE|FOLDER", help="The mask, or a folder of masks."
)
@click.option(
    "--missing",
    type=click.Choice(["auto", "white", "black", "painted", "erased"]),
    default="auto",
    show_default=True,
    help="What in the mask marks the damage; painted and erased: what is opaque, or transparent.",
)
@click.option("--grow", type=Finite(0), default=0, metavar="N", help="Grow the holes by N pixels.")
@click.option("--feather", type=Finite(0), default=0, metavar="N", help="Fade into the photo over N pixels.")
@click.option("-o", "out", type=Place(), metavar="OUT", help="A file for one photo, or a folder (FOLDER/).")
@click.option(
    "--method",
    type=click.Choice(["auto", "model", "biharmonic", "telea"]),
    default="auto",
    show_default=True,
    help="auto: thin damage by biharmonic (a smooth surface), the rest by the model; telea: from the edges inward.",
)
@click.option("--model", metavar="NAME|FILE", help="A bundled model (safelight models) or a MODEL.onnx.")
@click.option("--preview", is_flag=True, help=PREVIEW_HELP)
@click.option("--overwrite", is_flag=True, help="Replace results that are already there.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@size_limit
def fill(
    photos: tuple[Path, ...],
    mask: Path | None,
    missing: "Missing",
    grow: float,
    feather: float,
    out: str | None,
    method: "Method",
    model: str | None,
    preview: bool,
    overwrite: bool,
    dry_run: bool,
) -> int:
    """Fill what is missing in each PHOTO: files, and folders with their subfolders; OUT itself is skipped.

    The result has the photo's own size, bit depth, alpha and metadata. It is said which method filled it.
    """
    from safelight.runtime.batch import run
    from safelight.runtime.beside import Found
    from safelight.runtime.names import (
        filled_name,
        mask_name,
        preview_name,
        repaired_name,
        result_name,
    )
    from safelight.tasks.inpaint.restore import load_filler

    names = (filled_name, mask_name, repaired_name, result_name, preview_name)
    jobs = plan_jobs(photos, out, names, overwrite, mask)
    masks = masks_of(jobs, mask)
    if missing == "erased":
        masks = {photo: own if own.file else Found(photo) for photo, own in masks.items()}
    if dry_run:
        return tell_jobs(
            jobs, overwrite, [note_of(masks[job.photo], " (has no mask: would fail)") for job in jobs]
        )
    filler = load_filler(model)

    def work(job: "Job") -> Sequence[str]:
        own = masks[job.photo]
        done = _fill_one(filler, job, own, missing, (grow, feather), method, preview, overwrite)
        return (*(told_of(own, mask) if own.file != job.photo else ()), *done)

    return report(run(jobs, work, overwrite), jobs, "filling", "filled")


def _fill_one(
    filler: "Filler",
    job: "Job",
    mask: "Found",
    missing: "Missing",
    edge: tuple[float, float],
    method: "Method",
    preview: bool,
    overwrite: bool,
) -> Sequence[str]:
    """One photo from file to file; what was done, and what could not be kept of it."""
    from safelight.errors import PhotoError
    from safelight.masks.files import read_mask
    from safelight.pixels.files import read_photo

    photo = read_photo(job.photo, native=True)
    if mask.file is None:
        raise PhotoError(
            "; ".join(("has no mask; give --mask, or make one with safelight scratches", *mask.remarks))
        )
    marked = read_mask(mask.file, photo.size, missing)
    looked = preview_of(job, photo, _grown(marked.hole, sum(edge))) if preview else ()
    filled = filler.fill(photo, marked.hole, method, *edge, in_place=True)
    result = _opaque(filled.photo, marked.hole) if missing == "erased" else filled.photo
    return (
        *photo.remarks,
        *marked.remarks,
        *looked,
        filler.remark(filled.used, method),
        *write_lossless(job.result, result, overwrite),
    )


def preview_of(job: "Job", photo: "Photo", hole: "Hole") -> tuple[str]:
    """Write the photo's preview beside its result; what there is to say of it."""
    from safelight.cli.preview import write_preview
    from safelight.runtime.batch import room_for
    from safelight.runtime.names import preview_name

    path = room_for(job.result.with_name(job.name(preview_name)))
    return (write_preview(path, photo.pixels, hole),)


def _grown(hole: "Hole", pixels: float) -> "Hole":
    from safelight.masks.edit import grow

    return grow(hole, pixels)


def _opaque(photo: "Photo", hole: "Hole") -> "Photo":
    """The photo with nothing transparent where it was filled."""
    import numpy as np

    if photo.alpha is None:
        return photo
    alpha = photo.alpha.copy()
    alpha[hole] = np.iinfo(alpha.dtype).max
    return replace(photo, alpha=alpha)


def write_lossless(path: Path, photo: "Photo", overwrite: bool) -> tuple[str, ...]:
    """Write the photo so that its pixels come back bit by bit; remarks on what the format cannot hold."""
    from safelight.pixels.files import write_remarked
    from safelight.runtime.batch import room_for
    from safelight.runtime.names import LOSSY

    quality = 100 if path.suffix.lower() == ".webp" else 95
    remarks = write_remarked(room_for(path), photo, overwrite=overwrite, quality=quality)
    if path.suffix.lower() in LOSSY:
        kind = ".tif" if photo.native and photo.native.mode == "CMYK" else ".png"
        remarks += (f"a JPEG changes every pixel a little; write a {kind} to keep the rest bit by bit",)
    return remarks

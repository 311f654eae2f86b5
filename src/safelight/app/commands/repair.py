"""safelight repair: scratches are found and filled, and the photo is given its color if that is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.app.commands.fill import write_lossless
from safelight.app.given_hints import hints_for, read_hint_file
from safelight.app.given_masks import masks_of, note_of, told_of
from safelight.app.outcomes import PHOTO, plan_jobs, report, tell_jobs
from safelight.app.size_limit import size_limit

if TYPE_CHECKING:
    from safelight.pixels.files import Photo
    from safelight.runtime.batch import Job
    from safelight.runtime.beside import Found
    from safelight.runtime.fill import Filler
    from safelight.runtime.restore import Colorizer
    from safelight.runtime.scratches import FindMethod, ScratchFinder
    from safelight.tasks.hints import HintSet
    from safelight.tasks.holes_shapes import Hole

EXAMPLES = """
\b
Examples:
  safelight repair portrait.jpg                          scratches are found and filled: portrait-repaired.png
  safelight repair portrait.jpg --keep-mask              the same, and portrait-mask.png to look at and correct:
                                                         a mask beside the photo is used, not looked for again
  safelight repair portrait.jpg --mask corrected.png     with a mask of one's own
  safelight repair portrait.jpg --color --hints dress.json -o portrait-new.png
  safelight repair scans/ -o mended/ --sensitivity 0.3   a whole folder, only what is plainly a scratch

Every pixel outside the mask stays as it is, bit by bit, which a JPEG cannot hold: unless -o names a .jpg, results
of JPEG photos are PNG files. PNG, TIFF and WebP photos keep their format; WebP is written without loss.

Exit status: 0 every photo has its result, 1 some failed (each said in one line), 2 wrong usage, 130 stopped.
"""


MUCH = 0.05  # of the photo: more is rarely all damage


@dataclass(frozen=True)
class Tools:
    """What repairs: finder, filler, the colorizer if color was asked for, its hints.

    mask: what --mask says. masks: each photo's own, if it has one.
    """

    finder: "ScratchFinder"
    method: "FindMethod"
    filler: "Filler"
    colorizer: "Colorizer | None"
    hints: "HintSet | None"
    mask: Path | None
    masks: dict[Path, "Found"]
    sensitivity: float
    keep_mask: bool


@click.command(short_help="Find scratches, fill them, and give color if asked.", epilog=EXAMPLES)
@click.argument("photos", nargs=-1, required=True, type=PHOTO, metavar="PHOTO...")
@click.option(
    "-o", "out", type=click.Path(), metavar="OUT", help="A file for one photo, or a folder (FOLDER/)."
)
@click.option(
    "--mask",
    type=click.Path(path_type=Path),
    metavar="FILE|FOLDER",
    help="The damage (white), instead of looking for it.",
)
@click.option(
    "--sensitivity",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    metavar="0..1",
    help="0 plain scratches only, 1 much that is none too.",
)
@click.option(
    "--method",
    type=click.Choice(["auto", "network", "ridge"]),
    default="auto",
    show_default=True,
    help="How scratches are found: as in safelight scratches.",
)
@click.option("--keep-mask", is_flag=True, help="Write the mask that was found as NAME-mask.png.")
@click.option("--color", is_flag=True, help="Give the mended photo its color.")
@click.option(
    "--hints",
    "hint_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A file of hints, for --color.",
)
@click.option("--overwrite", is_flag=True, help="Replace results that are already there.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@size_limit
def repair(
    photos: tuple[Path, ...],
    out: str | None,
    mask: Path | None,
    sensitivity: float,
    method: "FindMethod",
    keep_mask: bool,
    color: bool,
    hint_file: Path | None,
    overwrite: bool,
    dry_run: bool,
) -> int:
    """Repair each PHOTO: find its scratches, fill them, and with --color give it its color.

    The result of a JPEG is a PNG, which keeps every other pixel as it was; name one with -o NAME.jpg if a JPEG
    is wanted.
    """
    from safelight.runtime.batch import run
    from safelight.runtime.names import filled_name, mask_name, repaired_name, result_name

    if hint_file and not color:
        raise click.UsageError("--hints are hints of color; give --color too")
    jobs = plan_jobs(photos, out, (repaired_name, mask_name, filled_name, result_name), overwrite, mask)
    masks = masks_of(jobs, mask)
    if mask is None and keep_mask:
        masks = {job.photo: masks[job.photo] if masks[job.photo].file else _kept_before(job) for job in jobs}
    if dry_run:
        lacking = "" if mask is None else " (has no mask: would fail)"
        return tell_jobs(jobs, overwrite, [note_of(masks[job.photo], lacking) for job in jobs])
    tools = _tools(color, hint_file, mask, masks, sensitivity, method, keep_mask)
    return report(
        run(jobs, lambda job: _repair_one(tools, job, overwrite), overwrite),
        jobs,
        "repairing",
        "repaired",
    )


def _tools(
    color: bool,
    hint_file: Path | None,
    mask: Path | None,
    masks: dict[Path, "Found"],
    sensitivity: float,
    method: "FindMethod",
    keep_mask: bool,
) -> Tools:
    from safelight.runtime.fill import load_filler
    from safelight.runtime.restore import load_colorizer
    from safelight.runtime.scratches import load_finder

    hints = read_hint_file(hint_file) if hint_file else None
    colorizer = load_colorizer() if color else None
    return Tools(load_finder(), method, load_filler(), colorizer, hints, mask, masks, sensitivity, keep_mask)


def _repair_one(tools: Tools, job: "Job", overwrite: bool) -> Sequence[str]:
    """One photo from file to file: scratches, fill, color; what was done, and what could not be kept."""
    from safelight.pixels.files import read_photo
    from safelight.pixels.native import lost_in_srgb
    from safelight.runtime.familiar import warning
    from safelight.runtime.seen import OWN, keep_own, see

    photo = read_photo(job.photo, native=True)
    hole, remarks = _damage(tools, job, photo)
    if hole.any():
        filled = tools.filler.fill(photo, hole, in_place=True)
        photo, done = filled.photo, tools.filler.remark(filled.used)
    else:
        done = "no damage was found, nothing was filled"
    if tools.colorizer:
        hints, told = hints_for(job, tools.hints)
        told = (*told, *(lost_in_srgb(photo.native.space) if photo.native else ()))
        seen = see(photo.pixels)
        if seen.look.has_colors and not hints:
            remarks = (
                *remarks,
                *told,
                f"{OWN[seen.look.kind]}: not colored (colorize --recolor replaces them)",
            )
        else:
            colored, unfamiliarity = tools.colorizer.develop(photo, hints)
            photo = keep_own(photo, colored, seen)
            remarks = (*remarks, *told, *seen.remarks(), *warning(unfamiliarity or 0.0))
    return (*photo.remarks, *remarks, done, *write_lossless(job.result, photo, overwrite))


def _kept_as(job: "Job") -> Path:
    """Where --keep-mask writes the mask of a photo."""
    from safelight.runtime.names import mask_name

    return job.result.with_name(job.name(mask_name))


def _kept_before(job: "Job") -> "Found":
    """The mask that is there already: somebody may have corrected it."""
    from safelight.runtime.beside import Found

    kept = _kept_as(job)
    return Found(kept if kept.is_file() else None)


def _damage(tools: Tools, job: "Job", photo: "Photo") -> "tuple[Hole, Sequence[str]]":
    """The mask of this photo, given or beside it, or the scratches that are found; and what there is to remark."""
    import numpy as np

    from safelight.errors import EmptyMaskError, PhotoError
    from safelight.pixels.photo import shown
    from safelight.runtime.batch import room_for
    from safelight.runtime.names import mask_name
    from safelight.tasks.holes_files import MaskFile, read_mask, write_mask
    from safelight.tasks.scratches import ScratchSettings

    own = tools.masks[job.photo]
    if own.file is not None:
        try:
            marked = read_mask(own.file, photo.size)
        except EmptyMaskError:
            if tools.mask:
                raise
            marked = MaskFile(np.zeros(photo.size, bool))
        advice = "" if tools.mask else "; remove it to have the damage looked for again"
        return marked.hole, (*marked.remarks, *told_of(own, tools.mask, advice))
    if tools.mask is not None:
        lacking = f"has no mask in {shown(tools.mask)}; add {mask_name(job.photo)}, or leave --mask out"
        raise PhotoError("; ".join((lacking, *own.remarks)))
    found = tools.finder.find(photo.pixels, ScratchSettings(tools.sensitivity), tools.method)
    hole = found.mask > 0
    if tools.keep_mask:
        write_mask(room_for(_kept_as(job)), hole)
    if not hole.any():
        return hole, own.remarks
    remarks = [*own.remarks, f"{hole.mean():.1%} of it is damaged ({found.title})"]
    if hole.mean() > MUCH and not tools.keep_mask:
        remarks.append("that is much: look at what was found (--keep-mask), or give --sensitivity 0.2")
    return hole, remarks

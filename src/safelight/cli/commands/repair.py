"""safelight repair: scratches are found and filled, and the photo is given its color if that is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from safelight.cli.commands.fill import PREVIEW_HELP, preview_of, write_lossless
from safelight.cli.commands.scratches import SENSITIVITY_HELP, share_of
from safelight.cli.given import Finite, Place
from safelight.cli.given_hints import hints_for, read_hint_file
from safelight.cli.given_masks import masks_of, note_of, told_of
from safelight.cli.outcomes import PHOTO, plan_jobs, report, tell_jobs
from safelight.cli.size_limit import size_limit

if TYPE_CHECKING:
    from safelight.masks.shapes import Hole
    from safelight.pixels.files import Photo
    from safelight.runtime.batch import Job
    from safelight.runtime.beside import Found
    from safelight.tasks.colorize.hints import HintSet
    from safelight.tasks.colorize.restore import Colorizer
    from safelight.tasks.inpaint.restore import Filler, Method
    from safelight.tasks.scratches.restore import FindMethod, ScratchFinder

EXAMPLES = """
\b
Examples:
  safelight repair portrait.jpg                          scratches are found and filled: portrait-repaired.png
  safelight repair portrait.jpg --keep-mask              the same, and portrait-mask.png to look at and correct:
                                                         a mask beside the photo is used, not looked for again
  safelight repair portrait.jpg --preview                the same, and portrait-preview.jpg: what was marked, in red
  safelight repair portrait.jpg --mask corrected.png     with a mask of your own
  safelight repair portrait.jpg --color --hints dress.json -o portrait-new.png
  safelight repair scans/ -o mended/ --sensitivity 0.2   a whole folder, only what is plainly a scratch

Only damage that is sure is looked for, so that sound photos stay whole; faint damage is missed (--sensitivity 0.8
finds more, and marks good parts too). Stains are not looked for: paint them into a mask. What was found is grown by
two pixels or more, because damage has a soft rim, and filled by the network, which leaves the fewest smudges on real
tears.

Every pixel outside the mask stays as it is, bit by bit, which a JPEG cannot hold: unless -o names a .jpg, results
of JPEG photos are PNG files. PNG, TIFF and WebP photos keep their format; WebP is written without loss.

Exit status: 0 every photo has its result, 1 some failed (each said in one line), 2 wrong usage, 130 stopped.
"""


MUCH = 0.05  # of the photo: more is rarely all damage
RIM = 2 / 1024  # of the longer side: what was found is grown by so much, and by RIM_LEAST pixels at least
RIM_LEAST = 2
FINDERS = ("network", "ridge")  # of --find; --method once meant these


@dataclass(frozen=True)
class Tools:
    """What repairs: finder, filler, the colorizer if color was asked for, its hints.

    find: how damage is found. method: how it is filled. grow: pixels by which a mask is grown, None for the rim of
    what was found and nothing for a mask that was given.
    mask: what --mask says. masks: each photo's own, if it has one.
    """

    finder: "ScratchFinder"
    find: "FindMethod"
    filler: "Filler"
    method: "Method"
    grow: float | None
    colorizer: "Colorizer | None"
    hints: "HintSet | None"
    mask: Path | None
    masks: dict[Path, "Found"]
    sensitivity: float
    keep_mask: bool
    preview: bool


@click.command(short_help="Find scratches, fill them, and give color if asked.", epilog=EXAMPLES)
@click.argument("photos", nargs=-1, required=True, type=PHOTO, metavar="PHOTO...")
@click.option("-o", "out", type=Place(), metavar="OUT", help="A file for one photo, or a folder (FOLDER/).")
@click.option(
    "--mask",
    type=Place(path_type=Path),
    metavar="FILE|FOLDER",
    help="The damage (white), instead of looking for it.",
)
@click.option(
    "--sensitivity",
    type=Finite(0, 1),
    default=0.5,
    show_default=True,
    metavar="0..1",
    help=SENSITIVITY_HELP,
)
@click.option(
    "--find",
    type=click.Choice(["auto", *FINDERS]),
    default="auto",
    show_default=True,
    help="How damage is found. network: learned; ridge: a filter for thin lines; auto: the network.",
)
@click.option(
    "--grow",
    type=Finite(0),
    metavar="N",
    help="Grow the mask by N pixels.  [default: 2 or more, with the photo's size; 0 for a mask of yours]",
)
@click.option(
    "--method",
    type=click.Choice(["auto", "model", "biharmonic", "telea", *FINDERS]),
    default="model",
    show_default=True,
    metavar="[auto|model|biharmonic|telea]",
    help="How the mask is filled, as in safelight fill.",
)
@click.option("--keep-mask", is_flag=True, help="Write the mask that was found as NAME-mask.png.")
@click.option("--preview", is_flag=True, help=PREVIEW_HELP)
@click.option("--color", is_flag=True, help="Give the mended photo its color.")
@click.option(
    "--hints",
    "hint_file",
    type=Place(path_type=Path),
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
    find: "FindMethod",
    grow: float | None,
    method: str,
    keep_mask: bool,
    preview: bool,
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
    from safelight.runtime.names import (
        filled_name,
        mask_name,
        preview_name,
        repaired_name,
        result_name,
    )
    from safelight.tasks.colorize.restore import load_colorizer
    from safelight.tasks.inpaint.restore import load_filler
    from safelight.tasks.scratches.restore import load_finder

    if hint_file and not color:
        raise click.UsageError("--hints are hints of color; give --color too")
    names = (repaired_name, mask_name, filled_name, result_name, preview_name)
    jobs = plan_jobs(photos, out, names, overwrite, mask)
    masks = masks_of(jobs, mask)
    if mask is None and keep_mask:
        masks = {job.photo: masks[job.photo] if masks[job.photo].file else _kept_before(job) for job in jobs}
    if dry_run:
        lacking = "" if mask is None else " (has no mask: would fail)"
        return tell_jobs(jobs, overwrite, [note_of(masks[job.photo], lacking) for job in jobs])
    if method in FINDERS:  # as --find was called before
        method, find = "model", cast("FindMethod", method)
    hints = read_hint_file(hint_file) if hint_file else None
    tools = Tools(
        load_finder(),
        find,
        load_filler(),
        cast("Method", method),
        grow,
        load_colorizer() if color else None,
        hints,
        mask,
        masks,
        sensitivity,
        keep_mask,
        preview,
    )
    return report(
        run(jobs, lambda job: _repair_one(tools, job, overwrite), overwrite),
        jobs,
        "repairing",
        "repaired",
    )


def _repair_one(tools: Tools, job: "Job", overwrite: bool) -> Sequence[str]:
    """One photo from file to file: scratches, fill, color; what was done, and what could not be kept."""
    from safelight.pixels.files import read_photo
    from safelight.pixels.native import lost_in_srgb
    from safelight.runtime.familiar import warning
    from safelight.tasks.colorize.seen import OWN, keep_own, see

    photo = read_photo(job.photo, native=True)
    hole, remarks = _damage(tools, job, photo)
    if hole.any():
        remarks = (*remarks, *(preview_of(job, photo, hole) if tools.preview else ()))
        filled = tools.filler.fill(photo, hole, tools.method, in_place=True)
        photo, remarks = filled.photo, (*remarks, tools.filler.remark(filled.used))
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
    return (*photo.remarks, *remarks, *write_lossless(job.result, photo, overwrite))


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

    from safelight.errors import EmptyMaskError, PhotoError, shown
    from safelight.masks.edit import grow
    from safelight.masks.files import MaskFile, read_mask, write_mask
    from safelight.runtime.batch import room_for
    from safelight.runtime.names import mask_name
    from safelight.tasks.scratches.ridge_filter import ScratchSettings

    own = tools.masks[job.photo]
    if own.file is not None:
        try:
            marked = read_mask(own.file, photo.size)
        except EmptyMaskError:
            if tools.mask:
                raise
            marked = MaskFile(np.zeros(photo.size, bool))
        advice = "" if tools.mask else "; remove it to have the damage looked for again"
        hole = grow(marked.hole, tools.grow or 0)
        empty = () if hole.any() else ("the mask is empty: nothing was filled",)
        return hole, (*marked.remarks, *told_of(own, tools.mask, advice), *empty)
    if tools.mask is not None:
        lacking = f"has no mask in {shown(tools.mask)}; add {mask_name(job.photo)}, or leave --mask out"
        raise PhotoError("; ".join((lacking, *own.remarks)))
    found = tools.finder.find(photo.pixels, ScratchSettings(tools.sensitivity), tools.find)
    hole = grow(found.mask, _rim(photo.size) if tools.grow is None else tools.grow)
    if tools.keep_mask:
        write_mask(room_for(_kept_as(job)), hole)
    if not hole.any():
        return hole, (
            *own.remarks,
            f"no damage was found that is sure {found.title}, so nothing was filled; --sensitivity 0.8 looks harder",
        )
    remarks = [*own.remarks, f"marked {share_of(found.mask)} of the photo as damaged {found.title}"]
    if found.mask.mean() > MUCH and not tools.keep_mask:
        remarks.append(
            "that is a lot: look at what is marked (--preview); if it marks good parts, use --sensitivity 0.2"
        )
    return hole, remarks


def _rim(size: tuple[int, int]) -> int:
    """Pixels by which what was found is grown, at this size of the photo."""
    return max(RIM_LEAST, round(RIM * max(size)))

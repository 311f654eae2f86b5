"""safelight repair: scratches are detected and inpainted, and on request the photo is colorized."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import click

from safelight.cli import image_output, overlays
from safelight.cli.arguments import (
    PATH,
    Finite,
    dry_run_option,
    out_option,
    overwrite_option,
    photos_argument,
    preview_option,
    sensitivity_option,
    size_limit_option,
)
from safelight.cli.batch_output import plan_jobs, print_plan, report
from safelight.cli.commands.scratches import damaged_share
from safelight.cli.inputs import (
    dry_run_note,
    hints_beside,
    hints_for,
    mask_remarks,
    masks_for,
    read_hint_file,
)
from safelight.errors import EmptyMaskError, PhotoError, shown
from safelight.masks import edit, shapes
from safelight.masks import files as mask_files
from safelight.pixels import files, native
from safelight.runtime import familiar
from safelight.runtime.batch import Job, room_for, run
from safelight.runtime.names import filled_name, mask_name, preview_name, repaired_name, result_name
from safelight.runtime.plan import Found
from safelight.tasks.colorize import hints, tone_and_mount
from safelight.tasks.colorize import restore as colorization
from safelight.tasks.inpaint import restore as inpainting
from safelight.tasks.scratches import restore as detection
from safelight.tasks.scratches import ridge_filter

EXAMPLES = """
\b
Examples:
  safelight repair portrait.jpg                          detect and fill scratches: portrait-repaired.png
  safelight repair portrait.jpg --keep-mask              the same, and portrait-mask.png to check and correct:
                                                         a mask beside the photo is used instead of detection
  safelight repair portrait.jpg --preview                the same, and portrait-preview.jpg: the mask in red
  safelight repair portrait.jpg --mask corrected.png     with a mask of your own
  safelight repair portrait.jpg --color --hints dress.json -o portrait-new.png
  safelight repair scans/ -o mended/ --sensitivity 0.2   a whole folder, only obvious scratches

Only clear damage is marked, so that undamaged photos stay whole; faint damage is missed (--sensitivity 0.8 finds
more, and marks good parts too). Stains are not detected: paint them into a mask. The detected mask is grown by two
pixels or more, because the edge of damage is soft, and filled by the network, which leaves the fewest smudges on
real tears.

Pixels outside the mask are not changed at all, which a JPEG cannot store: the results of JPEG photos are PNG files
unless -o names a .jpg. PNG, TIFF and WebP photos keep their format; WebP is written lossless.

Exit status: 0 every photo has its result, 1 some photos failed (one line for each), 2 wrong usage, 130 stopped.
"""
MUCH = 0.05  # of the photo: more is rarely all damage
RIM = 2 / 1024  # of the longer side: what was found is grown by so much, and by MIN_RIM pixels at least
MIN_RIM = 2
DETECTORS = ("network", "ridge")  # of --find; --method once meant these


@dataclass(frozen=True)
class Options:
    """What holds for all photos of a call.

    find: how damage is detected. method: how it is filled. grow: pixels by which a mask is grown; None for the rim of
    a detected mask and nothing for one that was given.
    mask: what --mask says. masks: each photo's own, if it has one. colorizer: None unless --color.
    hints: those of --hints. beside: the hint file beside each photo, for --color.
    """

    detector: detection.ScratchFinder
    find: detection.FindMethod
    sensitivity: float
    filler: inpainting.Filler
    method: inpainting.Method
    grow: float | None
    mask: Path | None
    masks: dict[Path, Found]
    keep_mask: bool
    preview: bool
    colorizer: colorization.Colorizer | None
    hints: hints.HintSet | None
    beside: dict[Path, Found]
    overwrite: bool


@click.command(epilog=EXAMPLES)
@photos_argument
@out_option
@click.option(
    "--mask", type=PATH, metavar="FILE|FOLDER", help="A mask of the damage (white), instead of detection."
)
@sensitivity_option
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
@click.option("--keep-mask", is_flag=True, help="Write the detected mask as NAME-mask.png.")
@preview_option
@click.option("--color", is_flag=True, help="Colorize the repaired photo.")
@click.option("--hints", "hint_file", type=PATH, metavar="FILE", help="A file of hints, for --color.")
@overwrite_option
@dry_run_option
@size_limit_option
def repair(
    photos: tuple[Path, ...],
    out: str | None,
    mask: Path | None,
    sensitivity: float,
    find: detection.FindMethod,
    grow: float | None,
    method: str,
    keep_mask: bool,
    preview: bool,
    color: bool,
    hint_file: Path | None,
    overwrite: bool,
    dry_run: bool,
) -> int:
    """Repair photos: detect scratches, fill them, and with --color colorize the result.

    The result of a JPEG is a PNG, so that all other pixels keep their values; name it -o NAME.jpg if you want a JPEG.
    """
    if hint_file and not color:
        raise click.UsageError("--hints are hints of color; give --color too")
    names = (repaired_name, mask_name, filled_name, result_name, preview_name)
    jobs = plan_jobs(photos, out, names, overwrite, mask)
    masks = masks_for(jobs, mask)
    if mask is None and keep_mask:
        masks = {job.photo: masks[job.photo] if masks[job.photo].file else _earlier_mask(job) for job in jobs}
    if dry_run:
        without = "" if mask is None else " (has no mask: would fail)"
        return print_plan(jobs, overwrite, [dry_run_note(masks[job.photo], without) for job in jobs])
    if method in DETECTORS:  # as --find was called before
        method, find = "model", cast("detection.FindMethod", method)
    hint_set = read_hint_file(hint_file) if hint_file else None
    options = Options(
        detection.load_finder(),
        find,
        sensitivity,
        inpainting.load_filler(),
        cast("inpainting.Method", method),
        grow,
        mask,
        masks,
        keep_mask,
        preview,
        colorization.load_colorizer() if color else None,
        hint_set,
        hints_beside(jobs) if color else {},
        overwrite,
    )
    return report(run(jobs, lambda job: _repair_one(job, options), overwrite), jobs, "repairing", "repaired")


def _repair_one(job: Job, options: Options) -> Sequence[str]:
    """One photo from file to file: scratches, fill, color; what was done, and what could not be kept."""
    photo = files.read_photo(job.photo, native=True)
    hole, remarks = _damage(job, photo, options)
    if hole.any():
        if options.preview:
            remarks = (*remarks, overlays.write_preview(job, photo.pixels, hole))
        filled = options.filler.fill(photo, hole, options.method, in_place=True)
        photo, remarks = filled.photo, (*remarks, options.filler.remark(filled.used))
    if options.colorizer:
        photo, color_remarks = _colorize(photo, options.beside[job.photo], options.colorizer, options.hints)
        remarks = (*remarks, *color_remarks)
    return (*photo.remarks, *remarks, *image_output.write_lossless(job.result, photo, options.overwrite))


def _colorize(
    photo: files.Photo, beside: Found, colorizer: colorization.Colorizer, from_options: hints.HintSet | None
) -> tuple[files.Photo, Sequence[str]]:
    """The photo in color, unless it has colors of its own and no hints; and the remarks on it."""
    hint_set, remarks = hints_for(beside, from_options)
    remarks = (*remarks, *(native.lost_in_srgb(photo.native.space) if photo.native else ()))
    analysis = tone_and_mount.analyze(photo.pixels)
    if analysis.look.has_colors and not hint_set:
        return photo, (
            *remarks,
            f"{tone_and_mount.OWN[analysis.look.kind]}: not colored (colorize --recolor replaces them)",
        )
    colored, unfamiliarity = colorizer.colorize(photo, hint_set)
    photo = tone_and_mount.keep_tone_and_mount(photo, colored, analysis)
    return photo, (*remarks, *analysis.remarks(), *familiar.warning(unfamiliarity or 0.0))


def _mask_path(job: Job) -> Path:
    """Where --keep-mask writes the mask of a photo."""
    return job.result.with_name(job.name(mask_name))


def _earlier_mask(job: Job) -> Found:
    """The mask that an earlier run wrote: somebody may have corrected it."""
    path = _mask_path(job)
    return Found(path if path.is_file() else None)


def _damage(job: Job, photo: files.Photo, options: Options) -> tuple[shapes.Hole, Sequence[str]]:
    """The mask of this photo, given, beside it or detected; and the remarks on it."""
    mask = options.masks[job.photo]
    if mask.file is not None:
        return _read_mask(mask.file, mask, photo, options)
    if options.mask is not None:
        lacking = f"has no mask in {shown(options.mask)}; add {mask_name(job.photo)}, or leave --mask out"
        raise PhotoError("; ".join((lacking, *mask.remarks)))
    settings = ridge_filter.ScratchSettings(options.sensitivity)
    found = options.detector.find(photo.pixels, settings, options.find)
    hole = edit.grow(found.mask, _rim(photo.size) if options.grow is None else options.grow)
    if options.keep_mask:
        mask_files.write_mask(room_for(_mask_path(job)), hole)
    if not hole.any():
        return hole, (
            *mask.remarks,
            f"no damage was found that is sure {found.title}, so nothing was filled; --sensitivity 0.8 looks harder",
        )
    remarks = [*mask.remarks, f"marked {damaged_share(found.mask)} of the photo as damaged {found.title}"]
    if found.mask.mean() > MUCH and not options.keep_mask:
        remarks.append(
            "that is a lot: look at what is marked (--preview); if it marks good parts, use --sensitivity 0.2"
        )
    return hole, remarks


def _read_mask(
    path: Path, mask: Found, photo: files.Photo, options: Options
) -> tuple[shapes.Hole, Sequence[str]]:
    """The mask of a file; an empty one is an error only where --mask names it."""
    try:
        marked = mask_files.read_mask(path, photo.size)
    except EmptyMaskError:
        if options.mask:
            raise
        marked = mask_files.MaskFile.empty(photo.size)
    advice = "" if options.mask else "; remove it to have the damage looked for again"
    hole = edit.grow(marked.hole, options.grow or 0)
    empty = () if hole.any() else ("the mask is empty: nothing was filled",)
    return hole, (*marked.remarks, *mask_remarks(mask, options.mask, advice), *empty)


def _rim(size: tuple[int, int]) -> int:
    """Pixels by which a detected mask is grown, at this size of the photo."""
    return max(MIN_RIM, round(RIM * max(size)))

"""safelight colorize: color for photos and folders of photos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import click

from safelight.cli import overlays
from safelight.cli.arguments import (
    PATH,
    Finite,
    dry_run_option,
    model_option,
    out_option,
    overwrite_option,
    photos_argument,
    refuse_streams,
    size_limit_option,
)
from safelight.cli.batch_output import count, plan_jobs, print_plan, report
from safelight.cli.inputs import hints_beside, hints_for, read_hint_file
from safelight.errors import HintError
from safelight.pixels import files
from safelight.runtime import familiar
from safelight.runtime.batch import Job, Left, room_for, run
from safelight.runtime.names import COLORED
from safelight.runtime.plan import Found
from safelight.tasks.colorize import hints, restore, tone_and_mount
from safelight.tasks.colorize.task import REACH, VIVID

EXAMPLES = """
\b
Examples:
  safelight colorize grandmother.jpg                    writes grandmother-color.jpg
  safelight colorize grandmother.jpg --vivid 1          as colorful as such photographs are
  safelight colorize scans/ -o colored/                 a whole folder; run it again to continue
  safelight colorize dress.png --hint 0.5,0.7,#8c2f39   the dress was this red
  safelight colorize dress.png --hints dress.json       many hints, in a file
  safelight colorize portrait.jpg --keep-toning         colors on top of the sepia tone of the print
  safelight colorize beach.jpg --recolor                a color photo: its own colors are replaced
  safelight colorize dress.png --picture places.png     the photo with its hints, under a grid of coordinates

The position of a hint is given as fractions of the width and height from the top left corner, its radius as a
fraction of the shorter side, its color as #rrggbb, #rgb or a CSS color name. A hint file NAME.hints.json beside
the photo is used automatically; --hints and --hint take its place.

Exit status: 0 every photo has its result or was left unchanged, 1 some photos failed (one line for each),
2 wrong usage, 130 stopped.
"""


@dataclass(frozen=True)
class Options:
    """What holds for all photos of a call.

    colorize: the model, with its options set. keep_colors: photos with colors of their own are left as they are.
    overlay: where the photo with its hints is drawn, if anywhere.
    """

    colorize: Callable[[files.Photo, hints.HintSet | None], restore.Colorized]
    hints: hints.HintSet | None
    keep_colors: bool
    keep_toning: bool
    keep_mount: bool
    overlay: Path | None
    overwrite: bool


@dataclass(frozen=True)
class Totals:
    """What the summary line says of all photos: how unfamiliar each was, and whether its tone was replaced."""

    unfamiliarities: list[float] = field(default_factory=list)
    toned: list[bool] = field(default_factory=list)

    def __str__(self) -> str:
        parts = (tone_and_mount.toned_in_words(self.toned), familiar.in_words(self.unfamiliarities))
        return ", ".join(filter(None, parts))


def parse_hints(ctx: click.Context, param: click.Parameter, words: tuple[str, ...]) -> tuple[hints.Hint, ...]:
    """Hints of --hint X,Y,COLOR[,RADIUS]."""
    return tuple(map(_parse_hint, words))


def _parse_hint(word: str) -> hints.Hint:
    try:
        x, y, color, *radius = word.split(",")
        if not radius:
            return hints.Hint(float(x), float(y), color)
        (only,) = radius
        return hints.Hint(float(x), float(y), color, float(only))
    except HintError as error:
        raise click.BadParameter(str(error)) from None
    except ValueError:
        raise click.BadParameter(
            f"{word!r} is not X,Y,COLOR[,RADIUS], such as 0.5,0.7,#8c2f39 or 0.5,0.7,red"
        ) from None


@click.command(epilog=EXAMPLES)
@photos_argument
@out_option
@model_option
@click.option("--hints", "hint_file", type=PATH, metavar="FILE", help="A file of hints.")
@click.option(
    "--hint",
    "typed",
    callback=parse_hints,
    multiple=True,
    metavar="X,Y,COLOR[,RADIUS]",
    help="The color at a position, such as 0.5,0.7,#8c2f39 or 0.5,0.7,red; repeatable.",
)
@click.option(
    "--vivid",
    type=Finite(0, 1),
    default=VIVID,
    show_default=True,
    metavar="0..1",
    help="0 cautious, 1 as colorful as life.",
)
@click.option(
    "--reach",
    type=Finite(0, 1),
    default=REACH,
    metavar="0..1",
    show_default=True,
    help="How far hints spread: 0 to similar areas nearby, 1 over the whole picture.",
)
@click.option("--recolor", is_flag=True, help="Also replace the colors of photos that have some.")
@click.option(
    "--keep-toning", is_flag=True, help="Keep the tone of the photo, such as sepia, under the colors."
)
@click.option("--no-mount", is_flag=True, help="Also color the paper around the picture, mount or border.")
@click.option(
    "--picture",
    "overlay",
    type=PATH,
    metavar="FILE",
    help="Draw the hints on the photo, under a grid of coordinates; one photo only.",
)
@overwrite_option
@dry_run_option
@size_limit_option
def colorize(
    photos: tuple[Path, ...],
    out: str | None,
    model: str | None,
    hint_file: Path | None,
    typed: tuple[hints.Hint, ...],
    vivid: float,
    reach: float,
    recolor: bool,
    keep_toning: bool,
    no_mount: bool,
    overlay: Path | None,
    overwrite: bool,
    dry_run: bool,
) -> int:
    """Colorize photos, or folders recursively (OUT is skipped).

    The result has the size, sharpness, bit depth and metadata of the photo. Without -o it is written beside the
    photo as PHOTO-color.EXT. A result that already exists is not replaced; the other photos are still colorized.

    A photo that has colors of its own is left unchanged, unless --recolor or hints are given for it. A tone of the
    whole print, such as sepia, is replaced, unless --keep-toning. Paper around the picture keeps its color.
    A photo unlike the training photos gets a warning; expect poor colors there.
    """
    jobs = plan_jobs(photos, out, COLORED, overwrite)
    hint_set, beside = _hints_of_options(hint_file, typed), hints_beside(jobs)
    if overlay:
        _check_overlay(overlay, jobs.jobs, overwrite)
    if dry_run:
        return print_plan(
            jobs, overwrite, [f", with {each.file.name}" if each.file else "" for each in beside.values()]
        )
    options = Options(
        partial(restore.load_colorizer(model).colorize, vivid=vivid, reach=reach),
        hint_set,
        keep_colors=not recolor,
        keep_toning=keep_toning,
        keep_mount=not no_mount,
        overlay=overlay,
        overwrite=overwrite,
    )
    totals = Totals()
    return report(
        run(jobs, lambda job: _colorize_one(job, beside[job.photo], options, totals), overwrite),
        jobs,
        "coloring",
        "colored",
        totals.__str__,
        "colors of their own; --recolor replaces them",
    )


def _hints_of_options(file: Path | None, typed: Sequence[hints.Hint]) -> hints.HintSet | None:
    """The hints of --hints and --hint; None if neither was given."""
    if file is None and not typed:
        return None
    return hints.HintSet((*(read_hint_file(file) if file else ()), *typed))


def _check_overlay(overlay: Path, jobs: Sequence[Job], overwrite: bool) -> None:
    """A drawing is of one photo, and takes the place of no other file. Raises UsageError."""
    refuse_streams(out=overlay)
    if len(jobs) != 1:
        raise click.UsageError(f"--picture draws one photo; found {len(jobs)}")
    if overlay.resolve() in {path.resolve() for path in (jobs[0].photo, jobs[0].result)}:
        raise click.UsageError(f"--picture {overlay} is the photo or its result; give another name")
    if overlay.exists() and not overwrite:
        raise click.UsageError(f"{overlay} is there already; give another name, or --overwrite")


def _draw_hints(overlay: Path, photo: files.Photo, hint_set: hints.HintSet | None, overwrite: bool) -> str:
    """Write the photo with its hints on it; a remark that says so."""
    files.write_photo(overlay, overlays.draw_hints(photo.pixels, hint_set or ()), overwrite=overwrite)
    hints_drawn = f"with {count(len(hint_set), 'hint')}" if hint_set else "without hints"
    return f"{overlay}: the photo under a grid, {hints_drawn}"


def _colorize_one(job: Job, beside: Found, options: Options, totals: Totals) -> tuple[str, ...]:
    """One photo from file to file; the remarks on it. What counts for the summary goes into `totals`."""
    hint_set, remarks = hints_for(beside, options.hints)
    photo = files.read_photo(job.photo)
    if options.overlay:
        remarks = (*remarks, _draw_hints(options.overlay, photo, hint_set, options.overwrite))
    analysis = tone_and_mount.analyze(photo.pixels, options.keep_mount)
    if options.keep_colors and analysis.look.has_colors and not hint_set:
        return Left((*remarks, analysis.left_because))  # nothing of the photo is lost: no result is written
    colored, unfamiliarity = options.colorize(photo, hint_set)
    colored = tone_and_mount.keep_tone_and_mount(photo, colored, analysis, options.keep_toning)
    del photo  # its pixels are as many as the result's, and encoding takes room too
    lost = files.write_remarked(room_for(job.result), colored, overwrite=options.overwrite)
    distance = 0.0 if unfamiliarity is None else unfamiliarity
    totals.unfamiliarities.append(distance)
    totals.toned.append(analysis.look.kind == "toned" and not options.keep_toning)
    return (
        *colored.remarks,
        *remarks,
        *analysis.remarks(options.keep_toning),
        *lost,
        *familiar.warning(distance),
    )

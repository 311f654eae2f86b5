"""safelight colorize: color for photos and folders of photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from safelight.batch import beside
from safelight.batch import colorize as batch_colorize
from safelight.batch.work import Job, Manner, order_of
from safelight.cli.archives import Archives, archive_options
from safelight.cli.arguments import (
    PATH,
    Finite,
    asked_labels,
    dry_run_option,
    label_options,
    model_option,
    out_option,
    overwrite_option,
    pages_option,
    photos_argument,
    refuse_streams,
    size_limit_option,
    tiff_option,
    workers_option,
)
from safelight.cli.batch_output import plan_jobs, print_plan, work_off
from safelight.cli.engines import engine_options, in_shard
from safelight.cli.inputs import read_hint_file
from safelight.cli.projects import project_option, replayed
from safelight.errors import HintError
from safelight.pixels import tiff_packing
from safelight.runtime import begun, modelfile
from safelight.runtime.names import COLORED
from safelight.tasks.colorize import hints
from safelight.tasks.colorize.task import REACH, VIVID

EXAMPLES = """
\b
Examples:
  safelight colorize grandmother.jpg                    writes grandmother-color.jpg
  safelight colorize grandmother.jpg --vivid 1          as colorful as such photographs are
  safelight colorize scans/ -o colored/                 a whole folder; run it again to continue
  safelight colorize scans/ -o colored/ --workers 2     two photos at once, not one for each processor
  safelight colorize dress.png --hint 0.5,0.7,#8c2f39   the dress was this red
  safelight colorize dress.png --hints dress.json       many hints, in a file
  safelight colorize portrait.jpg --keep-toning         colors on top of the sepia tone of the print
  safelight colorize beach.jpg --recolor                a color photo: its own colors are replaced
  safelight colorize dress.png --project dress.safelight.json     what was decided in safelight darkroom
  safelight colorize album.tif --pages 2-4 --tiff none  three pages of a TIFF, as an uncompressed master
  safelight colorize dress.png --picture places.png     the photo with its hints, under a grid of coordinates

The position of a hint is given as fractions of the width and height from the top left corner, its radius as a
fraction of the shorter side, its color as #rrggbb, #rgb or a CSS color name. A hint file NAME.hints.json beside
the photo is used automatically; --hints and --hint take its place.

Exit status: 0 every photo has its result or was left unchanged, 1 some photos failed (one line for each),
2 wrong usage, 130 stopped.
"""


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
    project: Path | None,
    pages: str,
    tiff: tiff_packing.Packing,
    overwrite: bool,
    dry_run: bool,
    archives: Archives,
) -> int:
    """Colorize photos, or folders recursively (OUT is skipped).

    The result has the size, sharpness, bit depth and metadata of the photo. Without -o it is written beside the
    photo as PHOTO-color.EXT. A result that already exists is not replaced; the other photos are still colorized.

    A photo that has colors of its own is left unchanged, unless --recolor or hints are given for it. A tone of the
    whole print, such as sepia, is replaced, unless --keep-toning. Paper around the picture keeps its color.
    A photo unlike the training photos gets a warning; expect poor colors there.
    """
    jobs = in_shard(beside.with_hints(plan_jobs(photos, out, COLORED, overwrite)))
    hint_set = _hints_of_options(hint_file, typed)
    if overlay:
        _check_overlay(overlay, jobs.jobs, overwrite)
    if dry_run:
        return print_plan(
            jobs, overwrite, [f", with {job.hints.file.name}" if job.hints.file else "" for job in jobs]
        )
    with begun.begun([(modelfile.MODEL if model is None else model, "colorize")], 1, alone=len(jobs) == 1):
        settings = batch_colorize.ColorizeSettings(
            model,
            None if hint_set is None else hint_set.to_json(),
            vivid,
            reach,
            recolor,
            keep_toning,
            no_mount,
            pages=pages,
            tiff=tiff,
            **asked_labels(),
        )
        manner = Manner(overwrite, picture=str(overlay or ""))
        order = order_of("colorize", settings, manner)
        if project:
            jobs, order = replayed("colorize", project, jobs, manner, model)
            order = replace(
                order, settings={**order.settings, **asked_labels(), "pages": pages, "tiff": tiff}
            )
        return work_off(
            jobs,
            order,
            photos,
            out,
            archives,
            "coloring",
            "colored",
            batch_colorize.summed_up,
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

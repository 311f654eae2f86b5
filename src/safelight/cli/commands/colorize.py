"""safelight colorize: photos and folders of photos get their color."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.cli.given import Finite, Place
from safelight.cli.given_hints import hints_for, read_hint_file
from safelight.cli.outcomes import PHOTO, count, plan_jobs, refuse_streams, report, tell_jobs
from safelight.cli.size_limit import size_limit
from safelight.runtime import defaults

if TYPE_CHECKING:
    from safelight.pixels.photo import Photo
    from safelight.runtime.batch import Job
    from safelight.tasks.colorize.hints import Hint, HintSet
    from safelight.tasks.colorize.restore import Developed

EXAMPLES = """
\b
Examples:
  safelight colorize grandmother.jpg                    writes grandmother-color.jpg
  safelight colorize grandmother.jpg --vivid 1          as colorful as such photographs are
  safelight colorize scans/ -o colored/                 a whole folder; run it again to go on
  safelight colorize dress.png --hint 0.5,0.7,#8c2f39   the dress was this red
  safelight colorize dress.png --hints dress.json       many hints, kept in a file
  safelight colorize portrait.jpg --keep-toning         colors laid over the sepia of the print
  safelight colorize beach.jpg --recolor                a color photo, its own colors replaced
  safelight colorize dress.png --picture places.png     a grid to read places off, and where the hints lie

The place of a hint is given as fractions from the left and from the top, its radius as a fraction of the
shorter side, and its color as #rrggbb, #rgb or the name of a CSS color. A hint file NAME.hints.json that lies
beside the photo is used by itself; --hints and --hint take its place.

Exit status: 0 every photo has its result or was left as it is, 1 some failed (each said in one line),
2 wrong usage, 130 stopped.
"""


@dataclass(frozen=True)
class Keep:
    """What of a photo is kept: colors of its own (it is then left), its tone, the paper around it."""

    colors: bool
    toning: bool
    mount: bool


@dataclass(frozen=True)
class Told:
    """What is told of all photos at the end: how unfamiliar each was, and whether its tone was replaced."""

    distances: list[float]
    toned: list[bool]


def read_hints(ctx: click.Context, param: click.Parameter, words: tuple[str, ...]) -> "tuple[Hint, ...]":
    """Hints of --hint X,Y,COLOR[,RADIUS]."""
    return tuple(_hint(word) for word in words)


def _hint(word: str) -> "Hint":
    from safelight.errors import HintError
    from safelight.tasks.colorize.hints import Hint

    try:
        x, y, color, *radius = word.split(",")
        if not radius:
            return Hint(float(x), float(y), color)
        (only,) = radius
        return Hint(float(x), float(y), color, float(only))
    except HintError as error:
        raise click.BadParameter(str(error)) from None
    except ValueError:
        raise click.BadParameter(
            f"{word!r} is not X,Y,COLOR[,RADIUS], such as 0.5,0.7,#8c2f39 or 0.5,0.7,red"
        ) from None


@click.command(short_help="Give photos their color.", epilog=EXAMPLES)
@click.argument("photos", nargs=-1, required=True, type=PHOTO, metavar="PHOTO...")
@click.option("-o", "out", type=Place(), metavar="OUT", help="A file for one photo, or a folder (FOLDER/).")
@click.option("--model", metavar="NAME|FILE", help="A bundled model (safelight models) or a MODEL.onnx.")
@click.option("--hints", "hint_file", type=Place(path_type=Path), metavar="FILE", help="A file of hints.")
@click.option(
    "--hint",
    "typed",
    callback=read_hints,
    multiple=True,
    metavar="X,Y,COLOR[,RADIUS]",
    help="The color at a place, such as 0.5,0.7,#8c2f39 or 0.5,0.7,red; repeatable.",
)
@click.option(
    "--vivid",
    type=Finite(0, 1),
    default=defaults.VIVID,
    show_default=True,
    metavar="0..1",
    help="0 cautious, 1 as colorful as life.",
)
@click.option(
    "--reach",
    type=Finite(0, 1),
    default=defaults.REACH,
    metavar="0..1",
    show_default=True,
    help="How far hints go: 0 to what they are set on and what looks alike, 1 over the whole picture.",
)
@click.option("--recolor", is_flag=True, help="Replace the colors of photos that have some, too.")
@click.option("--keep-toning", is_flag=True, help="Lay the colors over the photo's own tone, such as sepia.")
@click.option("--no-mount", is_flag=True, help="Color the paper around a picture too, mount or border.")
@click.option(
    "--picture",
    type=Place(path_type=Path),
    metavar="FILE",
    help="Draw where the hints lie on the photo, under a grid to read places off; one photo only.",
)
@click.option("--overwrite", is_flag=True, help="Replace results that are already there.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@size_limit
def colorize(
    photos: tuple[Path, ...],
    out: str | None,
    model: str | None,
    hint_file: Path | None,
    typed: "tuple[Hint, ...]",
    vivid: float,
    reach: float,
    recolor: bool,
    keep_toning: bool,
    no_mount: bool,
    picture: Path | None,
    overwrite: bool,
    dry_run: bool,
) -> int:
    """Give each PHOTO its color: files, and folders with their subfolders; OUT itself is skipped.

    The result has the photo's own size, sharpness, bit depth and metadata. Without -o it is written beside
    the photo as PHOTO-color.EXT. A result that is already there stays: of several photos the others are done.

    A photo that has colors of its own is left as it is, unless --recolor or hints are given for it. A tone of the
    whole print, such as sepia, is replaced, unless --keep-toning. Paper around the picture keeps its color.
    A photo unlike the training photos is told so; expect poor colors there.
    """
    from safelight.runtime.batch import run
    from safelight.runtime.familiar import in_words
    from safelight.runtime.names import COLORED
    from safelight.tasks.colorize.restore import load_colorizer
    from safelight.tasks.colorize.seen import toned_in_words

    jobs = plan_jobs(photos, out, COLORED, overwrite)
    hints = _given_hints(hint_file, typed)
    if picture:
        _check_picture(picture, jobs.jobs, overwrite)
    if dry_run:
        return tell_jobs(jobs, overwrite, [f", with {job.hints.name}" if job.hints else "" for job in jobs])
    develop = partial(load_colorizer(model).develop, vivid=vivid, reach=reach)
    keep = Keep(colors=not recolor, toning=keep_toning, mount=not no_mount)
    told = Told([], [])

    def work(job: "Job") -> tuple[str, ...]:
        return _colorize_one(develop, job, hints, keep, overwrite, told, picture)

    def said() -> str:
        return ", ".join(each for each in (toned_in_words(told.toned), in_words(told.distances)) if each)

    return report(
        run(jobs, work, overwrite),
        jobs,
        "coloring",
        "colored",
        said,
        "colors of their own; --recolor replaces them",
    )


def _given_hints(file: Path | None, typed: "Sequence[Hint]") -> "HintSet | None":
    """The hints of --hints and --hint; None if neither was given."""
    from safelight.tasks.colorize.hints import HintSet

    if file is None and not typed:
        return None
    return HintSet((*(read_hint_file(file) if file else ()), *typed))


def _check_picture(picture: Path, jobs: "Sequence[Job]", overwrite: bool) -> None:
    """A drawing is of one photo, and takes the place of no other file. Raises UsageError."""
    refuse_streams(out=picture)
    if len(jobs) != 1:
        raise click.UsageError(f"--picture draws one photo; found {len(jobs)}")
    if picture.resolve() in {path.resolve() for path in (jobs[0].photo, jobs[0].result)}:
        raise click.UsageError(f"--picture {picture} is the photo or its result; give another name")
    if picture.exists() and not overwrite:
        raise click.UsageError(f"{picture} is there already; give another name, or --overwrite")


def _draw(picture: Path, photo: "Photo", hints: "HintSet | None", overwrite: bool) -> str:
    """Write the photo with its hints on it; a remark that says so."""
    from safelight.cli.places import draw_hints
    from safelight.pixels.files import write_photo

    write_photo(picture, draw_hints(photo.pixels, hints or ()), overwrite=overwrite)
    given = f"with {count(len(hints), 'hint')}" if hints else "without hints"
    return f"{picture}: the photo under a grid, {given}"


def _colorize_one(
    develop: "Callable[[Photo, HintSet | None], Developed]",
    job: "Job",
    hints: "HintSet | None",
    keep: Keep,
    overwrite: bool,
    told: Told,
    picture: Path | None = None,
) -> tuple[str, ...]:
    """One photo from file to file; what is to be remarked on it. What is told of all goes into `told`.

    picture: where the photo with its hints is drawn, if anywhere.
    """
    from safelight.pixels.files import read_photo, write_remarked
    from safelight.runtime.batch import Left, room_for
    from safelight.runtime.familiar import warning
    from safelight.tasks.colorize.seen import keep_own, see

    hints, remarks = hints_for(job, hints)
    photo = read_photo(job.photo)
    if picture:
        remarks = (*remarks, _draw(picture, photo, hints, overwrite))
    seen = see(photo.pixels, keep.mount)
    if keep.colors and seen.look.has_colors and not hints:
        return Left((*remarks, seen.left))  # nothing of the photo is lost: no result is written
    colored, unfamiliarity = develop(photo, hints)
    colored = keep_own(photo, colored, seen, keep.toning)
    del photo  # its pixels are as many as the result's, and encoding takes room too
    lost = write_remarked(room_for(job.result), colored, overwrite=overwrite)
    far = 0.0 if unfamiliarity is None else unfamiliarity
    told.distances.append(far)
    told.toned.append(seen.look.kind == "toned" and not keep.toning)
    return (*colored.remarks, *remarks, *seen.remarks(keep.toning), *lost, *warning(far))

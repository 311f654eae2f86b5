"""safelight suggest: where another hint would help most."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from safelight.batch import overlays
from safelight.batch.plan import Shelves
from safelight.cli.arguments import (
    PATH,
    model_option,
    overwrite_option,
    refuse_replacing,
    refuse_streams,
    size_limit_option,
)
from safelight.pixels import files
from safelight.runtime.folders import same_file
from safelight.tasks.colorize import hints, restore
from safelight.tasks.colorize import suggest as suggestions

EXAMPLES = """
\b
Examples:
  safelight suggest grandmother.jpg
  safelight suggest grandmother.jpg -n 5 --picture places.png
  safelight suggest grandmother.jpg --hints mine.json          what to add to existing hints
  safelight suggest grandmother.jpg -o grandmother.hints.json  a hint file to correct by hand

The hint file has the most likely color at each place. Replace it by the true one; safelight colorize uses the
file automatically.
"""


@click.command(epilog=EXAMPLES)
@click.argument("photo", type=PATH, metavar="PHOTO")
@click.option(
    "-n",
    "count",
    type=click.IntRange(1, 20),
    default=3,
    show_default=True,
    metavar="N",
    help="Number of places.",
)
@click.option("--hints", "hint_file", type=PATH, metavar="FILE", help="Hints so far.")
@click.option(
    "-o",
    "out",
    type=PATH,
    metavar="FILE",
    help="Write the suggestions, after those of --hints, as a hint file.",
)
@click.option(
    "--picture",
    "overlay",
    type=PATH,
    metavar="PNG",
    help="Draw the places and colors on the photo, under a grid of coordinates.",
)
@model_option
@overwrite_option
@size_limit_option
def suggest(
    photo: Path,
    count: int,
    hint_file: Path | None,
    out: Path | None,
    overlay: Path | None,
    model: str | None,
    overwrite: bool,
) -> int:
    """Suggest where in a photo a color hint would help most, best first, and which colors are likely there.

    A hint spreads to similar areas; the place that removes the most uncertainty of the whole picture comes
    first. Each further place is chosen as if the hints before it had been given.
    """
    for file in (out, overlay):
        refuse_streams([photo], file)
        refuse_replacing(file, [photo])
        if file and file.exists() and not overwrite:
            raise click.UsageError(f"{file} is there already; give another name, or --overwrite")
    if out and out.suffix.lower() != ".json":
        raise click.UsageError(f"-o is {out}; a hint file is JSON: expected a name that ends in .hints.json")
    refuse_replacing(overlay, [file for file in (hint_file, out) if file])
    hint_set = hints.HintSet.load(hint_file) if hint_file else hints.HintSet()
    colorizer, original = restore.load_colorizer(model), files.read_photo(photo)
    suggested = colorizer.suggest(original, hint_set, count)
    for number, suggestion in enumerate(suggested, start=1):
        click.echo(f"{number}  {overlays.describe_suggestion(suggestion)}")
    if not suggested:
        click.echo("nothing is uncertain in this photo: no hint would help")
    if overlay:
        drawn = overlays.draw_suggestions(colorizer(original, hint_set), suggested)
        files.write_photo(overlay, drawn, overwrite=overwrite)
        click.echo(f"{overlay}: the places, with the likely colors beside them")
    if out:
        _with_likeliest(hint_set, suggested).save(out)
        total = len(hint_set) + len(suggested)
        near = Shelves().marked(photo, hints.MARK, hints.SUFFIX).file
        option = "" if near and same_file(near, out) else f" --hints {shlex.quote(str(out))}"
        command = f"safelight colorize {shlex.quote(str(photo))}{option}"
        click.echo(f"{out}: {total} hints; correct their colors, then {command}")
    return 0


def _with_likeliest(hint_set: hints.HintSet, suggested: Sequence[suggestions.Suggestion]) -> hints.HintSet:
    """The hints, and the most likely color at each suggested place."""
    return hints.HintSet((*hint_set, *(hints.Hint(each.x, each.y, each.colors[0][0]) for each in suggested)))

"""safelight suggest: where a further hint would help most."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.cli.given import Place
from safelight.cli.size_limit import size_limit

if TYPE_CHECKING:
    from safelight.tasks.colorize.hints import HintSet
    from safelight.tasks.colorize.suggest import Suggestion

EXAMPLES = """
\b
Examples:
  safelight suggest grandmother.jpg
  safelight suggest grandmother.jpg -n 5 --picture places.png
  safelight suggest grandmother.jpg --hints mine.json          what to add to the hints that there are
  safelight suggest grandmother.jpg -o grandmother.hints.json  a hint file to correct by hand

The hint file has the likeliest color at each place. Put in the true ones; safelight colorize takes it by itself.
"""


@click.command(short_help="Say where a color hint would help most.", epilog=EXAMPLES)
@click.argument("photo", type=Place(path_type=Path), metavar="PHOTO")
@click.option(
    "-n",
    "count",
    type=click.IntRange(1, 20),
    default=3,
    show_default=True,
    metavar="N",
    help="How many places.",
)
@click.option("--hints", "hint_file", type=Place(path_type=Path), metavar="FILE", help="Hints so far.")
@click.option(
    "-o",
    "out",
    type=Place(path_type=Path),
    metavar="FILE",
    help="Write them, after --hints, as a hint file.",
)
@click.option(
    "--picture",
    type=Place(path_type=Path),
    metavar="PNG",
    help="Draw the places and colors on the photo, under a grid to read places off.",
)
@click.option("--model", metavar="NAME|FILE", help="A bundled model (safelight models) or a MODEL.onnx.")
@click.option("--overwrite", is_flag=True, help="Replace files that are already there.")
@size_limit
def suggest(
    photo: Path,
    count: int,
    hint_file: Path | None,
    out: Path | None,
    picture: Path | None,
    model: str | None,
    overwrite: bool,
) -> int:
    """Say where in PHOTO a color hint would help most, best first, and which colors are likely there.

    A hint reaches as far as things look alike; the place that takes the most uncertainty out of the whole
    picture comes first. Each further one is chosen as if those before it had been answered.
    """
    from safelight.cli.outcomes import refuse_streams
    from safelight.cli.suggested import draw, told
    from safelight.pixels.files import read_photo, write_photo
    from safelight.tasks.colorize.hints import HintSet
    from safelight.tasks.colorize.restore import load_colorizer

    for file in (out, picture):
        refuse_streams([photo], file)
        if file and file.exists() and not overwrite:
            raise click.UsageError(f"{file} is there already; give another name, or --overwrite")
    hints = HintSet.load(hint_file) if hint_file else HintSet()
    colorizer, read = load_colorizer(model), read_photo(photo)
    found = colorizer.suggest(read, hints, count)
    for number, each in enumerate(found, start=1):
        click.echo(f"{number}  {told(each)}")
    if not found:
        click.echo("nothing is uncertain in this photo: no hint would help")
    if picture:
        write_photo(picture, draw(colorizer(read, hints), found), overwrite=overwrite)
        click.echo(f"{picture}: the places, with the likely colors beside them")
    if out:
        _with_likeliest(hints, found).save(out)
        click.echo(f"{out}: {len(hints) + len(found)} hints; correct their colors, then safelight colorize")
    return 0


def _with_likeliest(hints: "HintSet", found: "Sequence[Suggestion]") -> "HintSet":
    from safelight.tasks.colorize.hints import Hint, HintSet

    return HintSet((*hints, *(Hint(each.x, each.y, each.colors[0][0]) for each in found)))

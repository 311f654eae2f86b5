"""safelight data: a folder of photos becomes a dataset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from safelight.cli.arguments import PATH, Finite, refuse_file_name, size_limit_option
from safelight.data import build as builder
from safelight.data.settings import BuildSettings
from safelight.terminal import Bars

ENOUGH = 50  # pictures
EXAMPLES = """
\b
Examples:
  safelight data build photos -o datasets/photos
  safelight data build photos -o datasets/standing --tag standing --without source=stock --fit pad
  safelight data build photos -o datasets/vivid --min-chroma 8 --min-side 256 --no-casts --max-cast 20
  safelight data build prints -o datasets/prints --min-spread 0            (keep sepia photographs)
  safelight data build faces -o datasets/faces --subject 0.6               (squares around the eyes)
  safelight data build imagenet -o datasets/imagenet --size 128            (its own train and val are kept)
  safelight data build photos -o datasets/ten --folds 10 --val 0.1 --test 0.1

Run it again after adding photos: the old ones keep their split. A stopped build goes on where it was.
"""


def read_pairs(
    ctx: click.Context, param: click.Parameter, words: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Pairs of --without KEY=VALUE."""
    pairs = []
    for word in words:
        key, equals, value = word.partition("=")
        if not key or not equals:
            raise click.BadParameter(f"{word!r} is not KEY=VALUE, such as source=stock")
        pairs.append((key, value))
    return tuple(pairs)


def number(flag: str, text: str) -> Callable[[Any], Any]:
    """An option for one of BuildSettings' numbers, with its default."""
    default = getattr(BuildSettings(), flag.removeprefix("--").replace("-", "_"))
    kind = Finite() if isinstance(default, float) else int
    return click.option(flag, type=kind, default=default, show_default=True, metavar="N", help=text)


@click.group()
def data() -> None:
    """Make datasets from folders of photos."""


@data.command(epilog=EXAMPLES)
@click.argument("folder", type=PATH, metavar="DIR")
@click.option("-o", "out", required=True, type=PATH, metavar="DATASET", help="A folder for it.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only photos with this tag; repeatable.")
@click.option(
    "--without",
    callback=read_pairs,
    multiple=True,
    metavar="KEY=VALUE",
    help="Leave out photos whose metadata say so.",
)
@click.option(
    "--fit",
    type=click.Choice(["crop", "pad", "stretch"]),
    default="crop",
    show_default=True,
    help="How a photo becomes a square.",
)
@click.option(
    "--size", type=int, default=160, show_default=True, metavar="N", help="Side of the squares, in pixels."
)
@number(
    "--subject",
    "Cut the square around the subject named by the metadata: its side over the photo's "
    "shorter side, 0 to 1; 0 cuts around the middle.",
)
@number("--min-side", "Leave out photos with a shorter side, in pixels.")
@number("--min-chroma", "Leave out paler photos: mean chroma, in units of Lab.")
@number("--min-ab-range", "Leave out photos whose a and b range over less, in units of Lab.")
@number(
    "--min-spread",
    "Leave out toned (sepia) photos: of one warm hue, their ab straying less than this at a "
    "lightness; 0 keeps them.",
)
@number("--max-cast", "A photo whose colors are all shifted further, in units of Lab, has a cast.")
@click.option("--no-casts", is_flag=True, help="Leave out photos with a cast; else they are only reported.")
@number("--val", "Share of the photos to follow training by, 0 to 1.")
@number("--test", "Share of the photos to judge by, 0 to 1.")
@number("--folds", "Folds for cross-validation.")
@click.option(
    "--own-splits/--no-own-splits",
    default=True,
    show_default=True,
    help="Keep train, val and test folders as they are.",
)
@click.option(
    "--workers", type=int, default=2, show_default=True, metavar="N", help="Threads that open photos."
)
@size_limit_option
def build(
    folder: Path,
    out: Path,
    tags: tuple[str, ...],
    without: tuple[tuple[str, str], ...],
    fit: str,
    size: int,
    subject: float,
    min_side: int,
    min_chroma: float,
    min_ab_range: float,
    min_spread: float,
    max_cast: float,
    no_casts: bool,
    val: float,
    test: float,
    folds: int,
    own_splits: bool,
    workers: int,
) -> None:
    """Make a dataset of the photos in DIR.

    Photos that cannot be read, are tiny, grey, pale or toned are left out and counted; near-duplicates stay
    together in one split. The folders of ImageNet, Places2, CelebA and Paris StreetView are understood. The
    dataset has a report.html to look at.
    """
    refuse_file_name(out)
    settings = BuildSettings(
        size=size,
        fit=fit,
        tags=tags,
        without=without,
        min_side=min_side,
        min_ab_range=min_ab_range,
        min_chroma=min_chroma,
        min_spread=min_spread,
        max_cast=max_cast,
        casts="leave" if no_casts else "keep",
        subject=subject,
        splits="own" if own_splits else "hash",
        val=val,
        test=test,
        folds=folds,
    )
    with Bars() as bars:
        summary = builder.build_dataset(
            folder, out, settings, lambda done, total, what: bars.show(what, done, total), workers
        )
        for line in summary.remarks:
            bars.say(line)
    click.echo(f"{out}: {summary}")
    if summary.pictures < ENOUGH:
        click.echo("too few to train or to judge: a few hundred pictures make sense, 50 at least", err=True)

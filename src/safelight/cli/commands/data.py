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
  safelight data build photos -o datasets/hard --hold-out museum --hold-out slides/5
                                                    (judged as foreign: all of one source, every fifth of another)
  safelight data build photos -o datasets/ten --folds 10 --val 0.1 --test 0.1

Run it again after adding photos: the old ones keep their split. A stopped build continues where it was.
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


def read_held_out(
    ctx: click.Context, param: click.Parameter, words: tuple[str, ...]
) -> tuple[tuple[str, int], ...]:
    """Pairs of --hold-out SOURCE or SOURCE/N."""
    pairs = []
    for word in words:
        source, slash, every = word.rpartition("/")
        if not slash or not every.isdecimal():
            source, every = word, "1"
        pairs.append((source, int(every)))
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
@click.option("-o", "out", required=True, type=PATH, metavar="DATASET", help="Folder of the dataset.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only photos with this tag; repeatable.")
@click.option(
    "--without",
    callback=read_pairs,
    multiple=True,
    metavar="KEY=VALUE",
    help="Leave out photos with this value in their metadata; repeatable.",
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
    "Crop around the subject given by the metadata: the side of the square over the photo's "
    "shorter side, 0 to 1; 0 crops around the center.",
)
@number("--min-side", "Leave out photos whose shorter side has fewer pixels.")
@number("--min-chroma", "Leave out photos with a lower mean chroma, in units of Lab.")
@number("--min-ab-range", "Leave out photos with a smaller range of a and b, in units of Lab.")
@number(
    "--min-spread",
    "Leave out toned (sepia) photos: of one warm hue, with ab varying less than this at a "
    "given lightness; 0 keeps them.",
)
@number("--max-cast", "Shift of all colors, in units of Lab, above which a photo has a color cast.")
@click.option(
    "--no-casts", is_flag=True, help="Leave out photos with a color cast; by default they are only reported."
)
@number("--val", "Fraction of the photos in the validation split, 0 to 1.")
@number("--test", "Fraction of the photos in the test split, 0 to 1.")
@number("--folds", "Number of folds for cross-validation.")
@click.option(
    "--own-splits/--no-own-splits",
    default=True,
    show_default=True,
    help="Keep the splits of train, val and test folders.",
)
@click.option(
    "--hold-out",
    "held_out",
    callback=read_held_out,
    multiple=True,
    metavar="SOURCE[/N]",
    help="Keep all pictures of this source, or every Nth, out of training: the split foreign, "
    "for safelight judge --split foreign; repeatable.",
)
@click.option(
    "--workers", type=int, default=2, show_default=True, metavar="N", help="Threads that read photos."
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
    held_out: tuple[tuple[str, int], ...],
    workers: int,
) -> None:
    """Make a dataset of the photos in DIR.

    Photos that cannot be read, or are tiny, grey, pale or toned, are left out and counted; near-duplicates stay
    together in one split. The folders of ImageNet, Places2, CelebA and Paris StreetView are recognized. Look at
    the report.html of the dataset.
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
        hold_out=held_out,
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

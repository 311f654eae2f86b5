"""safelight data: a folder of photos becomes a dataset."""

from pathlib import Path

import click

EXAMPLES = """
\b
Examples:
  safelight data build photos -o datasets/photos
  safelight data build photos -o datasets/standing --tag standing --without source=stock --fit pad

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


@click.group()
def data() -> None:
    """Make datasets from folders of photos."""


@data.command(epilog=EXAMPLES)
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "-o", "out", required=True, type=click.Path(path_type=Path), metavar="DATASET", help="A folder for it."
)
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
@click.option(
    "--workers", type=int, default=2, show_default=True, metavar="N", help="Threads that open photos."
)
def build(
    folder: Path,
    out: Path,
    tags: tuple[str, ...],
    without: tuple[tuple[str, str], ...],
    fit: str,
    size: int,
    workers: int,
) -> None:
    """Make a dataset of the photos in DIR.

    Photos that cannot be read, are tiny, grey or pale are left out and counted; near-duplicates stay together
    in one split. The dataset has a report.html to look at.
    """
    from safelight.app.progress import Bars
    from safelight.data.build import build_dataset
    from safelight.data.settings import BuildSettings

    settings = BuildSettings(size=size, fit=fit, tags=tags, without=without)
    with Bars() as bars:
        summary = build_dataset(
            folder, out, settings, lambda done, total, what: bars.show(what, done, total), workers
        )
    click.echo(f"{out}: {summary}")

"""safelight redo: results made again from their marks."""

from __future__ import annotations

from pathlib import Path

import click

from safelight.batch import redo as batch_redo
from safelight.cli.arguments import PATH, PHOTO, overwrite_option, refuse_streams, size_limit_option
from safelight.errors import SafelightError, shown

EXAMPLES = """
\b
Examples:
  safelight redo grandmother-color.jpg            is it what its mark says? Nothing is written
  safelight redo grandmother-color.jpg --photo scans/grandmother.jpg
  safelight redo colored/*.jpg                    many results, each from the photo that the ledger names
  safelight redo found.jpg -o again.jpg           made again as another file

The photo is looked for beside its result and where the ledger of the folder says, mask and hints beside photo and
result; each counts only with the checksum that the mark states.

Exit status: 0 every result was made again byte for byte, 1 some were not (a line for each), 2 wrong usage.
"""


@click.command(epilog=EXAMPLES)
@click.argument("results", nargs=-1, required=True, type=PHOTO, metavar="RESULT...")
@click.option(
    "--photo",
    "photos",
    type=PATH,
    multiple=True,
    metavar="SOURCE",
    help="The photo that it was made of, or its folder; repeatable where there are several.",
)
@click.option("--mask", type=PATH, metavar="FILE", help="The mask that was used.")
@click.option("--hints", type=PATH, metavar="FILE", help="The file of hints that was used.")
@click.option("--model", metavar="NAME|FILE", help="The model that was used, where it is no bundled one.")
@click.option("-o", "out", type=PATH, metavar="OUT", help="Write it as this file.")
@overwrite_option
@size_limit_option
def redo(
    results: tuple[Path, ...],
    photos: tuple[Path, ...],
    mask: Path | None,
    hints: Path | None,
    model: str | None,
    out: Path | None,
    overwrite: bool,
) -> int:
    """Make results again from the marks in their metadata, and say whether every byte is the same.

    Without -o nothing is written; the result itself is never replaced, unless -o names it with --overwrite.
    """
    refuse_streams(results, out)
    if len(results) > 1 and (photos or mask or hints or out):
        raise click.UsageError("--photo, --mask, --hints and -o are of one result; found several")
    if out and out.suffix.lower() != results[0].suffix.lower():
        raise click.UsageError(f"-o {shown(out)} is of another kind than {shown(results[0])}; end it alike")
    given, redoer = batch_redo.Given(photos, mask, hints, model), batch_redo.Redoer()
    failed = 0
    for result in results:
        try:
            done = redoer.make(result, given, out, overwrite) if out else redoer.check(result, given)
        except (SafelightError, OSError) as error:
            failed += 1
            line = str(error)
            click.echo(line if shown(result) in line else f"{shown(result)}: {line}", err=True)
            continue
        failed += not done.equal
        for remark in done.remarks:
            click.echo(remark if shown(result) in remark else f"{shown(result)}: {remark}", err=True)
        made = f"made again as {shown(out)}" if out else "made again"
        click.echo(
            f"{shown(result)}: {made}, {'byte for byte' if done.equal else 'but not every byte is the same'}"
        )
    return 1 if failed else 0

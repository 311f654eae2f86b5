"""safelight info: what picture files say of themselves."""

from __future__ import annotations

import json
from pathlib import Path

import click

from safelight.cli.arguments import PHOTO, refuse_streams, size_limit_option
from safelight.errors import PhotoError, shown
from safelight.provenance import info as provenance_info

EXAMPLES = """
\b
Examples:
  safelight info grandmother-color.jpg         what made it, when, with which model and settings, from what
  safelight info scans/*.tif                   size, mode, depth and color profile of any picture
  safelight info grandmother-color.jpg --json  the same for programs

What is told is what the file says; nobody vouches for it. Pixels are not looked at.

Exit status: 0 every file was read, 1 some were no pictures (one line for each), 2 wrong usage.
"""


@click.command(epilog=EXAMPLES)
@click.argument("files", nargs=-1, required=True, type=PHOTO, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="A list with an object for each file.")
@size_limit_option
def info(files: tuple[Path, ...], as_json: bool) -> int:
    """Tell what pictures say of themselves: size, color, source type, history, and what they were made of."""
    refuse_streams(files)
    failed = 0
    rows: list[dict[str, object]] = []
    for file in files:
        try:
            found = provenance_info.read_info(file)
        except PhotoError as error:
            failed += 1
            rows.append({"path": str(file), "error": str(error)})
            click.echo(str(error) if shown(file) in str(error) else f"{shown(file)}: {error}", err=True)
            continue
        rows.append(found.to_json())
        if not as_json:
            for line in provenance_info.in_words(found):
                click.echo(line)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    return 1 if failed else 0

"""safelight batch: what a folder of results holds, a page of it, checksums, a bag, and PREMIS for an archive."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from safelight.cli import archives
from safelight.cli.arguments import PATH, overwrite_option, refuse_existing
from safelight.errors import shown
from safelight.files import new_file
from safelight.ledger import bag, page, premis, status
from safelight.reports.text import count

EXAMPLES = """
\b
Examples:
  safelight batch status colored/
  safelight batch report colored/
  safelight batch checksums colored/
  safelight batch bag colored/ -o colored-bag
  safelight batch premis colored/ --xml premis.xml

OUT is a folder of results: that of -o, or the folder of photos where results lie beside them. Its ledger,
safelight-ledger.jsonl, says what each result was made of, with what, and what failed.
"""
STATUS_EXAMPLES = """
\b
Examples:
  safelight batch status colored/
  safelight batch status colored/ --verify
  safelight batch status colored/ --json

Exit status: 0 all is well, 1 photos failed, or results are missing or were edited.
"""
PREMIS_EXAMPLES = """
\b
Examples:
  safelight batch premis colored/ --xml premis.xml
  safelight batch premis colored/ --xml premis.xml --json premis.json
"""
out_argument = click.argument("out", type=PATH, metavar="OUT")


@click.group(epilog=EXAMPLES)
def batch() -> None:
    """Look at a folder of results: what it holds, what failed, what was edited; pages and lists for archives."""


@batch.command(
    name="status", short_help="Counts, failures, settings, what was edited.", epilog=STATUS_EXAMPLES
)
@out_argument
@click.option("--verify", is_flag=True, help="Read every byte, instead of sizes and times.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status_command(out: Path, verify: bool, as_json: bool) -> int:
    """Say what a folder of results holds: counts, failures, settings, and what was edited or lost since."""
    found = status.examine(out, verify)
    if as_json:
        click.echo(json.dumps(found.to_json(), indent=2))
    else:
        for line in found.lines():
            click.echo(line)
    return 0 if found.is_well else 1


@batch.command(
    name="report",
    short_help="A page with failures and a contact sheet.",
    epilog="\b\nExample:\n  safelight batch report colored/ -o colored.html",
)
@out_argument
@click.option(
    "-o",
    "file",
    type=archives.PagePath(),
    metavar="FILE.html",
    help="The page.  [default: OUT/safelight-report.html]",
)
@click.option(
    "--most",
    type=click.IntRange(0, 5000),
    metavar="N",
    help="Photos that the page shows; all are counted.  [default: 300]",
)
def report_command(out: Path, file: str | None, most: int | None) -> int:
    """Write a page: failures first, then photos beside their results. It holds its pictures and loads nothing."""
    place = None if file is None else Path(file)
    click.echo(f"wrote {shown(page.write_page(out, place, page.MOST_PICTURES if most is None else most))}")
    return 0


@batch.command(
    name="checksums",
    short_help="manifest-sha256.txt, for sha256sum -c.",
    epilog="\b\nExample:\n  safelight batch checksums colored/",
)
@out_argument
def checksums_command(out: Path) -> int:
    """Write OUT/manifest-sha256.txt with every file of the batch, as `sha256sum -c` takes it.

    Lines that it has of other files stay. Exit status: 1 if results were edited since they were made, or are missing.
    """
    return archives.write_checksums(out)


@batch.command(
    name="bag",
    short_help="A BagIt bag of the results.",
    epilog="\b\nExample:\n  safelight batch bag colored/ -o colored-bag",
)
@out_argument
@click.option("-o", "folder", type=PATH, metavar="BAG", help="The bag, a new folder.  [default: OUT-bag]")
def bag_command(out: Path, folder: Path | None) -> int:
    """Copy the results and their ledger into a BagIt bag (RFC 8493), for an archive to take in.

    Exit status: 1 if results were edited since they were made, or are missing.
    """
    return archives.write_bag(out, folder or bag.beside(out))


@batch.command(name="premis", short_help="PREMIS events of the results.", epilog=PREMIS_EXAMPLES)
@out_argument
@click.option("--xml", type=PATH, metavar="FILE", help="Write PREMIS 3.0 as XML.")
@click.option("--json", "json_file", type=PATH, metavar="FILE", help="Write the same as JSON.")
@overwrite_option
def premis_command(out: Path, xml: Path | None, json_file: Path | None, overwrite: bool) -> int:
    """Write an event for each result, with its photo, checksums, software and settings: PREMIS 3.0.

    Without --xml and --json the XML goes to standard output.
    """
    index = status.opened(out)
    for option, path in (("--xml", xml), ("--json", json_file)):
        if path:
            refuse_existing(path, overwrite, option)
    if not (xml or json_file):
        premis.write_xml(index, sys.stdout.buffer)
    for path, write in ((xml, premis.write_xml), (json_file, premis.write_json)):
        if path:
            with new_file(path, overwrite) as file:
                events = write(index, file)
            click.echo(f"wrote {shown(path)}: {count(events, 'event')}")
    return 0

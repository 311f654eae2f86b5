"""safelight iiif: photos and their results as a IIIF manifest, which viewers show with a choice between the two."""

from __future__ import annotations

from pathlib import Path

import click

from safelight.batch import pairs as pairs_by_name
from safelight.cli.arguments import PATH, overwrite_option, refuse_existing, size_limit_option
from safelight.errors import shown
from safelight.ledger import iiif as manifests
from safelight.ledger import rows
from safelight.reports.text import count

EXAMPLES = """
\b
Examples:
  safelight iiif colored/ --base-url https://example.org/album
  safelight iiif album/ --base-url http://localhost:8000 --label "Grandmother's album"

OUT is a folder of results, whose ledger says which photo each was made of; without a ledger, a folder with photos and
their NAME-color beside them. It is to be served at the base URL: `cd colored; python -m http.server` for a look at it.
The manifest is then at BASE-URL/manifest.json, for Mirador, the Universal Viewer and others.

Exit status: 0 every pair is in the manifest, 1 some could not be shown (one line for each), 2 wrong usage.
"""


@click.command(epilog=EXAMPLES)
@click.argument("out", type=PATH, metavar="OUT")
@click.option("--base-url", required=True, metavar="URL", help="The address that OUT has on the web.")
@click.option("--label", default="", metavar="TEXT", help="The title.  [default: the name of OUT]")
@overwrite_option
@size_limit_option
def iiif(out: Path, base_url: str, label: str, overwrite: bool) -> int:
    """Write OUT/manifest.json, IIIF Presentation 3: each photo as scanned and as safelight made it, to choose from.

    Of photos that browsers do not show, such as TIFFs, and of those outside of OUT, JPEG copies are written into
    OUT/iiif. Every page of a TIFF is a canvas of its own.
    """
    file = out / manifests.MANIFEST
    refuse_existing(file, overwrite, option="")
    writer = manifests.ManifestWriter(out, base_url, label)
    pairs = list(
        manifests.pairs_of(out) if (out / rows.LEDGER).is_file() else pairs_by_name.colored_pairs(out)
    )
    manifest = writer.manifest(pairs)
    manifests.write_manifest(file, manifest)
    for line in writer.failures:
        click.echo(line, err=True)
    click.echo(f"wrote {shown(file)}: {count(len(manifest['items']), 'picture')}")
    return 1 if writer.failures else 0

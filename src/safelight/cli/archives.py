"""What a batch leaves beside its results when it is asked to: a page, checksums, a bag."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

import safelight
from safelight.cli.arguments import FilePath
from safelight.errors import shown
from safelight.ledger import bag, page, sums
from safelight.reports.text import count

IN_ITS_PLACE = "-"  # the page's name where --report has none


class PagePath(FilePath):
    """A page's name. Another word than one that ends in .html was meant for a photo."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name. Raises BadParameter."""
        if value not in ("", IN_ITS_PLACE) and not str(value).lower().endswith((".html", ".htm")):
            self.fail(f"{value} does not end in .html; put --report last, or name a page", param, ctx)
        return super().convert(value, param, ctx)


@dataclass(frozen=True)
class Archives:
    """What is made of a folder of results when its batch has ended. page: its name, None for no page."""

    page: str | None = None
    checksums: bool = False
    bag: bool = False

    def check(self, folders: Sequence[Path]) -> None:
        """Raises UsageError where there is no folder of results to be made into something, or several for one page.

        Raises SafelightError where a file that would be written is another's.
        """
        if not (self.page or self.checksums or self.bag):
            return
        if not folders:
            raise click.UsageError(
                "--report, --checksums and --bag are of a folder of results: give -o FOLDER"
            )
        if self.page not in (None, IN_ITS_PLACE) and len(folders) > 1:
            raise click.UsageError(f"--report {self.page} is one page for {len(folders)} folders of results")
        if self.page not in (None, IN_ITS_PLACE):
            page.check_place(Path(str(self.page)))
        for folder in folders if self.checksums else ():
            sums.check_manifest(folder)

    def write(self, folders: Sequence[Path]) -> int:
        """Make them, and say so in a line each, and what is amiss once; the exit status.

        Raises SafelightError, OSError.
        """
        amiss = list[sums.Amiss]()
        for folder in folders:
            if self.page:
                written = page.write_page(folder, None if self.page == IN_ITS_PLACE else Path(self.page))
                click.echo(f"wrote {shown(written)}")
            if self.checksums:
                amiss.append(_sums_of(folder))
            if self.bag:
                amiss.append(_bag_of(folder, bag.beside(folder)))
        return _tell(amiss)


def write_checksums(folder: Path) -> int:
    """Write the checksums of a folder of results, and say so, and what is amiss; the exit status."""
    return _tell([_sums_of(folder)])


def write_bag(folder: Path, place: Path) -> int:
    """Make the bag of a folder of results, and say so, and what is amiss; the exit status."""
    return _tell([_bag_of(folder, place)])


def _sums_of(folder: Path) -> sums.Amiss:
    amiss = sums.Amiss()
    files = sums.write_sums(folder, amiss)
    click.echo(f"wrote {shown(folder / sums.MANIFEST)}: {count(files, 'file')}")
    return amiss


def _bag_of(folder: Path, place: Path) -> sums.Amiss:
    made = bag.make_bag(folder, place, safelight.__version__)
    failed = f"; without {count(made.failed, 'photo')} that failed" if made.failed else ""
    click.echo(f"wrote {shown(made.folder)}: {count(made.files, 'file')}, {made.size / 1e6:.1f} MB{failed}")
    return made.amiss


def _tell(amiss: Sequence[sums.Amiss]) -> int:
    """Say each line once, however many of them found it; the exit status."""
    for line in dict.fromkeys(line for each in amiss for line in each.lines()):
        click.echo(line, err=True)
    return 1 if any(amiss) else 0


def archive_options(command: Callable[..., int]) -> Callable[..., int]:
    """--report, --checksums and --bag, which the command takes as one argument, `archives`."""

    @click.option(
        "--report",
        "page_name",
        type=PagePath(),
        is_flag=False,
        flag_value=IN_ITS_PLACE,
        metavar="[FILE.html]",
        help="At the end write a page: failures, and photos beside their results.",
    )
    @click.option("--checksums", is_flag=True, help="At the end write manifest-sha256.txt, for sha256sum -c.")
    @click.option(
        "--bag", "with_bag", is_flag=True, help="At the end copy the results into a BagIt bag, OUT-bag."
    )
    @functools.wraps(command)
    def collected(*words: Any, page_name: str | None, checksums: bool, with_bag: bool, **options: Any) -> int:
        return command(*words, archives=Archives(page_name, checksums, with_bag), **options)

    return collected

"""safelight journal: the runs listed, drawn, and compared."""

from pathlib import Path

import click

from safelight.cli.commands.compare import compare
from safelight.cli.given import Place

EXAMPLES = """
\b
Examples:
  safelight journal
  safelight journal list elsewhere/runs
  safelight journal page -o journal
  safelight journal compare runs/2026-11-22_11h51m10s-color runs/2026-11-22_14h02m33s-color
"""

RUNS = Path("runs")


class ListFirst(click.Group):
    """A group whose first command needs no name: `safelight journal elsewhere/runs` lists them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = next((word for word in args if not word.startswith("-")), None)
        if not args or (first is not None and first not in self.commands):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=ListFirst, epilog=EXAMPLES, short_help="List, draw and compare runs.")
def journal() -> None:
    """List, draw and compare runs. `safelight journal [RUNS]` is short for `safelight journal list [RUNS]`."""


@journal.command(
    name="list",
    short_help="List the runs in a folder.",
    epilog="\b\nExamples:\n  safelight journal list\n  safelight journal list elsewhere/runs",
)
@click.argument("runs", type=Place(path_type=Path), default=RUNS, metavar="[RUNS]")
def list_command(runs: Path) -> None:
    """List the runs in a folder, children under their parents: state, steps, time, scores, what was changed."""
    from safelight.journal.records import read_records, split_logs_of
    from safelight.journal.run_tree import list_runs

    records, damaged = read_records(runs)
    click.echo("\n".join(list_runs(records, split_logs_of(records))))
    for line in damaged:
        click.echo(line, err=True)


@journal.command(
    short_help="Draw the runs on one page.", epilog="\b\nExample:\n  safelight journal page -o journal"
)
@click.argument("runs", type=Place(path_type=Path), default=RUNS, metavar="[RUNS]")
@click.option(
    "-o", "out", required=True, type=Place(path_type=Path), metavar="FOLDER", help="A folder for it."
)
def page(runs: Path, out: Path) -> None:
    """Draw the runs: curves, pictures, verdicts, what guard and doctor found. HTML and Markdown, no network."""
    from safelight.journal.page import write_page
    from safelight.journal.records import read_records, split_logs_of

    records, damaged = read_records(runs)
    path = write_page(records, split_logs_of(records), out, runs.resolve().name)
    for line in damaged:
        click.echo(line, err=True)
    click.echo(f"the journal is {path}")


journal.add_command(compare)

"""safelight journal: runs listed, drawn on a page, and compared."""

from __future__ import annotations

from pathlib import Path

import click

from safelight.cli.arguments import PATH
from safelight.errors import SafelightError
from safelight.evaluation import examples, paired, paired_report
from safelight.journal import experiment, page, records, run_tree, shared_verdicts
from safelight.reports import text
from safelight.verdicts import measure, summary, verdict

RUNS = Path("runs")
EXAMPLES = """
\b
Examples:
  safelight journal
  safelight journal list elsewhere/runs
  safelight journal page -o journal
  safelight journal compare runs/2026-11-22_11h51m10s-color runs/2026-11-22_14h02m33s-color
"""
LIST_EXAMPLES = "\b\nExamples:\n  safelight journal list\n  safelight journal list elsewhere/runs"
COMPARE_EXAMPLES = """
\b
Examples:
  safelight journal compare runs/2026-11-22_11h51m10s-color runs/2026-11-22_14h02m33s-color
  safelight journal compare runs/*-color -o compared

Runs that differ only in train.seed count as one, with several seeds. The first run is the one that the others are
compared with. All must have been evaluated on the same samples: safelight judge RUN --data DATASET -o report.
"""


class ListFirst(click.Group):
    """A group whose first command needs no name: `safelight journal elsewhere/runs` lists them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = next((word for word in args if not word.startswith("-")), None)
        if not args or (first is not None and first not in self.commands):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=ListFirst, epilog=EXAMPLES)
def journal() -> None:
    """List, draw and compare runs. `safelight journal [RUNS]` is short for `safelight journal list [RUNS]`."""


@journal.command(name="list", short_help="List the runs in a folder.", epilog=LIST_EXAMPLES)
@click.argument("runs", type=PATH, default=RUNS, metavar="[RUNS]")
def list_command(runs: Path) -> None:
    """List the runs in a folder as a tree: state, steps, time, scores, changed settings."""
    found, damaged = records.read_records(runs)
    click.echo("\n".join(run_tree.list_runs(found, records.split_logs_of(found))))
    for line in damaged:
        click.echo(line, err=True)


@journal.command(
    name="page",
    short_help="Draw the runs on one page.",
    epilog="\b\nExample:\n  safelight journal page -o journal",
)
@click.argument("runs", type=PATH, default=RUNS, metavar="[RUNS]")
@click.option("-o", "out", required=True, type=PATH, metavar="FOLDER", help="A folder for it.")
def page_command(runs: Path, out: Path) -> None:
    """Draw the runs on a page, HTML and Markdown: curves, pictures, verdicts, findings of guard and doctor."""
    found, damaged = records.read_records(runs)
    path = page.write_page(found, records.split_logs_of(found), out, runs.resolve().name)
    for line in damaged:
        click.echo(line, err=True)
    click.echo(f"the journal is {path}")


@journal.command(short_help="Tell whether one run is better than another.", epilog=COMPARE_EXAMPLES)
@click.argument("runs", nargs=-1, required=True, type=PATH, metavar="RUN RUN [RUN]...")
@click.option("-o", "out", type=PATH, metavar="FOLDER", help="Write the page and pictures.")
@click.option(
    "--split", type=click.Choice(["val", "test", "foreign", "all"]), help="Only verdicts on this split."
)
def compare(runs: tuple[Path, ...], out: Path | None, split: str | None) -> None:
    """Compare runs by their stored verdicts, picture by picture, and list the differences of their recipes."""
    found = [records.read_record(run) for run in dict.fromkeys(path.resolve() for path in runs)]
    groups = experiment.seed_groups(found)
    if len(found) < 2:
        raise click.UsageError("give two runs or more to compare")
    shared = shared_verdicts.shared_verdicts(found, split)
    stored = dict(zip((each.folder for each in found), shared, strict=True))
    if len(groups) < 2:
        _print_seeds(groups[0], [stored[each.folder] for each in groups[0].records])
        return
    for number, other in enumerate(groups[1:], start=1):
        folder = out / f"{number}" if out and len(groups) > 2 else out
        _compare_two(groups[0], other, stored, folder)


def _compare_two(
    first: experiment.SeedGroup,
    second: experiment.SeedGroup,
    stored: dict[Path, verdict.Verdict],
    folder: Path | None,
) -> None:
    """Print the comparison of two groups; with a folder write its page, with pictures where they can be made."""
    of_first, of_second = ([stored[each.folder] for each in group.records] for group in (first, second))
    pairing = paired.pair(of_first, of_second)
    differing = experiment.differences_between(first, second).sentence
    click.echo(
        f"{paired_report.headline(first.name, second.name, pairing)}\n{differing}\n"
        f"{paired_report.caution(pairing)}\n"
    )
    table = paired_report.text_table(paired_report.lead_table(pairing))
    click.echo("\n".join([*table, "", *paired_report.changed(pairing)]))
    example = of_first[0]
    if example.evaluations is not None:
        click.echo(
            f"\njudged on the test split of {example.dataset}: choose between runs by val, not by test"
        )
    if folder is None:
        return
    try:
        sheets = examples.comparison_sheets(first.records[0], second.records[0], pairing, example)
    except SafelightError as error:
        click.echo(f"no pictures: {error}", err=True)
        sheets = ()
    written = paired_report.write_comparison(
        first.name, second.name, pairing, differing, summary.samples_in_words(example), folder, sheets
    )
    click.echo(f"\nthe comparison is {written}")


def _print_seeds(group: experiment.SeedGroup, stored: list[verdict.Verdict]) -> None:
    """Runs of one recipe: how much the seed alone changes."""
    values, unit = paired.overall_values(stored), measure.measure_of(stored[0])

    def in_unit(value: float) -> str:
        return f"{text.format_number(float(value), unit.digits)}{unit.in_unit}"

    for record, value in zip(group.records, values, strict=True):
        click.echo(f"{record.name}  seed {record.settings.get('train.seed')}  {in_unit(value)}")
    click.echo(
        f"These runs differ in nothing but the seed: {unit.what} {in_unit(values.mean())}, from seed to seed "
        f"{in_unit(values.std(ddof=1))} (standard deviation)."
    )

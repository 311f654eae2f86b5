"""safelight journal compare: better, worse or cannot tell."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.cli.given import Place

if TYPE_CHECKING:
    from safelight.journal.experiment import Arm
    from safelight.verdicts.verdict import Verdict

EXAMPLES = """
\b
Examples:
  safelight journal compare runs/2026-11-22_11h51m10s-color runs/2026-11-22_14h02m33s-color
  safelight journal compare runs/*-color -o compared

Runs that differ in nothing but train.seed count as one, with several seeds. The first is what the others are
compared with. All must have been judged on the same questions: safelight judge RUN --data DATASET -o report.
"""


@click.command(short_help="Say whether one run is better than another.", epilog=EXAMPLES)
@click.argument("runs", nargs=-1, required=True, type=Place(path_type=Path), metavar="RUN RUN [RUN]...")
@click.option("-o", "out", type=Place(path_type=Path), metavar="FOLDER", help="Write the page and pictures.")
@click.option("--split", type=click.Choice(["val", "test", "all"]), help="Only verdicts on this split.")
def compare(runs: tuple[Path, ...], out: Path | None, split: str | None) -> None:
    """Compare runs by their stored verdicts, picture by picture, and say what differs in their recipes."""
    from safelight.journal.asking import shared_questions
    from safelight.journal.experiment import arms_of
    from safelight.journal.records import read_record

    records = [read_record(run) for run in dict.fromkeys(path.resolve() for path in runs)]
    arms = arms_of(records)
    if len(records) < 2:
        raise click.UsageError("give two runs or more to compare")
    verdicts = dict(zip((each.folder for each in records), shared_questions(records, split), strict=True))
    if len(arms) < 2:
        _tell_seeds(arms[0], [verdicts[each.folder] for each in arms[0].records])
        return
    for number, other in enumerate(arms[1:], start=1):
        folder = out / f"{number}" if out and len(arms) > 2 else out
        _compare_two(arms[0], other, verdicts, folder)


def _compare_two(one: "Arm", other: "Arm", verdicts: "dict[Path, Verdict]", folder: Path | None) -> None:
    from safelight.evaluation.paired import pair
    from safelight.evaluation.paired_report import (
        caution,
        changed,
        headline,
        lead_table,
        tell_table,
        write_comparison,
    )
    from safelight.journal.experiment import what_differs

    here, there = ([verdicts[each.folder] for each in arm.records] for arm in (one, other))
    pairing, differing = pair(here, there), what_differs(one, other).said
    click.echo(f"{headline(one.name, other.name, pairing)}\n{differing}\n{caution(pairing)}\n")
    click.echo("\n".join([*tell_table(lead_table(pairing)), "", *changed(pairing)]))
    first = here[0]
    if first.looks is not None:
        click.echo(f"\njudged on the test split of {first.dataset}: choose between runs by val, not by test")
    if folder is not None:
        from safelight.cli.paired_pictures import paired_sheets
        from safelight.errors import SafelightError
        from safelight.verdicts.summary import samples_in_words

        try:
            sheets = paired_sheets(one.records[0], other.records[0], pairing, first)
        except SafelightError as error:
            click.echo(f"no pictures: {error}", err=True)
            sheets = []
        page = write_comparison(
            one.name, other.name, pairing, differing, samples_in_words(first), folder, sheets
        )
        click.echo(f"\nthe comparison is {page}")


def _tell_seeds(arm: "Arm", verdicts: "list[Verdict]") -> None:
    """Runs of one recipe: how much the seed alone does."""
    from safelight.evaluation.paired import overall_values
    from safelight.reports.text import format_number
    from safelight.verdicts.measure import measure_of

    values, measure = overall_values(verdicts), measure_of(verdicts[0])

    def told(value: float) -> str:
        return f"{format_number(float(value), measure.digits)}{measure.in_unit}"

    for record, value in zip(arm.records, values, strict=True):
        click.echo(f"{record.name}  seed {record.settings.get('train.seed')}  {told(value)}")
    click.echo(
        f"These runs differ in nothing but the seed: {measure.what} {told(values.mean())}, from seed to seed "
        f"{told(values.std(ddof=1))} (standard deviation)."
    )

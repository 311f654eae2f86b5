"""safelight doctor: what is wrong with a run, and what to try next."""

from pathlib import Path

import click

from safelight.cli.arguments import PATH
from safelight.journal import records
from safelight.journal.doctor import examine, report

EXAMPLES = """
\b
Examples:
  safelight doctor runs/2026-11-22_11h51m10s-color
  safelight doctor runs/2026-11-22_11h51m10s-color --no-report

The report with a picture for each finding is doctor/report.md in the run's folder. The exit status is 1 if
anything was found, else 0.
"""


@click.command(epilog=EXAMPLES)
@click.argument("run", type=PATH, metavar="RUN")
@click.option("--no-report", is_flag=True, help="Only print; write nothing into the run's folder.")
@click.option("--no-dataset", is_flag=True, help="Skip the search for near-duplicates across the splits.")
def doctor(run: Path, no_report: bool, no_dataset: bool) -> int:
    """Check a RUN for known training problems, from the files in its folder.

    Each finding has its value and limit, the likely cause and the setting to try next.
    """
    record = records.read_record(run)
    case = examine.case_of(record, with_dataset=not no_dataset)
    examination = examine.examine(case)
    click.echo("\n".join(report.in_lines(record, examination)))
    if not no_report:
        click.echo(f"\nthe report is {report.write_report(record, case, examination)}")
    return 0 if examination.healthy else 1

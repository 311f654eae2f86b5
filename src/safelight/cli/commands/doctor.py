"""safelight doctor: what is wrong with a run, and what to try next."""

from pathlib import Path

import click

from safelight.cli.given import Place

EXAMPLES = """
\b
Examples:
  safelight doctor runs/2026-11-22_11h51m10s-color
  safelight doctor runs/2026-11-22_11h51m10s-color --no-report

The report with a picture for each finding is doctor/report.md in the run's folder. The exit status is 1 if
anything was found, else 0.
"""


@click.command(short_help="Say what is wrong with a run, and what to try.", epilog=EXAMPLES)
@click.argument("run", type=Place(path_type=Path), metavar="RUN")
@click.option("--no-report", is_flag=True, help="Only print; write nothing into the run's folder.")
@click.option("--no-dataset", is_flag=True, help="Skip the search for near-duplicates across the splits.")
def doctor(run: Path, no_report: bool, no_dataset: bool) -> int:
    """Check a RUN for known training problems, from the files in its folder.

    Each finding has its figure and limit, the likely cause and the setting to try next.
    """
    from safelight.journal.doctor.examine import case_of, examine
    from safelight.journal.doctor.report import tell, write_report
    from safelight.journal.records import read_record

    record = read_record(run)
    case = case_of(record, with_dataset=not no_dataset)
    examination = examine(case)
    click.echo("\n".join(tell(record, examination)))
    if not no_report:
        click.echo(f"\nthe report is {write_report(record, case, examination)}")
    return 0 if examination.healthy else 1

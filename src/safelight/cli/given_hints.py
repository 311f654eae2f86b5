"""The hints of a photo: those that were given, or the file that lies beside it; and what there is to remark."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.cli.outcomes import count

if TYPE_CHECKING:
    from safelight.runtime.batch import Job
    from safelight.tasks.colorize.hints import HintSet


def read_hint_file(path: Path) -> "HintSet":
    """The hints of --hints; one without any is told on standard error. Raises HintError."""
    from safelight.tasks.colorize.hints import HintSet

    hints = HintSet.load(path)
    if not hints:
        click.echo(f"{path} has no hints", err=True)
    return hints


def hints_for(job: "Job", given: "HintSet | None") -> "tuple[HintSet | None, tuple[str, ...]]":
    """The hints that were given, or those beside the photo, which are remarked on. Raises HintError."""
    from safelight.errors import shown
    from safelight.tasks.colorize.hints import HintSet

    if given is not None:
        return given, ()
    if job.hints is None:
        return None, job.notes
    found, name = HintSet.load(job.hints), shown(job.hints.name)
    said = f"with {count(len(found), 'hint')} from {name}" if found else f"{name} has no hints"
    return found, (said, *job.notes)

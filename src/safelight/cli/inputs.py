"""Hints and masks as options name them."""

from __future__ import annotations

from pathlib import Path

import click

from safelight.batch import beside
from safelight.batch.plan import Plan
from safelight.batch.work import Found
from safelight.errors import PhotoError, shown
from safelight.tasks.colorize import hints


def read_hint_file(path: Path) -> hints.HintSet:
    """The hints of --hints; one without any is reported on standard error. Raises HintError."""
    hint_set = hints.HintSet.load(path)
    if not hint_set:
        click.echo(f"{path} has no hints", err=True)
    return hint_set


def masks_for(jobs: Plan, option: Path | None) -> Plan:
    """The jobs, each with its mask, if it has one; option: --mask. Raises UsageError for one that would be replaced."""
    try:
        return beside.with_masks(jobs, option)
    except PhotoError as error:
        raise click.UsageError(str(error)) from None


def dry_run_note(mask: Found, without: str) -> str:
    """What a dry run says of a photo's mask; without: for a photo that has none."""
    remarks = "".join(f" ({remark})" for remark in mask.remarks)
    return (f", with {shown(mask.file.name)}" if mask.file else without) + remarks

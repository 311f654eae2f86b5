"""Hints and masks as options name them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from safelight.batch import beside, infrared
from safelight.batch.plan import Plan
from safelight.batch.work import NOTHING, Found
from safelight.errors import PhotoError, in_short, shown
from safelight.pixels import infrared as channels
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


infrared_option = click.option(
    "--infrared",
    metavar="auto|N|FILE",
    help="The mask by the infrared channel of a scan. auto: the fourth channel of a TIFF, or the grey page behind the "
    "picture; N: its page N; FILE: a scan of its own.",
)


def infrared_for(jobs: Plan, option: str | None, mask: Path | None) -> tuple[Plan, str]:
    """The jobs, and what --infrared is in an order; mask: --mask. Raises UsageError for both."""
    if option is None:
        return masks_for(jobs, mask), ""
    if mask is not None:
        raise click.UsageError("--mask and --infrared both say what is damaged; give one")
    if option == channels.AUTO or (option.isascii() and option.isdigit() and int(option)):
        return replace(jobs, jobs=tuple(replace(job, mask=NOTHING) for job in jobs)), option
    if not Path(option).is_file():
        raise click.UsageError(
            f"--infrared is {in_short(option)}; expected auto, the number of a page, or a file that there is"
        )
    return masks_for(jobs, Path(option)), infrared.OF_FILE


def dry_run_note(mask: Found, without: str) -> str:
    """What a dry run says of a photo's mask; without: for a photo that has none."""
    remarks = "".join(f" ({remark})" for remark in mask.remarks)
    return (f", with {shown(mask.file.name)}" if mask.file else without) + remarks

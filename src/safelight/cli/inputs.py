"""What lies with a photo: its hints and its mask, named by an option or found beside it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from safelight.cli.batch_output import count
from safelight.errors import shown
from safelight.runtime.folders import is_folder, same_file
from safelight.runtime.names import alike
from safelight.runtime.plan import Found, Plan, Shelves
from safelight.tasks.colorize import hints


def read_hint_file(path: Path) -> hints.HintSet:
    """The hints of --hints; one without any is reported on standard error. Raises HintError."""
    hint_set = hints.HintSet.load(path)
    if not hint_set:
        click.echo(f"{path} has no hints", err=True)
    return hint_set


def hints_beside(jobs: Plan) -> dict[Path, Found]:
    """The hint file beside each photo, if one belongs to it."""
    shelves = Shelves()
    return {job.photo: shelves.marked(job.photo, hints.MARK, hints.SUFFIX) for job in jobs}


def hints_for(
    beside: Found, from_options: hints.HintSet | None
) -> tuple[hints.HintSet | None, tuple[str, ...]]:
    """The hints of the options, or those of the file beside the photo, with a remark. Raises HintError."""
    if from_options is not None:
        return from_options, ()
    if beside.file is None:
        return None, beside.remarks
    hint_set, name = hints.HintSet.load(beside.file), shown(beside.file.name)
    remark = f"with {count(len(hint_set), 'hint')} from {name}" if hint_set else f"{name} has no hints"
    return hint_set, (remark, *beside.remarks)


def masks_for(jobs: Plan, option: Path | None) -> dict[Path, Found]:
    """The mask of each photo, if it has one. Raises UsageError for one that its result would replace.

    option: --mask, a mask for all, or a folder, in which masks lie as deep as the photos in theirs; there a mask may
    also lie in the folder itself if only one photo is called so.
    """
    shelves = Shelves()
    photos_named = Counter(alike(job.photo.stem) for job in jobs)
    masks = {}
    for job in jobs:
        if option is None:
            mask = shelves.mask(job.photo)
        elif is_folder(option):
            flat = [option] if photos_named[alike(job.photo.stem)] == 1 else []
            mask = shelves.mask(job.photo, [option / job.inner, *flat])
        else:
            mask = Found(option)
        if mask.file and same_file(mask.file, job.result):
            raise click.UsageError(
                f"{shown(mask.file)} is the mask and would be replaced by the result; choose another -o"
            )
        masks[job.photo] = mask
    return masks


def dry_run_note(mask: Found, without: str) -> str:
    """What a dry run says of a photo's mask; without: for a photo that has none."""
    remarks = "".join(f" ({remark})" for remark in mask.remarks)
    return (f", with {shown(mask.file.name)}" if mask.file else without) + remarks


def mask_remarks(mask: Found, option: Path | None, advice: str = "") -> tuple[str, ...]:
    """The remarks on a mask that was found rather than named: which it is, and what else might have been."""
    if mask.file is None or mask.file == option:
        return mask.remarks
    return (f"with the mask {shown(mask.file.name)}{advice}", *mask.remarks)

"""The masks of photos: the one that was given, or those that lie in a folder of masks, or beside the photos."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from safelight.runtime.beside import Found
    from safelight.runtime.plan import Plan


def masks_of(jobs: "Plan", given: Path | None) -> "dict[Path, Found]":
    """The mask of each photo, if it has one. Raises UsageError for one that its result would replace.

    given: a mask for all, or a folder, in which masks lie as deep as the photos in theirs; there a mask may also lie
    in the folder itself if only one photo is called so.
    """
    from safelight.errors import shown
    from safelight.runtime.beside import Found, Shelves
    from safelight.runtime.folders import is_folder, same_file
    from safelight.runtime.names import alike

    shelves = Shelves()
    often = Counter(alike(job.photo.stem) for job in jobs)
    masks = {}
    for job in jobs:
        if given is None:
            found = shelves.mask(job.photo)
        elif is_folder(given):
            flat = [given] if often[alike(job.photo.stem)] == 1 else []
            found = shelves.mask(job.photo, [given / job.inner, *flat])
        else:
            found = Found(given)
        if found.file and same_file(found.file, job.result):
            raise click.UsageError(
                f"{shown(found.file)} is the mask and would be replaced by the result; choose another -o"
            )
        masks[job.photo] = found
    return masks


def note_of(mask: "Found", lacking: str) -> str:
    """What a dry run says of a photo's mask."""
    from safelight.errors import shown

    said = "".join(f" ({remark})" for remark in mask.remarks)
    return (f", with {shown(mask.file.name)}" if mask.file else lacking) + said


def told_of(mask: "Found", given: Path | None, advice: str = "") -> tuple[str, ...]:
    """The remarks on a mask that was found rather than named: which it is, and what else might have been."""
    from safelight.errors import shown

    if mask.file is None or mask.file == given:
        return mask.remarks
    return (f"with the mask {shown(mask.file.name)}{advice}", *mask.remarks)

"""What lies with a photo: its hints and its mask, named by an option or found beside it."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from safelight.batch.plan import Plan, Shelves
from safelight.batch.work import Found, Job
from safelight.errors import PhotoError, shown
from safelight.reports.text import count
from safelight.runtime.folders import is_folder, same_file
from safelight.runtime.names import alike
from safelight.tasks.colorize.hints import MARK, SUFFIX, HintSet


def with_hints(jobs: Plan) -> Plan:
    """The jobs, each with the hint file beside its photo, if one belongs to it."""
    shelves = Shelves()
    return replace(
        jobs, jobs=tuple(replace(job, hints=shelves.marked(job.photo, MARK, SUFFIX)) for job in jobs)
    )


def hints_for(beside: Found, from_options: HintSet | None) -> tuple[HintSet | None, tuple[str, ...]]:
    """The hints of the options, or those of the file beside the photo, with a remark. Raises HintError."""
    if from_options is not None:
        return from_options, ()
    if beside.file is None:
        return None, beside.remarks
    hint_set, name = HintSet.load(beside.file), shown(beside.file.name)
    remark = f"with {count(len(hint_set), 'hint')} from {name}" if hint_set else f"{name} has no hints"
    return hint_set, (remark, *beside.remarks)


def with_masks(jobs: Plan, option: Path | None) -> Plan:
    """The jobs, each with its mask, if it has one. Raises PhotoError for one that its result would replace.

    option: --mask, a mask for all, or a folder, in which masks lie as deep as the photos in theirs; there a mask may
    also lie in the folder itself if only one photo is called so.
    """
    shelves = Shelves()
    photos_named = Counter(alike(job.photo.stem) for job in jobs)
    return replace(
        jobs,
        jobs=tuple(
            _with_mask(job, shelves, option, is_only=photos_named[alike(job.photo.stem)] == 1) for job in jobs
        ),
    )


def _with_mask(job: Job, shelves: Shelves, option: Path | None, is_only: bool) -> Job:
    if option is None:
        mask = shelves.mask(job.photo)
    elif is_folder(option):
        mask = shelves.mask(job.photo, [option / job.inner, *([option] if is_only else [])])
    else:
        mask = Found(option)
    if mask.file and same_file(mask.file, job.result):
        raise PhotoError(
            f"{shown(mask.file)} is the mask and would be replaced by the result; choose another -o"
        )
    return replace(job, mask=replace(mask, place=option))


def with_own_masks(jobs: Plan) -> Plan:
    """The jobs; those that have no mask take the photo itself for it, whose transparent part is what is missing."""
    own = (job if job.mask.file else replace(job, mask=Found(job.photo)) for job in jobs)
    return replace(jobs, jobs=tuple(own))


def mask_remarks(mask: Found, advice: str = "") -> tuple[str, ...]:
    """The remarks on a mask that was found rather than named: which it is, and what else might have been."""
    if mask.file is None or mask.file == mask.place:
        return mask.remarks
    return (f"with the mask {shown(mask.file.name)}{advice}", *mask.remarks)

"""Which photos a command takes, and where the result of each goes."""

import mimetypes
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from safelight.errors import PhotoError, shown
from safelight.runtime.batch import Job
from safelight.runtime.beside import Shelves
from safelight.runtime.folders import PassedOver, exists, is_folder, same_file, walk
from safelight.runtime.names import (
    COLORED,
    FORMATS,
    WRITTEN,
    Namer,
    alike,
    carrying,
    is_photo,
    made_of_others,
)

FILES = re.compile(  # kinds of files that Python's own table of them may lack
    r"\.(hei[cf]|hif|avif|jxl|jp2|jpx|j2k|ps[db]|xcf|exr|hdr|tga|jxr|qoi|eps|dng|nef|cr[23]|arw|orf|rw2|raf|pef"
    r"|7z|rar|gz|bz2|xz|zst|tgz|iso|onnx|npz|parquet|md|log)"
)


@dataclass(frozen=True)
class Plan:
    """The jobs in their order, and what was passed over in the folders."""

    jobs: tuple[Job, ...]
    passed: PassedOver = field(default_factory=PassedOver, compare=False)

    def __len__(self) -> int:
        return len(self.jobs)

    def __iter__(self) -> Iterator[Job]:
        return iter(self.jobs)


def plan(
    inputs: Sequence[Path],
    out: Path | None = None,
    names: Sequence[Namer] | None = None,
    folder: bool = False,
    aside: Sequence[Path] = (),
) -> Plan:
    """A job for each photo among the inputs: files as given, folders searched at every depth, by name.

    names: how results are named, NAME-color.EXT unless another is given; in folders, what bears one of these
    names is left out. out: None puts the result beside the photo. One photo may go to a file; otherwise
    `out` is a folder, in which the results lie as the photos lay in the folder that was given, and which is not
    searched where it lies among the photos. folder: `out` is one even where it is named like a file. aside: files
    and folders among the photos that are none of them, such as masks.
    Where NAME.jpg and NAME.png would have the same result, that of the one that changes its kind becomes
    NAME-jpg-filled.png; so does, in another folder, that of the second of two whose names differ by case alone.
    Raises PhotoError if two photos would still have the same result, a result would replace its photo, or `out` is
    named like a file of a kind that is not written.
    """
    if out is not None:
        folder = folder or is_folder(out)
        _check_out(inputs, out, folder)
    names, left_out = names or COLORED, [*aside, *([] if out is None else [out])]
    gathered = gather(inputs, names, left_out)
    one_file = out is not None and not folder and out.suffix.lower() in WRITTEN
    shelves = Shelves()
    jobs = [_job(job, shelves, out, names[0], one_file) for job in gathered]
    if not one_file:
        jobs = _told_apart(jobs, out, names[0])
    _check_results(jobs)
    return Plan(tuple(jobs), gathered.passed)


def gather(
    places: Sequence[Path], names: Sequence[Namer] | None = None, leave_out: Sequence[Path] = ()
) -> Plan:
    """A job for each photo, once: the files given, and those of the folders without results of earlier runs.

    The result of each is still the photo itself. leave_out: files and folders in them that are passed over, such as
    the folder of the results. A folder that cannot be listed is a job in trouble, so that it is said and counted.
    """
    passed = PassedOver()
    jobs = dict[Path, Job]()
    for place in places:
        if not is_folder(place):
            jobs.setdefault(place, Job(place, place))
            continue
        for folder, files in walk(place, passed, leave_out):
            made = made_of_others(files, names or COLORED)
            passed.made += sorted(made)
            for name in files:
                if not is_photo(name):
                    passed.other(name)
                elif name not in made:
                    photo = folder / name
                    jobs.setdefault(photo, Job(photo, photo, inner=folder.relative_to(place)))
    for closed, reason in passed.closed:
        jobs.setdefault(closed, Job(closed, closed, trouble=f"cannot be listed ({reason}); check its rights"))
    return Plan(tuple(jobs.values()), passed)


def _check_out(inputs: Sequence[Path], out: Path, folder: bool) -> None:
    """Raises PhotoError where the results cannot go to `out`."""
    if folder:
        return
    one = len(inputs) == 1 and not is_folder(inputs[0])
    if out.suffix.lower() in WRITTEN:
        if not one:
            raise PhotoError(
                f"{shown(out)} is one file for several photos; give a folder (-o {shown(out.with_suffix(''))}/)"
            )
    elif exists(out):
        raise PhotoError(f"{shown(out)} is a file, and no {FORMATS}; choose another name, or a folder")
    elif out.suffix and (one or is_of_a_file(out)):
        raise PhotoError(
            f"{shown(out)} is no name of a {FORMATS}; choose one, or for a folder of that name write {shown(out)}/"
        )


def is_of_a_file(out: Path) -> bool:
    """Whether a name that is not there yet has the suffix of a kind of files; "scans.2024" has none."""
    kinds = mimetypes.MimeTypes()  # Python's own table, not the machine's
    return bool(FILES.fullmatch(out.suffix.lower())) or any(
        out.suffix.lower() in each for each in kinds.types_map
    )


def _check_results(jobs: Sequence[Job]) -> None:
    """Raises PhotoError where two results would be one file, or a result replace its photo."""
    taken: dict[Path, Path] = {}
    for job in jobs:
        if job.trouble:
            continue
        other = taken.setdefault(job.result, job.photo)
        if other != job.photo:
            raise PhotoError(
                f"{other} and {job.photo} would both be written to {job.result}; use two folders"
            )
        if same_file(job.result, job.photo):
            raise PhotoError(f"{shown(job.photo)} would be replaced by its own result; choose another -o")


def _job(job: Job, shelves: Shelves, out: Path | None, namer: Namer, one_file: bool) -> Job:
    """The job with its result, its rivals and its hint file."""
    if job.trouble:
        return job
    beside = shelves.hints(job.photo)
    job = replace(job, hints=beside.file, notes=beside.remarks, rivals=shelves.rivals(job.photo))
    return replace(job, result=out) if one_file and out is not None else _placed(job, out, namer)


def _placed(job: Job, out: Path | None, namer: Namer) -> Job:
    """The job with its result beside the photo, or where it lies in the folder of the results."""
    return replace(job, result=(job.photo.parent if out is None else out / job.inner) / job.name(namer))


def _told_apart(jobs: Sequence[Job], out: Path | None, namer: Namer) -> list[Job]:
    """The jobs, with another name for results that would be one file.

    Those that change their kind carry it. In another folder, so does a result that differs from an earlier one by
    case alone: on a disk or server that takes no notice of case it would be taken for one that is there.
    """
    often = Counter(job.result for job in jobs)
    taken: dict[str, Path] = {}
    apart = []
    for job in jobs:
        named = job
        if often[job.result] > 1 and job.result.suffix != job.photo.suffix and not job.trouble:
            named = _placed(replace(job, called=carrying(job.photo).stem), out, namer)
        for called in _other_stems(job.photo, len(jobs)):
            first = taken.setdefault(alike(str(named.result)), named.result)
            if job.trouble or first == named.result or same_file(named.result.parent, job.photo.parent):
                break
            named = _placed(replace(job, called=called), out, namer)
        apart.append(named)
    return apart


def _other_stems(photo: Path, most: int) -> Iterator[str]:
    """NAME-jpg, NAME-jpg-2, NAME-jpg-3 …"""
    stem = carrying(photo).stem
    yield stem
    yield from (f"{stem}-{number}" for number in range(2, most + 2))

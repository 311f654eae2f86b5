"""Many photos: find them, decide where each result goes, do one after the other, go on past the bad ones."""

import os
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from safelight.errors import PhotoError, SafelightError
from safelight.pixels.photo import shown
from safelight.runtime.names import COLORED, FORMATS, PHOTOS, WRITTEN, Namer, carrying

SIDE_HINTS = ".hints.json"


@dataclass(frozen=True)
class Job:
    """One photo, where its result goes, and the hint file that lies beside it, if one does.

    inner: the folder that it lies in, in the folder that was given. carries: whether what is made of it carries
    its extension (NAME-jpg-mask.png), as another photo has its name.
    """

    photo: Path
    result: Path
    hints: Path | None = None
    inner: Path = Path()
    carries: bool = False

    def name(self, namer: Namer) -> str:
        """The file name of something made of the photo."""
        return namer(carrying(self.photo) if self.carries else self.photo)


@dataclass(frozen=True)
class Outcome:
    """What became of a job. `remarks` are lines to be read: why it failed, or what could not be kept."""

    job: Job
    state: Literal["done", "skipped", "failed"]
    remarks: tuple[str, ...] = ()
    seconds: float = 0.0


def plan(
    inputs: Sequence[Path],
    out: Path | None = None,
    names: Sequence[Namer] | None = None,
    folder: bool = False,
    aside: Sequence[Path] = (),
) -> list[Job]:
    """A job for each photo among the inputs: files as given, folders searched at every depth, by name.

    names: how results are named, NAME-color.EXT unless another is given; in folders, what bears one of these
    names is left out. out: None puts the result beside the photo. One photo may go to a file; otherwise
    `out` is a folder, in which the results lie as the photos lay in the folder that was given, and which is not
    searched where it lies among the photos. folder: `out` is one even where it is named like a file. aside: files
    and folders among the photos that are none of them, such as masks.
    Where NAME.jpg and NAME.png would have the same result, that of the one that changes its kind becomes
    NAME-jpg-filled.png. Raises PhotoError if two photos would still have the same result, a result would replace
    its photo, or `out` is named like a file of a kind that is not written.
    """
    if out is not None:
        folder = folder or out.is_dir()
        _check_out(inputs, out, folder)
    names, left_out = names or COLORED, [*aside, *([] if out is None else [out])]
    found = {photo: base for each in inputs for photo, base in find_photos(each, names, left_out)}
    jobs = [_job(photo, base, out, names[0], folder) for photo, base in found.items()]
    often = Counter(job.result for job in jobs)
    jobs = [
        _job(job.photo, found[job.photo], out, names[0], folder, carries=True)
        if often[job.result] > 1 and job.result.suffix != job.photo.suffix
        else job
        for job in jobs
    ]
    taken: dict[Path, Path] = {}
    for job in jobs:
        other = taken.setdefault(job.result, job.photo)
        if other != job.photo:
            raise PhotoError(
                f"{other} and {job.photo} would both be written to {job.result}; use two folders"
            )
        if same_file(job.result, job.photo):
            raise PhotoError(f"{shown(job.photo)} would be replaced by its own result; choose another -o")
    return jobs


def find_photos(
    place: Path, names: Sequence[Namer] | None = None, leave_out: Sequence[Path] = ()
) -> Iterator[tuple[Path, Path]]:
    """Each photo of a folder and the folder, or the file itself; results of earlier runs are left out.

    leave_out: files and folders in it that are passed over, such as the folder of the results.
    """
    if not place.is_dir():
        yield place, place.parent
        return
    closed: list[OSError] = []
    namers, others = names or COLORED, {os.path.realpath(path) for path in leave_out}
    for folder, inner, files in os.walk(place, onerror=closed.append):
        inner[:] = _seen(folder, inner, others)
        results = {
            namer(path) for namer in namers for name in files for path in (Path(name), carrying(Path(name)))
        }
        for name in _seen(folder, files, others):
            path = Path(folder, name)
            if path.suffix.lower() in PHOTOS and name not in results:
                yield path, place
    for error in closed:  # A folder that cannot be listed is passed on, so that it is said and counted.
        yield Path(error.filename), Path(error.filename).parent


def _seen(folder: str, names: Sequence[str], left_out: Collection[str]) -> list[str]:
    """The names that are neither hidden nor left out, sorted."""
    return sorted(
        name
        for name in names
        if not name.startswith(".") and os.path.realpath(Path(folder, name)) not in left_out
    )


def run(
    jobs: Sequence[Job], work: Callable[[Job], Sequence[str]], overwrite: bool = False
) -> Iterator[Outcome]:
    """Do the jobs in order; `work` returns what there is to remark.

    A result that is there is skipped, so that a stopped batch goes on where it was; a job that fails is
    reported, and the next one follows.
    """
    for job in jobs:
        if not overwrite and exists(job.result):
            yield Outcome(job, "skipped")
            continue
        start = time.perf_counter()
        try:
            _make_folder(job.result.parent)
            remarks = tuple(f"{shown(job.photo)}: {remark}" for remark in work(job))
        except Exception as error:  # One odd photo must not end a night's work: it is said and counted.
            yield Outcome(job, "failed", (_one_line(job, error),), time.perf_counter() - start)
        else:
            yield Outcome(job, "done", remarks, time.perf_counter() - start)


def exists(path: Path) -> bool:
    """Whether a file of this name is there."""
    try:
        return path.exists()
    except OSError:  # A name too long for the file system: writing it will say so.
        return False


def same_file(one: Path, other: Path) -> bool:
    """Whether both are names of one file that is there."""
    return exists(one) and exists(other) and one.samefile(other)


def _check_out(inputs: Sequence[Path], out: Path, folder: bool) -> None:
    """Raises PhotoError where the results cannot go to `out`."""
    if folder:
        return
    one = len(inputs) == 1 and not inputs[0].is_dir()
    if out.suffix.lower() in WRITTEN:
        if not one:
            raise PhotoError(
                f"{shown(out)} is one file for several photos; give a folder (-o {shown(out.with_suffix(''))}/)"
            )
    elif exists(out):
        raise PhotoError(f"{shown(out)} is a file, and no {FORMATS}; choose another name, or a folder")
    elif one and out.suffix:
        raise PhotoError(
            f"{shown(out)} is no name of a {FORMATS}; choose one, or for a folder of that name write {shown(out)}/"
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PhotoError(
            f"{shown(folder)} cannot be made ({error.strerror or error}); choose another folder"
        ) from error


def _job(photo: Path, base: Path, out: Path | None, namer: Namer, folder: bool, carries: bool = False) -> Job:
    side = photo.with_name(photo.stem + SIDE_HINTS)
    job = Job(photo, photo, side if exists(side) else None, photo.parent.relative_to(base), carries)
    if out is None:
        return replace(job, result=photo.with_name(job.name(namer)))
    if not folder and out.suffix.lower() in WRITTEN:
        return replace(job, result=out)
    return replace(job, result=out / job.inner / job.name(namer))


def _one_line(job: Job, error: Exception) -> str:
    message = str(error) or type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        message = f"{shown(error.filename)}: {error.strerror}" if error.filename else error.strerror
    elif not isinstance(error, (SafelightError, OSError)):
        message = f"unexpected {type(error).__name__}: {message}"
    name = shown(job.photo)
    return " ".join((message if name in message else f"{name}: {message}").split())

"""Many photos, one after the other: what is there is skipped, what another process works on is left to it."""

import contextlib
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from safelight.batch.claims import claimed
from safelight.batch.memory import needed
from safelight.batch.places import check_place
from safelight.batch.pool import in_threads, in_turn
from safelight.batch.work import Job, Report
from safelight.errors import NO_MEMORY, PhotoError, SafelightError, is_of_memory, shown
from safelight.ledger.facts import FileFacts
from safelight.runtime.cores import usable_cores
from safelight.runtime.folders import exists
from safelight.watched import StoppedError

PATIENCE = 600.0  # seconds for which another process may be at one photo
LOOK_AGAIN = 0.1  # seconds
NO_REPORT = Report()
NO_FILES: Mapping[Path, FileFacts] = {}
IS_THERE = "the result is there; --overwrite replaces it"
DONE_BEFORE = "done before"


@dataclass(frozen=True)
class Outcome:
    """What became of a job. `remarks` are lines to be read: why it failed or was left, what could not be kept.

    seconds: that it took. report: the worker's own, where it made one. because: why it was skipped.
    """

    job: Job
    state: Literal["done", "left", "skipped", "failed"]
    remarks: tuple[str, ...] = ()
    seconds: float = 0.0
    report: Report = NO_REPORT
    because: str = ""


class Records(Protocol):
    """What is known of jobs, and where what became of them is written down; called from several threads at once."""

    def known(self, job: Job) -> Outcome | None:
        """What became of a job before; None where it is still to be done."""

    def add(self, outcome: Outcome, files: Mapping[Path, FileFacts] = NO_FILES) -> None:
        """Write down what became of a job that was not known. files: those that another machine has looked at."""


class ByName:
    """No records: what has its result is done."""

    def known(self, job: Job) -> Outcome | None:
        """Skipped, if the result is there."""
        return Outcome(job, "skipped", because=IS_THERE) if exists(job.result) else None

    def add(self, outcome: Outcome, files: Mapping[Path, FileFacts] = NO_FILES) -> None:
        """Nothing: the result is there, or is not."""


BY_NAME = ByName()


def run(
    jobs: Iterable[Job],
    work: Callable[[Job], Report],
    overwrite: bool = False,
    records: Records = BY_NAME,
    workers: int = 1,
) -> Generator[Outcome]:
    """Do the jobs, so many at once as there are workers; outcomes come in the order of the jobs.

    What the records know is skipped, so that a stopped batch goes on where it was; a job that fails is
    reported, and the next one follows. What another process is at is left to it and looked at again at the end.
    workers: 0 for one a processor that may be used. With several, `work` is called in their threads, which end when
    the generator is closed: close it where not all outcomes are taken.
    """
    jobs = tuple(jobs)
    workers = min(workers or usable_cores(), len(jobs))

    def attempt(job: Job) -> Outcome | None:
        with _claim(job, overwrite) as is_ours:
            return _outcome(job, work, overwrite, records) if is_ours else None

    def needed_by(job: Job) -> int:
        return 0 if job.trouble or (not overwrite and exists(job.result)) else needed(job.photo)

    attempts = in_turn(jobs, attempt) if workers < 2 else in_threads(jobs, attempt, workers, needed_by)
    left_to_others = []
    with contextlib.closing(attempts):
        for job, outcome in zip(jobs, attempts, strict=True):
            if outcome is None:
                left_to_others.append(job)
            else:
                yield outcome
    for job in left_to_others:
        end = time.monotonic() + PATIENCE
        while True:
            with _claim(job, overwrite) as is_ours:
                if is_ours or time.monotonic() > end:
                    yield _outcome(job, work, overwrite, records)
                    break
            time.sleep(LOOK_AGAIN)


def _claim(job: Job, overwrite: bool) -> contextlib.AbstractContextManager[bool]:
    """A claim on the job's result, where one is needed: what is to be replaced is made by everybody who is told to."""
    if overwrite or job.trouble or exists(job.result):
        return contextlib.nullcontext(True)
    return claimed(job.result)


def _outcome(job: Job, work: Callable[[Job], Report], overwrite: bool, records: Records) -> Outcome:
    """What becomes of one job; written down, unless it was known before."""
    known = None if overwrite or job.trouble else records.known(job)
    if known is None:
        known = _attempted(job, work, overwrite)
        records.add(known)
    return known


def _attempted(job: Job, work: Callable[[Job], Report], overwrite: bool) -> Outcome:
    """What becomes of one job that is to be done."""
    start = time.perf_counter()
    try:
        if job.trouble:
            raise PhotoError(job.trouble)
        check_place(job.result, overwrite)
        report = work(job)
    except StoppedError:
        raise
    except Exception as error:  # One odd photo must not end a night's work: it is said and counted.
        if not overwrite and _came_first(error) and exists(job.result):
            return Outcome(job, "skipped", because=IS_THERE)
        return Outcome(job, "failed", (_one_line(job, error),), time.perf_counter() - start)
    remarks = tuple(f"{shown(job.photo)}: {remark}" for remark in report.remarks)
    return Outcome(job, "left" if report.left else "done", remarks, time.perf_counter() - start, report)


def _came_first(error: Exception) -> bool:
    """Whether it says that somebody else made the file meanwhile."""
    return isinstance(error, FileExistsError) or isinstance(error.__cause__, FileExistsError)


def _one_line(job: Job, error: Exception) -> str:
    message = str(error) or type(error).__name__
    if is_of_memory(error):
        message = NO_MEMORY
    elif isinstance(error, OSError) and error.strerror:
        message = f"{shown(error.filename)}: {error.strerror}" if error.filename else error.strerror
    elif not isinstance(error, (SafelightError, OSError)):
        message = f"unexpected {type(error).__name__}: {message}"
    name = shown(job.photo)
    return " ".join((message if name in message else f"{name}: {message}").split())

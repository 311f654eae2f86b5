"""Work on photos that lie elsewhere: a job's files are brought here, worked, and what was made is put in its place."""

import contextlib
import os
import secrets
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from safelight.batch.run import IS_THERE, Outcome, run
from safelight.batch.work import Found, Job, Report
from safelight.cluster.mounts import Mount, in_words, opened, url_of
from safelight.ledger.facts import FileFacts, facts_of

Done: TypeAlias = tuple[
    Outcome, dict[Path, FileFacts]
]  # of a job, and the facts of its files where they were worked
WHOLE = frozenset(("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "oci", "memory"))
# ↑ protocols of stores in which an object is there whole or not at all: it needs no other name first


def work_elsewhere(
    job: Job, work: Callable[[Job], Report], mounts: Sequence[Mount], overwrite: bool = False
) -> Done:
    """What becomes of a job of which some files stand for others elsewhere. See batch.run."""
    target = url_of(job.result, mounts)
    if target is not None and not overwrite and not job.trouble:
        with contextlib.suppress(Exception):  # putting the result there will say what is wrong
            system, path = opened(target)
            if system.exists(path):
                return Outcome(job, "skipped", because=IS_THERE), {}
    with tempfile.TemporaryDirectory(prefix="safelight-") as home:
        here = [Mount(Path(home, str(number)), mount.url) for number, mount in enumerate(mounts)]
        staged_job = moved(job, mounts, here)

        def bring_work_put(staged: Job) -> Report:
            for path in _inputs(staged):
                _bring(path, here)
            report = work(staged)
            for path in report.written[1:]:  # the result comes last: where it is, all is
                _put(path, here, overwrite=True)
            for path in report.written[:1]:
                _put(path, here, overwrite)
            return report

        (outcome,) = run([staged_job], bring_work_put, overwrite)
        files = {there(path, here, mounts): facts for path, facts in files_of(outcome).items()}
        report = replace(
            outcome.report,
            remarks=tuple(in_words(remark, here) for remark in outcome.report.remarks),
            written=tuple(there(path, here, mounts) for path in outcome.report.written),
        )
        remarks = tuple(in_words(remark, here) for remark in outcome.remarks)
        return replace(outcome, job=job, remarks=remarks, report=report), files


def files_of(outcome: Outcome) -> dict[Path, FileFacts]:
    """The facts of the files of a job that are on this machine: the photo, what lies with it, what was written."""
    if outcome.state == "skipped":
        return {}
    found = {}
    for path in dict.fromkeys((*_inputs(outcome.job), *outcome.report.written)):
        with contextlib.suppress(OSError):
            found[path] = facts_of(path)
    return found


def moved(job: Job, mounts: Sequence[Mount], others: Sequence[Mount]) -> Job:
    """The job with its files in other stand-ins for the same."""
    return replace(
        job,
        photo=there(job.photo, mounts, others),
        result=there(job.result, mounts, others),
        rivals=tuple(there(rival, mounts, others) for rival in job.rivals),
        hints=_found(job.hints, mounts, others),
        mask=_found(job.mask, mounts, others),
    )


def _found(found: Found, mounts: Sequence[Mount], others: Sequence[Mount]) -> Found:
    file, place = (
        None if path is None else there(path, mounts, others) for path in (found.file, found.place)
    )
    further = tuple((number, there(path, mounts, others)) for number, path in found.further)
    return replace(found, file=file, place=place, further=further)


def there(path: Path, mounts: Sequence[Mount], others: Sequence[Mount]) -> Path:
    """The path in the other folder that stands for the same; itself, where it is no stand-in."""
    for mount, other in zip(mounts, others, strict=True):
        if path.is_relative_to(mount.folder):
            return other.folder / path.relative_to(mount.folder)
    return path


def _inputs(job: Job) -> Iterator[Path]:
    yield job.photo
    for found in (job.hints, job.mask):
        yield from filter(None, (found.file, *(path for _, path in found.further)))


def _bring(path: Path, here: Sequence[Mount]) -> None:
    """Copy what a path stands for to it. Raises whatever its file system does."""
    url = url_of(path, here)
    if url is None or path.exists():
        return
    system, source = opened(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    system.get_file(source, str(path))


def _put(path: Path, here: Sequence[Mount], overwrite: bool) -> None:
    """Copy a file to what it stands for: there whole or not at all, and in place of nothing unless asked.

    Where a file grows while it is written, it gets its name at the end; a kill leaves `.safelight-HOST-PID-*.part`.
    Raises FileExistsError, or whatever its file system does.
    """
    url = url_of(path, here)
    if url is None:
        return
    system, target = opened(url)
    if not overwrite and system.exists(target):
        raise FileExistsError(17, os.strerror(17), url)
    if url.partition("://")[0].lower() in WHOLE:
        system.put_file(str(path), target)
        return
    above, _, _ = target.rpartition("/")
    part = f"{above}/.safelight-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}.part"
    system.makedirs(above, exist_ok=True)
    try:
        system.put_file(str(path), part)
        system.mv(part, target)
    except BaseException:
        with contextlib.suppress(Exception):
            system.rm_file(part)
        raise

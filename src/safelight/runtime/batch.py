"""Many photos, one after the other: what is there is skipped, what another process works on is left to it.

A claim on a result is a lock of the system on a small file in the temporary folder of this machine and user. It ends
with the process that holds it, however that ends; nothing is left beside the photos. Processes on two machines do
not see each other's claims: there the result that is there first stays.
"""

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from safelight.errors import NO_MEMORY, PhotoError, SafelightError, is_of_memory, shown
from safelight.files import HeldError, held
from safelight.runtime.folders import exists, is_folder
from safelight.runtime.names import Namer, alike, carrying


@contextlib.contextmanager
def claimed(result: Path) -> Iterator[bool]:
    """Claim the making of a result while the block lasts; False if another process has it.

    True, without a claim, where the system has no locks or no temporary folder.
    """
    is_ours = True
    with contextlib.ExitStack() as claim:
        try:
            name = hashlib.sha256(os.fsencode(os.path.realpath(result))).hexdigest()[:40]
            claim.enter_context(held(_claims() / name))
        except HeldError:
            is_ours = False
        except OSError:
            pass
        yield is_ours


def _claims() -> Path:
    """A folder of this user's own. Raises OSError where it cannot be, or is somebody else's."""
    user = os.getuid() if hasattr(os, "getuid") else None
    folder = Path(tempfile.gettempdir(), "safelight-claims" if user is None else f"safelight-claims-{user}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if user is not None and (folder.is_symlink() or folder.stat().st_uid != user):
        raise PermissionError(f"{folder} belongs to somebody else")
    return folder


PATIENCE = 600.0  # seconds for which another process may be at one photo
LOOK_AGAIN = 0.1  # seconds


@dataclass(frozen=True)
class Job:
    """One photo, and where its result goes.

    inner: the folder that it lies in, in the folder that was given. rivals: the other photos of its folder with the
    same name but for kind or case. called: another stem that what is made of it is named by. trouble: why
    it cannot even be looked at, if it cannot.
    """

    photo: Path
    result: Path
    inner: Path = Path()
    rivals: tuple[Path, ...] = ()
    called: str = ""
    trouble: str = ""

    def name(self, namer: Namer) -> str:
        """The file name of something made of the photo: NAME-jpg-mask.png where NAME-mask.png is a rival's."""
        if self.called:
            return namer(self.photo.with_name(self.called + self.photo.suffix))
        own = namer(self.photo)
        taken = any(_is_taken(own, self.photo.suffix, namer(rival)) for rival in self.rivals)
        return namer(carrying(self.photo)) if taken else own


def _is_taken(name: str, suffix: str, other: str) -> bool:
    """Whether a name that is not of the photo's own kind is that of a rival too, letter by letter or but for case."""
    own = Path(name).suffix
    return (name == other and own != suffix) or (
        alike(name) == alike(other) and own.lower() != suffix.lower()
    )


@dataclass(frozen=True)
class Outcome:
    """What became of a job. `remarks` are lines to be read: why it failed or was left, what could not be kept."""

    job: Job
    state: Literal["done", "left", "skipped", "failed"]
    remarks: tuple[str, ...] = ()
    seconds: float = 0.0


class Left(tuple[str, ...]):
    """What is remarked on a photo of which nothing was made, on purpose: what a job's work returns then."""


def run(
    jobs: Iterable[Job], work: Callable[[Job], Sequence[str]], overwrite: bool = False
) -> Iterator[Outcome]:
    """Do the jobs in order; `work` returns what there is to remark.

    A result that is there is skipped, so that a stopped batch goes on where it was; a job that fails is
    reported, and the next one follows. What another process is at is left to it and looked at again at the end.
    """
    left_to_others = []
    for job in jobs:
        with _claim(job, overwrite) as is_ours:
            if is_ours:
                yield _outcome(job, work, overwrite)
            else:
                left_to_others.append(job)
    for job in left_to_others:
        end = time.monotonic() + PATIENCE
        while True:
            with _claim(job, overwrite) as is_ours:
                if is_ours or time.monotonic() > end:
                    yield _outcome(job, work, overwrite)
                    break
            time.sleep(LOOK_AGAIN)


def room_for(result: Path) -> Path:
    """The same path, with its folder made: to be called when there is something to write. Raises PhotoError."""
    try:
        result.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _no_folder(result.parent, error.strerror or str(error)) from error
    return result


def _claim(job: Job, overwrite: bool) -> contextlib.AbstractContextManager[bool]:
    """A claim on the job's result, where one is needed: what is to be replaced is made by everybody who is told to."""
    if overwrite or job.trouble or exists(job.result):
        return contextlib.nullcontext(True)
    return claimed(job.result)


def _outcome(job: Job, work: Callable[[Job], Sequence[str]], overwrite: bool) -> Outcome:
    """What becomes of one job."""
    if not overwrite and not job.trouble and exists(job.result):
        return Outcome(job, "skipped")
    start = time.perf_counter()
    try:
        if job.trouble:
            raise PhotoError(job.trouble)
        _check_place(job.result, overwrite)
        said = work(job)
        remarks = tuple(f"{shown(job.photo)}: {remark}" for remark in said)
    except Exception as error:  # One odd photo must not end a night's work: it is said and counted.
        if not overwrite and _came_first(error) and exists(job.result):
            return Outcome(job, "skipped")
        return Outcome(job, "failed", (_one_line(job, error),), time.perf_counter() - start)
    return Outcome(job, "left" if isinstance(said, Left) else "done", remarks, time.perf_counter() - start)


def _came_first(error: Exception) -> bool:
    """Whether it says that somebody else made the file meanwhile."""
    return isinstance(error, FileExistsError) or isinstance(error.__cause__, FileExistsError)


def _check_place(result: Path, overwrite: bool) -> None:
    """Raises PhotoError, before the work, where the result's folder can neither be written nor made."""
    is_link = os.path.islink(result)  # noqa: PTH114 (a name too long is none, and no error)
    if not overwrite and is_link and not exists(result):
        raise PhotoError(f"{shown(result)} is a link that leads nowhere; remove it, or choose another -o")
    there = result.parent
    while not exists(there) and there != there.parent:
        there = there.parent
    if not is_folder(there):
        raise _no_folder(result.parent, "Not a directory")
    if not os.access(there, os.W_OK | os.X_OK):
        raise _no_folder(result.parent, "Permission denied")
    _check_length(result.name, there)


def _check_length(name: str, folder: Path) -> None:
    """Raises PhotoError, before the work, for a file name that is longer than the folder's file system takes."""
    if not hasattr(os, "pathconf"):
        return
    try:
        most = os.pathconf(folder, "PC_NAME_MAX")
    except (OSError, ValueError):  # a file system that does not say
        return
    length = len(os.fsencode(name))
    if length > most > 0:
        raise PhotoError(
            f"the result would have a name of {length} bytes, {most} are allowed there; give the photo a shorter "
            "name, or the result another with -o FILE"
        )


def _no_folder(folder: Path, reason: str) -> PhotoError:
    what = "written" if exists(folder) else "made"
    return PhotoError(f"{shown(folder)} cannot be {what} ({reason}); choose another folder")


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


# MiB of address space: OpenCV takes 310 when it is loaded, and ends the process where it gets less.
ROOM = 600


def check_room() -> None:
    """Raises MemoryError if less than ROOM is left; does nothing where there is no such limit."""
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        used = pages * resource.getpagesize()
    except (ImportError, OSError, ValueError):  # not on this system
        return
    if limit != resource.RLIM_INFINITY and limit - used < ROOM << 20:
        raise MemoryError

"""Long work: a bounded queue, a few workers, and for each job its state, its result, and a way to cancel it alone."""

import asyncio
import contextlib
import math
import secrets
import shutil
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from safelight.pixels.opening import limited
from safelight.service import problems
from safelight.service.limits import Limits
from safelight.service.priority import step_back
from safelight.service.problems import ProblemError
from safelight.watched import StoppedError, Watch, watched

State = Literal["waiting", "running", "done", "failed", "cancelled"]
Kind = Literal["scratches", "fill", "result"]
ENDED = ("done", "failed", "cancelled")
ABANDONED = 3  # times the workers: so many threads at most, with those whose work was cancelled
LAST_SECONDS = 2.0  # that jobs have when the service is stopped
STEP = 0.01  # of progress that is worth telling


@dataclass(frozen=True)
class Result:
    """What a job made: a little JSON, or a file with its media type; further files beside it by their names (labels).

    name: under which the file is to be saved; "" if it is to be read. undo: what takes back what the job did beside,
    called where the job was cancelled in the meantime.
    """

    json: dict[str, Any] | None = None
    file: Path | None = None
    media_type: str = "application/octet-stream"
    name: str = ""
    remarks: tuple[str, ...] = ()
    parts: dict[str, Path] = field(default_factory=dict)
    undo: Callable[[], None] | None = None


Work = Callable[[], Result]


@dataclass
class Job:
    """One piece of work and what became of it."""

    id: str
    kind: Kind
    photo: str
    work: Work
    watch: Watch
    state: State = "waiting"
    progress: float = 0.0
    result: Result | None = None
    problem: dict[str, Any] | None = None
    created: float = field(default_factory=time.time)
    ended: float | None = None
    forgotten_from: float = math.inf  # by the monotonic clock: the other one may be set

    def to_json(self) -> dict[str, Any]:
        """The job as the service writes it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "photo": self.photo,
            "state": self.state,
            "progress": round(self.progress, 3),
            "remarks": list(self.result.remarks) if self.result else [],
            "problem": self.problem,
            "result": f"/v1/jobs/{self.id}/result" if self.state == "done" else None,
            "created": self.created,
            "ended": self.ended,
        }


class Jobs:
    """The jobs of a service. Its threads run until `close`."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._waiting: deque[Job] = deque()
        self._changed = threading.RLock()
        self._listeners: list[tuple[asyncio.AbstractEventLoop, asyncio.Queue[dict[str, Any]]]] = []
        self._closed = False
        self._busy = 0  # jobs that run and were not cancelled
        self._threads: set[threading.Thread] = set()  # with those that still end what was cancelled

    def add(self, kind: Kind, photo: str, work: Work) -> Job:
        """A job that waits for its turn. Raises ProblemError where too many wait."""
        with self._changed:
            if len(self._waiting) >= self.limits.waiting + max(0, self.limits.workers - self._busy):
                raise problems.busy(5)
            forgotten = self._forget_old()
            job = Job(f"j{secrets.token_hex(10)}", kind, photo, work, Watch())
            job.watch = Watch(lambda share: self._tell(job, share))
            self._jobs[job.id] = job
            self._waiting.append(job)
            self._announce(job)
            self._start()
        _discard([each.result for each in forgotten])
        return job

    def __getitem__(self, job: str) -> Job:
        with self._changed:
            found = self._jobs.get(job)
        if found is None:
            raise ProblemError(404, "there is no such job; its result is no longer kept")
        return found

    def __iter__(self) -> Iterator[Job]:
        with self._changed:
            return iter(list(self._jobs.values()))

    @property
    def counts(self) -> tuple[int, int]:
        """How many wait, and how many run."""
        with self._changed:
            return len(self._waiting), self._busy

    @property
    def listeners(self) -> int:
        """How many are told of changes."""
        return len(self._listeners)

    def cancel(self, job: Job) -> None:
        """End this job and no other; one that has ended is forgotten with its result.

        Its worker is free at once: what cannot be stopped in between ends unseen, beside the next job.
        """
        with self._changed:
            if job.state in ENDED:
                self._jobs.pop(job.id, None)
                _discard([job.result])
                return
            if job.state == "waiting":
                self._waiting.remove(job)
            else:
                self._busy -= 1
            job.watch.stop()
            self._end(job, "cancelled")
            self._start()

    def close(self) -> None:
        """Stop all of them, and wait a little for their threads: the interpreter must not end around a network."""
        with self._changed:
            self._closed = True
            for job in list(self._jobs.values()):
                if job.state not in ENDED:
                    job.watch.stop()
            self._waiting.clear()
            threads = list(self._threads)
        end = time.monotonic() + LAST_SECONDS
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))

    def listen(self) -> "tuple[asyncio.Queue[dict[str, Any]], Callable[[], None]]":
        """A queue of the loop that runs, to which each change of a job is sent, and what ends that."""
        with self._changed:
            entry = (asyncio.get_running_loop(), asyncio.Queue[dict[str, Any]](1000 + len(self._jobs)))
            self._listeners.append(entry)
            for job in self._jobs.values():
                entry[1].put_nowait(job.to_json())

        def leave() -> None:
            with self._changed:
                self._listeners.remove(entry)

        return entry[1], leave

    def _start(self) -> None:
        """A thread for the next job, where one may run. Called under the lock."""
        most = ABANDONED * self.limits.workers
        while (
            self._waiting
            and self._busy < self.limits.workers
            and len(self._threads) < most
            and not self._closed
        ):
            job = self._waiting.popleft()
            self._busy += 1
            job.state = "running"
            self._announce(job)
            thread = threading.Thread(target=self._run, args=(job,), name=job.id, daemon=True)
            self._threads.add(thread)
            thread.start()

    def _run(self, job: Job) -> None:
        state: State = "failed"
        result, problem = None, None
        step_back()
        try:
            with watched(job.watch), limited(self.limits.megapixels):
                result = job.work()
            state = "done"
        except StoppedError:
            state = "cancelled"
        except BaseException as error:  # of whatever kind: this thread ends here
            problem = problems.document_of(error)
        with self._changed:
            self._threads.discard(threading.current_thread())
            wanted = job.state == "running"
            if wanted:
                self._busy -= 1
                job.progress = 1.0 if state == "done" else job.progress
                job.result, job.problem = result, problem
                self._end(job, state)
            self._start()
        if not wanted and result:  # made by one that was cancelled meanwhile
            _discard([result])
            if result.undo:
                result.undo()

    def _end(self, job: Job, state: State) -> None:
        job.state, job.ended = state, time.time()
        job.forgotten_from = time.monotonic() + self.limits.kept_seconds
        job.work = _ended  # an ended job is kept for a while; its mask and project need not be
        self._announce(job)

    def _tell(self, job: Job, share: float) -> None:
        with self._changed:
            if job.state == "running" and share >= job.progress + STEP:
                job.progress = min(share, 0.99)
                self._announce(job)

    def _announce(self, job: Job) -> None:
        document = job.to_json()
        for loop, queue in self._listeners:
            with contextlib.suppress(RuntimeError):  # a loop that ended meanwhile
                loop.call_soon_threadsafe(_put, queue, document)

    def _forget_old(self) -> list[Job]:
        """Take out ended jobs that are too old or too many; their files are still there."""
        ended = [job for job in self._jobs.values() if job.ended is not None]
        now, most = time.monotonic(), self.limits.kept_jobs
        gone = [
            job for number, job in enumerate(ended, -len(ended)) if job.forgotten_from < now or number < -most
        ]
        for job in gone:
            del self._jobs[job.id]
        return gone


def _ended() -> Result:
    raise StoppedError("the job has ended")


def _discard(results: Iterable[Result | None]) -> None:
    """Remove the files of results that are forgotten, beside: deleting large ones takes a while."""
    folders = [result.file.parent for result in results if result and result.file]

    def remove() -> None:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)

    if folders:
        threading.Thread(target=remove, daemon=True).start()


def _put(queue: "asyncio.Queue[dict[str, Any]]", document: dict[str, Any]) -> None:
    """One change; a listener that is far behind loses the oldest."""
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(document)

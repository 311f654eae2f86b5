"""What runs on the cluster: a process with a worker for photos, which makes rows of results of ids.

It never raises for a photo: a row that raised would take its whole block with it. Imported on every machine, so it
imports no Ray.
"""

import json
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING

from safelight import __version__
from safelight.batch.run import Outcome, run
from safelight.batch.work import Job, Json, Order, Report
from safelight.cluster.attempts import Attempts
from safelight.cluster.folder import BatchFolder, Manifest
from safelight.cluster.manifest import ID
from safelight.cluster.mounts import Mount, url_of
from safelight.cluster.staging import Done, files_of, work_elsewhere
from safelight.errors import shown
from safelight.ledger.facts import FileFacts
from safelight.pixels import opening

if TYPE_CHECKING:
    import pyarrow as pa

ONE_THREAD = dict.fromkeys(  # `num_cpus` of Ray binds none of these, nor OpenCV nor ONNX Runtime
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
    ),
    "1",
)
SAME = ("numpy", "opencv-python-headless", "onnxruntime", "pillow")  # other versions may make other bytes


@dataclass(frozen=True)
class Task:
    """All that a process of the cluster is told before its first photo, as plain data.

    limit_megapixels: of the photos that are read. mounts: what stands for folders elsewhere in the jobs. home: the
    folder that relative paths begin at. folder: the batch's own. run: the run's own name. maker: "module:function"
    that makes a worker of an order and a number of threads.
    """

    order: Mapping[str, Json]
    limit_megapixels: float
    mounts: tuple[tuple[str, str], ...]
    home: str
    folder: BatchFolder
    run: str
    maker: str = "safelight.batch.work:worker_of"


def versions() -> dict[str, str]:
    """What decides bytes besides the order: Python, safelight, and the packages that compute."""
    return {
        "python": ".".join(map(str, sys.version_info[:2])),
        "safelight": __version__,
        **{name: _version(name) for name in SAME},
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"


class PhotoWorker:
    """Called with a table of ids, it returns a table of as many rows of results."""

    def __init__(self, task: Task) -> None:
        import cv2

        cv2.setNumThreads(1)
        os.chdir(task.home)
        module, _, name = task.maker.partition(":")
        order = Order.from_json(task.order)
        self._open = ExitStack()
        self._open.enter_context(opening.raised(task.limit_megapixels))
        self._worker = getattr(import_module(module), name)(order, 1)
        self._overwrite = order.manner.overwrite
        self._mounts = tuple(Mount(Path(folder), url) for folder, url in task.mounts)
        self._manifest = Manifest(task.folder)
        self._attempts = Attempts(f"{task.folder.place}/attempts", task.run)

    def __call__(self, rows: "pa.Table") -> "pa.Table":
        """Do the photos of a block, of which the table has the ids, one after the other."""
        ids = rows[ID].to_pylist()
        if not ids:
            return results([], [])
        done = []
        with self._attempts.block(ids) as again:
            for number, job in zip(ids, self._manifest.jobs(ids), strict=True):
                done.append(self._carefully(number, job) if again else self._work(job))
        return results(ids, done)

    def _carefully(self, number: int, job: Job) -> Done:
        with self._attempts.photo(number) as has_ended_a_worker:
            if not has_ended_a_worker:
                return self._work(job)
        return self._failed(job, "ended the process that worked on it, twice; look at it on one machine")

    def _work(self, job: Job) -> Done:
        try:
            if self._mounts:
                return work_elsewhere(job, self._worker, self._mounts, self._overwrite)
            (outcome,) = run([job], self._worker, self._overwrite)
            return outcome, files_of(outcome)
        except Exception as error:  # of a temporary folder, a store: a row all the same
            return self._failed(job, " ".join(str(error).split()) or type(error).__name__)

    def _failed(self, job: Job, reason: str) -> Done:
        photo = url_of(job.photo, self._mounts) or shown(job.photo)
        return Outcome(job, "failed", (f"{photo}: {reason}",)), {}


def results(ids: Sequence[int], done: Sequence[Done]) -> "pa.Table":
    """The table of results: id, state, remarks, seconds, report and files (JSON), place (machine and process)."""
    import pyarrow as pa

    schema = pa.schema(
        [
            (ID, pa.int64()),
            ("state", pa.string()),
            ("remarks", pa.list_(pa.string())),
            ("seconds", pa.float64()),
            ("report", pa.string()),
            ("files", pa.string()),
            ("place", pa.string()),
        ]
    )
    place = f"{socket.gethostname()}:{os.getpid()}"
    columns = [
        list(ids),
        [outcome.state for outcome, _ in done],
        [[_utf8(remark) for remark in outcome.remarks] for outcome, _ in done],
        [outcome.seconds for outcome, _ in done],
        [packed_report(outcome.report) for outcome, _ in done],
        [json.dumps({str(path): facts.to_json() for path, facts in files.items()}) for _, files in done],
        [place] * len(ids),
    ]
    return pa.table(columns, schema)


def packed_report(report: Report) -> str:
    """A report as one line of JSON."""
    return json.dumps(
        {
            "remarks": report.remarks,
            "left": report.left,
            "facts": dict(report.facts),
            "written": list(map(str, report.written)),
        }
    )


def unpacked_report(line: str) -> Report:
    """The report that `packed_report` wrote."""
    row = json.loads(line)
    return Report(tuple(row["remarks"]), row["left"], row["facts"], tuple(map(Path, row["written"])))


def done_of(row: Mapping[str, Json], job: Job, here: Callable[[Path], Path] = lambda path: path) -> Done:
    """The outcome of a job that a row of results tells of, and the facts of its files. here: a path on this machine."""
    report = unpacked_report(row["report"])
    report = replace(report, written=tuple(map(here, report.written)))
    files = {here(Path(name)): FileFacts(**facts) for name, facts in json.loads(row["files"]).items()}
    return Outcome(job, row["state"], tuple(row["remarks"]), row["seconds"], report), files


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode()

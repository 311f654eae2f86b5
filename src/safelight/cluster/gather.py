"""Outcomes from the rows that Ray has written: each job's once, whatever was done twice, as soon as they are there."""

import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from safelight.batch.run import Outcome
from safelight.batch.work import Job
from safelight.cluster.folder import BatchFolder, arrow, canonical
from safelight.cluster.manifest import ID
from safelight.cluster.mounts import Mount, url_of
from safelight.cluster.staging import Done, there
from safelight.cluster.worker import done_of
from safelight.errors import shown

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.fs import FileSystem

PENDING = ".pending.parquet"  # of Ray's checkpoint: of rows that may not be whole


class Gathering:
    """Reads the rows of a batch. Memory: a byte a job, and the rows of one block."""

    def __init__(self, batch: BatchFolder, jobs: Sequence[Job], mounts: Sequence[Mount] = ()) -> None:
        self._jobs, self._mounts = jobs, mounts
        self._system, self._rows = arrow(batch.rows)
        self._checkpoint = arrow(batch.checkpoint)[1]
        self._read: set[str] = set()
        self._is_told = np.zeros(len(jobs), bool)

    def committed(self) -> Iterator[tuple[int, Done]]:
        """What an earlier run of the same batch had done when it was stopped, by the jobs' numbers.

        Rows that it had not committed are Ray's to remove and to do again.
        """
        committed = np.zeros(len(self._jobs), bool)
        for path in self._checkpoints():
            committed[_table(self._system, path, [ID])[ID].to_numpy()] = True
        for number, done in self._rows_of_new_files():
            if committed[number]:
                committed[number] = False
                yield number, done

    def keep(self, numbers: Sequence[int]) -> None:
        """Let Ray's checkpoint hold these jobs alone: all others are done."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._is_told[np.asarray(numbers, np.int64)] = True
        earlier = self._checkpoints()
        if numbers:
            kept = f"{self._checkpoint}/kept-{secrets.token_hex(4)}.parquet"
            with self._system.open_output_stream(kept) as file:
                pq.write_table(pa.table({ID: np.asarray(numbers, np.int64)}), file)
        for path in earlier:
            self._system.delete_file(path)

    def new(self) -> Iterator[Done]:
        """What has been done since the last look."""
        for number, done in self._rows_of_new_files():
            if not self._is_told[number]:
                self._is_told[number] = True
                yield done

    def missing(self) -> Iterator[Done]:
        """A failure for each job of which no row tells."""
        for number in np.flatnonzero(~self._is_told).tolist():
            job = self._jobs[number]
            photo = url_of(job.photo, self._mounts) or shown(job.photo)
            yield Outcome(job, "failed", (f"{photo}: the cluster lost its row; run it again",)), {}

    def _rows_of_new_files(self) -> Iterator[tuple[int, Done]]:
        """Those of files that were not read yet, in the order of the plan within a file."""
        for path in self._files(self._rows):
            if path in self._read:
                continue
            try:
                rows = _table(self._system, path).sort_by(ID)
            except (OSError, ValueError):  # its end is not written yet, or it was removed meanwhile
                continue
            self._read.add(path)
            for row in rows.to_pylist():
                yield row[ID], done_of(row, self._jobs[row[ID]], self._here)

    def _checkpoints(self) -> list[str]:
        """The files of ids whose rows are whole."""
        return [path for path in self._files(self._checkpoint) if not path.endswith(PENDING)]

    def _here(self, path: Path) -> Path:
        """A path of the manifest as this run has it."""
        return there(path, canonical(self._mounts), self._mounts)

    def _files(self, folder: str) -> list[str]:
        """The Parquet files of a folder, by name."""
        from pyarrow.fs import FileSelector, FSSpecHandler, PyFileSystem

        if isinstance(self._system, PyFileSystem) and isinstance(self._system.handler, FSSpecHandler):
            self._system.handler.fs.invalidate_cache(folder)  # s3fs keeps lists, and others write there
        found = self._system.get_file_info(FileSelector(folder, allow_not_found=True))
        return sorted(each.path for each in found if each.path.endswith(".parquet"))


def _table(system: "FileSystem", path: str, columns: list[str] | None = None) -> "pa.Table":
    import pyarrow.parquet as pq

    with system.open_input_file(path) as file:
        return pq.read_table(file, columns=columns)

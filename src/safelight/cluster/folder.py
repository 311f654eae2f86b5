"""The folder of a batch on a cluster: manifest, checkpoint and rows, in OUT/.safelight/ray-KEY.

The key is of the order and of the whole plan: the same command on the same photos finds its folder again, and one
with other settings another. That of a batch that is given up stays, and may be deleted.
"""

import contextlib
import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from safelight import __version__
from safelight.batch.work import Job, Order
from safelight.cluster.manifest import (
    BLOCK_SECONDS,
    ROW_GROUP,
    check_ids,
    photo_seconds,
    rows_per_block,
    unpacked,
    write_manifest,
)
from safelight.cluster.mounts import Mount, opened, url_of
from safelight.cluster.staging import moved

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

HOME = ".safelight"  # in the folder of the results; hidden, so that no walk over photos looks into it
ELSEWHERE = Path(
    "/safelight-elsewhere"
)  # in manifests, where a run's own stand-ins would differ from run to run


@dataclass(frozen=True)
class BatchFolder:
    """A path or URL, and what lies in it. rows_per_block: how many photos make a block. seconds: of work in one."""

    place: str
    rows_per_block: int
    seconds: float = BLOCK_SECONDS

    @property
    def manifest(self) -> str:
        """The manifest."""
        return f"{self.place}/manifest.parquet"

    @property
    def rows(self) -> str:
        """The folder of the rows of results."""
        return f"{self.place}/rows"

    @property
    def checkpoint(self) -> str:
        """The folder in which Ray keeps the ids that are done."""
        return f"{self.place}/checkpoint"

    def remove(self) -> None:
        """Remove it, and the folder around it where that is empty then."""
        system, path = opened(self.place)
        with contextlib.suppress(Exception):  # a worker of a driver that died may still write there
            system.rm(path, recursive=True)
            if not system.ls(path.rpartition("/")[0]):
                system.rmdir(path.rpartition("/")[0])


class Manifest:
    """The manifest of a batch, read by a worker: of the rows, one group is in memory."""

    def __init__(self, batch: BatchFolder) -> None:
        import pyarrow.parquet as pq

        system, path = arrow(batch.manifest)
        self._file = pq.ParquetFile(system.open_input_file(path))
        self._group = -1
        self._lines: list[str] = []

    def jobs(self, ids: Sequence[int]) -> list[Job]:
        """The jobs of these ids. Raises KeyError for an id that there is not."""
        return [unpacked(self._line(number)) for number in ids]

    def _line(self, number: int) -> str:
        group, place = divmod(number, ROW_GROUP)
        if not 0 <= number < self._file.metadata.num_rows:
            raise KeyError(number)
        if group != self._group:
            self._lines = self._file.read_row_group(group, columns=["job"])["job"].to_pylist()
            self._group = group
        return self._lines[place]


def canonical(mounts: Sequence[Mount]) -> tuple[Mount, ...]:
    """Mounts of the same URLs on paths that are the same in every run."""
    return tuple(Mount(ELSEWHERE / str(number), mount.url) for number, mount in enumerate(mounts))


def prepared(
    order: Order,
    jobs: Sequence[Job],
    out: Path,
    mounts: Sequence[Mount],
    limit_megapixels: float,
    workers: int,
) -> BatchFolder:
    """The folder of a batch, with its manifest. Raises ClusterError for a manifest that Ray would not do in full."""
    import pyarrow.parquet as pq

    home = f"{url_of(out, mounts) or out.absolute()}/{HOME}"
    others = canonical(mounts)
    with tempfile.TemporaryDirectory(prefix="safelight-") as folder:
        file = Path(folder, "manifest.parquet")
        content = write_manifest(jobs, file, lambda job: moved(job, mounts, others))
        check_ids(pq.read_table(file, columns=["id"]))
        sizes = pq.read_table(file, columns=["size"])["size"].to_numpy()
        known = [__version__, order.hash, str(order.to_json()["manner"]), str(limit_megapixels), content]
        known += [mount.url for mount in mounts]
        known += _models(order)
        key = hashlib.sha256("\n".join(known).encode()).hexdigest()[:20]
        rows = rows_per_block(sizes, workers)
        batch = BatchFolder(f"{home}/ray-{key}", rows, rows * photo_seconds(sizes))
        _put(file, batch.manifest)
    return batch


def _models(order: Order) -> list[str]:
    """The checksums of the model files that an order names: another one under the same name is another batch."""
    named = [str(value) for name, value in order.settings.items() if name.endswith("model") and value]
    files = [Path(each) for each in named]
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()]


def arrow(place: str) -> "tuple[FileSystem, str]":
    """A path or URL for Arrow and Ray: a file system, and the path in it."""
    from pyarrow.fs import FSSpecHandler, LocalFileSystem, PyFileSystem

    system, path = opened(place)
    if "://" not in place:
        return LocalFileSystem(), path
    return PyFileSystem(FSSpecHandler(system)), path


def _put(file: Path, place: str) -> None:
    system, path = opened(place)
    system.makedirs(path.rpartition("/")[0], exist_ok=True)
    system.put_file(str(file), path)

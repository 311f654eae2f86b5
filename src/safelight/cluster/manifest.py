"""The manifest of a batch: a Parquet file with a row a job, which is all that travels through a cluster.

The id of a job is its number in the plan: unique, an int64, and the same whenever the same plan is made again. Ray
would leave out, without a word, the second of two rows with one id.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from safelight.batch.work import Job, Json
from safelight.cluster.extra import ClusterError, needs

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from jaxtyping import Int64

ID = "id"
ROW_GROUP = 5_000  # rows that are in memory at once, in the command and in each worker
PLAIN = Job(Path(), Path()).to_json()
BLOCK_SECONDS = 40.0  # of work: what is done again when a worker dies, and how often the cluster reports
PHOTO_SECONDS, SECONDS_PER_MB = 0.3, 0.5  # a guess; a megabyte is two megapixels of JPEG
BLOCKS_PER_WORKER = 4  # at least, so that no worker is idle for long at the end
MOST_BLOCKS = (
    2_000  # unless there are more workers: Ray keeps some 20 to 60 KB of each in the command's memory
)


def packed(job: Job) -> str:
    """The job as one line of JSON, without what most jobs have alike."""
    row = job.to_json()
    return json.dumps({name: row[name] for name in row if row[name] != PLAIN[name]}, separators=(",", ":"))


def unpacked(line: str) -> Job:
    """The job that `packed` wrote."""
    row: dict[str, Json] = json.loads(line)
    return Job.from_json({**PLAIN, **row})


def write_manifest(jobs: Sequence[Job], path: Path, written: Callable[[Job], Job] = lambda job: job) -> str:
    """Write the manifest of these jobs: id, path, size in bytes (-1 = cannot be looked at), job. Returns its SHA-256.

    written: a job as it is written. The hash is of paths and choices, not of sizes. Memory does not grow with the jobs.
    """
    with needs("--engine ray"):
        import pyarrow as pa
        import pyarrow.parquet as pq
    schema = pa.schema([(ID, pa.int64()), ("path", pa.string()), ("size", pa.int64()), ("job", pa.string())])
    digest = hashlib.sha256()
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for first in range(0, len(jobs), ROW_GROUP):
            group = jobs[first : first + ROW_GROUP]
            as_written = list(map(written, group))
            lines = list(map(packed, as_written))
            digest.update("\n".join(lines).encode())
            columns = (
                range(first, first + len(group)),
                [_text(str(job.photo)) for job in as_written],
                [_size(job.photo) for job in group],
                lines,
            )
            writer.write_table(pa.table([pa.array(column) for column in columns], schema))
    return digest.hexdigest()


def check_ids(manifest: "pa.Table") -> None:
    """Raises ClusterError for a manifest in which an id is missing or repeats: Ray would leave those photos out."""
    with needs("--engine ray"):
        import numpy as np
        import pyarrow as pa
    ids = manifest[ID]
    if not pa.types.is_int64(ids.type):
        raise ClusterError(f"the ids of the manifest are {ids.type}; expected int64")
    if ids.null_count or not np.array_equal(ids.to_numpy(), np.arange(len(ids))):
        raise ClusterError("an id of the manifest is missing or repeats; expected each row's own number")


def rows_per_block(sizes: "Int64[np.ndarray, ' n']", workers: int) -> int:
    """How many photos make a block: BLOCK_SECONDS of work by their sizes, fewer where there are few photos.

    More where there would be over MOST_BLOCKS. sizes: of all, in bytes; -1 = not known.
    """
    by_time = int(BLOCK_SECONDS / photo_seconds(sizes))
    for_memory = -(-len(sizes) // MOST_BLOCKS)
    return max(1, min(max(by_time, for_memory), len(sizes) // (BLOCKS_PER_WORKER * workers)))


def photo_seconds(sizes: "Int64[np.ndarray, ' n']") -> float:
    """A guess of the work for a photo. sizes: as in `rows_per_block`."""
    known = sizes[sizes >= 0]
    megabytes = float(known.mean()) / 1e6 if len(known) else 1.0
    return PHOTO_SECONDS + SECONDS_PER_MB * megabytes


def _text(name: str) -> str:
    """The name for a column of text: bytes that are no UTF-8 become question marks (the job has them in full)."""
    return name.encode("utf-8", "replace").decode()


def _size(photo: Path) -> int:
    try:
        return photo.stat().st_size
    except (OSError, ValueError):
        return -1

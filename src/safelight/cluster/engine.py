"""A batch on a cluster, by Ray Data: ids of a manifest in, rows of results out; workers read and write the pictures.

    0, 1, 2 … in blocks of about 40 s of work -> a pool of processes, a worker each -> rows/*.parquet

Ray keeps the ids of the rows that are written (its checkpoint), so a batch that was stopped goes on at once, however
long it is. The rows go into the ledger as they come. All of it is removed when the batch is through: the next run
looks at every photo anew.
"""

import secrets
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from safelight.batch.plan import Plan
from safelight.batch.run import BY_NAME, IS_THERE, Outcome, Records
from safelight.batch.work import Order
from safelight.cluster import start
from safelight.cluster.extra import ClusterError
from safelight.cluster.folder import BatchFolder, arrow, canonical, prepared
from safelight.cluster.gather import Gathering
from safelight.cluster.manifest import ID
from safelight.cluster.mounts import Mount, url_of
from safelight.cluster.staging import Done
from safelight.cluster.taken_up import take_up
from safelight.cluster.worker import PhotoWorker, Task
from safelight.pixels import opening

LOOK = 0.5  # seconds between looks for new rows
REST = 4.0  # times as long as a look takes, in a folder of many files: the least rest after it
STALL = 300.0  # seconds without a row after which that is said, or
SLOW = 4.0  # times as long as a block is thought to take: its rows come when it is through


@dataclass(frozen=True)
class Ordered:
    """What is to be done on a cluster. out: the folder of the results, or what stands for it. address: of the cluster.

    workers: processes at most; None = as many as there is room for. rows_per_block: None = by the photos' sizes. maker:
    see Task.
    """

    order: Order
    jobs: Plan
    out: Path
    mounts: tuple[Mount, ...] = ()
    address: str | None = None
    workers: int | None = None
    rows_per_block: int | None = None
    maker: str = "safelight.batch.work:worker_of"


def run_on_ray(
    ordered: Ordered,
    say: Callable[[str], None],
    cores: int,
    records: Records = BY_NAME,
    patience: float = STALL,
) -> Generator[Outcome]:
    """Do the jobs on a cluster; the outcomes as they come, one a job. say: takes lines about the run.

    records: where what becomes of the jobs is written down, by this process alone. cores: workers on this machine,
    where no address is given. patience: seconds without a result until that is said, at least.
    Raises ClusterError where the cluster is missing, too small, or fails as a whole.
    """
    wanted = ordered.workers or (cores if ordered.address is None else None)
    with start.connected(ordered.address, wanted or cores) as found:
        start.check(found)
        workers = max(1, min(found.workers, wanted or found.workers, len(ordered.jobs)))
        start.check_nodes(_shared(ordered))
        say(start.said_of(found, ordered.address, workers))
        limit = opening.limit()
        batch = prepared(ordered.order, ordered.jobs.jobs, ordered.out, ordered.mounts, limit, workers)
        if ordered.rows_per_block is not None:
            batch = replace(batch, rows_per_block=ordered.rows_per_block)
        gathering = Gathering(batch, ordered.jobs.jobs, ordered.mounts)
        yield from take_up(gathering, records, ordered.order.manner.overwrite, ordered.mounts)
        task = Task(
            ordered.order.to_json(),
            limit,
            tuple((str(mount.folder), mount.url) for mount in canonical(ordered.mounts)),
            str(Path.cwd()),
            batch,
            secrets.token_hex(4),
            ordered.maker,
        )
        execution = _Execution(batch, task, len(ordered.jobs), workers)
        patience = max(patience, SLOW * batch.seconds)
        yield from _recorded(_watched(execution, gathering, say, patience), records, ordered.mounts)
        yield from _recorded(gathering.missing(), records, ordered.mounts)
        batch.remove()


def _recorded(done: Iterable[Done], records: Records, mounts: Sequence[Mount]) -> Iterator[Outcome]:
    """The outcomes, written down; what was skipped on this machine's disks is looked up."""
    for outcome, files in done:
        if outcome.state != "skipped":
            records.add(outcome, files)
            yield outcome
        else:
            yield (None if mounts else records.known(outcome.job)) or replace(outcome, because=IS_THERE)


def _shared(ordered: Ordered) -> list[Path]:
    """What every machine of the cluster must see: the folder of the results, that of a photo, and the current one."""
    paths = [ordered.out, *(job.photo.parent for job in ordered.jobs.jobs[:1]), Path()]
    ordered.out.mkdir(parents=True, exist_ok=True)
    return [path.absolute() for path in paths if url_of(path, ordered.mounts) is None]


def _watched(
    execution: "_Execution", gathering: Gathering, say: Callable[[str], None], patience: float
) -> Iterator[Done]:
    """The outcomes of an execution as they come; a line where none comes. Raises ClusterError where it fails."""
    execution.start()
    last, looked = time.monotonic(), 0.0
    while execution.is_alive():
        execution.join(max(LOOK, REST * looked))
        before = time.monotonic()
        for done in gathering.new():
            last = time.monotonic()
            yield done
        looked = time.monotonic() - before
        if time.monotonic() - last > patience:
            free = start.capacity()
            say(
                f"no photo was finished for {patience / 60:.0f} minutes; {free.cpus} CPUs of the cluster and "
                f"{free.memory / 2**30:.1f} GiB are free. A resumed run waits for 1 CPU and 1 GiB beside "
                "its workers: free some, or stop it and start it again with fewer --workers"
            )
            last = time.monotonic()
    yield from gathering.new()
    if execution.error is not None:
        said = " ".join(str(execution.error).split())[-300:]
        raise ClusterError(f"the cluster gave up ({said}); run it again to go on") from execution.error


class _Execution(threading.Thread):
    """A batch on Ray Data, until every row that has no result yet has one. error: why it ended early."""

    def __init__(self, batch: BatchFolder, task: Task, count: int, workers: int) -> None:
        super().__init__(name="safelight-ray", daemon=True)
        self._batch, self._task, self._count, self._workers = batch, task, count, workers
        self.error: Exception | None = None

    def run(self) -> None:
        """Count in blocks, work, write."""
        try:
            self._execute()
        except Exception as error:  # it is raised in the thread that waits
            self.error = error

    def _execute(self) -> None:
        import ray.data
        from ray.data import ActorPoolStrategy, DataContext
        from ray.data.checkpoint import CheckpointConfig

        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        context.max_errored_blocks = 0
        system, path = arrow(self._batch.checkpoint)
        context.checkpoint_config = CheckpointConfig(
            id_column=ID,
            checkpoint_path=path,
            override_filesystem=system,
            delete_checkpoint_on_success=False,  # with the whole folder, once its rows are gathered
        )
        blocks = -(-self._count // self._batch.rows_per_block)
        try:
            ray.data.range(self._count, override_num_blocks=blocks).map_batches(
                PhotoWorker,
                batch_size=None,  # the block
                batch_format="pyarrow",
                fn_constructor_args=(self._task,),
                compute=ActorPoolStrategy(size=self._workers, max_tasks_in_flight_per_actor=2),
                num_cpus=1,
            ).write_parquet(
                arrow(self._batch.rows)[1],
                filesystem=system,
                # Else it waits without end where workers of a machine that died have taken every CPU that is left.
                ray_remote_args={"num_cpus": 0},
            )
        finally:
            context.checkpoint_config = None

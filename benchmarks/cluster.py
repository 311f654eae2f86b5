"""The cluster engine beside the local one: throughput a core, what lies in the object store, the driver's memory.

python benchmarks/cluster.py [PHOTO ...] [--count 64] [--rounds 3] [--rows 1000000] [--rows-per-block 1000]

Needs safelight[cluster]. Ray is started on this machine, with its servers on 127.0.0.1 alone. Prints, for each round
(local, Ray, local), the processor seconds a photo: all that the processes of the workers took from their first photo
to their last, what lies between photos included. Both engines have as many workers. Then the size of the object store,
and that of this process when a tenth, half and all of a list of rows is through.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import cast, overload

sys.path.insert(0, str(Path(__file__).parent))  # the processes of the cluster import this file
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (sys.path[0], os.environ.get("PYTHONPATH"))))

from safelight.batch.plan import Plan, plan
from safelight.batch.run import Outcome, run
from safelight.batch.work import Job, Manner, Order, Report, Worker, order_of, worker_of
from safelight.cluster.engine import Ordered, run_on_ray
from safelight.cluster.worker import ONE_THREAD

EXAMPLES = Path(__file__).parents[1] / "examples"


class Measured:
    """A worker that says how much processor time its process took since its last photo; several threads may call it.

    The first photo of a process is done twice: what is imported and prepared by it is not counted.
    """

    def __init__(self, order: Order, threads: int) -> None:
        self._work: Worker = worker_of(order, threads)
        self.cards = self._work.cards
        self._lock = threading.Lock()
        self._counted: float | None = None

    def __call__(self, job: Job) -> Report:
        """Do one photo."""
        with self._lock:
            if self._counted is None:
                with tempfile.TemporaryDirectory() as folder:
                    self._work(replace(job, result=Path(folder, job.result.name)))
                self._counted = time.process_time()
        report = self._work(job)
        with self._lock:
            before, self._counted = self._counted, time.process_time()
            cpu = {"cpu": self._counted - before}
        return Report(report.remarks, report.left, {**report.facts, **cpu}, report.written)


class Troubled(Sequence[Job]):
    """Any number of jobs that are in trouble, so that nothing is done for them; none is kept in memory."""

    def __init__(self, count: int, folder: Path) -> None:
        self._count, self._folder = count, folder

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Job: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Job]: ...
    def __getitem__(self, index: int | slice) -> Job | Sequence[Job]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(self._count))]
        photo = self._folder / f"{index:09}.jpg"
        return Job(photo, self._folder / f"{index:09}-color.jpg", trouble="a row without a photo")


class Largest:
    """The largest values of some numbers, looked at again and again while a block lasts."""

    def __init__(self, **looks: Callable[[], float]) -> None:
        self._looks = looks
        self.values = dict.fromkeys(looks, 0.0)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look inside."""
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(0.5):
                for name, each in self._looks.items():
                    self.values[name] = max(self.values[name], each())

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def resident() -> float:
    """Megabytes of this process."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def stored() -> float:
    """Megabytes in Ray's object store, by its own count; 0 where it does not answer."""
    import ray

    try:
        total = ray.cluster_resources().get("object_store_memory", 0.0)
        return float(total - ray.available_resources().get("object_store_memory", total)) / 1e6
    except Exception:  # before it is started, and after its end
        return 0.0


def photos(folder: Path, sources: Sequence[Path], count: int) -> Plan:
    """A batch of so many photos: links to the sources in turn."""
    (folder / "in").mkdir()
    for number, source in enumerate(islice(cycle(sources), count)):
        (folder / f"in/{number:05}{source.suffix}").symlink_to(source.absolute())
    return plan([folder / "in"], folder / "out", folder=True)


def say_speed(name: str, outcomes: Iterator[Outcome], workers: int) -> float:
    """Print what an engine took for a photo; its processor seconds a photo."""
    begun = time.perf_counter()
    done = [outcome for outcome in outcomes if outcome.state == "done"]
    wall = time.perf_counter() - begun
    cpu: float = sum(outcome.report.facts["cpu"] for outcome in done) / len(done)
    within = sum(outcome.seconds for outcome in done) / len(done)
    print(f"{name:6} {len(done):5} photos {cpu:8.3f} CPU s {within:8.3f} s in the worker ", end="")
    print(f"{len(done) / wall / workers:8.3f} photos a second and worker, start included")
    return cpu


def compare(sources: Sequence[Path], count: int, workers: int, rounds: int) -> None:
    """The same photos by both engines, in turn: what else the machine does meets both."""
    from safelight.batch.colorize import ColorizeSettings

    order = order_of("colorize", ColorizeSettings(recolor=True), Manner())
    largest = Largest(store=stored)

    def local() -> float:
        with tempfile.TemporaryDirectory() as folder:
            jobs = photos(Path(folder), sources, count)
            return say_speed("local", run(jobs, Measured(order, 1), workers=workers), workers)

    def ray() -> float:
        with tempfile.TemporaryDirectory() as folder, largest.watched():
            jobs = photos(Path(folder), sources, count)
            ordered = Ordered(order, jobs, Path(folder, "out"), workers=workers, maker="cluster:Measured")
            return say_speed("ray", run_on_ray(ordered, print, workers), workers)

    ratios = []
    before = local()
    for _ in range(rounds):
        between, after = ray(), local()
        ratios.append((before + after) / 2 / between)
        before = after
    print(
        f"throughput of a core, ray / local: {median(ratios):.2f} ({', '.join(f'{each:.2f}' for each in ratios)})"
    )
    print(f"object store at most {largest.values['store']:.1f} MB")


def many(rows: int, rows_per_block: int, workers: int) -> None:
    """A list of so many photos without photos: what the driver and the object store take."""
    largest = Largest(store=stored, resident=resident)
    with tempfile.TemporaryDirectory() as folder:
        jobs = Plan(
            cast("tuple[Job, ...]", Troubled(rows, Path(folder)))
        )  # a real tuple would be what is measured
        ordered = Ordered(
            Order("nothing", {}),
            jobs,
            Path(folder),
            workers=workers,
            rows_per_block=rows_per_block,
            maker="cluster:Nothing",
        )
        begun, cpu = time.perf_counter(), time.process_time()
        told, points, sizes = 0, (rows // 10, rows // 2, rows), list[float]()
        with largest.watched():
            for _ in run_on_ray(ordered, print, workers):
                told += 1
                if told in points:
                    sizes.append(resident())
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    assert told == rows
    print(
        f"{rows:9,} rows: driver {', '.join(f'{each:.0f}' for each in sizes)} MB at a tenth, half and all of them, "
        f"at most {largest.values['resident']:.0f} MB; object store at most {largest.values['store']:.1f} MB; "
        f"{seconds:.0f} s, of the driver's processor time {cpu:.0f} s"
    )


class Nothing:
    """A worker for jobs that it is never called for."""

    cards = ()

    def __init__(self, order: Order, threads: int) -> None:
        pass

    def __call__(self, job: Job) -> Report:
        """Nothing."""
        return Report()


def main() -> None:
    """All of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photo", nargs="*", type=Path)
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rows-per-block", type=int, default=1000)
    words = parser.parse_args()
    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)
    if words.count:
        compare(words.photo or sorted(EXAMPLES.glob("*.jpg")), words.count, words.workers, words.rounds)
    for rows in words.rows:
        many(rows, words.rows_per_block, words.workers)


if __name__ == "__main__":
    main()

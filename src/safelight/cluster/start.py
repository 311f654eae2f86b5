"""A cluster for a batch: one that is there, or one of this machine alone; looked at before anything is asked of it."""

import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from safelight.cluster.extra import ClusterError, needs
from safelight.cluster.worker import ONE_THREAD, versions

SPARE = 2  # CPUs beside the workers: for lists that are read and written, and for the filter of a resumed run
FILTER_MEMORY = 1 << 30  # bytes of Ray's logical memory that the filter of a resumed run asks for
STORE = 128 << 20  # bytes of the object store of a cluster of this machine: only paths travel
PATIENCE = 300.0  # seconds for a machine of a cluster to answer
ON_THIS_MACHINE = {  # Ray's own settings, where it is started here and the user has not set them
    "RAY_worker_register_timeout_seconds": "300",  # a busy machine needs more than 60, and would start ever more
    "RAY_prestart_worker_first_driver": "0",
    "RAY_worker_niceness": "0",  # else 15: workers would stand still beside anything else
}
LATE = 10.0  # seconds after which a machine sees a folder that another has just made, as NFS goes
STARTS = 4  # Ray gives its own servers 30 s, which a busy machine may not manage
LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # 0: Ray's servers take 127.0.0.1, as by default on macOS


@dataclass(frozen=True)
class Capacity:
    """What of a cluster may be used. memory: bytes, as Ray counts them; it binds nobody."""

    cpus: int
    memory: int
    nodes: int

    @property
    def workers(self) -> int:
        """How many processes may work on photos; below 1 where it is too small."""
        return self.cpus - SPARE


@contextlib.contextmanager
def connected(address: str | None, workers: int) -> Iterator[Capacity]:
    """Ray while the block lasts: the cluster at the address, or one of this machine that ends with the block.

    Without an address its servers listen on the loopback interface alone, for as many workers as are named. Usage
    statistics are off, Ray's token authentication is as the user set it (on). Raises ClusterError.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # else they are printed, past Python
    if address is None:
        for name, value in {**ON_THIS_MACHINE, **ONE_THREAD}.items():
            os.environ.setdefault(name, value)
        os.environ[LOOPBACK] = "0"  # read when Ray is imported
    with needs("--engine ray"):
        import ray
        import ray.data
    _silence()
    _init(address, workers + SPARE)
    try:
        yield capacity()
    finally:
        ray.shutdown()


def _silence() -> None:
    """What a user has to know is said by this room; Ray's own lines, on standard output too, are in its logs."""
    logging.getLogger("ray").setLevel(logging.ERROR)
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    with contextlib.suppress(ImportError, AttributeError):  # of raylets, for the death of every worker
        worker = import_module("ray._private.worker")
        vars(worker)["print_to_stdstream"] = lambda data, ignore_prefix: None


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """Nothing on standard error inside, past Python too: what fails is raised."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextlib.contextmanager
def nothing_left() -> Iterator[None]:
    """Processes that are started inside are ended where it raises: Ray leaves the servers of a start that was too slow.

    To be called when Ray is imported, which brings its own psutil.
    """
    this = import_module("psutil").Process()
    before = set(this.children())
    try:
        yield
    except BaseException:
        for started in this.children(recursive=True):
            with contextlib.suppress(Exception):  # it has ended by itself
                if not before & {started, *started.parents()}:
                    started.kill()
        raise


def _init(address: str | None, cpus: int) -> None:
    """Connect to the cluster at an address, or start one of this machine. Raises ClusterError."""
    import ray

    local: dict[str, Any] = {"num_cpus": cpus, "include_dashboard": False, "object_store_memory": STORE}
    for start in range(1, STARTS + 1):
        try:
            with _hushed(), nothing_left():
                ray.init(
                    address=address or "local",  # a cluster that is found by chance is not asked
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    **({"runtime_env": {"env_vars": ONE_THREAD}} if address else local),
                )
        except Exception as error:  # ConnectionError, RuntimeError, ValueError, Ray's own
            ray.shutdown()
            said = " ".join(str(error).split())[:200] or type(error).__name__
            if address is None and "timed out" in said and start < STARTS:
                continue
            what = f"the cluster at {address} cannot be reached" if address else "Ray cannot be started here"
            raise ClusterError(f"{what} ({said})") from None
        return


def capacity() -> Capacity:
    """What is free in the cluster at this moment."""
    import ray

    free: Mapping[str, float] = ray.available_resources()
    alive = [node for node in ray.nodes() if node["Alive"]]
    return Capacity(int(free.get("CPU", 0)), int(free.get("memory", 0)), len(alive))


def check(found: Capacity) -> None:
    """Raises ClusterError for a cluster on which a run, or one that resumes it, would stand still without a word."""
    if found.workers < 1:
        raise ClusterError(
            f"the cluster has {found.cpus} CPUs free; expected {SPARE + 1} at least: one for a worker, and {SPARE} for "
            "the lists (a resumed run needs one more than a first one, and would wait for it without end)"
        )
    if found.memory < FILTER_MEMORY:
        raise ClusterError(
            f"the cluster has {found.memory / 2**30:.1f} GiB of memory free as Ray counts it; expected 1 GiB at least, "
            "which a resumed run asks for: start it with more (ray start --memory)"
        )


def check_nodes(paths: Sequence[Path]) -> None:
    """Look from every machine of the cluster: it must see these paths, and have the same versions as this one.

    Raises ClusterError that names the machine.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    probe = ray.remote(num_cpus=0)(look)
    ids = [node["NodeID"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    asked = [
        probe.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote(
            list(map(str, paths))
        )
        for node in ids
    ]
    try:
        seen = ray.get(asked, timeout=PATIENCE)
    except Exception as error:  # safelight is not installed there, the machine is gone
        said = " ".join(str(error).split()[-40:])
        raise ClusterError(f"a machine of the cluster does not answer ({said})") from None
    own = versions()
    for name, theirs, missing in seen:
        if missing:
            raise ClusterError(
                f"{name} does not see {missing[0]}; the machines of a cluster need a folder that all of them mount "
                "under one path, or one elsewhere, such as s3://"
            )
        for package, version in own.items():
            if theirs[package] != version:
                raise ClusterError(
                    f"{name} has {package} {theirs[package]}, this machine {version}; other versions make other "
                    "bytes: install the same everywhere"
                )


def look(paths: Sequence[str]) -> tuple[str, dict[str, str], list[str]]:
    """Run on a machine of the cluster: its name, its versions, and which of the paths are not there."""
    import socket
    import time

    end = time.monotonic() + LATE
    missing = list(paths)
    while missing := [path for path in missing if not Path(path).exists()]:
        if time.monotonic() > end:
            break
        time.sleep(0.5)
    return socket.gethostname(), versions(), missing


def said_of(found: Capacity, address: str | None, workers: int) -> str:
    """A line on what does the work."""
    if address is None:
        return f"Ray on this machine: {workers} workers, servers on 127.0.0.1 alone"
    return (
        f"Ray at {address}: {found.nodes} machines, {workers} workers; its servers listen on all interfaces of each "
        "machine, for whoever has its token: keep it behind a firewall"
    )


Say = Callable[[str], None]

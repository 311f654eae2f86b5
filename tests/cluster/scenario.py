"""Run in a network namespace of its own: a real cluster of two nodes, on which batches are stopped in every way.

`python -m tests.cluster.scenario FOLDER MODEL PART...` with the photos in FOLDER/in. Prints a line of JSON for each
part: what the commands said, and the hash of the tree of results.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from safelight.ledger.rows import LEDGER

HEAD = {"num_cpus": 3, "memory": 4 << 30, "object_store_memory": 80 << 20, "include_dashboard": False}
NODE = {"num_cpus": 3, "memory": 2 << 30, "object_store_memory": 80 << 20}
ENOUGH = 60  # results after which something is killed
PATIENCE = 1800.0  # seconds


def tree(folder: Path) -> str:
    """A hash of all results: names and bytes, without what is said of how they were made."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.png")):
        digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def ledger(folder: Path) -> dict[str, list[str]]:
    """What the ledger says of each result: state, and the hashes of photo, settings and result."""
    rows = map(json.loads, (folder / LEDGER).read_text("utf-8").splitlines())
    kept = ("state", "sha256", "settings", "result_sha256")
    return {row["result"]: [row[name] for name in kept] for row in rows if "result" in row}


def results(folder: Path) -> int:
    return sum(1 for _ in folder.rglob("*.png"))


class Scenario:
    """Commands on the photos of one folder."""

    def __init__(self, home: Path, model: str, address: str) -> None:
        self.home, self.model, self.address = home, model, address

    def start(self, out: str, *words: str) -> subprocess.Popen[str]:
        """A batch on the cluster, under way."""
        words = ("in", "-o", out, "--model", self.model, "--engine", "ray", "--address", self.address, *words)
        return subprocess.Popen(
            [sys.executable, "-m", "safelight", "colorize", *words],
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def end(self, part: str, out: str, process: subprocess.Popen[str], **facts: object) -> None:
        """Wait for a batch and print what became of it."""
        stdout, stderr = process.communicate(timeout=PATIENCE)
        facts |= {"part": part, "status": process.returncode, "out": stdout, "err": stderr}
        facts |= {"tree": tree(self.home / out), "ledger": ledger(self.home / out)}
        facts |= {"left": sorted(path.name for path in (self.home / out).glob(".*"))}
        print(json.dumps(facts), flush=True)

    def wait_for(self, out: str, process: subprocess.Popen[str]) -> int:
        """Wait until there are some results; how many."""
        end = time.monotonic() + PATIENCE
        while (count := results(self.home / out)) < ENOUGH:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"ended too early: {process.communicate()}")
            time.sleep(0.2)
        return count

    def interrupted(self, part: str, kill: Callable[[], int]) -> None:
        """A batch in the middle of which something is killed; it goes on."""
        process = self.start(part)
        there = self.wait_for(part, process)
        self.end(part, part, process, there=there, killed=kill())

    def driver(self, part: str = "driver", *again: str) -> None:
        """The command itself is killed, and called again."""
        process = self.start(part)
        there = self.wait_for(part, process)
        process.kill()
        process.communicate()
        after = results(self.home / part)
        self.end(part, part, self.start(part, *again), there=there, after=after)


def workers() -> dict[int, int]:
    """The processes that work on photos, and the process that started each."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"MapBatches(PhotoWorker" in (folder / "cmdline").read_bytes():
                status = (folder / "status").read_text("utf-8").splitlines()
                found[int(folder.name)] = next(
                    int(line.split()[1]) for line in status if line.startswith("PPid")
                )
        except OSError:
            continue
    return found


def kill_worker() -> int:
    """Kill one of them; how many were killed."""
    os.kill(next(iter(workers())), signal.SIGKILL)
    return 1


def kill_node(cluster: Any, node: Any) -> int:
    """Kill a node with all that runs on it; how many of the workers those were."""
    raylets = {each.process.pid for each in node.all_processes["raylet"]}
    count = sum(parent in raylets for parent in workers().values())
    cluster.remove_node(node, allow_graceful=False)
    return count


def main(home: Path, model: str, parts: list[str]) -> None:
    """All parts, one after the other, on one cluster."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args=HEAD)
    node = cluster.add_node(**NODE)
    scenario = Scenario(home, model, cluster.address)
    if "quiet" in parts:
        scenario.end("quiet", "quiet", scenario.start("quiet"))
    if "driver" in parts:
        scenario.driver()
    if "settings" in parts:
        scenario.driver("settings", "--vivid", "1", "--overwrite")
    if "worker" in parts:
        scenario.interrupted("worker", kill_worker)
    if "node" in parts:
        scenario.interrupted("node", partial(kill_node, cluster, node))
    cluster.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])

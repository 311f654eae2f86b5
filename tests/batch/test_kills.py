"""Batches that are killed, doubled, or out of room: the results are those of a quiet run, and nothing is done twice.

The work is a cheap one (a photo's bytes, turned round, with a mark), so that many photos are many: plan, claims,
files and ledger are the real ones, in processes of their own that are ended by SIGKILL.
"""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from safelight.ledger.status import examine
from tests.cli.shell import ENVIRONMENT, results

BATCH = """
import hashlib, json, os, sys
from pathlib import Path
from safelight.batch.plan import plan
from safelight.batch.records import Ledgers, Places
from safelight.batch.run import run
from safelight.batch.work import Order, Report
from safelight.errors import PhotoError
from safelight.files import new_file
from safelight.ledger.resume import Mark
from safelight.runtime.names import COLORED

here = Path(sys.argv[1])
order = Order("colorize", {"vivid": 0.5})
log = os.open(here / "attempts", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def work(job):
    os.write(log, f"{job.photo.name}\\n".encode())
    content = job.photo.read_bytes()
    if content.startswith(b"bad"):
        raise PhotoError(f"{job.photo} is no picture")
    mark = {"source": hashlib.sha256(content).hexdigest(), "settings": order.hash}
    job.result.parent.mkdir(parents=True, exist_ok=True)
    with new_file(job.result) as file:
        file.write(content[::-1] + b"\\n" + json.dumps(mark).encode())
    return Report(written=(job.result,))

def mark_of(result):
    return Mark(**json.loads(result.read_bytes().rpartition(b"\\n")[2]))

jobs = plan([here / "in"], here / "out", COLORED)
with Ledgers(order, (), "test", jobs, Places(frozenset([here / "in"]), here / "out"), mark_of) as ledgers:
    print("ready", flush=True)
    states = [outcome.state for outcome in run(jobs, work, False, ledgers, int(sys.argv[2]))]
for line in ledgers.lines():
    print(line)
print(*(states.count(state) for state in ("done", "skipped", "failed")), flush=True)
sys.exit(not ledgers.is_whole)
"""
PATIENCE = 300.0  # seconds
LINE = len("00000.jpg\n")  # of the list of attempts


@pytest.fixture
def here() -> Iterator[Path]:
    """A folder in memory where there is one: a disk would wait for each of the files."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


def make_photos(here: Path, count: int, bad: int) -> dict[str, bytes]:
    """Photos in folders of a hundred; the result of each good one, by its name in the folder of the results."""
    rng, expected = random.Random(count), {}
    wrong = set(rng.sample(range(count), bad))
    for number in range(count):
        path = here / "in" / f"{number // 100:03}" / f"{number:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = b"bad" if number in wrong else rng.randbytes(200)
        path.write_bytes(content)
        if number not in wrong:
            expected[f"{number // 100:03}/{number:05}-color.jpg"] = content[::-1]
    return expected


def start(here: Path, workers: int = 1) -> subprocess.Popen[str]:
    environment = {**ENVIRONMENT, "TMPDIR": str(here)}
    return subprocess.Popen(
        [sys.executable, "-c", BATCH, str(here), str(workers)],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
    )


def end(process: subprocess.Popen[str]) -> list[str]:
    """The lines of a batch that ends by itself."""
    said, _ = process.communicate(timeout=900)
    return said.splitlines()


def kill_when(processes: list[subprocess.Popen[str]], here: Path, attempts: int, delay: float) -> None:
    """Kill them, all at one moment, so many seconds after so many attempts of all runs."""
    for process in processes:
        assert process.stdout
        process.stdout.readline()
    end = time.monotonic() + PATIENCE
    while (here / "attempts").stat().st_size < attempts * LINE and time.monotonic() < end:
        time.sleep(0.0005)
    time.sleep(delay)
    for process in processes:
        process.send_signal(signal.SIGKILL)
    for process in processes:
        process.communicate()


def check(here: Path, expected: dict[str, bytes], in_flight: int) -> None:
    """The tree is that of a quiet run, the ledger knows each photo, and only those in flight were tried again."""
    found = {name: (here / "out" / name).read_bytes().rpartition(b"\n")[0] for name in results(here / "out")}
    assert found == expected
    status = examine(here / "out", verify=True)
    assert (status.photos["done"], status.edited.count, status.missing.count) == (len(expected), 0, 0)
    attempts = Counter((here / "attempts").read_text().split())
    good = [f"{Path(name).name.removesuffix('-color.jpg')}.jpg" for name in expected]
    again = sum(attempts[name] - 1 for name in good)
    assert min(attempts[name] for name in good) == 1
    assert again <= in_flight


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is of POSIX")
@pytest.mark.parametrize(
    ("count", "bad", "kills", "processes", "workers"),
    [
        (600, 6, 4, 1, 1),
        (600, 6, 3, 2, 2),
        pytest.param(10_000, 100, 20, 1, 1, marks=pytest.mark.slow),
        pytest.param(10_000, 100, 20, 2, 1, marks=pytest.mark.slow),
    ],
)
def test_a_batch_that_is_killed_again_and_again_is_a_quiet_one(
    here: Path, count: int, bad: int, kills: int, processes: int, workers: int
) -> None:
    expected, rng = make_photos(here, count, bad), random.Random(kills + processes)
    moments = sorted(rng.sample(range(1, count - bad), kills))
    for moment in moments:
        kill_when([start(here, workers) for _ in range(processes)], here, moment, rng.random() * 3e-3)
    last = [end(process) for process in [start(here, workers) for _ in range(processes)]]
    done, skipped, failed = (sum(int(lines[-1].split()[place]) for lines in last) for place in range(3))
    assert done + skipped == processes * len(expected)
    assert done <= len(expected) - moments[-1] + kills * processes * workers + bad * kills
    assert failed == processes * bad
    check(here, expected, in_flight=kills * processes * workers)
    status = examine(here / "out")
    assert status.photos["failed"] == bad
    assert status.damaged <= kills * processes
    (quiet,) = [end(process) for process in [start(here)]]
    assert quiet[1:] == [f"0 {len(expected)} {bad}"]


@pytest.mark.skipif(sys.platform != "linux", reason="a small file system is mounted as Linux does it")
def test_a_disk_that_is_full_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    """Results and ledger on 1 MiB: what fits is done, the rest fails in a line, and is done when there is room."""
    expected = make_photos(tmp_path, 400, 4)
    (tmp_path / "out").mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path / "out")]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        full = start(tmp_path)
        lines = end(full)
        done, _, failed = map(int, lines[-1].split())
        assert done + failed == 400
        assert 10 < done < 396
        for name in results(tmp_path / "out"):
            content = (tmp_path / "out" / name).read_bytes()
            assert content.rpartition(b"\n")[0] == expected[name]
        subprocess.run(["mount", "-o", "remount,size=64m", str(tmp_path / "out")], check=True)
        again = start(tmp_path)
        lines = end(again)
        assert again.returncode == 0
        assert lines[-1] == f"{396 - done} {done} 4"
        check(tmp_path, expected, in_flight=failed)
        assert examine(tmp_path / "out").damaged == 0
    finally:
        subprocess.run(["umount", "-l", str(tmp_path / "out")], check=True)


def test_the_mark_is_that_of_the_photo(here: Path) -> None:
    """What the test's own mark says, so that the tests above compare what they mean to."""
    make_photos(here, 3, 0)
    end(start(here))
    photo, result = here / "in/000/00000.jpg", here / "out/000/00000-color.jpg"
    mark = json.loads(result.read_bytes().rpartition(b"\n")[2])
    assert mark["source"] == hashlib.sha256(photo.read_bytes()).hexdigest()

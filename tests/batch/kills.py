"""A folder of photos and processes on it that are killed: what is there is whole, and is never done again."""

import hashlib
import io
import random
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from safelight.ledger.rows import LEDGER
from tests.cli.shell import ENVIRONMENT, command, safelight
from tests.runtime.tiny import make_model

SIZE = (40, 56)
Print = tuple[int, int]  # inode and time of the last change: another one if a file was written anew


@dataclass
class Folder:
    """photos: how many; every `bad`th of them is cut off. out: where results go."""

    home: Path
    photos: int
    bad: int
    workers: int = 2
    out: str = "out"
    seen: dict[str, Print] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.home / "in").mkdir()
        make_model(self.home)
        rng = np.random.default_rng(1)
        for number in range(self.photos):
            shades = rng.integers(0, 256, (SIZE[0] // 4, SIZE[1] // 4), np.uint8).repeat(4, 0).repeat(4, 1)
            data = io.BytesIO()
            Image.fromarray(shades).save(data, "JPEG")
            whole = data.getvalue()
            end = len(whole) // 3 if number % self.bad == 0 else len(whole)
            path = self.home / "in" / f"{number // 100:03}" / f"{number:05}.jpg"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(whole[:end])

    @property
    def good(self) -> int:
        """How many photos can be read."""
        return self.photos - -(-self.photos // self.bad)

    @property
    def _words(self) -> tuple[str, ...]:
        return ("colorize", "in", "-o", self.out, "--model", "tiny.onnx", "--workers", str(self.workers))

    def finish(self) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        return safelight(*self._words, cwd=self.home)

    def start(self) -> subprocess.Popen[str]:
        """Start the command."""
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            command(*self._words), stdout=quiet, stderr=quiet, text=True, cwd=self.home, env=ENVIRONMENT
        )

    def results(self) -> list[Path]:
        """What is there but the ledger, unfinished files too."""
        files = (self.home / self.out).rglob("*")
        return sorted(path for path in files if path.is_file() and path.name != LEDGER)

    def wait_for(self, count: int, *processes: subprocess.Popen[str]) -> None:
        """Until so many results are there, or a process has ended."""
        end = time.monotonic() + 600
        while len(self.results()) < count and all(process.poll() is None for process in processes):
            assert time.monotonic() < end, "no results"
            time.sleep(0.02)

    def kill_at(self, count: int, rng: random.Random, processes: int = 1) -> None:
        """Start the command, kill it when so many results are there and a little longer, and look at what is there."""
        running = [self.start() for _ in range(processes)]
        self.wait_for(count, *running)
        time.sleep(rng.uniform(0, 0.1))
        for process in running:
            process.send_signal(signal.SIGKILL)
            process.wait()
        if len(self.results()) < self.good:  # else one of them may have come to its end
            assert [process.returncode for process in running] == [-signal.SIGKILL] * processes
        self.look()

    def look(self) -> None:
        """Compare what is there with what was there before: nothing went, and nothing was written anew."""
        found = {str(path.relative_to(self.home)): _print(path) for path in self.results()}
        assert {name: found.get(name) for name in self.seen} == self.seen
        self.seen = found

    def tree(self) -> str:
        """One hash of all results, names and bytes."""
        digest = hashlib.sha256()
        for path in self.results():
            digest.update(str(path.relative_to(self.home / self.out)).encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


def _print(path: Path) -> Print:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


def quiet_tree(folder: Folder) -> str:
    """The hash of the results of a run that nobody disturbs."""
    other = Folder.__new__(Folder)
    other.__dict__.update(folder.__dict__, out="quiet", workers=1)
    done = other.finish()
    assert done.returncode == 1, done.stderr
    assert len(other.results()) == folder.good
    return other.tree()

"""The command line as a user runs it: a process of its own, most of them forked from one that has imported much."""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import safelight as package

SOURCE = str(Path(package.__file__).parents[1])
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": SOURCE,
    "COLUMNS": "100",
    "PYTHONIOENCODING": "utf-8",
    "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "2"),  # one where each core has tests of its own
    "SOURCE_DATE_EPOCH": "1764400000",  # results of equal work are equal, whenever it is done
}
TRAINING = ("train", "export", "judge")  # lightning and torch warn of what does not matter here
PATIENCE = 600  # seconds
FORKS = hasattr(os, "fork")


def safelight(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end: in a process forked from one that has imported the libraries it needs."""
    if not FORKS:
        return fresh(*words, cwd=cwd)
    with (
        tempfile.NamedTemporaryFile("r", encoding="utf-8") as out,
        tempfile.NamedTemporaryFile("r", encoding="utf-8") as err,
    ):
        request = {
            "words": list(map(str, words)),
            "env": _environment(words),
            "cwd": str(cwd or Path.cwd()),
            "heavy": words[0] in TRAINING,
            "out": out.name,
            "err": err.name,
        }
        status = _ask(request)
        return subprocess.CompletedProcess(command(*words), status, out.read(), err.read())


def fresh(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in a new process, which imports all by itself."""
    return subprocess.run(
        command(*words),
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        env=_environment(words),
        timeout=PATIENCE,
        check=False,
    )


def start(*words: str | Path, cwd: Path | None = None) -> subprocess.Popen[str]:
    """Start a command in a new process and leave it running."""
    return subprocess.Popen(
        command(*words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=cwd,
        env=ENVIRONMENT,
    )


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "safelight", *map(str, words)]


def results(folder: Path) -> list[str]:
    """The names of all files in a folder of results, at every depth, but its ledger."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "safelight-ledger.jsonl"]
    return sorted(str(path.relative_to(folder)) for path in files)


def _environment(words: tuple[str | Path, ...]) -> dict[str, str]:
    return ENVIRONMENT if words[0] in TRAINING else {**ENVIRONMENT, "PYTHONWARNINGS": "error"}


@cache
def _server() -> subprocess.Popen[str]:
    """The process of warm.py, one for all tests of this one."""
    server = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("warm.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={
            **ENVIRONMENT,
            "OMP_NUM_THREADS": "1",
        },  # a library that starts threads at its import starts none
    )
    atexit.register(server.communicate)  # it ends with its input
    return server


def _ask(request: dict[str, object]) -> int:
    """The exit status of a forked command, negative for a signal."""
    server = _server()
    assert server.stdin
    assert server.stdout
    server.stdin.write(json.dumps(request) + "\n")
    server.stdin.flush()
    child = int(server.stdout.readline())
    if not select.select([server.stdout], [], [], PATIENCE)[0]:
        os.kill(child, signal.SIGKILL)
        raise subprocess.TimeoutExpired(str(request["words"]), PATIENCE)
    return int(server.stdout.readline())

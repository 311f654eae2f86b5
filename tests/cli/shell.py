"""The command line as a user runs it: a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import safelight as package

SOURCE = str(Path(package.__file__).parents[1])
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": SOURCE,
    "COLUMNS": "100",
    "PYTHONIOENCODING": "utf-8",
    "OMP_NUM_THREADS": "2",
    "SOURCE_DATE_EPOCH": "1764400000",  # results of equal work are equal, whenever it is done
}
TRAINING = ("train", "export", "judge")  # lightning and torch warn of what does not matter here


def safelight(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command(*words),
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        env=ENVIRONMENT if words[0] in TRAINING else {**ENVIRONMENT, "PYTHONWARNINGS": "error"},
        timeout=600,
        check=False,
    )


def start(*words: str | Path, cwd: Path | None = None) -> subprocess.Popen[str]:
    """Start a command and leave it running."""
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

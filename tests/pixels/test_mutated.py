"""Damaged files of every kind, a short and seeded run of benchmarks/mutated.py; the long one is slow."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "mutated.py"


@pytest.mark.parametrize("files", [120, pytest.param(6000, marks=pytest.mark.slow)])
def test_damaged_files_are_read_or_refused_and_can_be_written_again(files: int) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "--files", str(files), "--seed", "7"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{files} files, 0 wrong" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0

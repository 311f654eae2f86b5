"""Each benchmark that needs no dataset runs to its figures, with the least that can be asked of it.

pytest -m bench tests/test_benchmarks.py
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent
LEAST = {
    "arena": ("patterns --runs 4", r"patterns: at most \d+ MB, \d+\.\d ms of processor a run"),
    "darkroom_start": ("--rounds 1", r"screen after \d\.\d+ s"),
    "doctor": ("--runs 2", r"false alarms in 2 runs"),
    "fill_encoder": ("--rounds 1 --size 32 --batch 2", r"from scratch +\d+ ms, median +\d+ ms"),
    "hints": ("--against src --turns 1", r"20, new +time .* ratio \d\.\d+"),
    "networks": ("--channels 8 --size 32 --batch 1 --rounds 1 --only gated", r"gated +[\d,]+( +\d+\.\d){3}"),
    "service_load": ("--clients 4 --seconds 5", r"wrong: nothing"),
    "throughput": ("src --photos 2 --large 0 --pairs 1 --singles 1", r"throughput new / old: \d\.\d+"),
    "training": ("--rounds 2 --steps 1", r"Trainer / bare loop.*: \d\.\d+ \(limit"),
    "vae_memory": ("--size 64 --batch 2", r"taken at the most.* = \d+\.\d+ ×"),
}


@pytest.mark.bench
@pytest.mark.parametrize("name", LEAST)
def test_a_benchmark_tells_its_figures(name: str) -> None:
    words, figure = LEAST[name]
    command = [sys.executable, str(HOME / "benchmarks" / f"{name}.py"), *words.split()]
    environment = {**os.environ, "PYTHONPATH": str(HOME / "src"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    assert re.search(figure, done.stdout), done.stdout

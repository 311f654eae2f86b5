"""Memory that is not enough is called that, whichever library meets it."""

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from safelight.batch.run import run
from safelight.batch.work import Job, Report
from safelight.errors import NO_MEMORY, is_of_memory
from safelight.pixels.files import write_photo

SAID = (
    MemoryError(),
    ImportError("libfoo.so: failed to map segment from shared object"),
    OSError(12, "Cannot allocate memory"),
    RuntimeError("[ONNXRuntimeError] : 6 : Failed to allocate memory for requested buffer of size 9"),
    RuntimeError("std::bad_alloc"),
)


@pytest.mark.parametrize("error", SAID, ids=lambda error: type(error).__name__)
def test_a_photo_that_needs_too_much_is_one_line_and_the_next_follows(
    tmp_path: Path, error: Exception
) -> None:
    assert is_of_memory(error)
    jobs = [Job(tmp_path / name, tmp_path / f"{name}.png") for name in ("a", "b")]

    def work(job: Job) -> Report:
        if job.photo.name == "a":
            raise error
        return Report()

    first, second = run(jobs, work)
    assert first.state == "failed"
    assert first.remarks == (f"{tmp_path / 'a'}: {NO_MEMORY}",)
    assert second.state == "done"


def test_other_errors_are_not_taken_for_it() -> None:
    for error in (
        ValueError("the file is cut off"),
        ImportError("no module named x"),
        OSError(28, "No space left"),
    ):
        assert not is_of_memory(error)


@pytest.mark.parametrize("megabytes", [300, 600])
def test_a_process_with_very_little_memory_says_so(tmp_path: Path, megabytes: int) -> None:
    """A limit on address space, as ulimit -v sets it, under what ONNX Runtime needs to be loaded."""
    write_photo(tmp_path / "a.png", np.full((40, 50, 3), 90, np.uint8))
    done = subprocess.run(
        [sys.executable, "-m", "safelight", "colorize", str(tmp_path / "a.png")],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": ":".join(sys.path)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20)),
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert NO_MEMORY in done.stderr

"""Claims on results between processes: exclusive, gone with their holder, and nothing left of them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from safelight.batch.claims import claimed
from safelight.batch.run import run
from safelight.batch.work import Job, Report
from tests.cli.shell import ENVIRONMENT

HOLDER = """
import sys, time
from pathlib import Path
from safelight.batch.claims import claimed
with claimed(Path(sys.argv[1])) as mine:
    print(mine, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def hold(result: Path, temporary: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(result)],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={**ENVIRONMENT, "TMPDIR": str(temporary), "TEMP": str(temporary)},
    )
    assert process.stdout
    assert process.stdout.readline() == "True\n"
    return process


def test_a_claim_is_exclusive_and_ends_with_its_holder(tmp_path: Path, own_temporary_folder: Path) -> None:
    result = tmp_path / "out" / "a.png"
    with hold(result, own_temporary_folder) as process:
        with claimed(result) as mine, claimed(tmp_path / "out" / "b.png") as other:
            assert (mine, other) == (False, True)
        with claimed(tmp_path / "x" / ".." / "out" / "a.png") as again:
            assert not again
        process.send_signal(signal.SIGKILL)
    with claimed(result) as mine:
        assert mine
    assert [path for path in own_temporary_folder.rglob("*") if path.is_file()] == []
    assert not (tmp_path / "out").exists()


def test_claims_of_many_processes_exclude_each_other(tmp_path: Path, own_temporary_folder: Path) -> None:
    """Two processes claim and release one result over and over; never are both inside."""
    code = """
import os, sys, time
from pathlib import Path
from safelight.batch.claims import claimed
result, inside = Path(sys.argv[1]), Path(sys.argv[2])
end, got = time.monotonic() + 1.0, 0
while time.monotonic() < end:
    with claimed(result) as mine:
        if mine:
            os.close(os.open(inside, os.O_CREAT | os.O_EXCL))
            got += 1
            os.unlink(inside)
print(got)
"""
    words = [sys.executable, "-c", code, str(tmp_path / "a.png"), str(tmp_path / "inside")]
    environment = {**ENVIRONMENT, "TMPDIR": str(own_temporary_folder), "TEMP": str(own_temporary_folder)}
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, env=environment) for _ in range(2)]
    counts = [int(process.communicate(timeout=60)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert min(counts) > 0


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="users have numbers on POSIX only")
def test_without_a_temporary_folder_of_ones_own_there_are_no_claims_and_work_goes_on(
    tmp_path: Path, own_temporary_folder: Path
) -> None:
    (own_temporary_folder / f"safelight-claims-{os.getuid()}").symlink_to(tmp_path)
    with claimed(tmp_path / "a.png") as one, claimed(tmp_path / "a.png") as other:
        assert one
        assert other


def test_a_photo_that_another_process_never_ends_with_is_done_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safelight.batch.run.PATIENCE", 0.2)
    jobs = [Job(tmp_path / name, tmp_path / f"{name}-color") for name in "ab"]
    order = []

    def work(job: Job) -> Report:
        order.append(job.photo.name)
        return Report()

    with claimed(jobs[0].result):
        outcomes = list(run(jobs, work))
    assert (order, [outcome.state for outcome in outcomes]) == (["b", "a"], ["done", "done"])

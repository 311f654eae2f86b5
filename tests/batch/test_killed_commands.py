"""Whole commands, killed, stopped, two on one folder, on a full disk: the results are those of a quiet run."""

import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from safelight.ledger.rows import LEDGER
from tests.batch.kills import Folder, quiet_tree

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def killed_again_and_again(folder: Folder, kills: int, processes: int, seed: int) -> str:
    """Kill at random moments, finish, and return the hash of the tree."""
    rng = random.Random(seed)
    for count in sorted(rng.randrange(folder.good) for _ in range(kills)):
        folder.kill_at(count, rng, processes)
    done = folder.finish()
    assert done.returncode == 1, done.stderr
    assert f"{folder.photos - folder.good} failed" in done.stdout, done.stderr
    folder.look()
    return folder.tree()


def photos_done_twice(folder: Folder) -> list[str]:
    """Photos of which the ledger says more than once that they were made: none of those that are there."""
    lines = (folder.home / folder.out / LEDGER).read_text(encoding="utf-8", errors="replace").splitlines()
    sources = [
        line.partition('"source": "')[2].partition('"')[0] for line in lines if '"state": "done"' in line
    ]
    return [source for source, count in Counter(sources).items() if count > 1]


def test_killed_at_four_moments_the_results_are_those_of_a_quiet_run(tmp_path: Path) -> None:
    folder = Folder(tmp_path, photos=80, bad=10)
    assert killed_again_and_again(folder, kills=4, processes=1, seed=3) == quiet_tree(folder)
    assert not photos_done_twice(folder)


def test_two_processes_on_one_folder_killed_twice(tmp_path: Path) -> None:
    folder = Folder(tmp_path, photos=80, bad=10)
    assert killed_again_and_again(folder, kills=2, processes=2, seed=4) == quiet_tree(folder)


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_ten_thousand_photos_killed_at_twenty_moments(tmp_path: Path, processes: int) -> None:
    folder = Folder(tmp_path, photos=10_000, bad=100)
    assert killed_again_and_again(folder, kills=20, processes=processes, seed=5) == quiet_tree(folder)


def test_stopped_by_the_user_it_ends_soon_with_whole_results_alone(tmp_path: Path) -> None:
    folder = Folder(tmp_path, photos=80, bad=10)
    process = folder.start()
    folder.wait_for(10, process)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert time.monotonic() - begun < 30
    folder.look()
    assert len(folder.results()) < 72
    assert folder.finish().returncode == 1
    folder.look()
    assert folder.tree() == quiet_tree(folder)


def test_a_disk_that_fills_up_loses_nothing_and_leaves_nothing_half(tmp_path: Path) -> None:
    """A file system of its own, of 200 kB; later of 20 MB."""
    folder = Folder(tmp_path, photos=80, bad=10)
    disk = tmp_path / "out"
    disk.mkdir()
    mount = shutil.which("mount")
    tried = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=200k", "none", disk], capture_output=True, check=False
    )
    if not tried or tried.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        full = folder.finish()
        assert full.returncode == 1
        assert "No space left on device" in full.stderr
        assert "Traceback" not in full.stderr
        there = len(folder.results())
        assert 0 < there < 72
        folder.look()
        subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
        assert folder.finish().returncode == 1
        folder.look()
        assert folder.tree() == quiet_tree(folder)
    finally:
        subprocess.run(["umount", disk], check=True)

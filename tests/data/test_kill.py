"""Killed anywhere, a build goes on to the same bytes, and a reader never sees half a dataset."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from safelight.data.build import build_dataset
from safelight.data.cache import open_dataset
from safelight.errors import DatasetError

from .conftest import FolderMaker
from .test_build import SMALL, contents

BUILD = """
import os, signal, sys
from pathlib import Path
from safelight.data import finished
from safelight.data.build import build_dataset
from safelight.data.settings import BuildSettings

photos, out, stage, step = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])

def die(done, total, what):
    if (what, done) == (stage, step):
        os.kill(os.getpid(), signal.SIGKILL)

replace, count = Path.replace, 0
def dying_replace(self, target):
    global count
    die(count, 0, "placing")
    count += 1
    return replace(self, target)
Path.replace = dying_replace

build_dataset(photos, out, BuildSettings(size=32, min_side=16, val=0.25, test=0.25), die)
"""


def kill_a_build(photos: Path, out: Path, stage: str, step: int) -> None:
    """A real process, killed with -9 when the stage has done so many steps."""
    command = [sys.executable, "-c", BUILD, str(photos), str(out), stage, str(step)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL


@pytest.fixture
def whole(painted: FolderMaker, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Twelve photos, and the dataset of a build that nobody disturbed."""
    photos = painted("photos", range(12))
    build_dataset(photos, tmp_path / "whole", SMALL)
    return photos, contents(tmp_path / "whole")


@pytest.mark.parametrize(
    ("stage", "step"), [("screening", 5), ("storing", 7), ("reporting", 2), ("placing", 0), ("placing", 4)]
)
def test_a_killed_build_goes_on_to_the_same_bytes(
    whole: tuple[Path, dict[str, str]], tmp_path: Path, stage: str, step: int
) -> None:
    photos, expected = whole
    out = tmp_path / "out"
    kill_a_build(photos, out, stage, step)
    with pytest.raises(DatasetError, match="unfinished"):
        open_dataset(out)
    build_dataset(photos, out, SMALL)
    assert contents(out) == expected


def test_a_line_that_was_cut_in_the_middle_is_done_again(
    whole: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    photos, expected = whole
    out = tmp_path / "out"
    kill_a_build(photos, out, "screening", 5)
    for name in ("facts.jsonl", "pixels.raw"):
        path = out / ".building" / name
        path.write_bytes(path.read_bytes()[:-10])
    build_dataset(photos, out, SMALL)
    assert contents(out) == expected


def test_a_kill_while_pictures_are_added_leaves_the_old_dataset(painted: FolderMaker, tmp_path: Path) -> None:
    photos, out, other = painted("photos", range(8)), tmp_path / "out", tmp_path / "other"
    for folder in (out, other):
        build_dataset(photos, folder, SMALL)
    painted("photos", range(8, 14))
    kill_a_build(photos, out, "storing", 3)
    assert len(open_dataset(out)) == 8
    kill_a_build(photos, out, "placing", 2)
    for folder in (out, other):
        build_dataset(photos, folder, SMALL)
    assert contents(out) == contents(other)
    assert len(open_dataset(out)) == 14

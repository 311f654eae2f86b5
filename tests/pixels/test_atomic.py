"""A file is there whole or not at all."""

import errno
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from safelight.pixels import atomic
from safelight.pixels.atomic import new_file


@pytest.fixture(params=["nameless", "named", "without links"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The three ways of file systems: O_TMPFILE, hard links, neither."""
    if request.param != "nameless":
        monkeypatch.setattr(atomic, "_open_nameless", lambda folder: None)
    if request.param == "without links":

        def no_links(*names: object, **options: object) -> None:
            raise OSError(errno.EPERM, "no links here")

        monkeypatch.setattr(atomic.os, "link", no_links)
    return str(request.param)


def put(path: Path, content: bytes, overwrite: bool = False) -> None:
    with new_file(path, overwrite) as file:
        file.write(content)


def test_writes_and_leaves_nothing_else(way: str, tmp_path: Path) -> None:
    put(tmp_path / "a", b"one")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"one")]


def test_never_over_another_unless_asked(way: str, tmp_path: Path) -> None:
    put(tmp_path / "a", b"one")
    with pytest.raises(FileExistsError):
        put(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"one"
    put(tmp_path / "a", b"three", overwrite=True)
    assert (tmp_path / "a").read_bytes() == b"three"
    put(tmp_path / "b", b"four", overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_an_error_leaves_what_was_there(way: str, overwrite: bool, tmp_path: Path) -> None:
    put(tmp_path / "a", b"one")

    def fail() -> None:
        with new_file(tmp_path / ("a" if overwrite else "b"), overwrite) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"one")]


def test_of_many_at_once_one_wins(way: str, tmp_path: Path) -> None:
    def race(number: int) -> bool:
        try:
            put(tmp_path / "a", b"%d" % number * 10000)
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(race, range(8)))
    assert won.count(True) == 1
    assert (tmp_path / "a").read_bytes() == b"%d" % won.index(True) * 10000
    assert len(list(tmp_path.iterdir())) == 1


def test_rights_are_those_of_any_new_file(way: str, tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    put(tmp_path / "a", b"one")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_no_folder_is_the_usual_error(way: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        put(tmp_path / "nowhere" / "a", b"one")


# Elsewhere than on Linux a file has a name from the start, and a kill can leave it behind.
@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="needs files without a name")
def test_a_kill_leaves_nothing(tmp_path: Path) -> None:
    script = (
        "import sys, time, pathlib; from safelight.pixels.atomic import new_file\n"
        "with new_file(pathlib.Path(sys.argv[1])) as file:\n"
        "    file.write(bytes(1 << 20)); file.flush(); print('half', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "a")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
    assert list(tmp_path.iterdir()) == []

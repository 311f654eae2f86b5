"""A file is there whole or not at all."""

import errno
import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from safelight import files
from safelight.files import new_file, put_text


@pytest.fixture(params=["nameless", "named", "without links"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The three ways of file systems: O_TMPFILE, hard links, neither."""
    if request.param != "nameless":
        monkeypatch.setattr(files, "_open_nameless", lambda folder: None)
    if request.param == "without links":

        def no_links(*names: object, **options: object) -> None:
            raise OSError(errno.EPERM, "no links here")

        monkeypatch.setattr(files.os, "link", no_links)
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


def test_a_link_is_followed(way: str, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "target").write_bytes(b"one")
    (tmp_path / "link").symlink_to("disk/target")
    (tmp_path / "second").symlink_to("link")
    put(tmp_path / "second", b"two", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "second").is_symlink()
    assert not (tmp_path / "disk" / "target").is_symlink()
    assert (tmp_path / "disk" / "target").read_bytes() == b"two"
    assert os.listdir(tmp_path / "disk") == ["target"]  # noqa: PTH208


def test_a_link_to_nothing(way: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")
    with pytest.raises(FileExistsError):
        put(tmp_path / "link", b"one")
    assert not (tmp_path / "target").exists()
    put(tmp_path / "link", b"two", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"two"


def test_links_in_a_ring_are_no_hang(way: str, tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    put(tmp_path / "a", b"one", overwrite=True)
    assert (tmp_path / "a").read_bytes() == b"one"


@pytest.mark.skipif(os.name == "nt", reason="needs rights as POSIX has them")
@pytest.mark.parametrize("mode", [0o640, 0o600, 0o664, 0o444])
def test_rights_stay(way: str, mode: int, tmp_path: Path) -> None:
    put(tmp_path / "a", b"one")
    (tmp_path / "a").chmod(mode)
    put(tmp_path / "a", b"two", overwrite=True)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode
    assert (tmp_path / "a").read_bytes() == b"two"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give a file away")
def test_the_owner_stays(way: str, tmp_path: Path) -> None:
    put(tmp_path / "a", b"one")
    os.chown(tmp_path / "a", 12345, 54321)
    put(tmp_path / "a", b"two", overwrite=True)
    new = (tmp_path / "a").stat()
    assert (new.st_uid, new.st_gid) == (12345, 54321)


def test_no_folder_is_the_usual_error(way: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        put(tmp_path / "nowhere" / "a", b"one")


# Elsewhere than on Linux a file has a name from the start, and a kill can leave it behind.
@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="needs files without a name")
def test_a_kill_leaves_nothing(tmp_path: Path) -> None:
    script = (
        "import sys, time, pathlib; from safelight.files import new_file, put_text\n"
        "with new_file(pathlib.Path(sys.argv[1])) as file:\n"
        "    file.write(bytes(1 << 20)); file.flush(); print('half', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "a")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("linked", [False, True])
def test_a_pipe_or_device_is_never_replaced(way: str, linked: bool, tmp_path: Path) -> None:
    """rename(2) would put a plain file in the place of /dev/null, for every program of the machine."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "link").symlink_to(pipe)
    with pytest.raises(OSError, match="not replaced"):
        put(tmp_path / ("link" if linked else "pipe"), b"new", overwrite=True)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "pipe"]


@pytest.mark.parametrize("name", ["", ".", "..", "/", "folder"])
def test_a_folder_is_said_to_be_one(
    way: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for overwrite in (False, True):
        with pytest.raises(IsADirectoryError):
            put(Path(name), b"new", overwrite)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_full_disk_is_said_with_the_name_and_the_older_text_stays(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """write(2) knows no name, so that Python's error has none."""
    path = put_text(tmp_path / "page.md", "älter\n")

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as raised:
        put_text(path, "newer")
    assert raised.value.filename == str(path)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"page.md": "älter\n".encode()}

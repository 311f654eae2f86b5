"""Lines that several processes append to one file: whole, each once, whatever ends a process or fills the disk."""

import contextlib
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.ledger import lines
from tests.cli.shell import ENVIRONMENT

WRITER = """
import sys
from pathlib import Path
from safelight.ledger import lines
name, path, most = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
for number in range(most):
    lines.append(path, [f"{name} {number} {'x' * (number * 37 % 3000)} end\\n".encode()], sync=False)
    print(number, flush=True)
"""


def writer(name: str, path: Path, most: int) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", WRITER, name, str(path), str(most)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, env=ENVIRONMENT)


def all_of(path: Path) -> list[bytes]:
    return [line for _, line in lines.read(path)]


def test_two_processes_append_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    both = [writer(name, path, 400) for name in "ab"]
    for process in both:
        process.communicate(timeout=60)
    found = all_of(path)
    assert sorted(line.split()[0] + b" " + line.split()[1] for line in found) == sorted(
        b"%b %d" % (name, number) for name in (b"a", b"b") for number in range(400)
    )
    assert all(line.endswith(b" end\n") for line in found)
    assert [line.split()[1] for line in found if line[:1] == b"a"] == [
        b"%d" % number for number in range(400)
    ]


def test_what_was_appended_before_a_kill_is_there(tmp_path: Path) -> None:
    """Processes are killed at ten moments; what each had said to be written is there, whole."""
    path, said = tmp_path / "lines", {}
    for turn in range(10):
        process = writer(f"w{turn}", path, 10**6)
        assert process.stdout
        process.stdout.readline()
        time.sleep(0.01 + 0.007 * turn)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().rpartition(b"\n")[0].splitlines()
        said[turn] = int(rest[-1]) if rest else 0
        process.stdout.close()
        process.wait()
    lines.append(path, [b"last\n"])
    found = all_of(path)
    assert found[-1] == b"last\n"
    for turn, number in said.items():
        mine = [line for line in found if line.startswith(b"w%d " % turn) and line.endswith(b" end\n")]
        assert [int(line.split()[1]) for line in mine[: number + 1]] == list(range(number + 1))


@given(
    before=st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b".") + b"\n"), max_size=4),
    torn=st.binary(max_size=30).map(lambda tail: tail.replace(b"\n", b".")),
    after=st.binary(min_size=1, max_size=20).map(lambda line: line.replace(b"\n", b".") + b"\n"),
)
def test_a_torn_tail_never_runs_into_the_next_line(
    before: list[bytes], torn: bytes, after: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("torn") / "lines"
    path.write_bytes(b"".join(before) + torn)
    lines.append(path, [after], sync=False)
    assert all_of(path) == [*before, *([torn + b"\n"] if torn else []), after]


def test_offsets_lead_back_to_the_lines(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    lines.append(path, [b"one\n", "zwölf\u2028\n".encode(), b"\n", b"three\n"])
    found = list(lines.read(path))
    assert [line for _, line in found] == [b"one\n", "zwölf\u2028\n".encode(), b"\n", b"three\n"]
    assert all(lines.read_at(path, begin) == line for begin, line in found)
    assert list(lines.read(path, found[2][0])) == found[2:]
    assert list(lines.read(tmp_path / "nothing")) == []


def test_a_line_that_is_written_while_it_is_read_is_read_whole_the_next_time(tmp_path: Path) -> None:
    """Its rest was taken for a line of its own, and the row was lost: so for a fifth of runs of four threads."""
    path = tmp_path / "lines"
    path.write_bytes(b"first\nsec")
    reading = lines.read(path)
    assert [next(reading), next(reading)] == [(0, b"first\n"), (6, b"sec")]
    with path.open("ab") as file:
        file.write(b"ond\nthird\n")
    assert list(reading) == []
    assert list(lines.read(path, 6)) == [(6, b"second\n"), (13, b"third\n")]


def test_a_line_that_is_too_long_is_passed_over_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"one\n" + b"x" * (3 * lines.LONGEST + 5) + b"\ntwo\n")
    assert all_of(path) == [b"one\n", b"two\n"]


def test_a_write_that_finds_no_room_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    lines.append(path, [b"one\n"])
    code = f"""
import resource
from pathlib import Path
from safelight.ledger import lines
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    lines.append(Path({str(path)!r}), [b"x" * 2000 + b"\\n"])
except OSError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=ENVIRONMENT, check=True)
    assert b"File too large" in done.stdout
    assert str(path).encode() in done.stdout
    assert path.read_bytes() == b"one\n"
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB, where this user may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_loses_no_line_that_was_there(small_disk: Path) -> None:
    path, count = small_disk / "lines", 0
    with contextlib.suppress(OSError):
        while True:
            lines.append(path, [b"%06d " % count + b"x" * 500 + b"\n"], sync=False)
            count += 1
    assert count > 50
    with pytest.raises(OSError, match="No space left"):
        lines.append(path, [b"x" * 5000 + b"\n"])
    assert [int(line.split()[0]) for line in all_of(path)] == list(range(count))
    assert all(len(line) == 508 for line in all_of(path))

"""Batches in real processes: shared folders, two at once, kills, closed and full streams, odd arguments."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from safelight.masks.files import write_mask
from safelight.pixels.files import read_photo, write_photo
from tests.cli.shell import ENVIRONMENT, command, results, safelight, start
from tests.runtime.tiny import make_model

POSIX = pytest.mark.skipif(os.name == "nt", reason="streams are closed by the shell of POSIX")
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone has a device that is full")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model"))


def photo(path: Path, side: int = 40) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    grey = np.random.default_rng(0).integers(60, 200, (side, side, 1), np.uint8).repeat(3, 2)
    return write_photo(path, grey)


def by_the_shell(line: str, *words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command with what the shell makes of its streams."""
    return subprocess.run(
        ["sh", "-c", f'"$@" {line}', "sh", *command(*words)],
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        env=ENVIRONMENT,
        timeout=120,
        check=False,
    )


def test_two_batches_share_a_folder_and_both_end_well(tmp_path: Path, model: Path) -> None:
    source = tmp_path / "in"
    photo(source / "00.png", 300)
    for number in range(1, 16):
        os.link(source / "00.png", source / f"{number:02}.png")
    words = ("colorize", "in", "-o", "out", "--model", model)
    both = [start(*words, cwd=tmp_path) for _ in range(2)]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert [errors for _, errors in said] == ["", ""]
    colored = [int(out.split()[0]) if "photos colored" in out else 1 for out, _ in said]
    assert sum(colored) == 16  # none was computed twice
    assert results(tmp_path / "out") == [f"{n:02}-color.png" for n in range(16)]


@POSIX
def test_what_a_killed_batch_was_at_is_done_by_the_next(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while it held a claim: another batch, that waited for the photo, does it, and nothing is left."""
    photo(tmp_path / "in" / "a.png", 2500)
    photo(tmp_path / "in" / "b.png")
    claims = tmp_path / "temporary"
    claims.mkdir()
    monkeypatch.setitem(ENVIRONMENT, "TMPDIR", str(claims))
    words = ("colorize", "in", "-o", "out", "--model", model)
    first = start(*words, cwd=tmp_path)
    end = time.monotonic() + 60
    while not list(claims.glob("*/*")) and time.monotonic() < end:  # beside them lies a probe of tempfile's
        time.sleep(0.005)
    first.send_signal(signal.SIGSTOP)  # it holds the claim on a.png, or already that on b.png
    second = start(*words, cwd=tmp_path)
    while not list((tmp_path / "out").glob("*")) and time.monotonic() < end:
        time.sleep(0.005)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    said, errors = second.communicate(timeout=120)
    assert (second.returncode, errors, "failed" in said) == (0, "", False)
    assert results(tmp_path / "out") == ["a-color.png", "b-color.png"]
    assert not [path for path in claims.rglob("*") if path.is_file()]


def test_an_argument_that_cannot_be_looked_at_ends_nothing(tmp_path: Path, model: Path) -> None:
    photo(tmp_path / "a.jpg")
    photo(tmp_path / "b.jpg")
    long = "n" * 300 + ".jpg"
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    words = ("colorize", "a.jpg", long, "loop.jpg", "gone/x.jpg", "b.jpg", "-o", "o", "--model", model)
    done = safelight(*words, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("2 photos colored, 3 failed, ")
    assert len(done.stderr.splitlines()) == 3
    assert "would have a name of 310 bytes, 255 are allowed there" in done.stderr
    assert results(tmp_path / "o") == ["a-color.jpg", "b-color.jpg"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may become another user"
)
def test_a_closed_folder_ends_nothing(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """As another user, in a process of its own: root may look into every folder."""
    code = """
import os, sys
from pathlib import Path
from click.testing import CliRunner
from safelight.cli.main import cli
import safelight.pixels.files, safelight.batch.plan, safelight.tasks.colorize.restore, safelight.data.build
safelight.tasks.colorize.restore.load_colorizer()
os.setuid(65534)
os.chdir(sys.argv[1])
for words in (["colorize", "a.jpg", "closed/b.jpg", "closed", "c.jpg", "--dry-run"], ["colorize", "."]):
    result = CliRunner().invoke(cli, words)
    print(result.output)
print(result.exception)
"""
    home = tmp_path / "home"
    for name in ("a.jpg", "closed/b.jpg", "c.jpg"):
        photo(home / name)
    for folder in (*home.parents, home):
        if folder.stat().st_uid == 0 and Path(tempfile.gettempdir()) in folder.parents:
            folder.chmod(0o777)
    (home / "closed").chmod(0)
    done = subprocess.run(
        [sys.executable, "-c", code, str(home)],
        capture_output=True,
        encoding="utf-8",
        env={**ENVIRONMENT, "HOME": "/nonexistent"},
        timeout=120,
        check=False,
    )
    assert "closed: cannot be listed (Permission denied); check its rights" in done.stdout, done.stderr
    assert "c.jpg -> c-color.jpg" in done.stdout
    assert "closed/b.jpg -> closed/b-color.jpg" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@POSIX
@pytest.mark.parametrize("line", ["2>&-", "<&- >&- 2>&-", pytest.param("2>/dev/full", marks=FULL)])
def test_lost_messages_end_no_work(tmp_path: Path, model: Path, line: str) -> None:
    for name in ("a", "b"):
        photo(tmp_path / f"{name}.png")
        (tmp_path / f"{name}.hints.json").write_text(
            '{"format": "safelight-hints", "version": 1, "hints": []}'
        )
    done = by_the_shell(line, "colorize", ".", "-o", "o", "--model", model, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert results(tmp_path / "o") == ["a-color.png", "b-color.png"]
    assert read_photo(tmp_path / "o" / "a-color.png").size == (40, 40)


@POSIX
@FULL
def test_a_full_or_unread_standard_output_is_a_line_or_none(tmp_path: Path, model: Path) -> None:
    photo(tmp_path / "a.png")
    full = by_the_shell("> /dev/full", "colorize", "a.png", "--model", model, cwd=tmp_path)
    assert full.returncode == 1
    assert full.stderr == "safelight: standard output cannot be written (No space left on device)\n"
    assert (tmp_path / "a-color.png").exists()
    gone = by_the_shell("| true", "models", cwd=tmp_path)
    assert gone.stderr == ""


@POSIX
def test_a_batch_outlives_the_reader_of_its_messages(tmp_path: Path, model: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.jpg").write_bytes(b"no photo")
    photo(tmp_path / "d.png")
    process = start("colorize", ".", "-o", "o", "--model", model, cwd=tmp_path)
    assert process.stderr
    process.stderr.close()
    process.stderr = None
    said, _ = process.communicate(timeout=60)
    assert (process.returncode, said.startswith("colored o/d-color.png, 3 failed, ")) == (1, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-"], "photos are not read from standard input"),
        (["/dev/stdin"], "photos are not read from standard input"),
        (["-", "-o", "-"], "photos are not read from standard input"),
        (["a.png", "-o", "-"], "results are not written to standard output"),
        (["in", "-o", "colored.zip"], "colored.zip is no name of a .jpg, .png, .tif or .webp"),
    ],
)
def test_streams_and_archives_are_refused_before_anything_is_made(
    tmp_path: Path, words: list[str], message: str
) -> None:
    from click.testing import CliRunner

    from safelight.cli.main import cli

    photo(tmp_path / "in" / "a.png")
    before = sorted(tmp_path.rglob("*"))
    runner = CliRunner()
    for name in ("colorize", "fill", "repair", "scratches"):
        paths = [str(tmp_path / word) if word in ("in", "a.png", "colored.zip") else word for word in words]
        done = runner.invoke(cli, [name, *paths])
        assert done.exit_code == 2, done.output
        assert message in done.output.replace(f"{tmp_path}/", "")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "words",
    [
        ["sample", "-o", "-"],
        ["sample", "-o", "figures.zip"],
        ["interpolate", "-", "../a.png", "-o", "x"],
        ["interpolate", "../a.png", "../a.png", "-o", "film.mp4"],
        ["reconstruct", "../a.png", "-o", "/dev/stdout"],
        ["encode", "-", "-o", "codes.csv"],
        ["suggest", "/dev/stdin"],
        ["suggest", "../a.png", "--picture", "-"],
        ["data", "build", "..", "-o", "-"],
        ["data", "build", "..", "-o", "set.zip"],
    ],
)
def test_other_commands_make_no_folders_called_like_streams_and_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    from click.testing import CliRunner

    from safelight.cli.main import cli

    photo(tmp_path / "a.png")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    done = CliRunner().invoke(cli, words)
    assert (done.exit_code, "Error: " in done.output) == (2, True), done.output
    assert not list(Path.cwd().iterdir())


def test_a_photo_that_is_not_there_leaves_no_folder(tmp_path: Path, model: Path) -> None:
    done = safelight("colorize", "nothere.jpg", "-o", "out/deep", "--model", model, cwd=tmp_path)
    assert (done.returncode, list(tmp_path.iterdir())) == (1, [])


def test_a_folder_of_a_server_and_what_lies_in_it(tmp_path: Path, model: Path) -> None:
    """Thumbnails, other kinds, links, masks in capitals, results of other kinds: all said, none colored (C1-C4)."""
    shots = tmp_path / "shots"
    for name in ("a.jpg", "@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg", "a-color.png"):
        photo(shots / name)
    photo(shots / "m.png").rename(shots / "a-mask.PNG")
    photo(tmp_path / "disk2" / "b.jpg")
    (shots / "more").symlink_to(tmp_path / "disk2", target_is_directory=True)
    for name in ("1.xcf", "2.xcf", "3.q"):
        (shots / name).write_bytes(b"x")
    done = safelight("colorize", "shots", "-o", "out", "--model", model, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [Path(name).name for name in results(tmp_path / "out")] == ["a-color.jpg", "b-color.jpg"]
    assert done.stderr.splitlines() == [
        "passed over, kept by servers, systems or programs for themselves: 1 @eaDir",
        "passed over, made of other photos here: 2 (a-color.png, a-mask.PNG)",
        "3 files of kinds that are not read: 2 .xcf, 1 .q",
    ]


def test_the_mask_of_the_right_photo_is_used_and_named(tmp_path: Path) -> None:
    """A5 and A6: p-mask.PNG is a mask; of p.jpg and p.png, p-mask.png is that of p.png."""
    hole = np.zeros((40, 40), bool)
    hole[10:14, 8:30] = True
    photo(tmp_path / "side" / "p.png")
    write_mask(tmp_path / "m.png", hole).rename(tmp_path / "side" / "p-mask.PNG")
    for name in ("p.png", "p.jpg"):
        photo(tmp_path / "two" / name)
    write_mask(tmp_path / "two" / "p-mask.png", hole)
    repaired = safelight("repair", "side/p.png", cwd=tmp_path)
    assert repaired.returncode == 0, repaired.stderr
    assert "with the mask p-mask.PNG; remove it to have the damage looked for again" in repaired.stderr
    before, after = (read_photo(tmp_path / "side" / name).pixels for name in ("p.png", "p-repaired.png"))
    assert ((before != after).any(axis=2) <= hole).all()
    filled = safelight("fill", "two", "--method", "telea", cwd=tmp_path)
    assert (filled.returncode, filled.stdout.startswith("filled two/p-filled.png, 1 failed")) == (1, True)
    assert "two/p.png: with the mask p-mask.png" in filled.stderr
    assert "p-mask.png is taken for that of p.png; p-jpg-mask.png would be that of this one" in filled.stderr


def test_a_package_in_a_zip_finds_its_models_and_leaves_no_copy(tmp_path: Path) -> None:
    import zipfile

    import safelight as package

    source = Path(package.__file__).parent
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as packed:
        for path in (
            *source.rglob("*.py"),
            *source.rglob("weights/scratches*"),
            *source.rglob("templates/*"),
        ):
            packed.write(path, path.relative_to(source.parent))
    photo(tmp_path / "a.png")
    (tmp_path / "temporary").mkdir()
    environment = {
        **ENVIRONMENT,
        "PYTHONPATH": str(tmp_path / "packed.zip"),
        **dict.fromkeys(("TMPDIR", "TEMP"), str(tmp_path / "temporary")),
    }
    code = """
from safelight.cli.main import main
from safelight.reports.pages import render, stylesheet
assert len(stylesheet()) > 100
assert "<h1>a</h1>" in render("dataset.html", {"title": "a", "summary": "b", "parts": []})
main(["scratches", "a.png"])
"""
    words = [sys.executable, "-c", code]
    done = subprocess.run(
        words, capture_output=True, encoding="utf-8", cwd=tmp_path, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a-mask.png").exists()
    assert not [path for path in (tmp_path / "temporary").rglob("*") if path.is_file()]

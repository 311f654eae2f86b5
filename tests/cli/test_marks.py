"""The options of marks, safelight info and safelight redo as a user runs them."""

import json
from pathlib import Path

import numpy as np
import pytest

from safelight.pixels.files import read_photo, write_photo
from safelight.provenance.info import read_info
from tests.cli.shell import safelight


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    y, x = np.mgrid[0:60, 0:80]
    (tmp_path / "scans" / "1920").mkdir(parents=True)
    for number, name in enumerate(("a.jpg", "1920/b.png")):
        grey = np.repeat((60 + number + x + y).astype(np.uint8)[..., None], 3, axis=2)
        write_photo(tmp_path / "scans" / name, grey)
    return tmp_path


def test_a_folder_is_marked_told_and_made_again(folder: Path) -> None:
    """The photos of other folders are found where the ledger says."""
    done = safelight("colorize", "scans/", "-o", "colored/", cwd=folder)
    assert done.returncode == 0, done.stderr
    results = ["colored/a-color.jpg", "colored/1920/b-color.png"]
    told = safelight("info", *results, cwd=folder)
    assert told.returncode == 0
    assert told.stdout.count("compositeWithTrainedAlgorithmicMedia (edited with generative AI)") == 2
    assert "derived from b.png (sha256 " in told.stdout
    rows = json.loads(safelight("info", "--json", *results, cwd=folder).stdout)
    assert [row["said"]["steps"][0]["command"] for row in rows] == ["colorize"] * 2
    again = safelight("redo", *results, cwd=folder)
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.splitlines() == [f"{result}: made again, byte for byte" for result in results]
    assert sorted(path.name for path in folder.iterdir()) == ["colored", "scans"], "nothing is written"
    one = safelight("redo", results[0], "-o", "again.jpg", "--photo", "scans/a.jpg", cwd=folder)
    assert one.returncode == 0, one.stderr
    assert (folder / "again.jpg").read_bytes() == (folder / results[0]).read_bytes()


def test_options(folder: Path) -> None:
    done = safelight("colorize", "scans/a.jpg", "--no-mark", "-o", "plain.jpg", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert read_photo(folder / "plain.jpg").xmp is None
    words = ("--source-type", "print", "--caption-text", "für Else", "-o", "b.png")
    done = safelight("colorize", "scans/a.jpg", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "pixels higher now, for its caption" in done.stderr
    assert read_info(folder / "b.png").said.source_type.endswith("/print")
    assert read_photo(folder / "b.png").size[0] > 60
    assert safelight("redo", "b.png", "--photo", "scans/a.jpg", cwd=folder).returncode == 0


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ("colorize", "scans/a.jpg", "--source-type", "digitalArt"),
            "retired the source type digitalArt; use",
        ),
        (("colorize", "scans/a.jpg", "--source-type", "prints"), "did you mean print?"),
        (("colorize", "scans/a.jpg", "--caption-text", "x" * 501), "at most 500"),
        (("redo", "scans/a.jpg"), "no mark of safelight's"),
        (("redo", "scans/a.jpg", "-o", "b.png"), "of another kind"),
        (("redo", "scans/a.jpg", "scans/1920/b.png", "-o", "b.jpg"), "of one result; found several"),
        (("redo", "nothing.jpg"), "cannot be opened"),
        (("info", "scans"), "is a folder"),
        (("info", "scans/a.jpg", "nothing.jpg"), "nothing.jpg cannot be opened"),
    ],
)
def test_mistakes_get_a_line(folder: Path, words: tuple[str, ...], line: str) -> None:
    done = safelight(*words, cwd=folder)
    assert done.returncode in (1, 2)
    assert line in done.stderr
    assert "Traceback" not in done.stderr

"""safelight batch, and --report, --checksums and --bag of the commands: as a user calls them."""

import json
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import tifffile

from safelight.pixels.files import write_photo
from tests.cli.shell import results, safelight


def photo(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_photo(path, np.random.default_rng(seed).integers(0, 256, (24, 30), np.uint8), overwrite=True)


def hole(path: Path) -> Path:
    mask = np.zeros((24, 30), np.uint8)
    mask[4:9, 5:20] = 255
    return write_photo(path, mask, overwrite=True)


FILL = ("fill", "in", "-o", "out", "--method", "telea")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three photos with masks, one of them in a folder, one file that is no photo."""
    for number, name in enumerate(("a", "b", "deep/c")):
        photo(tmp_path / "in" / f"{name}.png", number)
        hole(tmp_path / "in" / f"{name}-mask.png")
    (tmp_path / "in" / "d.png").write_bytes(b"no photo")
    hole(tmp_path / "in" / "d-mask.png")
    return tmp_path


def test_a_second_run_does_what_is_left_in_silence(folder: Path) -> None:
    first = safelight(*FILL, cwd=folder)
    assert (first.returncode, first.stdout.startswith("3 photos filled, 1 failed")) == (1, True)
    photo(folder / "in" / "d.png")
    second = safelight(*FILL, cwd=folder)
    assert second.returncode == 0, second.stderr
    assert second.stdout.startswith("filled out/d-filled.png, 3 skipped (done before), ")
    said = [line.partition(": ")[0] for line in second.stderr.splitlines()]
    assert said == ["in/d.png", "in/d.png", "passed over, made of other photos here"]
    rows = (folder / "out" / "safelight-ledger.jsonl").read_text().splitlines()
    states = [json.loads(line).get("state") for line in rows]
    assert sorted(filter(None, states)) == ["done"] * 4 + ["failed"]


def test_what_is_of_other_settings_or_changed_is_said_once_and_kept(folder: Path) -> None:
    for name in ("d.png", "d-mask.png"):
        (folder / "in" / name).unlink()
    assert safelight(*FILL, cwd=folder).returncode == 0
    before = {name: (folder / "out" / name).read_bytes() for name in results(folder / "out")}
    other = safelight(*FILL, "--grow", "2", cwd=folder)
    assert other.returncode == 0
    assert other.stderr.count("made with other settings (grow 0") == 1
    assert "--overwrite makes them anew" in other.stderr
    photo(folder / "in" / "a.png", 7)
    mask = np.zeros((24, 30), np.uint8)
    mask[2:4, 2:9] = 255
    write_photo(folder / "in" / "b-mask.png", mask, overwrite=True)
    (folder / "out" / "deep" / "c-filled.png").write_bytes(before["a-filled.png"])
    changed = safelight(*FILL, cwd=folder)
    assert changed.returncode == 0
    for words in (
        "1 result was made before the photo was changed: a-filled.png;",
        "1 result was made with other hints or another mask: b-filled.png;",
        "1 result was edited since: deep/c-filled.png;",
    ):
        assert words in changed.stderr
    assert (folder / "out" / "a-filled.png").read_bytes() == before["a-filled.png"]
    anew = safelight(*FILL, "--overwrite", "--method", "biharmonic", cwd=folder)
    assert anew.returncode == 0, anew.stderr
    status = safelight("batch", "status", "out", "--json", cwd=folder)
    found = json.loads(status.stdout)
    assert (status.returncode, found["photos"]["done"], len(found["settings"])) == (0, 3, 1)


def test_results_without_rows_are_known_by_their_marks(folder: Path) -> None:
    """As after a kill between a result and its row, or where the ledger was lost."""
    assert safelight(*FILL, cwd=folder).returncode == 1
    ledger = folder / "out" / "safelight-ledger.jsonl"
    ledger.unlink()
    other = safelight(*FILL, "--grow", "2", cwd=folder)
    assert "3 skipped (the result is there; --overwrite replaces it), 1 failed" in other.stdout
    ledger.unlink()
    write_photo(folder / "in" / "b.png", np.full((24, 30), 99, np.uint8), overwrite=True)
    again = safelight(*FILL, cwd=folder)
    assert ": 0 photos" not in again.stdout
    assert "1 skipped (the result is there; --overwrite replaces it), 1 failed" in again.stdout
    assert "2 skipped (done before)" in again.stdout
    third = safelight(*FILL, cwd=folder)
    assert "2 skipped (done before)" in third.stdout
    rows = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert sum("found there" in "".join(row.get("remarks", ())) for row in rows) == 2
    unmarked = safelight("fill", "in", "-o", "plain", "--method", "telea", "--no-mark", cwd=folder)
    assert unmarked.stdout.startswith("3 photos filled")
    (folder / "plain" / "safelight-ledger.jsonl").unlink()
    plain = safelight("fill", "in", "-o", "plain", "--method", "telea", "--no-mark", cwd=folder)
    assert "3 skipped (the result is there; --overwrite replaces it)" in plain.stdout


def test_a_folder_without_o_has_its_ledger_and_named_photos_have_none(folder: Path) -> None:
    assert safelight("fill", "in", "--method", "telea", cwd=folder).returncode == 1
    assert (folder / "in" / "safelight-ledger.jsonl").exists()
    again = safelight("fill", "in", "--method", "telea", cwd=folder)
    assert "3 skipped (done before), 1 failed" in again.stdout
    photo(folder / "named" / "a.png")
    hole(folder / "named" / "a-mask.png")
    assert safelight("fill", "named/a.png", cwd=folder).returncode == 0
    assert sorted(path.name for path in (folder / "named").iterdir()) == [
        "a-filled.png",
        "a-mask.png",
        "a.png",
    ]


def test_page_checksums_and_bag_are_made_at_the_end(folder: Path) -> None:
    done = safelight(*FILL, "--checksums", "--bag", "--report", cwd=folder)
    assert done.returncode == 1
    lines = done.stdout.splitlines()[1:]
    assert lines[:2] == ["wrote out/safelight-report.html", "wrote out/manifest-sha256.txt: 3 files"]
    assert lines[2].startswith("wrote ")
    assert lines[2].endswith("MB; without 1 photo that failed")
    assert (folder / "out-bag" / "data" / "deep" / "c-filled.png").exists()
    check = subprocess.run(["sha256sum", "-c", "manifest-sha256.txt"], cwd=folder / "out", check=False)
    assert check.returncode == 0
    assert "1 failed, 3 done" in (folder / "out" / "safelight-report.html").read_text()


def test_results_with_a_colon_and_behind_a_link_are_of_the_batch(folder: Path) -> None:
    """In the ledger as it is read: in status, sums and bag; and done before at the next run."""
    (folder / "in" / "d.png").unlink()
    (folder / "in" / "d-mask.png").unlink()
    for name, place in (("a", folder / "disk2" / "e"), ("b", folder / "in" / "12:30")):
        photo(place.with_suffix(".png"), ord(name))
        hole(place.with_name(f"{place.name}-mask.png"))
    (folder / "in" / "more").symlink_to(folder / "disk2", target_is_directory=True)
    done = safelight(*FILL, "--checksums", "--bag", cwd=folder)
    assert "wrote out/manifest-sha256.txt: 5 files" in done.stdout, done.stdout + done.stderr
    sums = (folder / "out" / "manifest-sha256.txt").read_text()
    assert {line.split(maxsplit=1)[1] for line in sums.splitlines()} >= {
        "12:30-filled.png",
        "more/e-filled.png",
    }
    assert (folder / "out-bag" / "data" / "more" / "e-filled.png").is_file()
    assert "5 done" in safelight("batch", "status", "out", cwd=folder).stdout
    rows = (folder / "out" / "safelight-ledger.jsonl").read_text()
    assert "5 skipped (done before)" in safelight(*FILL, cwd=folder).stdout
    assert (folder / "out" / "safelight-ledger.jsonl").read_text() == rows
    in_place = ("fill", "in", "--method", "telea", "--checksums")
    for _ in range(2):
        done = safelight(*in_place, cwd=folder)
        assert "wrote in/manifest-sha256.txt: 5 files" in done.stdout, done.stdout + done.stderr


def test_a_mask_of_a_further_page_that_changed_is_seen(folder: Path) -> None:
    album = folder / "tiffs" / "t.tif"
    album.parent.mkdir()
    with tifffile.TiffWriter(album) as file:
        for page in range(2):
            pixels = np.random.default_rng(page).integers(0, 256, (24, 30), np.uint8)
            file.write(pixels, photometric="minisblack")
    hole(album.with_name("t-mask.png"))
    hole(album.with_name("t-2-mask.png"))
    fill = ("fill", "tiffs", "-o", "pages", "--method", "telea")
    assert safelight(*fill, cwd=folder).returncode == 0
    assert "1 skipped (done before)" in safelight(*fill, cwd=folder).stdout
    other = np.zeros((24, 30), np.uint8)
    other[15:20, 5:20] = 255
    write_photo(album.with_name("t-2-mask.png"), other, overwrite=True)
    again = safelight(*fill, cwd=folder)
    assert "done before" not in again.stdout
    assert "another mask" in again.stderr, again.stderr
    album.with_name("t-2-mask.png").unlink()
    assert "done before" not in safelight(*fill, cwd=folder).stdout


def test_a_shard_without_photos_has_no_archives(folder: Path) -> None:
    done = safelight("fill", "in/a.png", "-o", "none/", "--shard", "2/2", "--bag", "--checksums", cwd=folder)
    other = safelight("fill", "in/a.png", "-o", "none/", "--shard", "1/2", "--bag", "--checksums", cwd=folder)
    assert sorted([done.returncode, other.returncode]) == [0, 0], done.stderr + other.stderr


def test_what_is_amiss_at_the_end_is_named_once_and_ends_with_1(folder: Path) -> None:
    photo(folder / "in" / "d.png")
    assert safelight(*FILL, cwd=folder).returncode == 0
    photo(folder / "out" / "a-filled.png", seed=9)
    (folder / "out" / "b-filled.png").unlink()
    some = ("fill", "in/a.png", "in/d.png", "-o", "out", "--method", "telea")
    done = safelight(*some, "--checksums", "--bag", cwd=folder)
    said = [line for line in done.stderr.splitlines() if line.startswith(("edited", "missing"))]
    assert said == ["edited since: a-filled.png", "missing: b-filled.png"]
    assert done.returncode == 1
    assert (folder / "out-bag" / "bag-info.txt").is_file()


def test_status_tells_and_ends_with_1_where_something_is_amiss(folder: Path) -> None:
    safelight(*FILL, cwd=folder)
    (folder / "out" / "a-filled.png").unlink()
    status = safelight("batch", "status", "out", "--verify", cwd=folder)
    assert status.returncode == 1
    assert status.stdout.startswith("out: 3 done, 1 failed; ")
    assert "failed: in/d.png" in status.stdout
    assert "missing: a-filled.png" in status.stdout


def test_a_page_is_written_where_it_is_asked_for(folder: Path) -> None:
    safelight(*FILL, cwd=folder)
    done = safelight("batch", "report", "out", "-o", "page.html", "--most", "2", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "wrote page.html\n", "")
    assert "1 failed, 3 done" in (folder / "page.html").read_text()
    again = safelight("batch", "report", "out", "-o", "page.html", cwd=folder)
    assert again.returncode == 0
    (folder / "mine.html").write_text("<p>mine")
    done = safelight("batch", "report", "out", "-o", "mine.html", cwd=folder)
    assert done.returncode == 1
    assert "mine.html is there and is no page of safelight's" in done.stderr
    done = safelight("batch", "report", "out", "-o", "page.txt", cwd=folder)
    assert done.returncode == 2
    assert (folder / "mine.html").read_text() == "<p>mine"


def test_premis_goes_to_files_or_to_standard_output(folder: Path) -> None:
    safelight(*FILL, cwd=folder)
    done = safelight("batch", "premis", "out", "--xml", "p.xml", "--json", "p.json", cwd=folder)
    assert done.stdout == "wrote p.xml: 3 events\nwrote p.json: 3 events\n"
    assert len(json.loads((folder / "p.json").read_text())["premis"]["event"]) == 3
    there = safelight("batch", "premis", "out", "--xml", "p.xml", cwd=folder)
    assert (there.returncode, "p.xml" in there.stderr) == (1, True)
    piped = safelight("batch", "premis", "out", cwd=folder)
    assert ET.fromstring(piped.stdout) is not None
    assert piped.stdout == (folder / "p.xml").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("batch", "status", "in"), "in has no safelight-ledger.jsonl; give the folder"),
        (("fill", "in/a.png", "--checksums"), "are of a folder of results: give -o FOLDER"),
        (
            ("fill", "--report", "in", "-o", "out"),
            "in does not end in .html; put --report last, or name a page",
        ),
    ],
)
def test_mistakes_are_one_line(folder: Path, words: tuple[str, ...], message: str) -> None:
    done = safelight(*words, cwd=folder)
    assert done.returncode in (1, 2)
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not (folder / "out").exists()

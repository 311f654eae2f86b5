"""What is told of a folder of results: counts, failures, settings, what was edited or lost."""

import json
import os
from pathlib import Path

import pytest

from safelight.errors import SafelightError
from safelight.ledger.rows import LEDGER, Row
from safelight.ledger.status import examine
from tests.ledger.samples import SETTINGS, batch, book_in, put, row_of


def test_a_whole_batch_is_well(tmp_path: Path) -> None:
    out, _, _ = batch(tmp_path)
    status = examine(out)
    assert status.is_well
    lines = list(status.lines())
    assert lines[0].endswith("out: 3 done; 0.8 s of work")
    assert lines[1] == "  3 by colorize (vivid 0.5, reach 0.3), safelight 0.1.0, settings 555555555555"
    assert lines[-1] == "all results are as they were made (by size and time; --verify reads every byte)"


def test_a_failed_photo_that_was_taken_away_is_no_failure(tmp_path: Path) -> None:
    """A mistyped name, or a broken file that was deleted: nobody waits for its result."""
    out, _, _ = batch(tmp_path)
    with book_in(out) as book:
        (tmp_path / "scans" / "away.jpg").symlink_to(tmp_path / "not mounted.jpg")
        (tmp_path / "empty").mkdir()
        for name in ("typed wrong.jpg", "elsewhere/scan.jpg", "away.jpg", "../empty/scan 2.jpg"):
            photo = tmp_path / "scans" / name
            row = Row(
                9, book.name(photo), "failed", SETTINGS, "colorize", f"{photo.stem}-color.jpg", error="bad"
            )
            book.write(row)
    status = examine(out)
    # a folder that is gone, a link that leads nowhere, a place where nothing is mounted: who knows
    assert status.photos["failed"] == 3
    assert status.to_json()["dropped"] == {"count": 1, "names": ["../scans/typed wrong.jpg"]}
    said = "1 photo that failed is not there any more, and not counted: ../scans/typed wrong.jpg"
    assert said in list(status.lines())


def test_what_is_amiss_is_told(tmp_path: Path) -> None:
    out, photos, results = batch(tmp_path, 5)
    put(results[0], b"edited by somebody")
    results[1].unlink()
    put(photos[2], b"scanned anew")
    photos[3].unlink()
    with book_in(out, "6" * 64, {"command": "fill", "settings": {"grow": 3}}) as book:
        for name, state in (("x", "failed"), ("y", "left")):
            photo = put(tmp_path / "scans" / f"{name}.jpg")
            error = "../scans/x.jpg is no picture" if state == "failed" else ""
            book.write(
                row_of(book, photo, photo, 9, state=state, made=None, error=error, result=f"{name}.png")
            )
    with (out / LEDGER).open("ab") as file:
        file.write(b"torn\n")
    status = examine(out)
    assert not status.is_well
    found = json.loads(json.dumps(status.to_json()))
    assert found["photos"] == {"done": 5, "left": 1, "failed": 1}
    assert found["failures"] == [{"source": "../scans/x.jpg", "error": "../scans/x.jpg is no picture"}]
    assert found["edited"] == {"count": 1, "names": ["000-color.jpg"]}
    assert found["missing"] == {"count": 1, "names": ["001-color.jpg"]}
    assert found["sources_changed"] == {"count": 1, "names": ["../scans/002.jpg"]}
    assert found["sources_gone"] == {"count": 1, "names": ["../scans/003.jpg"]}
    assert found["damaged_lines"] == 1
    assert found["settings"][0]["order"]["settings"] == {"vivid": 0.5, "reach": 0.3}
    text = "\n".join(status.lines())
    for line in (
        "failed: ../scans/x.jpg is no picture",
        "edited since: 000-color.jpg",
        "missing: 001-color.jpg",
        "photo changed since: ../scans/002.jpg",
        "1 photos are not where they were, such as ../scans/003.jpg",
        f"1 lines of {LEDGER} cannot be read and are passed over",
    ):
        assert line in text.splitlines()


def test_verify_finds_what_size_and_time_hide(tmp_path: Path) -> None:
    out, _, results = batch(tmp_path)
    status = results[0].stat()
    put(results[0], b"RESULT 0")  # a bit that fell over
    os.utime(results[0], ns=(status.st_atime_ns, status.st_mtime_ns))
    assert examine(out).is_well
    assert examine(out, verify=True).edited.names == ["000-color.jpg"]


def test_a_folder_without_a_ledger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SafelightError, match=r"has no safelight-ledger\.jsonl; give the folder"):
        examine(tmp_path)

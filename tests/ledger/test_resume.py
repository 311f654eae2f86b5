"""What a second run does with each photo: by its row, by its files, by the mark of a result without a row."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from safelight.ledger.facts import facts_of
from safelight.ledger.resume import Mark, Resume, Skipped, Verdict, Wanted
from tests.ledger.samples import MODELS, SETTINGS, batch, book_in, put, row_of


def resume(
    out: Path, settings: str = SETTINGS, models: Mapping[str, str] = MODELS, mark: Mark | None = None
) -> Resume:
    return Resume(book_in(out, settings), "colorize", models, "engine", lambda result: mark)


def states(resume: Resume, photos: list[Path], results: list[Path]) -> list[str]:
    return [
        resume.verdict(Wanted(photo, result, number)).state
        for number, (photo, result) in enumerate(zip(photos, results, strict=True))
    ]


def later(path: Path) -> None:
    """Another time of writing."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))


def test_what_is_done_is_done(tmp_path: Path) -> None:
    out, photos, results = batch(tmp_path)
    assert states(resume(out), photos, results) == ["done"] * 3


def test_what_is_not_there_is_to_be_done(tmp_path: Path) -> None:
    out, photos, results = batch(tmp_path)
    results[1].unlink()
    new = put(photos[0].with_name("new.jpg"))
    assert states(resume(out), [*photos, new], [*results, out / "new-color.jpg"]) == [
        "done",
        "todo",
        "done",
        "todo",
    ]
    assert states(resume(tmp_path / "elsewhere"), photos[:1], [tmp_path / "elsewhere" / "a.jpg"]) == ["todo"]


def test_another_time_alone_is_no_change_and_the_same_bytes_are_the_same(tmp_path: Path) -> None:
    out, photos, results = batch(tmp_path)
    later(photos[0])
    later(results[1])
    assert states(resume(out), photos, results) == ["done"] * 3


def test_a_folder_may_be_moved_with_its_photos_or_without(tmp_path: Path) -> None:
    batch(tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    photos, results = sorted((tmp_path / "b/scans").iterdir()), sorted((tmp_path / "b/out").glob("*.jpg"))
    assert states(resume(tmp_path / "b/out"), photos, results) == ["done"] * 3
    (tmp_path / "b" / "scans").rename(tmp_path / "elsewhere")
    photos = sorted((tmp_path / "elsewhere").iterdir())
    assert states(resume(tmp_path / "b/out"), photos, results) == ["done"] * 3


def changes(resume: Resume, photo: Path, result: Path, **beside: Path) -> tuple[str, str]:
    verdict = resume.verdict(Wanted(photo, result, beside=beside))
    assert verdict.state == "changed"
    assert verdict.change
    return verdict.change, verdict.why


def test_each_change_is_told(tmp_path: Path) -> None:
    out, photos, results = batch(tmp_path)
    other = {"command": "colorize", "settings": {"vivid": 1, "reach": 0.3}}
    changed = Resume(book_in(out, "6" * 64, other), "colorize", MODELS)
    assert changes(changed, photos[0], results[0]) == ("settings", "vivid 0.5 then, 1 now")
    assert changes(resume(out, models={"color": "d" * 64}), photos[0], results[0]) == ("models", "")
    assert changes(resume(out), photos[1], results[0]) == ("photo", "../scans/000.jpg")
    put(photos[1], b"another")
    assert changes(resume(out), photos[1], results[1]) == ("source", "")
    put(results[2], b"rotated by somebody")
    assert changes(resume(out), photos[2], results[2]) == ("edited", "")


def test_an_edit_of_the_same_size_is_found_by_its_time(tmp_path: Path) -> None:
    out, photos, results = batch(tmp_path)
    put(results[0], b"RESULT 0")
    later(results[0])
    assert changes(resume(out), photos[0], results[0]) == ("edited", "")


def test_hints_and_masks_are_settings_of_their_photo(tmp_path: Path) -> None:
    out, photo = tmp_path / "out", put(tmp_path / "a.jpg")
    hints, result = put(tmp_path / "a.hints.json", b"{}"), put(tmp_path / "out" / "a-color.jpg")
    with book_in(out) as book:
        book.write(row_of(book, photo, result, beside={"hints": (book.name(hints), facts_of(hints))}))
    assert resume(out).verdict(Wanted(photo, result, beside={"hints": hints})).state == "done"
    assert changes(resume(out), photo, result) == ("beside", "")
    assert changes(resume(out), photo, result, mask=hints) == ("beside", "")
    put(hints, b'{"more": 1}')
    assert changes(resume(out), photo, result, hints=hints) == ("beside", "")


def test_a_mask_that_was_written_with_the_result_is_no_other_mask(tmp_path: Path) -> None:
    """repair --keep-mask: the mask that was found lies there at the next run; corrected, it is another."""
    out, photo = tmp_path / "out", put(tmp_path / "a.jpg")
    mask, result = put(out / "a-mask.png", b"mask"), put(out / "a-repaired.png")
    with book_in(out) as book:
        book.write(row_of(book, photo, result, written={"a-mask.png": facts_of(mask).sha256}))
    wanted = Wanted(photo, result, beside={"mask": mask})
    assert resume(out).verdict(wanted).state == "done"
    put(mask, b"corrected")
    assert resume(out).verdict(wanted).change == "beside"


def test_a_failed_photo_is_tried_again_and_one_that_was_left_is_not(tmp_path: Path) -> None:
    out, photos = tmp_path / "out", [put(tmp_path / name) for name in ("a.jpg", "b.jpg")]
    results = [out / "a-color.jpg", out / "b-color.jpg"]
    out.mkdir()
    with book_in(out) as book:
        for photo, result, state in zip(photos, results, ("failed", "left"), strict=True):
            row = row_of(book, photo, photo, state=state, result=book.name(result), made=None)
            book.write(row)
    assert states(resume(out), photos, results) == ["todo", "left"]
    put(photos[1], b"another")
    assert states(resume(out), photos, results) == ["todo", "todo"]


def test_a_result_without_a_row_is_known_by_its_mark(tmp_path: Path) -> None:
    out, photo, hints = tmp_path / "out", put(tmp_path / "a.jpg"), put(tmp_path / "a.hints.json", b"{}")
    result = put(out / "a-color.jpg", b"result")
    good = Mark(
        facts_of(photo).sha256, SETTINGS, frozenset(MODELS.values()), frozenset([facts_of(hints).sha256])
    )
    wanted = Wanted(photo, result, 5, {"hints": hints})
    found = resume(out, mark=good).verdict(wanted)
    assert found.state == "done"
    assert found.row
    assert (found.row.number, found.row.made, found.row.key) == (5, facts_of(result), "a-color.jpg")
    with book_in(out) as book:
        book.write(found.row)
    assert resume(out).verdict(wanted) == Verdict("done")
    (out / "safelight-ledger.jsonl").unlink()
    for bad in (
        None,
        Mark("0" * 64, good.settings, good.models, good.beside),
        Mark(good.source, "0" * 64, good.models, good.beside),
        Mark(good.source, good.settings, frozenset(), good.beside),
        Mark(good.source, good.settings, good.models),
    ):
        assert resume(out, mark=bad).verdict(wanted).state == "unknown"


def test_a_row_that_another_process_wrote_meanwhile_counts(tmp_path: Path) -> None:
    out, photo = tmp_path / "out", put(tmp_path / "a.jpg")
    ours = resume(out)
    result = put(out / "a-color.jpg", b"result")
    with book_in(out) as book:
        book.write(row_of(book, photo, result))
    assert ours.verdict(Wanted(photo, result)).state == "done"


def test_hints_are_counted_and_not_spelled_out(tmp_path: Path) -> None:
    """Their JSON is no sentence."""
    out, photos, results = batch(tmp_path, 1)
    hints = {"format": "safelight-hints", "version": 1, "hints": [{"x": 0.5, "y": 0.5, "color": "#aa3322"}]}
    order = {"command": "colorize", "settings": {"vivid": 0.5, "reach": 0.3, "hints": hints}}
    with book_in(out, "6" * 64, order) as book:
        verdict = Resume(book, "colorize", MODELS).verdict(Wanted(photos[0], results[0]))
        assert (verdict.change, verdict.why) == ("settings", "0 hints then, 1 hint now")
    other = {
        **order,
        "settings": {
            **order["settings"],
            "hints": {**hints, "hints": [{"x": 0.1, "y": 0.5, "color": "red"}]},
        },
    }
    with book_in(out, "7" * 64, other) as book:
        book.write(row_of(book, photos[0], results[0]))
    with book_in(out, "6" * 64, order) as book:
        verdict = Resume(book, "colorize", MODELS).verdict(Wanted(photos[0], results[0]))
    assert verdict.why == "other hints then"


@pytest.mark.parametrize("count", [1, 9])
def test_a_line_for_each_reason(count: int) -> None:
    skipped = Skipped()
    for number in range(count):
        skipped.add(Verdict("changed", "settings", "vivid 0.5 then, 1 now"), f"{number}-color.jpg")
    skipped.add(Verdict("changed", "edited"), "1920/x.jpg")
    skipped.add(Verdict("done"), "y.jpg")
    first, second = skipped.lines()
    assert first == (
        "1 result was made with other settings (vivid 0.5 then, 1 now): 0-color.jpg; "
        "kept, --overwrite makes it anew"
        if count == 1
        else "9 results were made with other settings (vivid 0.5 then, 1 now): 0-color.jpg, 1-color.jpg, 2-color.jpg, "
        "3-color.jpg, 4-color.jpg and 4 more; kept, --overwrite makes them anew"
    )
    assert second == "1 result was edited since: 1920/x.jpg; kept, --overwrite makes it anew"

"""A folder becomes a dataset; building again adds what is new and moves nothing."""

import contextlib
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from safelight.data.build import build_dataset
from safelight.data.build_state import only_builder
from safelight.data.cache import open_dataset
from safelight.data.finished import require_finished
from safelight.data.rows import read_rows
from safelight.data.settings import BuildSettings
from safelight.errors import DatasetError

from .conftest import FolderMaker, paint

SMALL = BuildSettings(size=32, min_side=16, val=0.25, test=0.25)


def contents(folder: Path) -> dict[str, str]:
    """What each file of a dataset holds, but for the lock."""
    files = {path.name: path for path in folder.iterdir() if path.name != ".lock"}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def splits_of(folder: Path) -> dict[str, tuple[str, int, str]]:
    rows = require_finished(folder).rows()
    return {row["file_name"]: (row["split"], row["fold"], row["group"]) for row in rows}


def reasons_of(folder: Path) -> dict[str, str]:
    return {row["file_name"]: row["reason"] for row in require_finished(folder).refused()}


def test_every_picture_is_kept_or_refused_with_a_reason(painted: FolderMaker, tmp_path: Path) -> None:
    photos, out = painted("photos", range(12)), tmp_path / "out"
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    paint(50).convert("L").save(photos / "grey.png")
    paint(51, (8, 90)).save(photos / "tiny.png")
    shutil.copy(photos / "003.png", photos / "zz copy.png")
    (photos / "metadata.jsonl").write_text('{"file_name": "gone.png"}\n')
    summary = build_dataset(photos, out, SMALL)
    expected = {"unreadable": 1, "grey": 1, "tiny": 1, "duplicate": 1, "missing": 1}
    assert (summary.pictures, summary.added, summary.refused) == (12, 12, dict(sorted(expected.items())))
    assert sum(summary.splits.values()) == 12
    assert reasons_of(out) == {
        "broken.jpg": "unreadable",
        "grey.png": "grey",
        "tiny.png": "tiny",
        "zz copy.png": "duplicate",
        "gone.png": "missing",
    }
    rows = list(require_finished(out).rows())
    assert [row["file_name"] for row in rows] == [f"{number:03}.png" for number in range(12)]
    assert {(row["width"], row["height"]) for row in rows} == {(120, 96)}
    pixels = np.load(out / "pixels.npy")
    assert (pixels.shape, pixels.dtype) == ((12, 32, 32, 3), np.uint8)
    small = np.asarray(paint(5).crop((12, 0, 108, 96)).resize((32, 32), Image.Resampling.BOX))
    assert np.abs(pixels[5].astype(int) - small).max() <= 2


def test_building_again_does_nothing_new(painted: FolderMaker, tmp_path: Path) -> None:
    photos, out = painted("photos", range(6)), tmp_path / "out"
    first = build_dataset(photos, out, SMALL)
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    again = build_dataset(photos, out, SMALL)
    assert str(again) == "nothing new: 6 pictures, unchanged"
    assert (first.changed, again.changed, again.added) == (True, False, 0)
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == before


def test_two_builds_of_one_folder_are_equal_byte_by_byte(painted: FolderMaker, tmp_path: Path) -> None:
    photos = painted("photos", range(9))
    build_dataset(photos, tmp_path / "one", SMALL, workers=1)
    build_dataset(photos, tmp_path / "other", SMALL, workers=4)
    assert contents(tmp_path / "one") == contents(tmp_path / "other")


def test_added_pictures_move_none_and_old_files_are_not_opened(
    painted: FolderMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos, out = painted("photos", range(2, 40, 2)), tmp_path / "out"
    build_dataset(photos, out, SMALL)
    before, old_pixels = splits_of(out), np.load(out / "pixels.npy")
    painted("photos", range(1, 40, 2))
    opened: list[str] = []
    from safelight.data import store

    screen = store.screen
    monkeypatch.setattr(store, "screen", lambda *args: opened.append(args[1].name) or screen(*args))
    summary = build_dataset(photos, out, SMALL)
    after = splits_of(out)
    assert (summary.pictures, summary.added) == (39, 20)
    assert sorted(opened) == [f"{number:03}.png" for number in range(1, 40, 2)]
    assert {name: after[name] for name in before} == before
    assert np.array_equal(np.load(out / "pixels.npy")[1::2], old_pixels)


def test_crops_and_copies_stay_together(painted: FolderMaker, tmp_path: Path) -> None:
    photos, out = painted("photos", []), tmp_path / "out"
    rows = []
    for number in range(12):
        whole = paint(number, (240, 300))
        whole.save(photos / f"{number:02}.png")
        whole.resize((120, 96)).save(photos / f"{number:02} small.jpg", quality=60)
        whole.crop((150, 0, 300, 120)).save(photos / f"{number:02} crop.png")
        rows += [{"file_name": f"{number:02}{end}.png", "origin_path": f"{number}"} for end in ("", " crop")]
    (photos / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    build_dataset(photos, out, SMALL)
    places = splits_of(out)
    for number in range(12):
        alike = [places[f"{number:02}{end}"] for end in (".png", " small.jpg", " crop.png")]
        assert len(set(alike)) == 1
    assert len(set(places.values())) == 12


def test_a_picture_between_two_splits_is_left_out(painted: FolderMaker, tmp_path: Path) -> None:
    photos, out = painted("photos", range(20)), tmp_path / "out"
    build_dataset(photos, out, SMALL)
    before = splits_of(out)
    one, other = (next(name for name in before if before[name][0] == split) for split in ("train", "test"))
    paint(99).save(photos / "new.png")
    rows = [{"file_name": name, "origin_path": "same"} for name in (one, other, "new.png")]
    (photos / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    build_dataset(photos, out, SMALL)
    assert reasons_of(out) == {"new.png": "between"}
    assert splits_of(out) == before


def test_removed_renamed_and_changed_pictures(painted: FolderMaker, tmp_path: Path) -> None:
    photos, out = painted("photos", range(10)), tmp_path / "out"
    shutil.copy(photos / "000.png", photos / "copy.png")
    build_dataset(photos, out, SMALL)
    before = splits_of(out)
    (photos / "000.png").unlink()  # its copy takes its place
    (photos / "001.png").rename(photos / "renamed.png")
    paint(60).save(photos / "002.png")
    summary = build_dataset(photos, out, SMALL)
    after = splits_of(out)
    assert (summary.pictures, summary.added, summary.removed) == (10, 2, 2)
    assert "2 new, 2 gone; left out" in str(summary)
    assert after["copy.png"] == before["000.png"]
    assert after["renamed.png"] == before["001.png"]
    pixels = open_dataset(out)
    row = sorted(after).index("002.png")
    fresh = tmp_path / "fresh"
    build_dataset(photos, fresh, SMALL)
    assert np.array_equal(pixels[row], open_dataset(fresh)[row])
    assert np.array_equal(np.load(out / "pixels.npy"), np.load(fresh / "pixels.npy"))


def test_tags_and_metadata_choose(painted: FolderMaker, tmp_path: Path) -> None:
    photos = painted("photos", range(6))
    (photos / "flowers").mkdir()
    for number in range(6, 9):
        paint(number).save(photos / "flowers" / f"{number:03}.png")
    tags = [["sky"], ["sky", "sea"], ["sea"], [], ["dog"]]
    rows = [{"file_name": f"{number:03}.png", "tags": tag, "by": "me"} for number, tag in enumerate(tags)]
    (photos / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    tagged = BuildSettings(size=32, tags=("sky", "dog"))
    build_dataset(photos, tmp_path / "tagged", tagged)
    assert set(splits_of(tmp_path / "tagged")) == {"000.png", "001.png", "004.png"}
    assert set(reasons_of(tmp_path / "tagged").values()) == {"filtered"}
    without = BuildSettings(size=32, without=(("tags", "sea"), ("source", "flowers"), ("by", "you")))
    build_dataset(photos, tmp_path / "without", without)
    assert set(splits_of(tmp_path / "without")) == {"000.png", "003.png", "004.png", "005.png"}


def test_rows_keep_what_was_known(painted: FolderMaker, tmp_path: Path) -> None:
    photos, out = painted("photos", range(2)), tmp_path / "out"
    known = {"file_name": "000.png", "licence": "CC0-1.0", "source": "me", "author": "Ä", "split": "old"}
    (photos / "metadata.jsonl").write_text(json.dumps(known) + "\n")
    build_dataset(photos, out, SMALL)
    one, other = require_finished(out).rows()
    assert (one["licence"], one["source"], one["author"]) == ("CC0-1.0", "me", "Ä")
    assert one["split"] in ("train", "val", "test")
    assert (other["licence"], other["source"], other["tags"]) == (None, "photos", [])


def test_two_builders_in_one_folder_are_refused(painted: FolderMaker, tmp_path: Path) -> None:
    photos, out = painted("photos", range(2)), tmp_path / "out"
    code = "import sys, pathlib; from safelight.data.build_state import only_builder\n"
    code += "with only_builder(pathlib.Path(sys.argv[1])): print('in', flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, str(out)], **pipes) as other:  # type: ignore[call-overload]
        assert other.stdout.readline() == b"in\n"
        with pytest.raises(DatasetError, match=f"is being built by process {other.pid}"):
            build_dataset(photos, out, SMALL)
        other.kill()
    assert build_dataset(photos, out, SMALL).pictures == 2


def test_a_file_that_was_written_again_stays_where_it_was(painted: FolderMaker, tmp_path: Path) -> None:
    """With other metadata, or another kind: the pixels are those that a model learned from."""
    photos, out = painted("photos", range(24)), tmp_path / "out"
    build_dataset(photos, out, SMALL)
    before = splits_of(out)
    said = PngInfo()
    said.add_text("Comment", "grandmother's album")
    for path in sorted(photos.iterdir()):
        with Image.open(path) as picture:
            picture.load()
        picture.save(path, pnginfo=said)
    build_dataset(photos, out, SMALL)
    assert splits_of(out) == before


def test_the_twin_of_a_file_that_went_takes_its_place(painted: FolderMaker, tmp_path: Path) -> None:
    photos, out = painted("photos", range(16)), tmp_path / "out"
    for number in range(16):
        paint(number).save(photos / f"twin {number:03}.bmp")
    build_dataset(photos, out, SMALL)
    before = splits_of(out)
    assert set(before) == {f"{number:03}.png" for number in range(16)}
    for number in range(16):
        (photos / f"{number:03}.png").unlink()
    build_dataset(photos, out, SMALL)
    assert splits_of(out) == {f"twin {Path(name).stem}.bmp": place for name, place in before.items()}


def test_photos_beside_a_dataset_json_of_another_tool_are_photos(
    painted: FolderMaker, tmp_path: Path
) -> None:
    photos = painted("photos", range(3))
    (photos / "dataset.json").write_text('{"labels": null}')
    assert build_dataset(photos, tmp_path / "out", SMALL).pictures == 3


def test_mistakes_are_named(painted: FolderMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos, out = painted("photos", range(3)), tmp_path / "out"
    build_dataset(photos, out, SMALL)
    with pytest.raises(DatasetError, match="was built with size 32, now 64"):
        build_dataset(photos, out, BuildSettings(size=64, min_side=16, val=0.25, test=0.25))
    with pytest.raises(DatasetError, match="was built from"):
        build_dataset(painted("others", range(3)), out, SMALL)
    with pytest.raises(DatasetError, match="holds other files"):
        build_dataset(photos, painted("mine", [1]), SMALL)
    with pytest.raises(DatasetError, match="is a built dataset; give the folder of photos"):
        build_dataset(out, tmp_path / "of a dataset", SMALL)
    with pytest.raises(DatasetError, match="is the folder of pictures itself"):
        build_dataset(photos, photos, SMALL)
    with pytest.raises(DatasetError, match="is a file"):
        build_dataset(photos, photos / "000.png", SMALL)
    with pytest.raises(DatasetError, match="is not a folder"):
        build_dataset(tmp_path / "nowhere", tmp_path / "new", SMALL)
    empty = painted("empty", [])
    with pytest.raises(DatasetError, match="no usable picture; expected JPEG"):
        build_dataset(empty, tmp_path / "new", SMALL)
    paint(1).convert("L").save(empty / "grey.png")
    with pytest.raises(DatasetError, match=r"among 1 \(1 grey\); the first, grey\.png, is grey"):
        build_dataset(empty, tmp_path / "new", SMALL)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "imagehash", None)
        with pytest.raises(DatasetError, match=r"needs imagehash: pip install \"\.\[train\]\""):
            build_dataset(empty, tmp_path / "light", SMALL)
    assert not (tmp_path / "light").exists()
    paint(1).save(empty / "color.png")
    assert build_dataset(empty, tmp_path / "new", SMALL).pictures == 1


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(DatasetError, match=r"cannot be written \(No space left"),
        only_builder(tmp_path / "out"),
    ):
        raise OSError(28, "No space left on device")


def test_an_interrupt_leaves_no_thread(painted: FolderMaker, tmp_path: Path) -> None:
    import threading

    def interrupt(done: int, total: int, what: str) -> None:
        if done == 3:
            raise KeyboardInterrupt

    photos, out = painted("photos", range(8)), tmp_path / "out"
    before = threading.active_count()
    with contextlib.suppress(KeyboardInterrupt):
        build_dataset(photos, out, SMALL, interrupt)
    assert threading.active_count() == before
    assert list(read_rows(out / ".building/facts.jsonl"))
    build_dataset(photos, out, SMALL)
    build_dataset(photos, tmp_path / "whole", SMALL)
    assert contents(out) == contents(tmp_path / "whole")


def test_progress_counts_to_the_end(painted: FolderMaker, tmp_path: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    build_dataset(painted("photos", range(4)), tmp_path / "out", SMALL, lambda *step: seen.append(step))
    for what in ("screening", "storing", "reporting"):
        steps = [(done, total) for done, total, name in seen if name == what]
        assert steps == sorted(steps)
        assert steps[-1][0] == steps[-1][1]

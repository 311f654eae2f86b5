"""A dataset read through its memory map, split by split, fold by fold; a plain folder read as one."""

import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from safelight.data import finished
from safelight.data.build import build_dataset
from safelight.data.cache import PictureSet, open_dataset, open_fold, open_splits
from safelight.data.finished import Finished
from safelight.data.rows import read_rows
from safelight.data.settings import BuildSettings
from safelight.errors import DatasetError

from .conftest import FolderMaker, paint
from .test_build import SMALL


@pytest.fixture
def built(painted: FolderMaker, tmp_path: Path) -> Path:
    photos = painted("photos", range(30))
    (photos / "more").mkdir()
    for number in range(30, 40):
        paint(number).save(photos / "more" / f"{number:03}.png")
    return build_dataset(photos, tmp_path / "built", SMALL).folder


def names(pictures: PictureSet) -> list[str]:
    return [pictures.rows(i)["file_name"] for i in range(len(pictures))]


def test_splits_part_the_dataset(built: Path) -> None:
    everything = open_dataset(built)
    parts = [open_dataset(built, split) for split in ("train", "val", "test")]
    assert sorted(name for part in parts for name in names(part)) == sorted(names(everything))
    for part, split in zip(parts, ("train", "val", "test"), strict=True):
        assert part.name == f"built/{split}"
        assert {part.rows(i)["split"] for i in range(len(part))} == {split}
    assert len({part.fingerprint for part in [everything, *parts]}) == 4


def test_pictures_are_views_that_cannot_be_changed(built: Path) -> None:
    pictures = open_dataset(built, "train")
    assert (pictures[0].shape, pictures[0].dtype, pictures.size) == ((32, 32, 3), np.uint8, 32)
    assert isinstance(pictures[0].base, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        pictures[0][:] = 0
    with pytest.raises(IndexError):
        pictures[len(pictures)]


def test_columns_say_what_the_rows_say(built: Path) -> None:
    pictures = open_dataset(built)
    rows = list(read_rows(built / "metadata.jsonl"))
    assert [pictures.rows(i) for i in range(len(pictures))] == rows
    assert pictures.sources == [row["source"] for row in rows]
    assert set(pictures.sources) == {"photos", "more"}
    assert pictures.chroma.tolist() == pytest.approx([row["chroma"] for row in rows])
    assert [f"{group:016x}" for group in pictures.groups] == [row["group"] for row in rows]


def test_folds_hold_out_each_picture_once_and_test_never(built: Path) -> None:
    held = []
    for fold in range(5):
        train, out = open_fold(built, fold)
        assert not set(names(train)) & set(names(out))
        assert {out.rows(i)["fold"] for i in range(len(out))} == {fold}
        held += names(out)
    known = [name for split in ("train", "val") for name in names(open_dataset(built, split))]
    assert sorted(held) == sorted(known)


def test_a_dataset_brought_up_to_date_changes_nothing_for_whoever_reads_it(
    painted: FolderMaker, tmp_path: Path
) -> None:
    """Pictures, rows and borders as each file itself says: a border of its own width in every photo."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(20):
        paint(number, (96, 40 + 4 * number)).save(photos / f"{number:03}.png")
    padded = replace(SMALL, fit="pad")
    built = build_dataset(photos, tmp_path / "built", padded).folder
    pictures = open_dataset(built)
    before = [np.array(pictures[i]) for i in range(len(pictures))]
    for name in ("000.png", "001.png", "002.png"):
        (photos / name).unlink()
    paint(77, (40, 96)).save(photos / "0.png")
    build_dataset(photos, built, padded)
    assert len(open_dataset(built)) == 18
    assert names(pictures) == [f"{number:03}.png" for number in range(20)]
    for i in range(20):
        assert np.array_equal(pictures[i], before[i])
        width = round(32 * min(1, (40 + 4 * i) / 96))
        assert pictures.photo(i).shape[:2] == pytest.approx(
            (32, width) if i < 14 else (round(32 * 96 / (40 + 4 * i)), 32), abs=1
        )
    with pytest.raises(DatasetError, match="was brought up to date while it was read; start again"):
        pickle.loads(pickle.dumps(pictures))


def test_both_splits_are_of_one_build(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of a build are put in place one after the other: they are waited for, never mixed."""
    real, looks = finished.open_finished, []

    def between(folder: Path) -> Finished | None:
        looks.append(1)
        if len(looks) == 2:  # the files are open: now another build takes their place
            about = json.loads((built / "dataset.json").read_text())
            (built / "dataset.json").write_text(json.dumps(about | {"fingerprint": "another"}))
        return real(folder)

    monkeypatch.setattr(finished, "open_finished", between)
    train, val = open_splits(built)
    assert (train.dataset is val.dataset, train.dataset.fingerprint, len(looks)) == (True, "another", 4)


def test_a_pickled_set_is_small_and_opens_again(built: Path) -> None:
    pictures = open_dataset(built, "train")
    stored = pickle.dumps(pictures)
    again = pickle.loads(stored)
    assert len(stored) < 2000
    assert np.array_equal(again[3], pictures[3])
    assert (again.name, again.fingerprint) == (pictures.name, pictures.fingerprint)


def test_a_plain_folder_serves_as_a_dataset(
    painted: FolderMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAFELIGHT_CACHE", str(tmp_path / "cache"))
    photos = painted("photos", range(20))
    pictures = open_dataset(photos, settings=SMALL)
    assert len(pictures) == 20
    build_dataset(photos, tmp_path / "built", SMALL)
    assert names(open_dataset(photos, "val", SMALL)) == names(open_dataset(tmp_path / "built", "val"))
    assert len(list((tmp_path / "cache/datasets").iterdir())) == 1
    painted("photos", [20])
    assert len(open_dataset(photos, settings=SMALL)) == 21
    assert {path.name for path in photos.iterdir()} == {f"{number:03}.png" for number in range(21)}


def test_mistakes_are_named(built: Path, painted: FolderMaker, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no split 'dev'; expected one of train, val, test"):
        open_dataset(built, "dev")
    with pytest.raises(DatasetError, match=r"no fold 5; .* folds 0 to 4"):
        open_fold(built, 5)
    with pytest.raises(DatasetError, match="is not a folder"):
        open_dataset(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="has no usable picture"):
        open_fold(painted("nothing", []), 0)
    one = build_dataset(painted("one", [1]), tmp_path / "single", SMALL)
    empty = next(split for split, count in one.splits.items() if not count)
    with pytest.raises(DatasetError, match=f"single/{empty} has no pictures .*; add pictures, about "):
        open_dataset(one.folder, empty)


def test_a_small_folder_is_called_by_its_own_name_and_what_was_left_out_is_counted(
    painted: FolderMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAFELIGHT_CACHE", str(tmp_path / "cache"))
    photos = painted("few", [1])
    for number in range(4):
        paint(number + 2).convert("L").save(photos / f"grey-{number}.png")
    alone = open_dataset(photos, settings=SMALL).dataset.about["splits"]
    empty = next(split for split, count in alone.items() if not count)
    with pytest.raises(DatasetError, match=rf"^few/{empty} has no pictures \(.*; left out: 4 grey\)"):
        open_dataset(photos, empty, SMALL)


def test_a_damaged_dataset_is_named(built: Path) -> None:
    whole = (built / "pixels.npy").read_bytes()
    (built / "pixels.npy").write_bytes(whole[:-1])
    with pytest.raises(DatasetError, match=r"pixels\.npy has \d+ bytes, not \d+; build it in another"):
        open_dataset(built)
    (built / "pixels.npy").unlink()
    with pytest.raises(DatasetError, match=r"pixels\.npy is missing; build it in another"):
        open_dataset(built)
    (built / "pixels.npy").write_bytes(whole)
    (built / "dataset.json").write_text("{}")
    with pytest.raises(DatasetError, match=r"dataset\.json is damaged"):
        open_dataset(built)


def _said_of(folder: Path) -> str:
    """Why a dataset cannot be read; nothing where it can."""
    try:
        train, _ = open_splits(folder)
        return "" if len(train.sources) == len(train) and train.photo(0).any() else "another dataset"
    except DatasetError as error:
        return str(error)


def test_each_field_of_a_dataset_of_a_wrong_kind_is_named(built: Path) -> None:
    """Read or refused in a line: never an error from deep inside."""
    path, wrong = built / "dataset.json", (None, True, -1, 1e308, "x", "", {}, [1, 2], {"a": 1}, 10**40)
    whole = json.loads(path.read_text())
    places = [(name,) for name in whole] + [("settings", name) for name in whole["settings"]]
    refused = 0
    for place in places:
        for value in wrong:
            inner = whole["settings"] | {place[-1]: value}
            path.write_text(json.dumps(whole | {place[0]: value if len(place) == 1 else inner}))
            said = _said_of(built)
            refused += bool(said)
            assert "\n" not in said
    assert refused > 50


@pytest.mark.parametrize("text", ['{"labels": null}', "[]", "no JSON", '{"version": 7, "files": []}'])
def test_the_dataset_json_of_another_program_is_none(
    painted: FolderMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Nobody is told to delete the photos beside it, and nothing is built over it."""
    monkeypatch.setenv("SAFELIGHT_CACHE", str(tmp_path / "cache"))
    photos = painted("faces", range(6))
    (photos / "dataset.json").write_text(text)
    assert len(open_dataset(photos, settings=SMALL)) == 6
    with pytest.raises(DatasetError, match="holds other files and no dataset"):
        build_dataset(painted("more", range(3)), photos, SMALL)
    assert (photos / "dataset.json").read_text() == text


def test_a_split_without_a_share_says_so(painted: FolderMaker, tmp_path: Path) -> None:
    settings = BuildSettings(size=32, min_side=16, val=0.25, test=0)
    built = build_dataset(painted("photos", range(9)), tmp_path / "out", settings).folder
    with pytest.raises(DatasetError, match=r"; it was built with --test 0: build another"):
        open_dataset(built, "test")


def test_a_damaged_array_is_named(built: Path) -> None:
    path = built / "index.npy"
    content = path.read_bytes()
    path.write_bytes(content.replace(b"fortran_order", b"fortran+order"))
    with pytest.raises(DatasetError, match=r"index\.npy is damaged"):
        open_splits(built)


def test_folds_are_not_without_end() -> None:
    """The index holds sixteen bits for a picture's fold."""
    with pytest.raises(DatasetError, match="folds is 70000; expected 2 to 1000"):
        replace(SMALL, folds=70_000)

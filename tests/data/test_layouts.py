"""Small trees laid out as public sets are: splits, classes, attributes and landmarks."""

from pathlib import Path

import pytest

from safelight.data.build import build_dataset
from safelight.data.finished import require_finished
from safelight.data.rows import Row
from safelight.data.scan import read_layout, scan, split_named
from safelight.data.settings import BuildSettings
from safelight.errors import DatasetError

from .conftest import paint

SMALL = BuildSettings(size=32, min_side=16, val=0.25, test=0.25)


def put(root: Path, *names: str) -> None:
    """A picture of its own for each name."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        paint(sum(map(ord, name)) * 31 + len(name), (40, 50)).save(root / name)


def built(root: Path, out: Path, settings: BuildSettings = SMALL) -> dict[str, Row]:
    build_dataset(root, out, settings, workers=1)
    return {row["file_name"]: row for row in require_finished(out).rows()}


def test_imagenet(tmp_path: Path) -> None:
    root = tmp_path / "imagenet"
    put(root, *(f"train/n01440764/n01440764_{n}.jpg" for n in range(4)))
    put(root, "train/n02102040/n02102040_1.jpg", "val/n02102040/ILSVRC2012_val_00000001.jpg")
    put(root, "val/ILSVRC2012_val_00000002.jpg")
    (root / "LOC_synset_mapping.txt").write_text("n01440764 tench, Tinca tinca\nn02102040 English springer\n")
    (root / "LOC_val_solution.csv").write_text(
        "ImageId,PredictionString\nILSVRC2012_val_00000002,n01440764 1 2 30 40\n"
    )
    rows = built(root, tmp_path / "out")
    assert {row["source"] for row in rows.values()} == {"imagenet"}
    assert rows["val/n02102040/ILSVRC2012_val_00000001.jpg"]["tags"] == ["n02102040", "English springer"]
    assert rows["val/ILSVRC2012_val_00000002.jpg"]["tags"] == ["n01440764", "tench"]
    splits = {name: row["split"] for name, row in rows.items()}
    assert {split for name, split in splits.items() if name.startswith("val/")} == {"val"}
    assert {split for name, split in splits.items() if name.startswith("train/")} <= {"train", "test"}


def test_places2_as_packed_and_as_folders(tmp_path: Path) -> None:
    packed = read_layout("places", ["data_256/a/airfield/1.jpg", "val_256/2.jpg", "test_256/3.jpg"])
    assert packed.row("data_256/a/airfield/1.jpg") == {
        "split": "train",
        "source": "places",
        "tags": ["airfield"],
    }
    assert packed.row("test_256/3.jpg") == {"split": "test", "source": "places"}
    folders = read_layout("places", ["train/airfield/1.jpg", "val/airfield/2.jpg"])
    assert folders.row("val/airfield/2.jpg")["tags"] == ["airfield"]


def test_paris_streetview_is_judged_on_its_own_pictures(tmp_path: Path) -> None:
    root = tmp_path / "paris"
    put(
        root,
        *(f"paris_train_original/{n}.jpg" for n in range(6)),
        *(f"paris_eval_gt/{n}.png" for n in range(3)),
    )
    rows = built(root, tmp_path / "out")
    assert {row["split"] for name, row in rows.items() if "eval" in name} == {"test"}
    assert {row["split"] for name, row in rows.items() if "train" in name} <= {"train", "val"}
    ignored = built(root, tmp_path / "ignored", BuildSettings(**{**SMALL.to_json(), "splits": "hash"}))
    assert {row["split"] for name, row in ignored.items() if "eval" in name} != {"test"}


def test_a_picture_of_train_that_is_also_in_test_is_left_out_of_train(tmp_path: Path) -> None:
    root = tmp_path / "set"
    put(root, "train/a.png", "train/b.png", "test/c.png")
    paint(4, (80, 100)).save(root / "train/twin.png")
    paint(4, (80, 100)).resize((50, 40)).save(root / "test/twin.jpg", quality=70)
    rows = built(root, tmp_path / "out")
    assert rows["test/twin.jpg"]["split"] == "test"
    assert "train/twin.png" not in rows
    (refused,) = require_finished(tmp_path / "out").refused()
    assert (refused["reason"], refused["detail"]) == ("between", "resembles pictures in test and in train")


def test_of_copies_in_train_and_val_that_of_val_is_kept(tmp_path: Path) -> None:
    root = tmp_path / "set"
    put(root, "train/a.png", "train/twin.png", "val/b.png")
    (root / "val" / "zz.png").write_bytes((root / "train" / "twin.png").read_bytes())
    rows = built(root, tmp_path / "out")
    assert set(rows) == {"train/a.png", "val/b.png", "val/zz.png"}
    assert rows["val/zz.png"]["split"] == "val"
    (refused,) = require_finished(tmp_path / "out").refused()
    assert (refused["file_name"], refused["reason"]) == ("train/twin.png", "duplicate")


def celeba(root: Path) -> None:
    put(root, *(f"img_align_celeba/00000{n}.jpg" for n in range(1, 5)))
    (root / "list_attr_celeba.txt").write_text(
        "4\n5_o_Clock_Shadow Smiling Young\n" + "".join(f"00000{n}.jpg -1  1 -1\n" for n in range(1, 5))
    )
    (root / "list_landmarks_align_celeba.txt").write_text(
        "4\nlefteye_x lefteye_y righteye_x righteye_y nose_x nose_y\n"
        "000001.jpg 10 10 20 10  15 20\n000002.jpg 10 10 999 10 15 20\n"
    )
    (root / "list_eval_partition.txt").write_text("".join(f"00000{n}.jpg {n % 3}\n" for n in range(1, 5)))


def test_celeba(tmp_path: Path) -> None:
    root = tmp_path / "celeba"
    celeba(root)
    rows = {Path(name).stem: row for name, row in built(root, tmp_path / "out").items()}
    assert [rows[f"00000{n}"]["split"] for n in range(1, 5)] == ["val", "test", "train", "val"]
    assert rows["000001"]["tags"] == ["Smiling"]
    x, y = rows["000001"]["at"]
    assert (x, y) == (pytest.approx((15 - 5) / 40, abs=0.02), pytest.approx(10 / 40, abs=0.02))
    assert rows["000002"]["at"] is None  # an eye outside the picture: landmarks of another crop
    assert rows["000003"]["at"] is None


def test_celeba_as_it_is_published(tmp_path: Path) -> None:
    """Landmarks in pixels of the aligned pictures, and of the whole ones, of the same names."""
    aligned, whole = "Img/img_align_celeba/000001.png", "Img/img_celeba/000001.png"
    put(tmp_path, aligned, whole)
    (tmp_path / "Anno").mkdir()
    for name, x in (("align_celeba", 20), ("celeba", 7)):
        (tmp_path / "Anno" / f"list_landmarks_{name}.txt").write_text(
            f"1\nlefteye_x lefteye_y\n000001.jpg {x} 9\n"
        )
    listing = scan(tmp_path)
    assert listing.metadata(aligned)["landmarks"] == {"lefteye": [20, 9]}
    assert listing.metadata(whole)["landmarks"] == {"lefteye": [7, 9]}
    (tmp_path / "Anno" / "list_landmarks_align_celeba.txt").unlink()
    assert scan(tmp_path).metadata(aligned)["landmarks"] == {"lefteye": [7, 9]}  # there is no other


def test_a_table_is_not_of_the_sets_beside_its_own(tmp_path: Path) -> None:
    celeba(tmp_path / "celeba")
    put(tmp_path, "voc/000001.png")
    listing = scan(tmp_path)
    assert listing.metadata("celeba/img_align_celeba/000001.jpg")["tags"] == ["Smiling"]
    assert listing.metadata("voc/000001.png") == {"tags": ["voc"]}


def test_csv_tables_read_as_the_text_files_do(tmp_path: Path) -> None:
    put(tmp_path, "img/000001.jpg")
    (tmp_path / "list_attr_celeba.csv").write_text("image_id,Smiling,Young\n000001.jpg,1,-1\n")
    (tmp_path / "list_eval_partition.csv").write_text("image_id,partition\n000001.jpg,2\n")
    known = scan(tmp_path).metadata("img/000001.jpg")
    assert known == {"tags": ["Smiling"], "split": "test"}


def test_metadata_jsonl_says_most(tmp_path: Path) -> None:
    put(tmp_path, "train/dogs/a.png", "val/dogs/b.png")
    (tmp_path / "metadata.jsonl").write_text(
        '{"file_name": "train/dogs/a.png", "tags": ["cat"], "split": "test"}\n'
    )
    listing = scan(tmp_path)
    assert listing.metadata("train/dogs/a.png")["tags"] == ["cat"]
    assert listing.metadata("train/dogs/a.png")["split"] == "test"
    assert listing.metadata("val/dogs/b.png")["tags"] == ["dogs"]


def test_damaged_tables_are_named(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    table = tmp_path / "list_attr_celeba.txt"
    table.write_text("2\nSmiling Young\n")
    with pytest.raises(DatasetError, match=r"list_attr_celeba\.txt names no picture"):
        scan(tmp_path)
    table.write_text("2\nSmiling Young\na.png 1 1\nb.png 1 1 1\n")
    with pytest.raises(DatasetError, match=r"repair or remove it"):
        scan(tmp_path).metadata("b.png")


def test_folders_that_only_look_like_splits(tmp_path: Path) -> None:
    railways = read_layout("album", ["holiday/train/steam.jpg", "holiday/sea/1.jpg"])
    assert railways.splits == {}
    assert railways.row("holiday/train/steam.jpg") == {"tags": ["train"]}
    assert read_layout("album", ["flat.jpg", "one/deep.jpg"]).row("one/deep.jpg") == {"tags": ["one"]}
    assert [split_named(f"{word}_data") for word in ("train", "val", "test")] == ["train", "val", "test"]
    assert split_named("data_256") == "train"
    assert [split_named(name) for name in ("val_256", "Validation", "trainer", "train-test", "old", 3)] == [
        "val",
        "val",
        None,
        None,
        None,
        None,
    ]


def test_a_folder_of_photos_is_their_tag(tmp_path: Path) -> None:
    """As the README has it: photos/standing, of which `--tag standing` makes a dataset."""
    root = tmp_path / "photos"
    put(root, *(f"standing/{n}.jpg" for n in range(6)), *(f"sitting/{n}.jpg" for n in range(3)), "loose.jpg")
    rows = built(
        root, tmp_path / "out", BuildSettings(size=32, min_side=16, val=0.25, test=0.0, tags=("standing",))
    )
    assert sorted(rows) == [f"standing/{n}.jpg" for n in range(6)]

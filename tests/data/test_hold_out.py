"""Sources that are held out: the split foreign, which nothing is trained, tuned or folded on."""

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from safelight.data.build import build_dataset
from safelight.data.cache import open_dataset, open_fold
from safelight.data.finished import require_finished
from safelight.data.settings import BuildSettings
from safelight.errors import DatasetError
from tests.cli.shell import safelight
from tests.runtime.tiny import make_model

from .conftest import FolderMaker

SMALL = BuildSettings(size=32, min_side=16, val=0.25, test=0.25, folds=2)


@pytest.fixture
def photos(painted: FolderMaker, tmp_path: Path) -> Path:
    """Two sources of photos, mine and theirs, in a folder each."""
    painted("photos/mine", range(20))
    painted("photos/theirs", range(100, 120))
    return tmp_path / "photos"


def splits_of(folder: Path) -> dict[str, str]:
    return {row["file_name"]: row["split"] for row in require_finished(folder).rows()}


def held(photos: Path, out: Path, *pairs: tuple[str, int]) -> dict[str, str]:
    settings = BuildSettings(size=32, min_side=16, val=0.25, test=0.25, folds=2, hold_out=pairs)
    build_dataset(photos, out, settings)
    return splits_of(out)


def test_a_source_that_is_held_out_is_foreign_and_all_others_stay(photos: Path, tmp_path: Path) -> None:
    build_dataset(photos, tmp_path / "before", SMALL)
    before, now = splits_of(tmp_path / "before"), held(photos, tmp_path / "out", ("theirs", 1))
    assert {name: split for name, split in now.items() if split != "foreign"} == {
        name: split for name, split in before.items() if name.startswith("mine/")
    }
    assert {name for name, split in now.items() if split == "foreign"} == {
        f"theirs/{path.name}" for path in (photos / "theirs").iterdir()
    }
    assert "foreign" not in require_finished(tmp_path / "before").about["splits"]


def test_every_nth_picture_is_chosen_by_its_content_alone(photos: Path, tmp_path: Path) -> None:
    chosen = {
        name for name, split in held(photos, tmp_path / "out", ("theirs", 3)).items() if split == "foreign"
    }
    digests = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in (photos / "theirs").iterdir()}
    assert chosen == {
        f"theirs/{path.name}" for path, digest in digests.items() if int(digest[:16], 16) % 3 == 0
    }
    assert 0 < len(chosen) < 20


def test_what_shows_the_same_scene_goes_with_it(photos: Path, tmp_path: Path) -> None:
    first = next((photos / "theirs").iterdir())
    with Image.open(first) as picture:
        picture.resize((picture.width * 2, picture.height * 2)).save(photos / "mine" / "copy.png")
    assert held(photos, tmp_path / "out", ("theirs", 1))["mine/copy.png"] == "foreign"


def test_no_fold_has_foreign_pictures(photos: Path, tmp_path: Path) -> None:
    splits = held(photos, tmp_path / "out", ("theirs", 1))
    train, held_out = open_fold(tmp_path / "out", 0)
    usable = sum(split in ("train", "val") for split in splits.values())
    assert len(train) + len(held_out) == usable
    assert len(open_dataset(tmp_path / "out", "foreign")) == 20


def test_an_unknown_source_and_an_impossible_share_are_refused(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(
        DatasetError, match=r"no picture of 'ours' to hold out; the sources are .*mine.*theirs"
    ):
        held(photos, tmp_path / "out", ("ours", 1))
    with pytest.raises(DatasetError, match="every how many"):
        held(photos, tmp_path / "out", ("theirs", 0))


def test_looks_at_foreign_pictures_are_counted_apart(photos: Path, tmp_path: Path) -> None:
    data, model = tmp_path / "out", make_model(tmp_path)
    words = ("--size", "32", "--min-side", "16", "--test", "0.25", "--hold-out", "theirs/2")
    built = safelight("data", "build", photos, "-o", data, *words)
    assert "foreign" in built.stdout, built.stderr
    for split, number in (("test", 1), ("foreign", 1), ("foreign", 2)):
        few = ("--limit", "2", "--workers", "1", "--no-baselines")
        done = safelight("judge", model, "--data", data, "--split", split, *few, "-o", tmp_path / "report")
        assert done.returncode == 0, done.stderr
        verdict = (tmp_path / "report" / "verdict.json").read_text()
        assert f'"evaluations": {number}' in verdict
        assert f"This {split} split has been evaluated" in verdict

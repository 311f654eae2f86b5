"""The one walk over folders: what is taken, what is passed over and said; circles of links end."""

import os
import unicodedata
from pathlib import Path

import pytest

from safelight.batch.plan import plan
from safelight.data.scan import scan
from safelight.runtime.folders import PassedOver, walk
from safelight.runtime.names import made_of_others, mask_name, result_name


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def taken(place: Path) -> list[str]:
    """What the commands take of a folder; a dataset takes the same."""
    photos = sorted(job.photo.relative_to(place).as_posix() for job in plan([place]))
    assert [found.name for found in scan(place).pictures] == photos
    return photos


SYSTEMS = (
    "@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg",
    "@EADIR/x.jpg",
    "#recycle/x.jpg",
    "#snapshot/x.jpg",
    ".AppleDouble/x.jpg",
    "._a.jpg",
    "__MACOSX/x.jpg",
    "$RECYCLE.BIN/x.jpg",
    "System Volume Information/x.jpg",
    "lost+found/x.jpg",
    ".thumbnails/x.jpg",
    ".picasaoriginals/x.jpg",
    ".dtrash/x.jpg",
    "SYNOFILE_THUMB_M.png",
    "@Recycle/x.jpg",
    ".@__thumb/x.jpg",
    ".Trash-1000/files/x.jpg",
    "Photos Library.photoslibrary/originals/0/x.jpg",
    "deep/er/@eaDir/x.jpg",
    ".Trashes/x.jpg",
    ".stversions/x.jpg",
    "AlbumArt_{5FA05D35-A682-4AF6-96F7-0773E42D4D16}_Large.jpg",
)


@pytest.mark.parametrize("name", SYSTEMS)
def test_what_systems_keep_for_themselves_is_passed_over_and_said(tmp_path: Path, name: str) -> None:
    touch(tmp_path, "a.jpg", "deep/er/b.jpg", name)
    assert taken(tmp_path) == ["a.jpg", "deep/er/b.jpg"]
    (line,) = plan([tmp_path]).passed.lines()
    assert line.startswith("passed over, kept by servers, systems or programs for themselves: 1 ")


def test_the_own_folders_of_people_are_taken(tmp_path: Path) -> None:
    names = [
        "eaDir/a.jpg",
        "recycle/b.jpg",
        "snapshots/c.jpg",
        "thumbs/d.jpg",
        "Originals/e.jpg",
        "lost/f.jpg",
    ]
    touch(tmp_path, *names)
    assert taken(tmp_path) == sorted(names)
    assert not plan([tmp_path]).passed.lines()


def test_other_kinds_are_counted_and_hidden_ones_too(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "a.hints.json", "1.xcf", "2.XCF", "deep/3.xcf", "README")
    touch(tmp_path, *(f"b.k{number}" for number in range(1, 9)))
    touch(tmp_path, ".hidden.jpg", ".DS_Store", ".old/a.jpg", "Thumbs.db")
    assert taken(tmp_path) == ["a.jpg"]
    assert plan([tmp_path]).passed.lines() == [
        "passed over, kept by servers, systems or programs for themselves: 1 Thumbs.db",
        "passed over, hidden: 2 (.hidden.jpg, .old)",
        "12 files of kinds that are not read: 3 .xcf, 1 without a suffix, 1 .k1, 1 .k2, 1 .k3, 1 .k4, 1 .k5, "
        "1 .k6 and 2 more",
    ]


def test_linked_folders_are_followed_once_and_circles_end(tmp_path: Path) -> None:
    home = tmp_path / "photos"
    touch(home, "a.jpg", "deep/b.jpg")
    touch(tmp_path / "disk2", "c.jpg", "inner/d.jpg")
    for link, target in {
        "more": tmp_path / "disk2",
        "again": tmp_path / "disk2",
        "part": tmp_path / "disk2" / "inner",
        "deep/self": home / "deep",
        "home": home,
        "up": tmp_path,
        "zoo/favourites": home / "deep",
    }.items():
        (home / link).parent.mkdir(exist_ok=True)
        (home / link).symlink_to(target, target_is_directory=True)
    (tmp_path / "disk2" / "back").symlink_to(home, target_is_directory=True)
    (home / "loop").symlink_to(home / "loop")
    (home / "old").symlink_to(tmp_path / "nowhere")
    passed = PassedOver()
    found = [folder.relative_to(home) / name for folder, names in walk(home, passed) for name in names]
    assert sorted(os.path.realpath(home / path) for path in found) == [
        *(str(tmp_path / "disk2" / name) for name in ("c.jpg", "inner/d.jpg")),
        *(str(home / name) for name in ("a.jpg", "deep/b.jpg")),
    ]
    assert found[:2] == [Path("a.jpg"), Path("deep/b.jpg")]
    assert passed.lines() == [
        "links that lead nowhere: 2 (loop, old)",
        "linked folders not followed, since they lead back up: 1 (up)",
    ]
    assert len(taken(home)) == 4


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may look into every folder")
def test_a_folder_that_may_not_be_listed_is_a_job_in_trouble(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "closed/b.jpg")
    (tmp_path / "closed").chmod(0)
    try:
        jobs = plan([tmp_path]).jobs
        lines = scan(tmp_path).passed.all_lines()
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert [(job.photo.name, job.trouble) for job in jobs] == [
        ("a.jpg", ""),
        ("closed", "cannot be listed (Permission denied); check its rights"),
    ]
    assert lines == (f"{tmp_path / 'closed'}: cannot be listed (Permission denied); check its rights",)


def test_results_of_any_kind_and_case_are_known(tmp_path: Path) -> None:
    own = ("a.jpg", "É.png", "c.gif", "d.tif", "mask.png", "e-color.jpg", "f.jpg")
    made = ("a-color.png", "A-MASK.PNG", "É-color.webp", "c-gif-color.png", "d-color.tif", "f-jpg-mask.png")
    names = [*own, *(unicodedata.normalize("NFD", name) for name in made)]
    assert made_of_others(names, (result_name, mask_name)) == set(names[len(own) :])
    assert not made_of_others(["a.jpg", "a-color.txt", "-mask.png"], (result_name, mask_name))


def test_a_picture_that_metadata_name_is_one_whatever_it_is_called(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "a-color.png", "b.png", "b-color.png")
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "a-color.png"}\n')
    listing = scan(tmp_path)
    assert [found.name for found in listing.pictures] == ["a-color.png", "a.png", "b.png"]
    assert listing.passed.made == ["b-color.png"]

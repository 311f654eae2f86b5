"""What is listed in a folder, and which metadata row belongs to which picture."""

import json
import os
from pathlib import Path

import pytest

from safelight.data.scan import scan
from safelight.errors import DatasetError


def write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_pictures_are_listed_by_name_and_other_things_passed_over(tmp_path: Path) -> None:
    for name in ("b/2.JPG", "b/1.webp", "a.png", "ü é.tiff", "notes.txt", ".hidden.png", ".git/x.png"):
        write(tmp_path / name)
    write(tmp_path / "built/report.png")
    write(tmp_path / "built/dataset.json")
    write(tmp_path / "built/pixels.npy")
    write(tmp_path / "faces/dataset.json")  # of another program
    write(tmp_path / "faces/0.png")
    (tmp_path / "folder.jpg").mkdir()
    write(tmp_path / "out/kept.png")
    names = [found.name for found in scan(tmp_path, leave_out=tmp_path / "out").pictures]
    assert names == ["a.png", "b/1.webp", "b/2.JPG", "faces/0.png", "ü é.tiff"]


def test_metadata_is_found_beside_the_picture_or_above_it(tmp_path: Path) -> None:
    for name in ("a.png", "sub/b.png", "sub/c.png", "d.png"):
        write(tmp_path / name)
    above = [{"file_name": "a.png", "tags": ["one"]}, {"file_name": "sub/b.png", "source": "above"}]
    below = [{"file_name": "./b.png", "source": "below"}, {"file_name": "gone.png"}]
    write(tmp_path / "metadata.jsonl", "".join(json.dumps(row) + "\n" for row in above))
    write(tmp_path / "sub/metadata.jsonl", "".join(json.dumps(row) + "\n" for row in below))
    listing = scan(tmp_path)
    assert listing.metadata("a.png")["tags"] == ["one"]
    assert listing.metadata("sub/b.png")["source"] == "below"
    assert listing.metadata("d.png") == {}
    assert listing.missing == ["sub/gone.png"]


def test_the_digest_notices_additions_removals_and_changes(tmp_path: Path) -> None:
    digests = [scan(tmp_path).digest]
    picture = write(tmp_path / "a.png")
    digests.append(scan(tmp_path).digest)
    assert scan(tmp_path).digest == digests[-1]
    os.utime(picture, ns=(1, 1))
    digests.append(scan(tmp_path).digest)
    write(tmp_path / "metadata.jsonl", '{"file_name": "a.png"}\n')
    digests.append(scan(tmp_path).digest)
    assert len(set(digests)) == 4


def test_a_name_that_is_no_text_and_a_link_to_nowhere_are_listed(tmp_path: Path) -> None:
    (tmp_path / "link.png").symlink_to(tmp_path / "nowhere.png")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")).touch()
    assert [found.bytes for found in scan(tmp_path).pictures] == [0, 0]


@pytest.mark.parametrize(
    ("row", "message"), [('{"name": "a"}', "without file_name"), ("{", "not a JSON object")]
)
def test_damaged_metadata_is_refused(tmp_path: Path, row: str, message: str) -> None:
    write(tmp_path / "metadata.jsonl", row)
    with pytest.raises(DatasetError, match=message):
        scan(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have names on POSIX only")
@pytest.mark.parametrize("name", ["metadata.jsonl", "deep/list_attr_celeba.txt", "LOC_synset_mapping.txt"])
def test_metadata_that_might_never_end_are_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path / "deep" / "a.png")
    os.mkfifo(tmp_path / name)
    with pytest.raises(DatasetError, match=f"{name} is not a regular file"):
        scan(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not a folder"):
        scan(tmp_path / "nowhere")

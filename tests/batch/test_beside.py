"""Which mask and which hint file belong to a photo: in any case and normal form, and to one photo at most."""

import unicodedata
from pathlib import Path

import pytest

from safelight.batch.plan import Shelves
from safelight.batch.work import Found


def touch(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"")


def mask(photo: Path, *folders: Path) -> str | None:
    found = Shelves().mask(photo, folders or None)
    return found.file and found.file.name


def hints(photo: Path) -> Found:
    return Shelves().marked(photo, ".hints", ".json")


@pytest.mark.parametrize("name", ["p-mask.PNG", "P-Mask.png", "p-mask.tif", "p-png-mask.png", "p-MASK.Jpeg"])
def test_a_mask_is_known_in_any_case(tmp_path: Path, name: str) -> None:
    touch(tmp_path, "p.png", name)
    assert mask(tmp_path / "p.png") == name


def test_composed_and_decomposed_letters_are_the_same(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "Zoë-mask.png")
    touch(tmp_path, unicodedata.normalize("NFC", "Zoë.jpg"), decomposed)
    assert mask(tmp_path / "Zoë.jpg") == decomposed
    touch(tmp_path / "masks", unicodedata.normalize("NFD", "zoë.PNG"))
    assert mask(tmp_path / "Zoë.jpg", tmp_path / "masks") == unicodedata.normalize("NFD", "zoë.PNG")


def test_of_two_photos_the_mask_is_that_of_its_own_kind(tmp_path: Path) -> None:
    touch(tmp_path, "p.jpg", "p.png", "p-mask.png")
    assert (mask(tmp_path / "p.png"), mask(tmp_path / "p.jpg")) == ("p-mask.png", None)
    assert Shelves().mask(tmp_path / "p.jpg").remarks == (
        "p-mask.png is taken for that of p.png; p-jpg-mask.png would be that of this one",
    )
    touch(tmp_path, "p-jpg-mask.png")
    assert (mask(tmp_path / "p.png"), mask(tmp_path / "p.jpg")) == ("p-mask.png", "p-jpg-mask.png")
    touch(tmp_path / "other", "q.jpg", "q.jpeg", "q.tiff", "q-mask.jpeg", "q-mask.tif")
    found = [mask(tmp_path / "other" / name) for name in ("q.jpg", "q.jpeg", "q.tiff")]
    assert found == [None, "q-mask.jpeg", "q-mask.tif"]


def test_a_mask_that_may_be_of_two_photos_is_used_for_none_and_said(tmp_path: Path) -> None:
    touch(tmp_path, "p.jpg", "p.tif", "p-mask.png")
    for name in ("p.jpg", "p.tif"):
        found = Shelves().mask(tmp_path / name)
        assert found.file is None
        assert found.remarks[0].startswith("p-mask.png may be that of p.")
        assert f"call it p-{name[2:]}-mask.png if it is of this one" in found.remarks[0]


def test_of_two_masks_one_is_used_and_the_other_said(tmp_path: Path) -> None:
    touch(tmp_path, "p.jpg", "p-mask.png", "p-mask.tif")
    found = Shelves().mask(tmp_path / "p.jpg")
    assert (found.file, found.remarks) == (
        tmp_path / "p-mask.png",
        ("p-mask.tif lies there too and is not used",),
    )


def test_a_folder_of_masks_follows_the_same_rules(tmp_path: Path) -> None:
    touch(tmp_path / "in", "p.jpg", "p.png", "q.jpg", "p-jpg.png")
    touch(tmp_path / "masks", "p.PNG", "Q-mask.TIF")
    photos, masks = tmp_path / "in", tmp_path / "masks"
    assert [mask(photos / name, masks) for name in ("p.png", "p.jpg", "q.jpg")] == [
        "p.PNG",
        None,
        "Q-mask.TIF",
    ]
    touch(masks, "p-jpg-mask.png")  # of the photo that is called so, letter by letter
    assert [mask(photos / name, masks) for name in ("p-jpg.png", "p.jpg")] == ["p-jpg-mask.png", None]
    assert mask(photos / "q.jpg", photos) is None  # a photo is not its own mask


def test_a_hint_file_is_known_in_any_case_and_belongs_to_one_photo(tmp_path: Path) -> None:
    touch(tmp_path, "p.jpg", "P.Hints.JSON")
    assert hints(tmp_path / "p.jpg").file == tmp_path / "P.Hints.JSON"
    touch(tmp_path, "p.png")
    found = hints(tmp_path / "p.png")
    assert found.file is None
    assert "may be that of p.jpg or p.png and is not used; call it p-png.hints.JSON" in found.remarks[0]
    touch(tmp_path, "p-png.hints.json")
    assert hints(tmp_path / "p.png").file == tmp_path / "p-png.hints.json"


def test_a_photo_that_is_not_there_and_a_folder_called_a_mask(tmp_path: Path) -> None:
    assert mask(tmp_path / "nowhere" / "p.jpg") is None
    touch(tmp_path, "p.jpg")
    (tmp_path / "p-mask.png").mkdir()
    assert mask(tmp_path / "p.jpg") is None

"""Multi-page TIFFs through the commands: every page in order, exact where nothing was to change; masks of pages."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from safelight.cli.main import main
from safelight.pixels.files import read_photo, write_photo
from safelight.pixels.pages import pages_of
from tests.hostile import scene
from tests.pixels.test_page_files import COUNT, PAGES, tags_of, three_pages

EXAMPLES = Path(__file__).parents[2] / "examples"
GREY = [np.repeat(page[..., 1:2], 3, axis=2) for page in PAGES]


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return int(ended.value.code or 0)


def grey_pages(path: Path) -> Path:
    """Three 16-bit pages without color, as three_pages has them."""
    before = PAGES[:]
    try:
        PAGES[:] = GREY
        return three_pages(path)
    finally:
        PAGES[:] = before


def masked(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """A mask with a square hole, written; where it is missing."""
    hole = np.zeros(shape[:2], bool)
    hole[10:20, 12:24] = True
    write_photo(path, np.repeat(hole[..., None] * np.uint8(255), 3, axis=2))
    return hole


def test_colorize_gives_every_page_its_color(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = grey_pages(tmp_path / "a.tif")
    assert run("colorize", source, "--vivid", 1) == 0
    result = tmp_path / "a-color.tif"
    with tifffile.TiffFile(source) as before, tifffile.TiffFile(result) as after:
        assert [tags_of(page) for page in before.pages] == [tags_of(page) for page in after.pages]
    for number, grey in enumerate(GREY, start=1):
        colored = read_photo(result, page=number).pixels
        assert colored.dtype == np.uint16
        assert colored.shape == grey.shape
        assert (colored != grey).any()
        one = tmp_path / f"{number}.png"
        assert run("colorize", source, "--vivid", 1, "--pages", number, "-o", one) == 0
        np.testing.assert_array_equal(read_photo(one).pixels, colored)
    assert "more than one picture" not in capsys.readouterr().err


def test_a_page_with_colors_of_its_own_is_kept_bit_by_bit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = [GREY[0], (np.random.default_rng(5).random((60, 60, 3)) * 65535).astype(np.uint16), GREY[2]]
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for page in pages:
            file.write(page, photometric="rgb", subfiletype=2, metadata=None)
    assert run("colorize", tmp_path / "a.tif") == 0
    assert "page 2: has colors of its own: left as it is" in capsys.readouterr().err
    np.testing.assert_array_equal(read_photo(tmp_path / "a-color.tif", page=2).pixels, pages[1])
    assert pages_of(tmp_path / "a-color.tif").count == COUNT


def test_an_album_of_colors_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = (np.random.default_rng(5).random((2, 60, 60, 3)) * 255).astype(np.uint8)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for page in pages:
            file.write(page, photometric="rgb", metadata=None)
    assert run("colorize", tmp_path / "a.tif") == 0
    said = capsys.readouterr()
    assert "1 left as it is" in said.out
    assert "pages 1, 2: has colors of its own" in said.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif"]


@pytest.mark.parametrize("command", ["fill", "repair"])
def test_masks_of_pages(tmp_path: Path, command: str) -> None:
    """NAME-mask.png is of page 1, NAME-3-mask.png of page 3; page 2 is as it was."""
    source = three_pages(tmp_path / "a.tif")
    holes = {1: masked(tmp_path / "a-mask.png", PAGES[0].shape)}
    holes[3] = masked(tmp_path / "a-3-mask.png", PAGES[2].shape)
    masks = ["--mask", tmp_path] if command == "repair" else []
    assert run(command, source, *masks, "-o", tmp_path / "b.tif", "--tiff", "none") == 0
    for number, pixels in enumerate(PAGES, start=1):
        result, hole = read_photo(tmp_path / "b.tif", page=number).pixels, holes.get(number)
        known = np.ones(pixels.shape[:2], bool) if hole is None else ~hole
        np.testing.assert_array_equal(result[known], pixels[known])
        assert hole is None or (result[hole] != pixels[hole]).any()


def test_a_mask_of_as_many_pages(tmp_path: Path) -> None:
    source = three_pages(tmp_path / "a.tif")
    hole = np.zeros((COUNT, *PAGES[0].shape[:2]), np.uint8)
    with tifffile.TiffWriter(tmp_path / "masks.tif") as file:
        for number, page in enumerate(PAGES):
            hole = np.zeros(page.shape[:2], np.uint8)
            hole[5:9, 4 + 8 * number : 9 + 8 * number] = 255
            file.write(hole, photometric="minisblack")
    assert run("fill", source, "--mask", tmp_path / "masks.tif", "-o", tmp_path / "b.tif") == 0
    for number, page in enumerate(PAGES):
        changed = (read_photo(tmp_path / "b.tif", page=number + 1).pixels != page).any(2)
        assert changed.any()
        changed[5:9, 4 + 8 * number : 9 + 8 * number] = False
        assert not changed.any()


def test_masks_of_pages_are_no_photos(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    three_pages(tmp_path / "a.tif")
    masked(tmp_path / "a-2-mask.png", PAGES[1].shape)
    assert run("fill", tmp_path, "-o", tmp_path / "out", "--dry-run") == 0
    assert "dry run: 1 photo," in capsys.readouterr().out
    write_photo(tmp_path / "a-2.tif", PAGES[1])  # whose mask it is now
    assert run("fill", tmp_path, "-o", tmp_path / "out") == 1
    said = capsys.readouterr()
    assert "a.tif: has no mask" in said.err
    assert (tmp_path / "out" / "a-2-filled.tif").exists()


def test_a_page_that_fails_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = three_pages(tmp_path / "a.tif")
    masked(tmp_path / "a-3-mask.png", (30, 70))
    assert run("fill", source) == 1
    assert "page 3 of 3: " in capsys.readouterr().err
    assert not (tmp_path / "a-filled.tif").exists()


def test_one_page_kinds_say_what_they_take(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = grey_pages(tmp_path / "a.tif")
    assert run("colorize", source, "-o", tmp_path / "b.png") == 0
    assert "it holds more than one picture; the largest, number 3 of 3, was taken" in capsys.readouterr().err
    assert run("colorize", source, "-o", tmp_path / "c.png", "--pages", "1-2") == 1
    assert "2 pages were asked for, and a .png holds one" in capsys.readouterr().err
    assert run("colorize", source, "--pages", "4") == 1
    assert "has no page 4; it has 3" in capsys.readouterr().err
    assert run("colorize", source, "--pages", "0") == 2
    assert "expected all, or numbers from 1" in capsys.readouterr().err


def test_previews_and_kept_masks_carry_the_page(tmp_path: Path) -> None:
    source = grey_pages(tmp_path / "a.tif")
    assert run("repair", source, "--keep-mask", "-o", f"{tmp_path}/out/") == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir() if path.suffix != ".jsonl")
    assert names == ["a-2-mask.png", "a-3-mask.png", "a-mask.png", "a-repaired.tif"]


@pytest.mark.parametrize(("out", "stem"), [("out/", "a"), ("named/x.tif", "x")])
def test_kept_masks_in_another_folder_carry_the_page(tmp_path: Path, out: str, stem: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "named").mkdir()
    with tifffile.TiffWriter(tmp_path / "in" / "a.tif") as file:
        for number in range(3):
            file.write(np.full((64, 64), 90 + number, np.uint8), photometric="minisblack")
    assert run("repair", tmp_path / "in" / "a.tif", "--keep-mask", "-o", f"{tmp_path}/{out}") == 0
    found = {path.name for path in (tmp_path / out).parent.rglob("*-mask.png")}
    assert found == {f"{stem}-mask.png", f"{stem}-2-mask.png", f"{stem}-3-mask.png"}


def test_scratches_marks_each_page_for_fill(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The damaged page is the second and largest: the mask of page 1 is that of the sound one."""
    scratched = read_photo(EXAMPLES / "scratched.jpg").pixels
    sound = np.full((200, 220, 3), 120, np.uint8)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(sound, photometric="rgb")
        file.write(scratched, photometric="rgb")
    assert run("scratches", tmp_path / "a.tif") == 0
    said = capsys.readouterr().err
    assert "page 1: nothing was marked" in said
    assert "page 2: marked" in said
    masks = [read_photo(tmp_path / name).pixels for name in ("a-mask.png", "a-2-mask.png")]
    assert [mask.shape for mask in masks] == [sound.shape, scratched.shape]
    assert [bool(mask.any()) for mask in masks] == [False, True]
    assert run("fill", tmp_path / "a.tif", "--method", "telea") == 0, capsys.readouterr().err
    first, second = (read_photo(tmp_path / "a-filled.tif", page=page).pixels for page in (1, 2))
    np.testing.assert_array_equal(first, sound)
    differ = (second != scratched).any(axis=2)
    assert differ.any()
    assert not differ[masks[1][..., 0] == 0].any()
    assert run("scratches", tmp_path / "a.tif", "-o", tmp_path / "m.png", "--preview") == 0
    assert {path.name for path in tmp_path.glob("*m*.png")} >= {"m.png", "m-2.png"}
    (tmp_path / "a-mask.png").unlink()
    assert run("scratches", tmp_path / "a.tif") == 1  # the other one may be somebody's
    assert not (tmp_path / "a-mask.png").exists()


@pytest.mark.parametrize(("out", "stem"), [("out/", "a"), ("named/x.tif", "x"), ("", "a")])
def test_kept_masks_of_pages_are_taken_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], out: str, stem: str
) -> None:
    """Also one that somebody corrected in between: that page alone is filled, where it says."""
    (tmp_path / "in").mkdir()
    (tmp_path / "named").mkdir()
    source = grey_pages(tmp_path / "in" / "a.tif")
    where = ["-o", f"{tmp_path}/{out}"] if out else []
    assert run("repair", source, "--keep-mask", *where) == 0
    folder = (tmp_path / out).parent if out == "named/x.tif" else tmp_path / (out or "in")
    result = folder / ("x.tif" if stem == "x" else "a-repaired.tif")
    for number in range(1, COUNT + 1):
        np.testing.assert_array_equal(
            read_photo(result, page=number).pixels, read_photo(source, page=number).pixels
        )
    kept = folder / f"{stem}-2-mask.png"
    kept.unlink()
    hole = masked(kept, GREY[1].shape)
    assert run("repair", source, "--keep-mask", "--overwrite", *where) == 0, capsys.readouterr().err
    for number in range(1, COUNT + 1):
        before, after = (read_photo(path, page=number).pixels for path in (source, result))
        differ = (before != after).any(axis=2)
        assert not differ[~hole].any() if number == 2 else not differ.any()
        assert differ[hole].mean() > 0.5 if number == 2 else True


def test_the_kept_mask_of_another_photo_is_not_that_of_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    grey_pages(tmp_path / "in" / "a.tif")
    write_photo(tmp_path / "in" / "a-2.tif", np.full((64, 64, 3), 90, np.uint8))
    out = tmp_path / "out"
    out.mkdir()
    masked(out / "a-2-mask.png", (64, 64))
    assert run("repair", tmp_path / "in" / "a.tif", "--keep-mask", "-o", f"{out}/") == 1
    assert "a-2-mask.png exists" in capsys.readouterr().err  # its second page would need that very name
    assert run("repair", tmp_path / "in" / "a-2.tif", "--keep-mask", "-o", f"{out}/") == 0
    assert "with the mask a-2-mask.png" in capsys.readouterr().err


def test_hints_of_pages(tmp_path: Path) -> None:
    from safelight.tasks.colorize.hints import Hint, HintSet

    source = grey_pages(tmp_path / "a.tif")
    assert run("colorize", source, "-o", tmp_path / "plain.tif") == 0
    HintSet((Hint(0.5, 0.5, "#c02020"),)).save(tmp_path / "a-2.hints.json")
    assert run("colorize", source, "-o", tmp_path / "hinted.tif") == 0
    for number in range(1, COUNT + 1):
        plain, hinted = (
            read_photo(tmp_path / name, page=number).pixels for name in ("plain.tif", "hinted.tif")
        )
        assert (plain == hinted).all() == (number != 2)


def test_grey_and_inks_keep_their_mode_and_profile(tmp_path: Path) -> None:
    """Where only holes are filled, pages stay in their own numbers."""
    grey = scene(np.random.default_rng(3))[..., 0]
    inks = np.dstack([scene(np.random.default_rng(4)), grey // 2])
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(grey, photometric="minisblack", metadata=None)
        file.write(inks, photometric="separated", metadata=None)
    masked(tmp_path / "a-mask.png", grey.shape)
    assert run("fill", tmp_path / "a.tif") == 0
    with tifffile.TiffFile(tmp_path / "a-filled.tif") as file:
        assert [page.photometric.name for page in file.pages] == ["MINISBLACK", "SEPARATED"]
        np.testing.assert_array_equal(file.pages[1].asarray(), inks)

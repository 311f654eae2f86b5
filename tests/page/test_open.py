"""Opening photos, the page's own size, and what the wheel holds."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from tests.page.conftest import EXAMPLES, MakeDesk, start, stop
from tests.page.desk import Desk

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "src" / "safelight" / "page"
CHILDREN = EXAMPLES / "three-children-1860s.jpg"
SCRATCHED = EXAMPLES / "scratched.jpg"


def test_several_photos_are_chosen_and_turned(desk: Desk) -> None:
    desk.open(CHILDREN, SCRATCHED, EXAMPLES / "sphinx-1870s.jpg").says("3 photos opened")
    thumbs = desk.page.locator("#thumbs button")
    assert _titles(desk) == ["three-children-1860s.jpg", "scratched.jpg", "sphinx-1870s.jpg"]
    desk.page.wait_for_function(
        "() => [...document.querySelectorAll('#thumbs img')].every((each) => each.naturalWidth > 50)"
    )
    assert desk.page.is_disabled("#previous")
    desk.page.click("#next")
    desk.page.wait_for_function("() => document.title.startsWith('scratched')")
    desk.page.keyboard.press("PageDown")
    desk.page.wait_for_function("() => document.title.startsWith('sphinx')")
    desk.colored()
    assert desk.page.is_disabled("#next")
    thumbs.first.click()
    desk.page.wait_for_function("() => document.title.startsWith('three')")
    desk.colored().click(0.3, 0.5)
    assert thumbs.first.get_attribute("aria-label") == "three-children-1860s.jpg, worked on"
    desk.page.click("#more")
    desk.page.click("#close-photo")
    desk.page.wait_for_function("() => document.title.startsWith('scratched')")
    assert thumbs.count() == 2
    assert CHILDREN.is_file()


def _drop(desk: Desk, *paths: Path) -> None:
    """Files and folders of the disk, as a file manager drops them."""
    client = desk.page.context.new_cdp_session(desk.page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver"):
        client.send("Input.dispatchDragEvent", {"type": kind, "x": 500, "y": 400, "data": data})
    desk.page.wait_for_selector("#drop:visible")
    client.send("Input.dispatchDragEvent", {"type": "drop", "x": 500, "y": 400, "data": data})
    assert desk.page.is_hidden("#drop")


def _titles(desk: Desk) -> list[str | None]:
    return [each.get_attribute("title") for each in desk.page.locator("#thumbs button").all()]


def _small(path: Path, level: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.linear_gradient("L").resize((96, 64)).point(lambda value: (value + level) % 256).save(path)
    return path


def test_files_are_dropped(desk: Desk, tmp_path: Path) -> None:
    """The first is shown; one that is none is said, and the others are open."""
    (tmp_path / "letter.jpg").write_text("Dear aunt")
    _drop(desk, SCRATCHED, _small(tmp_path / "small.png", 0))
    desk.says("2 photos opened").colored()
    assert desk.page.title().startswith("scratched")
    _drop(desk, tmp_path / "letter.jpg", _small(tmp_path / "other.png", 90))
    desk.says("letter.jpg: ")
    assert _titles(desk) == ["scratched.jpg", "small.png", "other.png"]


def test_a_folder_is_dropped(desk: Desk, tmp_path: Path) -> None:
    """Its photos and those of the folders in it, by name; what is no photo is passed over."""
    album = tmp_path / "album"
    for level, name in enumerate(("3.png", "2 attic/b.png", "2 attic/a.png", "1.png", ".hidden.png")):
        _small(album / name, 20 * level)
    (album / "notes.txt").write_text("1903?")
    _drop(desk, album)
    desk.says("4 photos opened").colored()
    assert _titles(desk) == ["1.png", "a.png", "b.png", "3.png"]
    assert desk.page.title().startswith("1.png")


def test_a_dropped_folder_without_a_photo_is_said(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "aunt.txt").write_text("Dear aunt")
    _drop(desk, tmp_path / "letters")
    desk.says("No photo is in what you dropped")
    assert desk.page.is_visible("#welcome")


def test_what_is_no_photo_is_said_and_the_page_goes_on(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "letter.jpg").write_text("Dear aunt")
    with desk.page.expect_file_chooser() as chooser:
        desk.page.click("#welcome-open")
    chooser.value.set_files(str(tmp_path / "letter.jpg"))
    desk.says("letter.jpg: ")
    assert desk.page.is_visible("#welcome")
    desk.open(SCRATCHED)


def test_sixteen_bits_and_tiff_and_rotation_are_shown_rightly(desk: Desk, tmp_path: Path) -> None:
    import numpy as np

    with Image.open(SCRATCHED) as image:
        grey = np.asarray(image.convert("L"))
        turned = image.convert("L").transpose(Image.Transpose.ROTATE_90)
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.tif")
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.webp", exif=exif, lossless=True)
    for name in ("deep.tif", "turned.webp"):
        desk.open(tmp_path / name)
        assert desk.page.evaluate("() => document.querySelector('sl-stage').view.photo") == {
            "width": grey.shape[1],
            "height": grey.shape[0],
        }
        desk.page.uncheck("#color-on")
        desk.page.wait_for_selector("sl-stage[data-answer=none]")
        shown = desk.drawn().pixel(0.5, 0.3)
        row, column = int(0.3 * grey.shape[0]), int(0.5 * grey.shape[1])
        assert abs(shown.mean() - grey[row - 2 : row + 3, column - 2 : column + 3].mean()) < 12
        desk.page.check("#color-on")
        desk.colored()


def test_the_page_has_a_port_of_its_own_unless_it_is_taken() -> None:
    """Autosave belongs to an address: another port at each start would hide the work of yesterday."""
    serving = pytest.importorskip("safelight.service.serving", reason="needs safelight[darkroom]")
    assert serving.usual_place().port in (serving.USUAL_PORT, 0)
    try:
        taken = serving.Place(port=serving.USUAL_PORT).open()
    except serving.ServiceError:
        pytest.skip("somebody else listens at the page's port")
    with taken:
        assert serving.usual_place().port == 0


def test_the_command_line_names_the_photos(make_desk: MakeDesk) -> None:
    room = start(SCRATCHED, CHILDREN)
    try:
        desk = make_desk(room)
        desk.colored()
        assert _titles(desk) == ["scratched.jpg", "three-children-1860s.jpg"]
        assert desk.page.url == f"{room.origin}/"  # the token is gone from the address
    finally:
        stop(room)


def test_no_request_leaves_this_machine(children: Desk) -> None:
    """The fixture fails each test at any request to another host; here the addresses are named, too."""
    for file in PAGE.iterdir():
        text = file.read_text()
        found = set(re.findall(r"https?://[^\s\"'`)]+", text)) - {"http://www.w3.org/2000/svg"}
        assert found == set(), file.name
    names = children.page.evaluate("() => performance.getEntriesByType('resource').map((each) => each.name)")
    origin = children.page.evaluate("() => location.origin")
    assert names
    assert all(name.startswith((origin, "blob:" + origin)) for name in names)


@pytest.mark.parametrize("ratio", [1, 1.5, 3])
def test_a_photo_is_fetched_once_at_the_size_of_the_screen(
    make_desk: MakeDesk, tmp_path: Path, ratio: float
) -> None:
    # Each pixel more costs time at every click.
    with Image.open(EXAMPLES / "three-children-1860s.jpg") as photo:
        photo.resize((2700, 1983)).save(tmp_path / "large.png")
    desk = make_desk(device_scale_factor=ratio).open(tmp_path / "large.png", colored=False).drawn()
    fetched, shown = desk.page.evaluate(
        """() => {
          const { picture, view, ratio } = document.querySelector("sl-stage");
          return [picture.whole.piece.width, view.photo.width * view.scale * ratio];
        }"""
    )
    most = (2_000_000 * 2700 / 1983) ** 0.5
    assert abs(fetched - min(shown, most)) <= 2
    assert not desk.page.evaluate("() => document.querySelector('sl-stage').picture.wanted")


@pytest.mark.slow
def test_the_wheel_of_a_clean_clone_holds_the_page(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{ROOT}", str(clone)], check=True)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(clone)]
    subprocess.run(build, check=True)
    [wheel] = tmp_path.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "new")], check=True)
    new = tmp_path / "new" / "bin" / "python"
    subprocess.run([new, "-m", "pip", "install", "-q", "--no-deps", str(wheel)], check=True)
    listing = (
        "import importlib.resources as r; print(*(p.name for p in (r.files('safelight') / 'page').iterdir()))"
    )
    installed = subprocess.run(
        [new, "-c", listing], check=True, capture_output=True, text=True
    ).stdout.split()
    with zipfile.ZipFile(wheel) as packed:
        held = {Path(name).name for name in packed.namelist() if name.startswith("safelight/page/")}
    source = {file.name for file in PAGE.iterdir()}
    assert source <= held
    assert source <= set(installed)

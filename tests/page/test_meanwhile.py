"""What is done while something else is under way, and what is taken back: the picture is what will be saved."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.page.conftest import EXAMPLES, MakeDesk, start, stop
from tests.page.desk import Desk

pytestmark = pytest.mark.browser

SCRATCHED, CHILDREN = EXAMPLES / "scratched.jpg", EXAMPLES / "three-children-1860s.jpg"
INSIDE, ELSEWHERE = (0.5, 0.45), (0.3, 0.75)


class Held:
    """Requests that wait until they are let go on."""

    def __init__(self) -> None:
        self.routes: list[Any] = []

    def take(self, route: Any) -> None:
        """Hold one."""
        self.routes.append(route)


@pytest.fixture
def grey(desk: Desk) -> Desk:
    """A scratched portrait in the room Mend, without colors, filled by a classical method."""
    desk.open(SCRATCHED)
    desk.page.uncheck("#color-on")
    desk.room("mend").set_range("brush-size", 75).page.select_option("#method", "telea")
    return desk


def _stroke(desk: Desk, place: tuple[float, float]) -> None:
    x, y = place
    desk.drag((x - 0.03, y), (x + 0.03, y))


def _filled(desk: Desk) -> None:
    desk.page.click("#fill")
    desk.page.wait_for_function(
        "() => document.querySelector('#fill-state').textContent.endsWith('is filled.')"
    )
    desk.drawn()


def _marks(desk: Desk) -> np.ndarray:
    with Image.open(desk.saved("#save-mask")) as image:
        return np.asarray(image)


@pytest.mark.parametrize("how", ["clear", "erase"])
def test_without_marks_the_photo_is_as_it_was(grey: Desk, how: str) -> None:
    before = grey.pixel(*INSIDE)
    _stroke(grey, INSIDE)
    _filled(grey)
    filled = grey.pixel(*INSIDE)
    assert np.abs(filled - before).max() > 3
    if how == "clear":
        grey.page.click("#clear-mask")
    else:
        grey.page.click("#eraser")
        grey.set_range("brush-size", 100)
        _stroke(grey, INSIDE)
    assert grey.page.inner_text("#fill-state") == "Nothing is marked yet."
    assert (grey.drawn().pixel(*INSIDE) == before).all()
    grey.page.click("#download")
    grey.says("Nothing is colored or mended yet")
    grey.page.click("#more")
    grey.page.click("#save-project")
    grey.says("Nothing is colored or mended yet")
    grey.page.click("#undo")
    assert (grey.drawn().pixel(*INSIDE) == filled).all()


def test_what_was_undone_while_it_was_filled_is_not_called_filled(grey: Desk) -> None:
    held = Held()
    _stroke(grey, INSIDE)
    grey.page.route("**/fill", held.take)
    grey.page.click("#fill")
    while not held.routes:
        grey.page.wait_for_timeout(50)
    grey.page.keyboard.press("Control+z")
    grey.says("Undone: brush")
    before = grey.pixel(*INSIDE)
    held.routes[0].continue_()
    grey.page.wait_for_function("() => document.querySelector('#job').hidden")
    grey.page.wait_for_timeout(300)
    assert not grey.page.is_disabled("#redo")
    assert (grey.drawn().pixel(*INSIDE) == before).all()
    _stroke(grey, ELSEWHERE)
    assert not grey.page.is_disabled("#fill")
    assert grey.page.inner_text("#fill-state") == ""


def test_a_stroke_by_keys_that_is_not_ended_is_what_is_undone(grey: Desk) -> None:
    _stroke(grey, (0.5, 0.5))  # where the cross begins
    marked = _marks(grey)
    grey.page.click("#eraser")
    grey.page.focus("#stage")
    for key in ("ArrowLeft", "Enter", *["ArrowRight"] * 6):
        grey.page.keyboard.press(key)
    grey.page.keyboard.press("Control+z")
    grey.says("Undone: eraser")
    assert (_marks(grey) == marked).all()
    grey.page.keyboard.press("ArrowRight")  # the brush is up
    assert (_marks(grey) == marked).all()
    grey.page.click("#undo")
    assert grey.page.is_disabled("#save-mask")


def test_the_photo_that_was_asked_for_last_is_shown(make_desk: MakeDesk, tmp_path: Path) -> None:
    names = ["a.jpg", "b.jpg", "c.jpg"]
    for name, photo in zip(names, (SCRATCHED, CHILDREN, EXAMPLES / "scratched.jpg"), strict=True):
        with Image.open(photo) as image:
            image.resize((300, 300 + ord(name[0]))).save(tmp_path / name)
    room = start(*(tmp_path / name for name in names))
    try:
        desk = make_desk(room).colored()
        held = Held()
        second = desk.page.locator("#thumbs li").nth(1).get_attribute("data-id")
        desk.page.route(f"**/v1/photos/{second}", held.take)
        desk.page.locator("#thumbs button").nth(1).click()
        while not held.routes:
            desk.page.wait_for_timeout(50)
        desk.page.locator("#thumbs button").nth(2).click()
        desk.page.wait_for_function("() => document.title.startsWith('c.jpg')")
        held.routes[0].continue_()
        desk.colored().page.wait_for_timeout(500)
        assert desk.page.title().startswith("c.jpg")
    finally:
        stop(room)


def test_copies_of_a_photo_keep_work_of_their_own(make_desk: MakeDesk, tmp_path: Path) -> None:
    for name in ("a.jpg", "copy.jpg"):
        shutil.copy(CHILDREN, tmp_path / name)
    room = start(tmp_path / "a.jpg", tmp_path / "copy.jpg")

    def hints(desk: Desk, number: int) -> int:
        desk.page.locator("#thumbs button").nth(number).click()
        desk.page.wait_for_function(
            "([name]) => document.title.startsWith(name)", arg=[("a.jpg", "copy.jpg")[number]]
        )
        desk.colored()
        return len(desk.doc()["color"]["hints"])

    try:
        desk = make_desk(room).colored()
        desk.click(0.42, 0.8)
        assert hints(desk, 1) == 0
        desk.click(0.42, 0.8).click(0.17, 0.62).click(0.7, 0.3)
        assert hints(desk, 0) == 1
        desk.click(0.17, 0.62).colored()
        desk.page.wait_for_timeout(300)
        desk.page.reload()
        desk.ready().colored()
        assert [hints(desk, 0), hints(desk, 1)] == [2, 3]
    finally:
        stop(room)


def test_a_region_goes_with_its_hint(children: Desk) -> None:
    children.click(0.42, 0.8)
    children.page.click("#lasso")
    children.page.click("#delete-hint")
    children.says("Deleted")
    for place in ((0.42, 0.8), (0.17, 0.62), (0.7, 0.3)):
        children.click(*place)
    assert len(children.doc()["color"]["hints"]) == 3


def test_the_map_is_of_the_colors_that_are_shown(children: Desk) -> None:
    """A vivid answer is less sure than a cautious one, and the map asks again."""
    asked: list[str] = []
    children.page.on(
        "request", lambda request: asked.append(request.post_data) if "certainty" in request.url else None
    )
    children.set_range("vivid", 100).colored().room("look")
    children.page.check("#certainty")
    children.page.wait_for_function("() => document.querySelector('sl-stage').veil")
    assert '"vivid":1' in asked[-1].replace(" ", "")


def test_photos_that_were_looked_at_are_let_go_and_come_back(make_desk: MakeDesk, tmp_path: Path) -> None:
    """Hundreds of scans are paged through: four hold their pixels, all keep their work."""
    for number in range(6):
        with Image.open(SCRATCHED) as image:
            image.resize((300 + number, 320)).save(tmp_path / f"{number}.png")
    room = start(*(tmp_path / f"{number}.png" for number in range(6)))
    try:
        desk = make_desk(room).colored()
        desk.click(0.5, 0.5).room("mend")
        _stroke(desk, INSIDE)
        marked, first = _marks(desk), desk.pixel(0.2, 0.2)
        for number in range(1, 6):
            desk.page.click("#next")
            desk.page.wait_for_function("name => document.title.startsWith(name)", arg=f"{number}.png")
            desk.colored()
        desk.page.locator("#thumbs button").first.click()
        desk.page.wait_for_function("() => document.title.startsWith('0.png')")
        desk.colored()
        assert (_marks(desk) == marked).all()
        assert np.abs(desk.pixel(0.2, 0.2) - first).max() <= 1
        assert len(desk.doc()["color"]["hints"]) == 1
    finally:
        stop(room)

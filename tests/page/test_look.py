"""Look: before and after, zoom to the pixel, how sure the colors are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.page.conftest import MakeDesk
from tests.page.desk import Desk

pytestmark = pytest.mark.browser

JACKET = (0.17, 0.62)
RIGHT = (0.83, 0.6)


def test_before_and_after_by_pointer_and_by_key(children: Desk) -> None:
    colored = {place: children.pixel(*place).tolist() for place in (JACKET, RIGHT)}
    children.page.keyboard.down("o")
    print_ = {place: children.drawn().pixel(*place).tolist() for place in (JACKET, RIGHT)}
    children.page.keyboard.up("o")
    assert print_[JACKET] != colored[JACKET]
    assert print_[RIGHT] != colored[RIGHT]

    def shown(place: tuple[float, float]) -> str:
        pixel = children.drawn().pixel(*place).tolist()
        return "before" if pixel == print_[place] else "after" if pixel == colored[place] else "neither"

    children.room("look").page.check("#compare")
    assert (shown(JACKET), shown(RIGHT)) == ("before", "after")
    frame = children.page.locator("#stage").bounding_box()
    children.page.mouse.move(frame["x"] + frame["width"] / 2, frame["y"] + 200)
    children.page.mouse.down()
    children.page.mouse.move(frame["x"] + 2, frame["y"] + 200, steps=4)
    children.page.mouse.up()
    assert shown(JACKET) == "after"
    slider = children.page.get_by_role("slider", name="Line between before and after")
    slider.press("End")
    assert shown(RIGHT) == "before"
    slider.press("Home")
    assert shown(RIGHT) == "after"
    children.page.uncheck("#compare")
    assert shown(JACKET) == "after"
    children.page.check("#compare")
    slider.press("End")
    assert shown(RIGHT) == "before"
    children.room("color")  # where the line's switch is not
    assert shown(RIGHT) == "after"
    assert slider.is_hidden()
    assert not children.room("look").page.is_checked("#compare")


UNDER = """([x, y]) => {
  const stage = document.querySelector("sl-stage");
  const frame = stage.getBoundingClientRect();
  return stage.view.toPhoto(x - frame.left, y - frame.top);
}"""


def _scale(desk: Desk) -> float:
    return float(desk.page.evaluate("() => document.querySelector('sl-stage').view.scale"))


@pytest.fixture
def checkered(desk: Desk, tmp_path: Path) -> Desk:
    """A large picture of random grey pixels, of which a preview shows a mean only."""
    rng = np.random.default_rng(5)
    grey = rng.choice([0, 255], (1600, 2400)).astype(np.uint8)
    Image.fromarray(grey).save(tmp_path / "noise.png")
    desk.open(tmp_path / "noise.png", colored=False).drawn()
    desk.page.uncheck("#color-on")
    return desk


def test_zoom_shows_the_very_pixels(checkered: Desk, tmp_path: Path) -> None:
    with Image.open(tmp_path / "noise.png") as image:
        truth = np.asarray(image)
    asked: list[str] = []
    checkered.page.on(
        "response", lambda answer: asked.append(answer.url) if "preview" in answer.url else None
    )
    left, top = (round(each) for each in checkered.place(0.25, 0.75))
    under = checkered.page.evaluate(UNDER, [left, top])  # wheel events have whole pixels
    checkered.page.mouse.move(left, top)
    for _ in range(40):
        checkered.page.mouse.wheel(0, -240)
        if _scale(checkered) >= 16:
            break
    checkered.page.wait_for_function("() => document.querySelector('sl-stage').picture.part")
    checkered.drawn()
    view = "document.querySelector('sl-stage').view"
    seen = checkered.page.evaluate(f"() => {view}.visible")
    rows, columns = np.mgrid[seen["top"] + 4 : seen["top"] + 14, seen["left"] + 4 : seen["left"] + 14]
    for y, x in zip(rows.ravel().tolist(), columns.ravel().tolist(), strict=True):
        there = checkered.page.evaluate(f"([x, y]) => {view}.toStage(x + 0.5, y + 0.5)", [x, y])
        color = checkered.page.evaluate(
            "([x, y]) => document.querySelector('canvas.picture').getContext('2d').getImageData(x, y, 1, 1).data[0]",
            there,
        )
        assert color == truth[y, x]
    # The place under the cursor stayed there, and no answer had more than two megapixels.
    assert np.allclose(checkered.page.evaluate(UNDER, [left, top]), under, atol=0.01)
    assert all(int(url.split("pixels=")[1].split("&")[0]) <= 2_000_000 for url in asked)


def test_zoom_and_pan_by_keys_and_buttons(children: Desk) -> None:
    fitted = _scale(children)
    children.page.focus("#stage")
    children.page.keyboard.press("+")
    assert _scale(children) > fitted
    children.page.keyboard.press("1")
    assert _scale(children) == 1
    assert children.page.inner_text("#zoom-value") == "100%"
    before = children.place(0.5, 0.5)
    children.page.keyboard.press("Alt+ArrowRight")
    assert children.place(0.5, 0.5)[0] < before[0]
    children.page.keyboard.press("0")
    assert _scale(children) == fitted
    children.page.click("#zoom-in")
    children.page.click("#zoom-fit")
    assert _scale(children) == fitted
    children.room("look").drag((0.5, 0.5), (0.6, 0.55))
    assert children.place(0.5, 0.5)[0] > before[0]


def _touch(client: Any, kind: str, *points: tuple[float, float]) -> None:
    touches = [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(points)]
    client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def test_two_fingers_zoom_and_a_touchpad_does(make_desk: MakeDesk) -> None:
    from tests.page.conftest import EXAMPLES

    desk = make_desk(has_touch=True).open(EXAMPLES / "three-children-1860s.jpg")
    before = _scale(desk)
    x, y = desk.place(0.4, 0.4)
    client = desk.page.context.new_cdp_session(desk.page)
    _touch(client, "touchStart", (x - 40, y), (x + 40, y))
    for step in range(1, 9):
        _touch(client, "touchMove", (x - 40 - 10 * step, y), (x + 40 + 10 * step, y))
    _touch(client, "touchEnd")
    assert _scale(desk) == pytest.approx(3 * before, rel=0.02)
    assert np.allclose(desk.place(0.4, 0.4), (x, y), atol=1)
    assert "hint" not in desk.said.lower()
    desk.page.mouse.move(x, y)
    desk.page.evaluate(
        """([x, y]) => document.querySelector("sl-stage").dispatchEvent(
          new WheelEvent("wheel", { ctrlKey: true, deltaY: 30, clientX: x, clientY: y, cancelable: true }))""",
        [x, y],
    )
    assert _scale(desk) < 3 * before
    assert np.allclose(desk.place(0.4, 0.4), (x, y), atol=1)


def test_a_map_shows_where_the_colors_are_unsure(children: Desk) -> None:
    plain = {(x, y): children.pixel(x, y) for x in (0.2, 0.4, 0.6, 0.8) for y in (0.2, 0.5, 0.8)}
    children.room("look").page.check("#certainty")
    children.says("Sure of the color in").drawn()
    veiled = {place: children.pixel(*place) for place in plain}
    violet = [
        place
        for place in plain
        if (veiled[place][2] - veiled[place][1]) > (plain[place][2] - plain[place][1]) + 8
    ]
    assert violet
    children.page.uncheck("#certainty")
    assert all((children.drawn().pixel(*place) == plain[place]).all() for place in violet)

"""Keep: undo of everything, autosave, projects, results."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.page.conftest import EXAMPLES, MakeDesk
from tests.page.desk import Desk

pytestmark = pytest.mark.browser

CHILDREN = EXAMPLES / "three-children-1860s.jpg"
DRESS = (0.42, 0.8)
JACKET = (0.17, 0.62)


def _edit(desk: Desk) -> None:
    """A bit of everything: two hints, a color, a region, vividness, a stroke, an erased part, a setting."""
    desk.click(*DRESS)
    desk.page.fill("#hex", "#d02020")
    desk.page.press("#hex", "Enter")
    desk.page.click("#lasso")
    desk.drag((0.33, 0.72), (0.5, 0.7), (0.52, 0.88), (0.32, 0.9), (0.33, 0.74)).says("stays inside")
    desk.click(*JACKET).set_range("vivid", 80)
    desk.room("mend").drag((0.3, 0.1), (0.5, 0.1))
    desk.page.click("#eraser")
    desk.drag((0.4, 0.05), (0.4, 0.15))
    desk.page.click("#brush")
    desk.page.fill("#grow", "2")
    desk.page.press("#grow", "Tab")


def test_everything_is_undone_and_done_again(children: Desk) -> None:
    children.colored()
    first = children.doc()
    _edit(children)
    last = children.doc()
    steps = 0
    while not children.page.is_disabled("#undo"):
        children.page.keyboard.press("Control+z")
        steps += 1
    assert steps == 8
    assert children.said == "Undone: hint"
    assert {**children.doc(), "saved": ""} == {**first, "saved": ""}
    for _ in range(steps):
        children.page.keyboard.press("Control+Shift+z")
    assert children.page.is_disabled("#redo")
    assert {**children.doc(), "saved": ""} == {**last, "saved": ""}


def test_a_closed_page_loses_nothing(children: Desk) -> None:
    _edit(children)
    last = children.doc()
    context = children.page.context
    children.page.evaluate(
        """async () => {
          const { photos } = await (await fetch("/v1/photos")).json();
          await Promise.all(photos.map((each) => fetch(`/v1/photos/${each.id}`, { method: "DELETE" })));
        }"""
    )  # the service was started anew, and knows nothing
    address = children.page.url
    children.page.close()
    again = Desk(context.new_page())
    again.page.goto(address)
    again.ready().says("as you left it").colored()
    assert {**again.doc(), "saved": ""} == {**last, "saved": ""}
    again.page.keyboard.press("Control+z")
    again.says("Undone: method")


def test_a_project_is_saved_and_opened(children: Desk, make_desk: MakeDesk) -> None:
    _edit(children)
    project = children.saved("#save-project", menu=True)
    assert project.name.endswith("three-children-1860s.safelight.json")
    document = json.loads(project.read_text())
    assert document["steps"] == ["mend", "color"]
    other = make_desk().open(CHILDREN)
    with other.page.expect_file_chooser() as chooser:
        other.page.click("#more")
        other.page.click("#open-project")
    chooser.value.set_files(str(project))
    other.says("The project is open")
    assert other.doc() == document
    other.page.keyboard.press("Control+z")
    other.page.keyboard.press("Control+z")
    assert other.doc()["color"]["hints"] == []


def test_what_is_no_project_is_said(children: Desk, tmp_path: Path) -> None:
    def opened(content: object) -> str:
        file = tmp_path / "some.json"
        file.write_text(json.dumps(content))
        with children.page.expect_file_chooser() as chooser:
            children.page.click("#more")
            children.page.click("#open-project")
        before = children.said
        chooser.value.set_files(str(file))
        children.page.wait_for_function(
            "words => document.querySelector('#live').textContent !== words", arg=before
        )
        return children.said

    assert opened({"format": "else"}) == "This is no project file of safelight."
    assert "newer" in opened({"format": "safelight-project", "version": 99})
    other = {"format": "safelight-project", "version": 1, "photo": {"name": "aunt.jpg", "sha256": "0" * 64}}
    assert "aunt.jpg" in opened(other)


def test_the_download_has_full_size_and_the_colors_that_were_seen(children: Desk) -> None:
    children.click(*JACKET)
    children.page.fill("#hex", "#207050")
    children.page.press("#hex", "Enter")
    children.colored()
    result = children.saved("#download")
    children.says("Saved as")
    with Image.open(result) as image, Image.open(CHILDREN) as photo:
        image.load()
        assert image.size == photo.size
    pixels = np.asarray(image.convert("RGB"), float)
    for x, y in (JACKET, DRESS, (0.6, 0.1)):
        column, row = int(x * image.width), int(y * image.height)
        there = pixels[row - 2 : row + 3, column - 2 : column + 3].mean((0, 1))
        assert np.abs(there - children.pixel(x, y)).max() < 14  # fine texture, smaller on the screen; JPEG

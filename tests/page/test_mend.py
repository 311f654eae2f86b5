"""Mend: strokes, finds, masks and fills, each to the pixel or to the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.page.conftest import EXAMPLES, MakeDesk
from tests.page.desk import Desk

pytestmark = pytest.mark.browser


@pytest.fixture
def scratched(desk: Desk) -> Desk:
    """A scratched portrait in the room Mend."""
    return desk.open(EXAMPLES / "scratched.jpg").room("mend")


def _mask(desk: Desk) -> np.ndarray:
    """The marks, as the page saves them."""
    with Image.open(desk.saved("#save-mask")) as image:
        assert image.mode == "1"
        return np.asarray(image)


def _size(desk: Desk) -> tuple[int, int]:
    width, height = desk.page.evaluate(
        "() => { const { photo } = document.querySelector('sl-stage').view; return [photo.width, photo.height]; }"
    )
    return width, height


def test_brush_and_eraser_of_two_sizes(scratched: Desk) -> None:
    width, height = _size(scratched)
    scratched.set_range("brush-size", 70)
    broad = int(scratched.page.inner_text("#brush-size-value").split()[0])
    scratched.drag((0.3, 0.3), (0.6, 0.3))
    mask = _mask(scratched)
    column = mask[:, round(0.45 * width)]
    assert abs(int(column.sum()) - broad) <= 1
    assert abs(np.flatnonzero(column).mean() + 0.5 - 0.3 * height) <= 1
    scratched.set_range("brush-size", 45)
    scratched.page.click("#eraser")
    fine = int(scratched.page.inner_text("#brush-size-value").split()[0])
    scratched.drag((0.45, 0.2), (0.45, 0.4))
    gap = ~_mask(scratched)[round(0.3 * height), round(0.35 * width) : round(0.55 * width)]
    assert abs(int(gap.sum()) - fine) <= 1
    violet = scratched.page.evaluate(
        """([x, y]) => {
          const stage = document.querySelector("sl-stage");
          const at = stage.view.toStage(x, y).map((each) => Math.round(each * stage.ratio));
          return [...stage.querySelector("canvas.mask").getContext("2d").getImageData(...at, 1, 1).data];
        }""",
        [0.35 * width, 0.3 * height],
    )
    assert violet[3] > 100


@pytest.mark.parametrize("ratio", [1, pytest.param(2, marks=pytest.mark.slow), 3])
def test_strokes_and_hints_lie_under_the_cursor(make_desk: MakeDesk, ratio: int) -> None:
    desk = make_desk(device_scale_factor=ratio).open(EXAMPLES / "scratched.jpg").room("mend")
    width, height = _size(desk)
    desk.set_range("brush-size", 0)
    frame = desk.page.locator("#stage").bounding_box()
    cursor = (frame["x"] + 300.4, frame["y"] + 210.7)
    for scale in (0.1, 0.37, 1, 5.3, 16):
        desk.page.evaluate(
            """([scale, x, y]) => {
              const stage = document.querySelector("sl-stage");
              stage.view.zoomTo(scale);
              stage.view.x = 300.4 - x * scale;
              stage.view.y = 210.7 - y * scale;
              stage.viewChanged();
            }""",
            [scale, 0.4 * width, 0.6 * height],
        )
        desk.page.mouse.move(*cursor)
        desk.page.mouse.down()
        desk.page.mouse.up()
        rows, columns = np.nonzero(_mask(desk))
        assert abs(columns.mean() + 0.5 - 0.4 * width) <= 1
        assert abs(rows.mean() + 0.5 - 0.6 * height) <= 1
        desk.page.keyboard.press("Control+z")
        desk.room("color").page.mouse.click(*cursor)
        [hint] = desk.doc()["color"]["hints"]
        assert abs(hint["x"] * width - 0.4 * width) <= 1
        assert abs(hint["y"] * height - 0.6 * height) <= 1
        desk.page.keyboard.press("Control+z")
        desk.room("mend")


def test_finds_are_kept_or_refused_one_by_one(scratched: Desk) -> None:
    scratched.page.click("#find")
    scratched.says("scratches found")
    which = scratched.page.inner_text("#find-which")
    count = int(which.split()[-1])
    assert which.startswith("1 of")
    assert count >= 3
    assert scratched.page.is_disabled("#save-mask")
    scratched.page.click("#find-keep")
    scratched.says(f"{count - 1} are left")
    kept = _mask(scratched)
    assert kept.any()
    scratched.page.click("#find-next")
    scratched.page.click("#find-refuse")
    scratched.says(f"{count - 2} are left")
    assert (_mask(scratched) == kept).all()
    scratched.page.click("#find-keep-all")
    scratched.says("All are decided")
    assert _mask(scratched).sum() > kept.sum()


def test_a_mask_is_loaded_and_saved_without_a_change(scratched: Desk, tmp_path: Path) -> None:
    width, height = _size(scratched)
    drawn = Image.new("L", (width, height))
    draw = ImageDraw.Draw(drawn)
    draw.line((10, 20, width - 30, height - 50), 255, 3)
    draw.ellipse((100, 100, 133, 141), 255)
    drawn.save(tmp_path / "mask.png")
    with scratched.page.expect_file_chooser() as chooser:
        scratched.page.click("#load-mask")
    chooser.value.set_files(str(tmp_path / "mask.png"))
    scratched.says("The marks are loaded")
    assert (_mask(scratched) == (np.asarray(drawn) > 0)).all()
    scratched.page.click("#clear-mask")
    assert scratched.page.is_disabled("#save-mask")
    scratched.page.keyboard.press("Control+z")
    assert (_mask(scratched) == (np.asarray(drawn) > 0)).all()


def test_a_fill_changes_what_is_marked_and_nothing_else(scratched: Desk) -> None:
    inside, outside = (0.5, 0.45), [(0.2, 0.3), (0.8, 0.8), (0.5, 0.2)]
    scratched.room("color")
    scratched.page.uncheck("#color-on")
    scratched.room("mend").set_range("brush-size", 75)
    before = [scratched.pixel(*place) for place in (inside, *outside)]
    scratched.page.select_option("#method", "telea")
    scratched.drag((0.47, 0.45), (0.53, 0.45))
    scratched.page.click("#fill")
    scratched.says("Filled").drawn()
    assert scratched.page.inner_text("#fill-state") == "What is marked is filled."
    after = [scratched.pixel(*place) for place in (inside, *outside)]
    assert np.abs(after[0] - before[0]).max() > 3
    assert [each.tolist() for each in after[1:]] == [each.tolist() for each in before[1:]]
    telea = scratched.pixel(*inside)
    scratched.page.select_option("#method", "biharmonic")
    scratched.page.click("#fill")
    scratched.page.wait_for_function(
        "() => document.querySelector('#fill-state').textContent.endsWith('is filled.')"
    )
    scratched.page.wait_for_timeout(200)
    assert np.abs(scratched.drawn().pixel(*inside) - telea).max() > 0.5
    scratched.page.click("#undo")
    scratched.page.click("#undo")
    scratched.page.click("#undo")
    scratched.says("Undone").drawn()
    assert (scratched.pixel(*inside) == before[0]).all()


STATES = """async () => (await (await fetch("/v1/jobs")).json()).jobs.map((each) => `${each.kind} ${each.state}`)"""


def test_a_job_is_cancelled_and_the_next_one_runs(scratched: Desk) -> None:
    """The photo and the marks stay as they were; the worker is free, also for the job that was given up."""
    scratched.set_range("brush-size", 100).drag((0.2, 0.2), (0.8, 0.8), steps=3)
    scratched.page.select_option("#method", "biharmonic")
    before, marked = scratched.colored().pixel(0.5, 0.5), _mask(scratched).sum()
    scratched.page.click("#fill")
    scratched.page.click("#job-cancel")
    scratched.says("Cancelled").page.wait_for_selector("#job", state="hidden")
    scratched.page.wait_for_function(f"async () => (await ({STATES})()).includes('fill cancelled')")
    assert _mask(scratched).sum() == marked
    assert scratched.page.inner_text("#fill") == "Fill what is marked"
    assert (scratched.drawn().pixel(0.5, 0.5) == before).all()
    scratched.page.select_option("#method", "telea")
    scratched.page.click("#fill")
    scratched.says("Filled")

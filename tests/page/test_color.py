"""Color: each thing that a person does to hints ends in a pixel, a file or a message."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.page.conftest import EXAMPLES, MakeDesk
from tests.page.desk import Desk

pytestmark = pytest.mark.browser

DRESS = (0.42, 0.8)  # the white dress
JACKET = (0.17, 0.62)
WALL = (0.62, 0.12)


def _hex(desk: Desk, color: str) -> None:
    desk.page.fill("#hex", color)
    desk.page.press("#hex", "Enter")


def _redness(desk: Desk, place: tuple[float, float]) -> float:
    red, green, _ = desk.pixel(*place)
    return float(red - green)


def test_colors_appear_by_themselves(children: Desk) -> None:
    assert children.tint(*JACKET) > 12
    assert children.said == "In color."


def test_a_click_places_a_hint_of_the_color_that_is_there(children: Desk) -> None:
    before = children.pixel(*JACKET)
    children.click(*JACKET).says("Hint 1")
    [hint] = children.doc()["color"]["hints"]
    assert np.allclose([hint["x"], hint["y"]], JACKET, atol=0.001)
    color = np.array([int(hint["color"][at : at + 2], 16) for at in (1, 3, 5)])
    assert np.abs(color - before).max() < 40  # one pixel of cloth beside the mean of nine


def test_a_likely_color_is_taken_by_one_click(children: Desk) -> None:
    children.click(*JACKET)
    children.page.wait_for_selector("#likely .swatch")
    swatches = children.page.locator("#likely .swatch")
    color = swatches.nth(swatches.count() - 1).get_attribute("data-color")
    swatches.nth(swatches.count() - 1).click()
    children.colored()
    assert children.doc()["color"]["hints"][0]["color"] == color
    wanted = np.array([int(str(color)[at : at + 2], 16) for at in (1, 3, 5)], float)
    shown = children.pixel(*JACKET)
    # The hue is that of the swatch; the lightness stays the photo's.
    assert np.corrcoef(wanted - wanted.mean(), shown - shown.mean())[0, 1] > 0.9


def test_the_gamut_gives_a_color_at_the_lightness_of_the_place(children: Desk) -> None:
    children.click(*JACKET)
    frame = children.page.locator("#gamut").bounding_box()
    children.page.mouse.click(frame["x"] + 0.85 * frame["width"], frame["y"] + 0.5 * frame["height"])
    children.colored()
    assert _redness(children, JACKET) > 20
    children.page.locator("#gamut").press("ArrowLeft")
    children.says("Hint 1")


def test_a_color_is_typed_as_a_code_or_a_name(children: Desk) -> None:
    children.click(*DRESS)
    _hex(children, "firebrick")
    children.colored()
    assert children.doc()["color"]["hints"][0]["color"] == "#b22222"
    assert _redness(children, DRESS) > 25
    _hex(children, "#38f")
    assert children.doc()["color"]["hints"][0]["color"] == "#3388ff"
    _hex(children, "perhaps red")
    assert "is no color" in children.page.inner_text("#hex-wrong")
    assert children.doc()["color"]["hints"][0]["color"] == "#3388ff"


def test_recent_colors_are_offered_at_the_next_hint(children: Desk) -> None:
    children.click(*DRESS)
    _hex(children, "#2f6f4f")
    children.click(*JACKET)
    children.page.click("#recent .swatch[data-color='#2f6f4f']")
    assert [each["color"] for each in children.doc()["color"]["hints"]] == ["#2f6f4f", "#2f6f4f"]


def test_the_eyedropper_takes_a_color_of_this_picture(children: Desk) -> None:
    wanted = children.pixel(*JACKET)
    children.click(*DRESS)
    children.page.click("#pick")
    children.says("Click the picture where it has the color").click(*JACKET)
    [hint] = children.doc()["color"]["hints"]
    color = np.array([int(hint["color"][at : at + 2], 16) for at in (1, 3, 5)])
    assert np.abs(color - wanted).max() < 40
    assert np.allclose([hint["x"], hint["y"]], DRESS, atol=0.001)


def test_the_eyedropper_takes_a_color_of_another_picture(children: Desk, tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    Image.fromarray(np.full((30, 40, 3), (12, 160, 90), np.uint8)).save(other)
    children.click(*DRESS)
    children.page.click("#pick-other")
    with children.page.expect_file_chooser() as chooser:
        children.page.click("#pick-file")
    chooser.value.set_files(str(other))
    children.page.wait_for_selector("#pick-canvas:visible")
    children.page.click("#pick-canvas")
    assert children.doc()["color"]["hints"][0]["color"] == "#0ca05a"


def test_a_hint_is_moved_resized_and_deleted(children: Desk) -> None:
    children.click(*DRESS)
    _hex(children, "#c03030")
    children.colored().drag(DRESS, (0.3, 0.5), JACKET).says("Moved").colored()
    [hint] = children.doc()["color"]["hints"]
    assert np.allclose([hint["x"], hint["y"]], JACKET, atol=0.002)
    assert _redness(children, JACKET) > 25
    children.set_range("hint-size", 60)
    assert children.doc()["color"]["hints"][0]["radius"] == 0.09
    children.page.click("#delete-hint")
    children.says("Deleted").colored()
    assert children.doc()["color"]["hints"] == []
    assert _redness(children, JACKET) < 15


def test_a_lasso_keeps_a_hint_inside(children: Desk) -> None:
    outside = [WALL, JACKET, (0.75, 0.9)]
    before = [children.pixel(*place) for place in outside]
    children.click(*DRESS)
    children.page.click("#lasso")
    corners = [(0.33, 0.72), (0.5, 0.7), (0.52, 0.88), (0.32, 0.9), (0.33, 0.74)]
    children.drag(*corners).says("stays inside")
    _hex(children, "#d02020")
    children.colored()
    assert _redness(children, DRESS) > 25
    assert [children.pixel(*place).tolist() for place in outside] == [each.tolist() for each in before]
    region = children.doc()["color"]["hints"][0]["region"]
    assert 4 <= len(region) <= 40
    children.page.click("#lasso")
    assert "region" not in children.doc()["color"]["hints"][0]


def test_the_page_says_where_a_hint_would_help(children: Desk) -> None:
    children.page.click("#where")
    children.says("places are marked")
    first = children.page.locator("#places-list button").first
    words = first.inner_text()
    assert "Place 1" in words
    first.click()
    children.says("Hint 1").colored()
    assert len(children.doc()["color"]["hints"]) == 1


def test_vividness_and_reach_change_the_picture(children: Desk) -> None:
    children.set_range("vivid", 0).colored()
    dull = children.tint(*JACKET)
    children.set_range("vivid", 100).colored()
    assert children.tint(*JACKET) > dull + 5
    children.click(*DRESS)
    _hex(children, "#d02020")
    children.colored()
    near = _redness(children, (0.8, 0.7))
    children.set_range("reach", 100).colored()
    assert abs(_redness(children, (0.8, 0.7)) - near) > 2
    color = children.doc()["color"]
    assert (color["vivid"], color["reach"]) == (1.0, 1.0)


def test_kriged_colors_come_first_and_only_the_latest_wish_is_answered(children: Desk) -> None:
    asked: list[str] = []
    ended: list[str] = []
    failed: list[str] = []

    def stage_of(request: object) -> str:
        return str(getattr(request, "post_data_json", {}).get("stage", ""))

    page = children.page
    page.on("request", lambda request: asked.append(stage_of(request)) if "/colors" in request.url else None)
    page.on(
        "requestfinished",
        lambda request: ended.append(stage_of(request)) if "/colors" in request.url else None,
    )
    page.on(
        "requestfailed",
        lambda request: failed.append(stage_of(request)) if "/colors" in request.url else None,
    )
    children.click(*DRESS)
    children.colored()
    assert asked == ["kriged", "network"]
    page.wait_for_timeout(100)
    asked.clear()
    ended.clear()
    page.evaluate(
        """() => {
          const hex = document.querySelector("#hex");
          for (const color of ["#aa2222", "#22aa22", "#2222aa", "#999922", "#229999"]) {
            hex.value = color;
            hex.dispatchEvent(new Event("change"));
          }
        }"""
    )
    children.colored()
    page.wait_for_timeout(100)
    assert asked.count("network") == 1
    assert ended.count("network") == 1
    assert asked.count("kriged") == 5
    assert failed.count("kriged") >= 3
    red, green, blue = children.pixel(*DRESS)
    assert min(green, blue) > red + 5  # the last one, #229999


def test_the_pixels_are_those_of_safelight(make_desk: MakeDesk) -> None:
    import safelight

    children = make_desk(viewport={"width": 1600, "height": 1000}).open(EXAMPLES / "three-children-1860s.jpg")
    children.click(*JACKET)
    _hex(children, "#8c2f39")
    children.colored()
    hints = [
        safelight.Hint(each["x"], each["y"], each["color"], each["radius"])
        for each in children.doc()["color"]["hints"]
    ]
    photo = safelight.read_photo(EXAMPLES / "three-children-1860s.jpg")
    truth = safelight.load().recolor(photo, hints).pixels
    data = children.page.evaluate(
        "() => new Uint8Array(document.querySelector('sl-stage').picture.whole.pixels.data.buffer).toBase64()"
    )
    shown = np.frombuffer(base64.b64decode(data), np.uint8).reshape(*truth.shape[:2], 4)[..., :3]
    apart = np.abs(shown.astype(int) - truth)
    assert apart.max() <= 1
    assert (apart > 0).mean() < 0.02

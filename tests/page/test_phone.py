"""On a telephone, upright and turned, and on a tablet: nothing is covered, cut off, too small or out of reach."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.page.conftest import EXAMPLES, MakeDesk
from tests.page.desk import Desk

pytestmark = pytest.mark.browser

CHILDREN = EXAMPLES / "three-children-1860s.jpg"  # broader than high
SCRATCHED = EXAMPLES / "scratched.jpg"  # higher than broad
UPRIGHT, TURNED = (390, 844), (844, 390)
TARGET = 44  # CSS pixels that a finger needs
SIGHT = """() => {
  const { view } = document.querySelector("sl-stage");
  const frame = document.querySelector("sl-stage").getBoundingClientRect();
  const [left, top] = view.toStage(0, 0);
  const [right, bottom] = view.toStage(view.photo.width, view.photo.height);
  const photo = new DOMRect(frame.left + left, frame.top + top, right - left, bottom - top);
  return [...document.querySelectorAll("#zoom, #live, #job")].filter((each) => {
    const box = each.getBoundingClientRect();
    const shown = each.checkVisibility({ visibilityProperty: true }) && each.textContent.trim() && box.width > 0
      && getComputedStyle(each).clipPath === "none";
    const beside = box.left >= photo.right || photo.left >= box.right;
    return shown && !beside && box.top < photo.bottom && photo.top < box.bottom;
  }).map((each) => each.id);
}"""
SMALL = """(least) => [...document.querySelectorAll(
  "button, select, input:not([type=file], [type=checkbox]), label.switch, [role=slider]"
)].filter((each) => each.checkVisibility())
  .map((each) => [each, each.getBoundingClientRect()])
  .filter(([, box]) => box.width < least - 0.01 || box.height < least - 0.01)
  .map(([each, box]) => [each.id || each.className || each.textContent, box.width, box.height])"""
CUT = """() => {
  const wrong = [];
  for (const each of document.querySelectorAll("button, label, h2, h3, p, span, output, dt, dd, select, .live, .job")) {
    if (!each.checkVisibility({ visibilityProperty: true }) || !each.textContent.trim()) continue;
    if (getComputedStyle(each).clipPath !== "none" || each.closest(".live.old, .skip")) continue;
    const box = each.getBoundingClientRect();
    const narrow = each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== "inline";
    if (narrow || box.left < -0.5 || box.right > innerWidth + 0.5) wrong.push(each.id || each.textContent);
  }
  return wrong;
}"""


def phone(make_desk: MakeDesk, size: tuple[int, int] = UPRIGHT, **options: Any) -> Desk:
    """The page on a device with a touch screen."""
    width, height = size
    return make_desk(
        viewport={"width": width, "height": height},
        **{"has_touch": True, "is_mobile": True, "device_scale_factor": 2, **options},
    )


class Fingers:
    """Fingers on the screen, each at a place of the window."""

    def __init__(self, desk: Desk) -> None:
        self.client = desk.page.context.new_cdp_session(desk.page)
        self.page = desk.page

    def touch(self, kind: str, *points: tuple[float, float]) -> None:
        """touchStart, touchMove or touchEnd; points: of all fingers that are down then."""
        at = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self.client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    def stroke(self, start: tuple[float, float], end: tuple[float, float], steps: int = 6) -> None:
        """One finger down, and moved; it stays down."""
        self.touch("touchStart", start)
        for step in range(1, steps + 1):
            share = step / steps
            self.touch(
                "touchMove", (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
            )


def mask(desk: Desk) -> np.ndarray:
    """The marks (h, w) as the page saves them; all False where none can be saved."""
    if desk.page.is_disabled("#save-mask"):
        return np.zeros((1, 1), bool)
    with Image.open(desk.saved("#save-mask")) as image:
        return np.asarray(image)


@pytest.mark.parametrize("size", [UPRIGHT, TURNED, (768, 1024), (1280, 800)])
def test_nothing_lies_over_a_photo_that_is_fitted(make_desk: MakeDesk, size: tuple[int, int]) -> None:
    touch = size[0] != 1280
    desk = phone(make_desk, size, has_touch=touch, is_mobile=touch, device_scale_factor=1)
    for photo in (CHILDREN, SCRATCHED):
        desk.open(photo)
        assert desk.page.inner_text("#live")
        assert desk.page.evaluate(SIGHT) == [], photo.name
        zoomed = desk.page.evaluate("() => document.querySelector('sl-stage').view.scale")
        desk.page.evaluate("() => document.querySelector('sl-stage').zoomBy(0.5)")
        desk.page.click("#zoom-fit")
        assert desk.page.evaluate("() => document.querySelector('sl-stage').view.scale") == zoomed
    desk.room("mend").page.click("#find")
    desk.page.wait_for_selector("#job:visible")
    assert desk.page.evaluate(SIGHT) == []
    box = desk.page.locator("#job-cancel").bounding_box()
    assert box["x"] + box["width"] <= size[0]
    assert desk.page.locator("#job-text").bounding_box()["height"] < 40, "two lines at most, no word broken"
    desk.page.click("#job-cancel")
    desk.says("Cancelled")


def test_a_long_message_goes_when_the_picture_is_touched(make_desk: MakeDesk) -> None:
    desk = phone(make_desk).open(CHILDREN)
    desk.page.touchscreen.tap(*desk.place(0.2, 0.6))
    desk.says("Hint 1")
    desk.page.locator("#lasso").tap()
    desk.says("Draw around")
    assert desk.page.evaluate("() => document.querySelector('#live').classList.contains('old')") is False
    desk.page.touchscreen.tap(*desk.place(0.1, 0.5))
    desk.page.wait_for_function("() => getComputedStyle(document.querySelector('#live')).opacity === '0'")
    assert "Draw around" in desk.page.text_content("#live"), "it is still there for screen readers"


@pytest.mark.parametrize("size", [UPRIGHT, TURNED])
def test_a_finger_can_hit_everything(make_desk: MakeDesk, size: tuple[int, int]) -> None:
    desk = phone(make_desk, size)
    page = desk.page
    assert page.evaluate(SMALL, TARGET) == [], "welcome"
    desk.open(SCRATCHED).open(CHILDREN)
    page.touchscreen.tap(*desk.place(0.2, 0.6))
    page.locator("#likely .swatch").last.tap()
    page.wait_for_selector("#recent .swatch")
    assert page.evaluate(SMALL, TARGET) == [], "a hint"
    page.locator("#pick-other").tap()
    page.locator("#pick-thumbs button").first.tap()
    page.wait_for_selector("#pick-canvas:visible")
    close = page.locator("#pick-close").bounding_box()
    assert 0 <= close["y"] <= size[1] - TARGET, "there is a way back"
    page.locator("#pick-close").tap()
    page.locator("#hint-done").tap()
    page.locator("#where").tap()
    page.wait_for_selector("#places-list button")
    assert page.evaluate(SMALL, TARGET) == [], "places"
    page.locator("#more").tap()
    assert page.evaluate(SMALL, TARGET) == [], "menu"
    for inside in ("#save-project", "#help"):
        box = page.locator(inside).bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= size[1]
    page.keyboard.press("Escape")
    page.evaluate("() => document.querySelector('#finds').removeAttribute('hidden')")
    for room in ("mend", "look"):
        desk.room(room)
        page.evaluate("() => { document.querySelector('#finds').hidden = false; }")
        assert page.evaluate(SMALL, TARGET) == [], room
    sizes = page.evaluate(
        "() => [...document.querySelectorAll('input, select')].map((e) => getComputedStyle(e).fontSize)"
    )
    assert set(sizes) == {"16px"}, "a phone zooms in on smaller ones"


@pytest.mark.parametrize("locale", ["de-DE", "fr-FR"])
def test_no_word_is_cut_off(make_desk: MakeDesk, locale: str) -> None:
    desk = phone(make_desk, (360, 740), locale=locale)
    page = desk.page
    for size in ((360, 740), TURNED):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.reload()
        desk.ready()
        if not page.is_visible("#panel"):
            page.wait_for_selector("#welcome:visible, #panel:visible")
            assert page.evaluate(CUT) == [], (size, "welcome")
        if page.is_visible("#welcome"):
            desk.open(CHILDREN)
        page.wait_for_selector("#panel:visible")
        desk.drawn()
        page.touchscreen.tap(*desk.place(0.4, 0.6))
        page.wait_for_selector("#likely .swatch")
        page.evaluate("() => document.querySelector('#lasso').click()")
        for room in ("color", "mend", "look"):
            if room != "color":
                desk.room(room)
            page.evaluate(
                "() => { document.querySelector('#finds').hidden = document.querySelector('#job').hidden = false; }"
            )
            assert page.evaluate(CUT) == [], (size, room)
            page.evaluate(
                "() => { document.querySelector('#finds').hidden = document.querySelector('#job').hidden = true; }"
            )


def test_the_beginning_fits_a_turned_phone(make_desk: MakeDesk) -> None:
    page = phone(make_desk, TURNED, locale="de-DE").page
    page.wait_for_selector("#welcome:visible")
    for part in (".lamp", "#welcome h2", "#welcome-open", "#welcome > p:last-of-type"):
        box, bar = page.locator(part).bounding_box(), page.locator(".bar").bounding_box()
        assert box["y"] >= bar["y"] + bar["height"], part
        assert box["y"] + box["height"] <= TURNED[1], part


def test_a_finger_scrolls_past_the_colors_and_chooses_among_them(make_desk: MakeDesk) -> None:
    desk = phone(make_desk).open(CHILDREN)
    page = desk.page
    page.touchscreen.tap(*desk.place(0.2, 0.6))
    desk.colored()
    page.wait_for_selector("#likely .swatch")
    fingers = Fingers(desk)
    before = page.input_value("#hex")
    box = page.locator("#gamut").bounding_box()
    x, y = box["x"] + 0.85 * box["width"], box["y"] + 0.8 * box["height"]
    fingers.stroke((x, y), (x - 4, y - 120), 12)
    fingers.touch("touchEnd")
    page.wait_for_function("() => document.querySelector('#room-color').scrollTop > 60")
    assert page.input_value("#hex") == before
    box = page.locator("#gamut").bounding_box()
    middle = box["y"] + box["height"] / 2
    fingers.stroke((box["x"] + 0.2 * box["width"], middle), (box["x"] + 0.5 * box["width"], middle - 20))
    fingers.touch("touchEnd")
    page.wait_for_function("before => document.querySelector('#hex').value !== before", arg=before)
    across = page.input_value("#hex")
    x, y = page.evaluate(
        """() => {
          const gamut = document.querySelector("#gamut");
          const { left, top } = gamut.getBoundingClientRect();
          return [left + gamut.dot.x, top + gamut.dot.y];
        }"""
    )
    top = page.evaluate("() => document.querySelector('#room-color').scrollTop")
    fingers.stroke((x, y), (x, y + 30))
    fingers.touch("touchEnd")
    page.wait_for_function("before => document.querySelector('#hex').value !== before", arg=across)
    assert page.evaluate("() => document.querySelector('#room-color').scrollTop") == top, (
        "on the dot it is a choice"
    )


def test_two_fingers_zoom_and_leave_no_mark_and_a_stroke_is_not_lost_to_a_second_one(
    make_desk: MakeDesk,
) -> None:
    desk = phone(make_desk).open(SCRATCHED).room("mend")
    page, fingers = desk.page, Fingers(desk)
    one, other = desk.place(0.4, 0.4), desk.place(0.6, 0.6)
    scale = page.evaluate("() => document.querySelector('sl-stage').view.scale")
    fingers.touch("touchStart", one)
    fingers.touch("touchMove", (one[0] + 3, one[1] + 3))
    fingers.touch("touchStart", one, other)
    for step in range(1, 5):
        fingers.touch(
            "touchMove", (one[0] - 8 * step, one[1] - 8 * step), (other[0] + 8 * step, other[1] + 8 * step)
        )
    fingers.touch("touchEnd", one)
    fingers.touch("touchEnd")
    desk.drawn()
    assert page.evaluate("() => document.querySelector('sl-stage').view.scale") > 1.2 * scale
    assert page.evaluate("() => visualViewport.scale") == 1
    assert not mask(desk).any()
    page.locator("#zoom-fit").tap()
    start, end = desk.place(0.2, 0.3), desk.place(0.7, 0.3)
    fingers.stroke(start, end)
    page.wait_for_timeout(400)
    fingers.touch("touchMove", end)
    fingers.touch("touchStart", end, desk.place(0.5, 0.8))
    fingers.touch("touchMove", desk.place(0.8, 0.3), desk.place(0.5, 0.82))
    fingers.touch("touchEnd", desk.place(0.8, 0.3))
    fingers.touch("touchEnd")
    drawn = mask(desk)
    height, width = drawn.shape
    columns = np.flatnonzero(drawn.any(axis=0)) / width
    assert abs(columns.min() - 0.2) < 0.05
    assert abs(columns.max() - 0.8) < 0.05, "the finger that draws goes on"
    assert not drawn[round(0.6 * height) :].any(), "and the other one draws nothing"


def test_a_hand_that_rests_beside_the_pen_neither_draws_nor_zooms(make_desk: MakeDesk) -> None:
    desk = phone(make_desk, (768, 1024)).open(SCRATCHED).room("mend")
    scale = desk.page.evaluate("() => document.querySelector('sl-stage').view.scale")
    desk.page.evaluate(
        """([a, b, c, hand, other]) => {
          const stage = document.querySelector("sl-stage");
          stage.setPointerCapture = () => undefined; // these pointers are none of the browser's
          const send = (kind, id, pointerType, [x, y]) => stage.dispatchEvent(new PointerEvent(kind, {
            pointerId: id, pointerType, clientX: x, clientY: y, button: 0, buttons: 1, pressure: 0.5, bubbles: true }));
          send("pointerdown", 7, "touch", other);
          send("pointerdown", 9, "pen", a);
          send("pointermove", 9, "pen", b);
          send("pointerdown", 8, "touch", hand);
          send("pointermove", 8, "touch", [hand[0] + 40, hand[1] + 40]);
          send("pointermove", 7, "touch", [other[0] + 40, other[1]]);
          send("pointermove", 9, "pen", c);
          send("pointerup", 8, "touch", hand);
          send("pointerup", 9, "pen", c);
          send("pointerup", 7, "touch", other);
        }""",
        [list(desk.place(*at)) for at in ((0.2, 0.2), (0.5, 0.2), (0.8, 0.2), (0.7, 0.8), (0.3, 0.8))],
    )
    drawn = mask(desk)
    height, width = drawn.shape
    columns = np.flatnonzero(drawn.any(axis=0)) / width
    assert abs(columns.min() - 0.2) < 0.05
    assert abs(columns.max() - 0.8) < 0.05
    assert not drawn[height // 2 :].any()
    assert desk.page.evaluate("() => document.querySelector('sl-stage').view.scale") == scale


def test_corners_that_are_set_stay_when_one_zooms_between_them(make_desk: MakeDesk) -> None:
    desk = phone(make_desk).open(CHILDREN)
    page, fingers = desk.page, Fingers(desk)
    page.touchscreen.tap(*desk.place(0.2, 0.6))
    desk.says("Hint 1")
    page.locator("#lasso").tap()
    for corner in ((0.1, 0.4), (0.3, 0.4)):
        page.touchscreen.tap(*desk.place(*corner))
    one, other = desk.place(0.4, 0.4), desk.place(0.6, 0.6)
    fingers.touch("touchStart", one)
    fingers.touch("touchStart", one, other)
    fingers.touch("touchMove", one, (other[0] + 8, other[1] + 8))
    fingers.touch("touchEnd", one)
    fingers.touch("touchEnd")
    page.locator("#zoom-fit").tap()
    page.touchscreen.tap(*desk.place(0.3, 0.8))
    page.locator("#lasso").tap()
    desk.says("stays inside")
    (hint,) = desk.doc()["color"]["hints"]
    region = np.array(hint["region"])
    np.testing.assert_allclose(region, [[0.1, 0.4], [0.3, 0.4], [0.3, 0.8]], atol=0.02)


def test_a_phone_that_is_turned_amid_a_stroke_ends_it_there(make_desk: MakeDesk) -> None:
    desk = phone(make_desk).open(SCRATCHED).room("mend")
    page, fingers = desk.page, Fingers(desk)
    fingers.stroke(desk.place(0.3, 0.3), desk.place(0.5, 0.3))
    page.set_viewport_size({"width": TURNED[0], "height": TURNED[1]})
    page.wait_for_function("() => document.querySelector('sl-stage').view.stage.height < 360")
    fingers.touch("touchMove", desk.place(0.9, 0.9))
    fingers.touch("touchEnd")
    drawn = mask(desk)
    rows, columns = (np.flatnonzero(drawn.any(axis=axis)) / drawn.shape[1 - axis] for axis in (1, 0))
    assert abs(rows.mean() - 0.3) < 0.03
    assert rows.max() < 0.4
    assert columns.max() < 0.56
    assert page.evaluate(SIGHT) == [], "it is fitted anew"
    page.locator("#undo").tap()
    desk.says("Undone")


def _seen(desk: Desk, selector: str) -> bool:
    """Whether all of an element is in the window and in its scrolled room."""
    return bool(
        desk.page.evaluate(
            """(selector) => {
              const box = document.querySelector(selector).getBoundingClientRect();
              const room = document.querySelector("#room-color").getBoundingClientRect();
              const below = Math.min(innerHeight, visualViewport.height, room.bottom);
              return box.height > 0 && box.top >= room.top - 0.5 && box.bottom <= below + 0.5;
            }""",
            selector,
        )
    )


def test_a_keyboard_on_the_screen_hides_neither_the_field_nor_all_of_the_photo(make_desk: MakeDesk) -> None:
    desk = phone(make_desk).open(CHILDREN)
    page = desk.page
    assert "interactive-widget=resizes-content" in page.get_attribute("meta[name=viewport]", "content")
    page.touchscreen.tap(*desk.place(0.2, 0.6))
    page.wait_for_selector("#likely .swatch")
    page.locator("#hex").tap()
    page.set_viewport_size({"width": 390, "height": 500})  # as Chromium on Android makes it
    page.wait_for_timeout(300)
    assert _seen(desk, "#hex")
    assert page.locator("#stage").bounding_box()["height"] > 120
    page.fill("#hex", "no color")
    page.press("#hex", "Enter")
    assert _seen(desk, "#hex-wrong"), "what is wrong is not below the edge"
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate("() => document.querySelector('#room-color').scrollTo(0, 0)")
    page.evaluate(  # as Safari makes it: the window stays, and the keyboard lies over it
        """() => {
          Object.defineProperty(visualViewport, "height", { configurable: true, get: () => 500 });
          visualViewport.dispatchEvent(new Event("resize"));
        }"""
    )
    page.wait_for_timeout(300)
    assert page.locator("body").bounding_box()["height"] == 500
    assert _seen(desk, "#hex")
    page.evaluate(
        "() => { delete visualViewport.height; visualViewport.dispatchEvent(new Event('resize')); }"
    )
    assert page.locator("body").bounding_box()["height"] == 844


@pytest.mark.parametrize(
    ("size", "insets"),
    [(UPRIGHT, {"top": 47, "bottom": 34}), (TURNED, {"left": 47, "right": 47, "bottom": 21})],
)
def test_nothing_to_touch_lies_under_a_notch_or_a_round_corner(
    make_desk: MakeDesk, size: tuple[int, int], insets: dict[str, int]
) -> None:
    desk = phone(make_desk, size, locale="de-DE")
    client = desk.page.context.new_cdp_session(desk.page)
    client.send("Emulation.setSafeAreaInsetsOverride", {"insets": insets})
    desk.open(SCRATCHED).open(CHILDREN)
    desk.page.touchscreen.tap(*desk.place(0.2, 0.6))
    desk.page.evaluate("() => document.querySelector('#lasso').click()")
    message = desk.page.locator("#live").bounding_box()
    for each in desk.page.locator(".tools button").all():
        box = each.bounding_box()
        beside = box["x"] >= message["x"] + message["width"] or box["y"] >= message["y"] + message["height"]
        assert beside or box["y"] + box["height"] <= message["y"], "a message covers no button"
    desk.page.locator("#more").tap()
    desk.page.wait_for_selector("#menu:visible")
    boxes = desk.page.evaluate(
        """() => [...document.querySelectorAll(
            ".bar button, #menu button, #zoom, #live, .tabs, #room-color, #thumbs, #next"
          )].map((each) => [each.id || each.className, each.getBoundingClientRect()]).map(
          ([name, box]) => [name, box.left, box.top, box.right, box.bottom])"""
    )
    assert len(boxes) > 14
    width, height = size
    for name, left, top, right, bottom in boxes:
        assert left >= insets.get("left", 0), name
        assert right <= width - insets.get("right", 0), name
        assert top >= insets.get("top", 0), name
        assert bottom <= height - insets.get("bottom", 0) + 0.5, name
    bar, menu = (desk.page.locator(each).bounding_box() for each in ("#more", "#menu"))
    assert menu["y"] >= bar["y"] + bar["height"] - 1, "the menu is below its button"


def test_a_double_tap_zooms_no_page_and_sets_one_hint(make_desk: MakeDesk) -> None:
    desk = phone(make_desk).open(CHILDREN)
    page = desk.page
    client = page.context.new_cdp_session(page)
    for place in (desk.place(0.2, 0.6), (195, 740)):  # the picture, and words in the panel
        x, y = place
        client.send("Input.synthesizeTapGesture", {"x": x, "y": y, "tapCount": 2, "duration": 30})
        page.wait_for_timeout(500)
        assert page.evaluate("() => visualViewport.scale") == 1
    assert re.search(r"\b1\b|One", page.text_content("#hints-title"))
    assert len(desk.doc()["color"]["hints"]) == 1
    behaviors = page.evaluate(
        """() => ["html", "body", "#room-color"].map(
          (each) => getComputedStyle(document.querySelector(each)).overscrollBehaviorY)"""
    )
    assert behaviors == ["none", "none", "contain"], "a swipe down at the top does not load the page anew"


def test_a_double_tap_in_look_goes_nearer_and_back(make_desk: MakeDesk) -> None:
    desk = phone(make_desk).open(CHILDREN).room("look")
    page = desk.page
    view = "document.querySelector('sl-stage').view"
    fitted = page.evaluate(f"() => {view}.scale")
    x, y = desk.place(0.3, 0.6)

    def tap(times: int, apart: float = 0, pause: int = 60) -> float:
        for number in range(times):
            page.touchscreen.tap(x + number * apart, y)
            page.wait_for_timeout(pause)
        return float(page.evaluate(f"() => {view}.scale"))

    assert tap(1, pause=500) == fitted
    assert tap(2, apart=60, pause=100) == fitted, "two places"
    page.wait_for_timeout(500)
    assert tap(2, pause=500) == fitted, "too slow"
    assert tap(2) == pytest.approx(
        max(3 * fitted, 1 / 2)
    )  # 1 / 2: one pixel for one, with two to a CSS pixel
    frame = page.locator("#stage").bounding_box()
    photo = page.evaluate(f"([x, y]) => {view}.toPhoto(x, y)", [x - frame["x"], y - frame["y"]])
    width, height = page.evaluate(f"() => [{view}.photo.width, {view}.photo.height]")
    assert np.allclose(photo, [0.3 * width, 0.6 * height], atol=1.5), "the place stays under the finger"
    page.wait_for_timeout(500)
    assert tap(2) == fitted
    page.wait_for_timeout(500)
    assert tap(3) > fitted, "the third tap is not the second of another pair"

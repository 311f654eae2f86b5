"""For everyone: axe in every state, keyboard alone, touch alone, three languages, light and dark, narrow screens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.page.conftest import EXAMPLES, MakeDesk
from tests.page.desk import Desk

pytestmark = pytest.mark.browser

PAGE = Path(__file__).parents[2] / "src" / "safelight" / "page"
CHILDREN = EXAMPLES / "three-children-1860s.jpg"
SCRATCHED = EXAMPLES / "scratched.jpg"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Axe:
    """Runs axe in one state after the other, and keeps what it finds."""

    def __init__(self, desk: Desk) -> None:
        self.axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
        self.desk = desk
        self.wrong: list[tuple[str, str, str]] = []

    def look(self, state: str) -> None:
        """Violations, and what axe could not decide, other than contrast over the picture."""
        self.desk.page.evaluate("() => Promise.all(document.getAnimations().map((each) => each.finished))")
        found = self.axe.run(self.desk.page, options={"runOnly": RULES}).response
        for kind in ("violations", "incomplete"):
            for rule in found[kind]:
                for node in rule["nodes"]:
                    if kind == "violations" or not _undecidable(rule["id"], node):
                        self.wrong.append((state, rule["id"], str(node["target"])))


def _undecidable(rule: str, node: Any) -> bool:
    """Contrast that axe leaves open: over a picture or a gradient, behind the end of a scrolled list, of one letter.
    These were looked at by eye."""
    said = " ".join(each["message"] for kind in ("any", "all", "none") for each in node[kind])
    return rule == "color-contrast" and bool(
        re.search("gradient|image node|obscured|too short|overlap", said)
    )


@pytest.mark.parametrize("scheme", ["dark", pytest.param("light", marks=pytest.mark.slow)])
def test_axe_finds_nothing_in_any_state(make_desk: MakeDesk, scheme: str) -> None:
    desk = make_desk(color_scheme=scheme)
    axe = Axe(desk)
    axe.look("welcome")
    desk.open(SCRATCHED)
    desk.open(CHILDREN)
    axe.look("two photos")
    desk.page.click("#more")
    axe.look("menu")
    desk.page.keyboard.press("Escape")
    desk.click(0.2, 0.6).colored()
    desk.page.fill("#hex", "no color")
    desk.page.press("#hex", "Enter")
    desk.page.wait_for_selector("#likely .swatch")
    axe.look("a hint, and a wrong color")
    desk.page.click("#pick-other")
    desk.page.locator("#pick-thumbs button").first.click()
    desk.page.wait_for_selector("#pick-canvas:visible")
    axe.look("eyedropper on another picture")
    desk.page.click("#pick-close")
    desk.page.click("#hint-done")
    desk.page.click("#where")
    desk.says("places are marked")
    axe.look("where next")
    desk.room("mend").page.click("#find")
    desk.page.wait_for_function(
        "() => !document.querySelector('#job').hidden || !document.querySelector('#finds').hidden"
    )
    axe.look("mend")
    desk.room("look").page.check("#compare")
    desk.page.check("#certainty")
    axe.look("look")
    desk.page.keyboard.press("?")
    desk.page.wait_for_selector("#help-dialog[open]")
    axe.look("help")
    assert axe.wrong == []


def _tab_to(desk: Desk, selector: str) -> None:
    """By Tab alone, as somebody without a pointer."""
    for _ in range(60):
        if desk.page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector):
            return
        desk.page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by Tab")


def test_from_open_to_download_by_keyboard_alone(desk: Desk) -> None:
    keys = desk.page.keyboard
    desk.page.wait_for_selector("#welcome:visible")
    _tab_to(desk, "#welcome-open")
    with desk.page.expect_file_chooser() as chooser:
        keys.press("Space")  # Enter opens no chooser when a driver presses it
    chooser.value.set_files(str(SCRATCHED))
    desk.page.wait_for_function("() => document.title.startsWith('scratched')")
    desk.colored()
    _tab_to(desk, "#stage")
    for key in ("ArrowUp", "Shift+ArrowLeft", "Shift+ArrowLeft", "ArrowDown"):
        keys.press(key)
    assert "% across" in desk.said
    keys.press("Enter")
    desk.says("Hint 1")
    _tab_to(desk, "#likely .swatch, #gamut")
    _tab_to(desk, "#hex")
    keys.press("Control+a")
    keys.type("seagreen")
    keys.press("Enter")
    desk.colored().says("Hint 1: green")
    _region_by_keys(desk)
    keys.press("m")
    keys.press("]")
    keys.press("Enter")
    desk.says("brush is down")
    for _ in range(4):
        keys.press("ArrowRight")
    keys.press("Enter")
    desk.says("brush is up")
    keys.press("f")
    desk.says("scratches found")
    keys.press("a")
    desk.says("are left")
    keys.press("x")
    keys.press("g")
    desk.says("Filled")
    keys.press("k")
    desk.page.wait_for_selector(".divider:visible")
    keys.press("Control+z")
    desk.says("Undone: filled")
    keys.press("Control+Shift+z")
    with desk.page.expect_download() as download:
        keys.press("Control+s")
    assert download.value.suggested_filename.startswith("scratched")
    desk.says("Saved as")


def _region_by_keys(desk: Desk) -> None:
    """Three corners and the last one twice, which closes it."""
    keys = desk.page.keyboard
    keys.press("Escape")
    _tab_to(desk, "#lasso")
    keys.press("Enter")
    desk.says("Draw around the region")
    _tab_to(desk, "#stage")
    for key in ("Shift+ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown", "Shift+ArrowDown"):
        keys.press(key)
        keys.press("Enter")
    keys.press("Enter")
    desk.says("stays inside")


def test_from_open_to_download_by_touch_alone(make_desk: MakeDesk) -> None:
    desk = make_desk(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, device_scale_factor=2
    )
    page = desk.page
    with page.expect_file_chooser() as chooser:
        page.tap("#welcome-open")
    chooser.value.set_files(str(CHILDREN))
    page.wait_for_function("() => document.title.startsWith('three')")
    desk.colored()
    page.touchscreen.tap(*desk.place(0.17, 0.62))
    desk.says("Hint 1")
    page.locator("#likely .swatch").last.tap()
    desk.colored()
    client = page.context.new_cdp_session(page)
    gamut = page.locator("sl-gamut")
    gamut.scroll_into_view_if_needed()
    frame = gamut.bounding_box()
    middle = frame["y"] + frame["height"] / 2
    _swipe(client, (frame["x"] + 0.3 * frame["width"], middle), (frame["x"] + 0.6 * frame["width"], middle))
    page.tap("#tab-mend")  # after each quick swipe the next tap counts
    _swipe(client, desk.place(0.3, 0.3), desk.place(0.6, 0.35))
    page.tap("#fill")
    desk.says("Filled")
    page.tap("#tab-look")
    page.tap("label:has(#compare)")
    _, y = desk.place(0.5, 0.5)
    _swipe(client, (page.viewport_size["width"] / 2, y), (40, y))
    desk.drawn()  # the line says where it is when it is drawn
    assert float(page.locator(".divider").get_attribute("aria-valuenow")) < 20
    with page.expect_download() as download:
        page.tap("#download")
    assert download.value.suggested_filename.startswith("three-children")


def _swipe(client: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    def touch(kind: str, *points: tuple[float, float]) -> None:
        client.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]}
        )

    touch("touchStart", start)
    for step in range(1, 7):
        share = step / 6
        touch("touchMove", tuple(a + share * (b - a) for a, b in zip(start, end, strict=True)))  # type: ignore[arg-type]
    touch("touchEnd")


def test_a_pen_draws_broader_with_more_pressure(desk: Desk) -> None:
    desk.open(SCRATCHED).room("mend").set_range("brush-size", 75)
    client = desk.page.context.new_cdp_session(desk.page)
    widths = []
    for force, y in ((0.1, 0.3), (1.0, 0.6)):
        for kind, x in (
            ("mousePressed", 0.3),
            ("mouseMoved", 0.5),
            ("mouseMoved", 0.7),
            ("mouseReleased", 0.7),
        ):
            left, top = desk.place(x, y)
            common = {"button": "left", "clickCount": 1, "pointerType": "pen", "force": force}
            client.send(
                "Input.dispatchMouseEvent", {"type": kind, "x": left, "y": top, "buttons": 1, **common}
            )
        with Image.open(desk.saved("#save-mask")) as mask:
            column = mask.crop(
                (mask.width // 2, int(y * mask.height) - 100, mask.width // 2 + 1, int(y * mask.height) + 100)
            )
            widths.append(sum(column.get_flattened_data()) // 255)
    assert widths[1] > 1.8 * widths[0]


def test_the_page_speaks_three_languages(make_desk: MakeDesk) -> None:
    desk = make_desk(locale="de-DE").open(CHILDREN)
    assert desk.said == "In Farbe."
    assert desk.page.get_attribute("html", "lang") == "de"
    desk.page.click("#more")
    desk.page.select_option("#language", "fr")
    assert desk.page.inner_text("#download") == "Télécharger"
    desk.page.reload()
    assert desk.ready().page.inner_text("#tab-color") == "Couleur"


def test_no_word_stands_outside_the_table(desk: Desk) -> None:
    rows = desk.page.evaluate("async () => (await import('/page/strings.js')).TABLE")
    assert set(rows) == {"en", "de", "fr"}

    def holes(sentence: Any) -> set[str]:
        text = " ".join(sentence.values()) if isinstance(sentence, dict) else sentence
        return set(re.findall(r"\{\w+\}", text))

    for language in ("de", "fr"):
        assert set(rows[language]) == set(rows["en"])
        for key, sentence in rows["en"].items():
            assert holes(rows[language][key]) - {"{n}"} == holes(sentence) - {"{n}"}, (language, key)
    words = re.sub(
        r"<(script|style|svg)\b.*?</\1>|<[^>]+>", " ", (PAGE / "index.html").read_text(), flags=re.S
    ).split()
    assert set(words) <= {"safelight", "English", "Deutsch", "Français", "100", "%", "?"}
    used = set(re.findall(r'data-t(?:-label)?="(\w+)"', (PAGE / "index.html").read_text()))
    assert used <= set(rows["en"])
    source = "".join(file.read_text() for file in PAGE.glob("*.js") if file.name != "strings.js")
    unused = {
        key
        for key in rows["en"]
        if key not in used and f'"{key}"' not in source and not key.startswith("do_")
    }
    assert unused == set()


@pytest.mark.parametrize(("scheme", "dark"), [("dark", True), ("light", False)])
def test_light_and_dark_as_the_system_says_or_as_chosen(make_desk: MakeDesk, scheme: str, dark: bool) -> None:
    desk = make_desk(color_scheme=scheme)

    def is_dark() -> bool:
        color = desk.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", color)[:3])) < 384

    assert is_dark() == dark
    desk.page.click("#more")
    desk.page.select_option("#theme", "light" if dark else "dark")
    assert is_dark() != dark
    desk.page.reload()
    assert is_dark() != dark


@pytest.mark.parametrize("width", [390, pytest.param(320, marks=pytest.mark.slow)])
def test_a_narrow_screen_shows_all_without_scrolling_sideways(make_desk: MakeDesk, width: int) -> None:
    desk = make_desk(viewport={"width": width, "height": 844}, locale="de-DE").open(CHILDREN)
    for room in ("color", "mend", "look"):
        desk.room(room)
        wide = desk.page.evaluate(
            """() => [...document.querySelectorAll("body, .bar, main, .panel, .room:not([hidden]), .card")].filter(
              (each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.id || each.className)"""
        )
        assert wide == []
    small = desk.page.evaluate(
        """() => [...document.querySelectorAll("button")].filter((each) => each.checkVisibility()).map(
          (each) => [each.id, each.getBoundingClientRect()]).filter(
          ([, box]) => box.width < 24 || box.height < 24).map(([id]) => id)"""
    )
    assert small == []
    stage = desk.page.locator("#stage").bounding_box()
    assert stage["height"] > 250

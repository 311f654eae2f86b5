"""Make the pictures of the darkroom from the shipped examples: python docs/make_screenshots.py [NAME...]

Needs safelight[darkroom], playwright and a Chromium. Writes docs/pictures/darkroom-*.jpg:

color       a hint on an old photograph, its likely colors and its gamut     1280 × 800, dark
where       where a hint would help most                                     1280 × 800, light
mend        scratches found, to be kept or refused                           1280 × 800, dark
look        before and after                                                 1280 × 800, light
phone-…     the same page on a narrow screen: color, mend, look              390 × 844
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
OUT = ROOT / "docs" / "pictures"
NAMES = ("three-children-1860s.jpg", "scratched.jpg", "madison-square-1900.jpg", "sphinx-1870s.jpg")
JACKET, WALL = (0.17, 0.62), (0.62, 0.14)
PLACE = """([x, y]) => {
  const stage = document.querySelector("sl-stage");
  const frame = stage.getBoundingClientRect();
  const [left, top] = stage.view.toStage(x * stage.view.photo.width, y * stage.view.photo.height);
  return [frame.left + left, frame.top + top];
}"""


@contextmanager
def darkroom() -> Iterator[str]:
    """A darkroom with the example photos; its address."""
    photos = [str(ROOT / "examples" / name) for name in NAMES]
    command = [sys.executable, "-m", "safelight", "darkroom", "--no-browser", "--port", "0", *photos]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            if found := re.search(r"http://\S+", line):
                break
        try:
            yield found.group() if found else ""
        finally:
            process.terminate()


def colored(page: Any) -> None:
    """Wait for the colors and the picture, and for what follows them."""
    page.wait_for_selector("sl-stage[data-answer=network]")
    page.wait_for_function("() => document.querySelector('sl-stage').picture?.whole")
    page.wait_for_timeout(700)


def hint(page: Any, place: tuple[float, float], color: str) -> None:
    """A hint of this color."""
    page.mouse.click(*page.evaluate(PLACE, list(place)))
    page.wait_for_selector("#likely .swatch")
    page.fill("#hex", color)
    page.press("#hex", "Enter")
    colored(page)


def color(page: Any) -> None:
    """Two hints; the second is being worked on."""
    hint(page, JACKET, "#35527c")
    hint(page, WALL, "#8fa08a")
    page.locator("#hex").blur()
    page.evaluate("() => document.querySelector('#room-color').scrollTo(0, 0)")


def where(page: Any) -> None:
    """Where a hint would help."""
    page.click("#where")
    page.wait_for_selector("#places-list button")


def mend(page: Any) -> None:
    """Scratches, some kept, the others to be decided."""
    page.click("#thumbs li:nth-child(2) button")
    page.wait_for_function("() => document.title.startsWith('scratched')")
    colored(page)
    page.click("#tab-mend")
    page.click("#find")
    page.wait_for_selector("#finds:visible")
    for _ in range(3):
        page.click("#find-keep")


def look(page: Any) -> None:
    """Before and after."""
    page.click("#tab-look")
    page.click("label:has(#compare)")


SHOTS: dict[str, tuple[tuple[int, int], str, Callable[[Any], None]]] = {
    "color": ((1280, 800), "dark", color),
    "where": ((1280, 800), "light", where),
    "mend": ((1280, 800), "dark", mend),
    "look": ((1280, 800), "light", look),
    "phone-color": ((390, 844), "dark", color),
    "phone-mend": ((390, 844), "light", mend),
    "phone-look": ((390, 844), "dark", look),
}


def main(names: list[str]) -> None:
    """Each shot in a browser context of its own, one after the other."""
    browser_path = shutil.which("chromium") or shutil.which("chromium-browser")
    with darkroom() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        cookies: list[Any] = []
        for name, ((width, height), scheme, prepare) in SHOTS.items():
            if names and name not in names:
                continue
            size: Any = {"width": width, "height": height}
            context = browser.new_context(
                viewport=size,
                color_scheme="dark" if scheme == "dark" else "light",
                device_scale_factor=2 if width < 500 else 1,
                locale="en-US",
            )
            context.add_cookies(cookies)
            page = context.new_page()
            page.goto(address.partition("?")[0] if cookies else address)
            cookies = cookies or list(context.cookies())
            colored(page)
            prepare(page)
            page.mouse.move(5, 5)
            page.wait_for_timeout(900)
            path = OUT / f"darkroom-{name}.jpg"
            Image.open(BytesIO(page.screenshot())).convert("RGB").save(path, quality=86, optimize=True)
            print(path.relative_to(ROOT), path.stat().st_size // 1000, "kB")
            context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])

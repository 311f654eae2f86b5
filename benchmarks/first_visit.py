"""A first visit by the README alone, by the clock: python benchmarks/first_visit.py PHOTO [--pause 3]

In a fresh clone of the last commit the lines of the README's section "The darkroom" are run as they stand; PHOTO is
grandmother.jpg. A headless Chromium opens the address that is printed. Three hints are placed and given a color, the
result is downloaded. Told apart: setting up, waiting, and the pauses that stand for a person, one before each act.
"""

import argparse
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps
from playwright.sync_api import sync_playwright

HOME = Path(__file__).parents[1]
HINTS = {"#6b4a35": (0.4, 0.7), "#c9a184": (0.5, 0.35), "#5f6d4a": (0.6, 0.55)}  # places of the stage
COLORED = "sl-stage[data-answer=network]"


def readme_lines(readme: Path) -> tuple[str, list[str]]:
    """What the README's section says to run: how to make a virtual environment, and the lines of its first block."""
    section = readme.read_text("utf-8").partition("\n## The darkroom\n")[2]
    found = re.search(r"`(python3 -m venv [^`]+)`.*?\n```\n(.*?)\n```", section, re.S)
    if not found:
        raise SystemExit(f"{readme} has no lines for the darkroom")
    return found.group(1), found.group(2).splitlines()


class Visit:
    """A person at the page, who takes a pause before each act."""

    def __init__(self, page: Any, pause: float) -> None:
        self.page, self.pause, self.acts = page, pause, 0

    def act(self) -> Any:
        """The page, after the pause."""
        time.sleep(self.pause)
        self.acts += 1
        return self.page

    def hint(self, color: str, place: tuple[float, float]) -> None:
        """Click the photo, write a color."""
        frame = self.page.locator("sl-stage").bounding_box()
        x, y = frame["x"] + place[0] * frame["width"], frame["y"] + place[1] * frame["height"]
        self.act().mouse.click(x, y)
        self.page.wait_for_selector(COLORED)
        self.act().get_by_label("Color code or name").fill(color)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector(COLORED)

    def download(self, target: Path) -> None:
        """The result."""
        with self.act().expect_download() as download:
            self.page.get_by_role("button", name="Download").click()
        download.value.save_as(target)


def visit(address: str, pause: float, target: Path) -> int:
    """Three hints and the download; how many acts a person needs for it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-US")
        page.goto(address)
        page.wait_for_selector(COLORED)
        person = Visit(page, pause)
        for color, place in HINTS.items():
            person.hint(color, place)
        person.download(target)
        browser.close()
    return person.acts


def main() -> None:
    """Set up, visit, and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--pause", type=float, default=3.0, help="seconds that a person takes for an act")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        clone = Path(temporary) / "safelight"
        start = time.perf_counter()
        subprocess.run(["git", "clone", "--quiet", str(HOME), str(clone)], check=True)
        environment, (*install, command) = readme_lines(clone / "README.md")
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        subprocess.run(
            ["bash", "-ec", "\n".join([environment, *install])], cwd=clone, env=variables, check=True
        )
        set_up = time.perf_counter() - start

        shutil.copy(arguments.photo, clone / "grandmother.jpg")
        start = time.perf_counter()
        line = f"{environment.rpartition(';')[2]}; exec {command}"
        variables |= {
            "BROWSER": "true",
            "PYTHONUNBUFFERED": "1",
        }  # the browser that is opened is the one below
        with subprocess.Popen(
            ["bash", "-c", line], cwd=clone, env=variables, stdout=subprocess.PIPE, text=True
        ) as room:
            assert room.stdout
            said = next(found.group() for each in room.stdout if (found := re.search(r"http://\S+", each)))
            result = Path(temporary) / "result"
            acts = visit(said, arguments.pause, result)
            took = time.perf_counter() - start
            room.terminate()
        with Image.open(arguments.photo) as photo, Image.open(result) as colored:
            assert ImageOps.exif_transpose(photo).size == colored.size
            assert np.ptp(np.asarray(colored.convert("RGB")).astype(int), axis=2).mean() > 5
    print(
        f"setting up {set_up:.0f} s; the visit {took:.0f} s: {acts} acts of {arguments.pause:g} s, "
        f"{took - acts * arguments.pause:.1f} s of waiting, the command's start included"
    )


if __name__ == "__main__":
    main()

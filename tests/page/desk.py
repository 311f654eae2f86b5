"""The page as a person sees it: places of the photo, pixels on the screen, what is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np

WAIT = 300_000  # ms that a machine may need on which fifty others compute

PIXELS = """([x, y, width, height]) => {
  const stage = document.querySelector("sl-stage");
  const canvas = stage.querySelector("canvas.picture");
  const brush = canvas.getContext("2d");
  return [...brush.getImageData(x * stage.ratio, y * stage.ratio, width, height).data];
}"""
PLACE = """([x, y]) => {
  const { view } = document.querySelector("sl-stage");
  const frame = document.querySelector("sl-stage").getBoundingClientRect();
  const [left, top] = view.toStage(x * view.photo.width, y * view.photo.height);
  return [left, top, frame.left, frame.top];
}"""


class Desk:
    """One open page."""

    def __init__(self, page: Any) -> None:
        self.page = page
        page.set_default_timeout(WAIT)

    def ready(self) -> Self:
        """Wait until the page answers."""
        self.page.wait_for_selector("html[data-ready=yes]")
        return self

    def open(self, *files: Path, colored: bool = True) -> Self:
        """Open photos by the chooser; the first is shown."""
        with self.page.expect_file_chooser() as chooser:
            self.page.click("#open")
        chooser.value.set_files([str(file) for file in files])
        self.page.wait_for_function("name => document.title.startsWith(name)", arg=files[0].name)
        return self.colored() if colored else self

    def colored(self) -> Self:
        """Wait for the network's answer, drawn."""
        self.page.wait_for_selector("sl-stage[data-answer=network]")
        return self.drawn()

    def drawn(self) -> Self:
        """Wait until all that is to be drawn is."""
        self.page.wait_for_function("() => document.querySelector('sl-stage').picture?.whole")
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        return self

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where this place of the photo (fractions) is in the window, CSS pixels."""
        left, top, across, down = self.page.evaluate(PLACE, [x, y])
        return left + across, top + down

    def click(self, x: float, y: float) -> Self:
        """Click this place of the photo."""
        self.page.mouse.click(*self.place(x, y))
        return self

    def drag(self, *places: tuple[float, float], steps: int = 8) -> Self:
        """Press at the first place, move over the others, let go."""
        self.page.mouse.move(*self.place(*places[0]))
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*self.place(*place), steps=steps)
        self.page.mouse.up()
        return self

    def pixel(self, x: float, y: float) -> np.ndarray:
        """The color on the screen at this place of the photo: mean of 3 × 3 pixels, 0..255."""
        left, top, *_ = self.page.evaluate(PLACE, [x, y])
        data = np.array(self.page.evaluate(PIXELS, [left - 1, top - 1, 3, 3]), float)
        return np.asarray(data.reshape(9, 4)[:, :3].mean(0))

    def tint(self, x: float, y: float) -> float:
        """How far from grey it is there: largest minus smallest channel."""
        color = self.pixel(x, y)
        return float(color.max() - color.min())

    @property
    def said(self) -> str:
        """The message that is shown, and read out."""
        return str(self.page.inner_text("#live"))

    def says(self, words: str) -> Self:
        """Wait for a message."""
        self.page.wait_for_function(
            "words => document.querySelector('#live').textContent.includes(words)", arg=words
        )
        return self

    def set_range(self, name: str, value: int) -> Self:
        """Move a slider, as a person does who drags and lets go."""
        self.page.evaluate(
            """([id, value]) => {
              const slider = document.getElementById(id);
              slider.value = String(value);
              slider.dispatchEvent(new Event("input", { bubbles: true }));
              slider.dispatchEvent(new Event("change", { bubbles: true }));
            }""",
            [name, value],
        )
        return self

    def doc(self) -> dict[str, Any]:
        """What is kept of the photo that is shown, as a project file says it."""
        import json

        return dict(json.loads(self.saved("#save-project", menu=True).read_text()))

    def saved(self, button: str, menu: bool = False) -> Path:
        """Click, and the file that is downloaded."""
        if menu:
            self.page.click("#more")
        with self.page.expect_download() as download:
            self.page.click(button)
        target = Path(str(download.value.path())).with_name(f"saved-{download.value.suggested_filename}")
        download.value.save_as(target)
        return target

    def room(self, name: str) -> Self:
        """Color, mend or look."""
        self.page.click(f"#tab-{name}")
        return self

"""A person's first visit, whole: open, three hints, mend a scratch, compare, download; and the command line makes the
same file from the project, byte for byte."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.page.conftest import EXAMPLES
from tests.page.desk import Desk

pytestmark = pytest.mark.browser

SCRATCHED = EXAMPLES / "scratched.jpg"
HINTS = {"#6b4a35": (0.45, 0.75), "#c9a184": (0.55, 0.42), "#5f6d4a": (0.12, 0.85)}


def _colored(desk: Desk, color: str, place: tuple[float, float]) -> None:
    desk.click(*place).page.fill("#hex", color)
    desk.page.press("#hex", "Enter")
    desk.colored()


def test_a_first_visit_and_the_same_file_by_the_command_line(desk: Desk, tmp_path: Path) -> None:
    desk.open(SCRATCHED)
    for color, place in HINTS.items():
        _colored(desk, color, place)
    desk.room("mend").page.click("#find")
    desk.says("scratches found").page.click("#find-keep")
    desk.set_range("brush-size", 50).drag((0.05, 0.28), (0.3, 0.55))
    desk.page.click("#fill")
    desk.says("Filled")
    desk.room("look").page.check("#compare")
    desk.colored()
    before, after = desk.pixel(0.3, 0.9), desk.pixel(0.7, 0.9)
    assert np.ptp(before) < np.ptp(after)
    project = desk.saved("#save-project", menu=True)
    seen = desk.saved("#download")
    assert seen.name.startswith("saved-scratched")
    with Image.open(seen) as result, Image.open(SCRATCHED) as photo:
        assert result.size == photo.size
    again = tmp_path / seen.name.removeprefix("saved-")
    command = ["repair", str(SCRATCHED), "--project", str(project), "-o", str(again)]
    subprocess.run([sys.executable, "-m", "safelight", *command], check=True, capture_output=True)
    assert again.read_bytes() == seen.read_bytes()


@pytest.mark.slow
def test_colors_alone_and_mending_alone_by_the_command_line(desk: Desk, tmp_path: Path) -> None:
    desk.open(SCRATCHED)
    _colored(desk, "#6b4a35", (0.45, 0.75))
    _same(desk, "colorize", tmp_path)
    desk.page.uncheck("#color-on")
    desk.room("mend").drag((0.05, 0.28), (0.3, 0.55))
    _same(desk, "fill", tmp_path)


def _same(desk: Desk, command: str, folder: Path) -> None:
    seen = desk.saved("#download")
    project = desk.saved("#save-project", menu=True)
    again = folder / seen.name.removeprefix("saved-")
    arguments = [command, str(SCRATCHED), "--project", str(project), "-o", str(again)]
    subprocess.run([sys.executable, "-m", "safelight", *arguments], check=True, capture_output=True)
    assert again.read_bytes() == seen.read_bytes()

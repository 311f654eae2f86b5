"""docs/extending.md names files that are there, its examples are Python, and the picture of the rooms is up to date."""

import ast
import re
import runpy
import textwrap
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1]
PAGE = (HOME / "docs" / "extending.md").read_text(encoding="utf-8")
TASKS = ("autoencode", "colorize", "inpaint", "scratches")
NAMED = sorted(set(re.findall(r"`((?:src|tests)/[\w./]+)`", PAGE)))


@pytest.mark.parametrize("name", [name for name in NAMED if "NAME" not in name])
def test_a_file_that_is_named_exists(name: str) -> None:
    places = [name.replace("/T/", f"/{task}/") for task in TASKS]
    assert any((HOME / place).exists() for place in places)


@pytest.mark.parametrize("block", re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
def test_an_example_is_python(block: str) -> None:
    """A row of a table or of a dict is taken as one."""
    text = textwrap.dedent(block)
    try:
        ast.parse(text)
    except SyntaxError:
        ast.parse(f"{{\n{text}\n}}")


def test_the_picture_of_the_rooms_is_that_of_the_imports() -> None:
    drawn = runpy.run_path(str(HOME / "docs" / "make_house.py"))["draw"]()
    assert (HOME / "docs" / "pictures" / "house.svg").read_text(encoding="utf-8") == drawn, "run `make docs`"

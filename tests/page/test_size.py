"""How much code the page is; needs no browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "src" / "safelight" / "page"
CODE, PACKED = 150_000, 85_000  # bytes at most
# Comments, half of them types; nothing in the page's strings looks like one.
COMMENT = re.compile(r"/\*.*?\*/|^\s*//.*?$|\s+//[^\"'`\n]*$", re.S | re.M)


def code(file: Path) -> str:
    """A script without its comments and empty lines: what a browser has to understand."""
    return re.sub(r"\n\s*(?=\n)", "", COMMENT.sub("", file.read_text()))


def test_the_page_s_code_is_small() -> None:
    """The sentences in three languages are no code; they are counted in what is sent."""
    sizes = {file.name: len(code(file).encode()) for file in PAGE.glob("*.js") if file.name != "strings.js"}
    print(
        f"{sum(sizes.values()):,} bytes of code; with the sentences {len(code(PAGE / 'strings.js')):,} more"
    )
    assert len(sizes) > 20
    assert all("@param" not in code(PAGE / name) for name in sizes)
    assert sum(sizes.values()) <= CODE, sizes


def test_what_a_browser_is_sent_is_small() -> None:
    """All files, comments included, packed as the service sends them."""
    pages = pytest.importorskip("safelight.service.pages", reason="needs safelight[darkroom]")
    files = pages.page_files()
    plain, packed = (
        sum(len(getattr(each, kind)) for each in files.values()) for kind in ("content", "packed")
    )
    print(f"{len(files)} files of {plain:,} bytes are sent as {packed:,}")
    assert plain == sum(file.stat().st_size for file in PAGE.iterdir() if file.is_file())
    assert packed <= PACKED

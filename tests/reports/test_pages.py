"""Pages from templates: hostile names stay text, nothing is loaded, a value that is missing is an error."""

import re
from importlib.resources import files

import pytest
from jinja2 import UndefinedError

from safelight.reports.pages import Figure, Table, render, stylesheet

HOSTILE = '<script>alert("1")</script>|`_x_`'
PAGE = {
    "title": HOSTILE,
    "summary": HOSTILE,
    "parts": [Table(HOSTILE, (HOSTILE, "n"), [(HOSTILE, 1)]), Figure(HOSTILE, "a.png", HOSTILE)],
}


@pytest.mark.parametrize("kind", ["html", "md"])
def test_no_name_becomes_a_script(kind: str) -> None:
    page = render(f"dataset.{kind}", PAGE)
    assert page.count("&lt;script") >= 6
    assert "<script" not in page
    assert 'alert("1")' not in page or kind == "md"  # quotes mean nothing in Markdown


def test_a_page_asks_for_nothing() -> None:
    page = render("dataset.html", PAGE)
    assert not re.search(r"""(src|href)=["'](https?:|//)|@import|url\(""", page + stylesheet())
    assert "prefers-color-scheme: dark" in page


def test_templates_themselves_have_no_script() -> None:
    found = list((files("safelight.reports") / "templates").iterdir())
    assert {"base.html.j2", "journal.html.j2", "style.css"} <= {each.name for each in found}
    assert not any("<script" in each.read_text(encoding="utf-8") for each in found)


def test_what_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="summary"):
        render("dataset.html", {"title": "a", "parts": []})

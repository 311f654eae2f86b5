"""Pages from templates: HTML and Markdown in which all that is filled in is escaped. No script, nothing is loaded."""

import re
import shlex
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from safelight.reports.text import Markdown, code, escape_markdown, image, sentence, table

if TYPE_CHECKING:
    from jinja2 import Environment

GENERATOR = '<meta name="generator" content="safelight">'
OLDER = re.compile(
    rb"\A# Journal of |<title>(Journal of |[^<]*: \d+ photos? done</title>)"
)  # said nothing else
BEGINNING = 1024  # bytes of a page in which that stands


@dataclass(frozen=True)
class Table:
    """A title, the names of the columns, and rows. Numbers are set right, with thousands apart."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str | int]]
    file = ""

    @property
    def align(self) -> str:
        """ "l" or "r" for each column."""
        return "".join(
            "r" if self.rows and all(isinstance(row[column], int) for row in self.rows) else "l"
            for column in range(len(self.header))
        )


@dataclass(frozen=True)
class Figure:
    """A picture file beside the page."""

    title: str
    file: str
    caption: str


def render(template: str, values: Mapping[str, object]) -> str:
    """The page of a template in reports/templates: "journal.html" or, as Markdown, "journal.md".

    HTML passes markupsafe.Markup as it is, Markdown reports.text.Markdown. Raises jinja2.UndefinedError for a name
    without a value.
    """
    markdown = template.endswith(".md")
    page = _environment(markdown).get_template(f"{template}.j2").render(values)
    return re.sub(r"\n{3,}", "\n\n", page).strip() + "\n" if markdown else page


def is_ours(page: Path) -> bool:
    """Whether a file is a page that `render` made, HTML or a journal's Markdown, of this version or an earlier one."""
    with page.open("rb") as file:
        beginning = file.read(BEGINNING)
    return GENERATOR.encode() in beginning or OLDER.search(beginning) is not None


def stylesheet() -> str:
    """The CSS of all pages."""
    return _environment(False).get_template("style.css").render()


@cache
def _environment(markdown: bool) -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("safelight.reports"),
        undefined=StrictUndefined,
        autoescape=not markdown,
        finalize=escape_markdown if markdown else None,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "base64": lambda data: b64encode(data).decode(),
        "quote": lambda path: shlex.quote(str(path)),
        "code": code,
        "markdown": Markdown,
        "sentence": sentence,
    }
    environment.globals |= {"image": image, "table": table}
    return environment

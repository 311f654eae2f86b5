"""A page of tables and pictures, written as Markdown and as HTML."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

Value = str | int


@dataclass(frozen=True)
class Table:
    """A title, the names of the columns, and rows. Numbers are set right, with thousands apart."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Value]]


@dataclass(frozen=True)
class Figure:
    """A picture file beside the page."""

    title: str
    file: str
    caption: str


@dataclass(frozen=True)
class Page:
    """A title, a sentence, and what is below them."""

    title: str
    summary: str
    parts: Sequence[Table | Figure]


def to_markdown(page: Page) -> str:
    """The page as GitHub-flavored Markdown."""
    parts = [f"# {_plain(page.title)}", _plain(page.summary)]
    for part in page.parts:
        parts.append(f"## {part.title}")
        if isinstance(part, Figure):
            parts.append(f"{part.caption}\n\n![{part.title}]({part.file})")
        else:
            rule = ["---:" if _is_number(part, column) else "---" for column in range(len(part.header))]
            lines = [part.header, rule, *(map(_show, row) for row in part.rows)]
            parts.append("\n".join(f"| {' | '.join(map(_plain, line))} |" for line in lines))
    return "\n\n".join(parts) + "\n"


def to_html(page: Page) -> str:
    """The page as one HTML file without scripts; its pictures lie beside it."""
    title = html.escape(page.title)
    parts = [_html_figure(part) if isinstance(part, Figure) else _html_table(part) for part in page.parts]
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{_STYLE}</style>\n'
        f"<h1>{title}</h1>\n<p>{html.escape(page.summary)}</p>\n" + "\n".join(parts) + "\n</html>\n"
    )


def _html_figure(figure: Figure) -> str:
    return (
        f"<h2>{html.escape(figure.title)}</h2>\n<p>{html.escape(figure.caption)}</p>\n"
        f'<img src="{html.escape(figure.file)}" alt="{html.escape(figure.title)}">'
    )


def _html_table(table: Table) -> str:
    kinds = [' class="number"' if _is_number(table, column) else "" for column in range(len(table.header))]

    def row(tag: str, values: Sequence[Value]) -> str:
        cells = (
            f"<{tag}{kind}>{html.escape(_show(value))}</{tag}>"
            for kind, value in zip(kinds, values, strict=True)
        )
        return f"<tr>{''.join(cells)}</tr>"

    body = "\n".join([row("th", table.header), *(row("td", values) for values in table.rows)])
    return f"<h2>{html.escape(table.title)}</h2>\n<table>\n{body}\n</table>"


def _is_number(table: Table, column: int) -> bool:
    return bool(table.rows) and all(isinstance(row[column], int) for row in table.rows)


def _show(value: Value) -> str:
    return f"{value:,}" if isinstance(value, int) else value


def _plain(text: str) -> str:
    """Text that Markdown takes for nothing else."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())


_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #2b2826; background: #fbfaf8; max-width: 1180px;
  margin: 2.5em auto; padding: 0 1.5em }
h1 { font-weight: 600; margin-bottom: .2em }
h2 { font-size: 1.15em; margin: 2.2em 0 .3em }
h2 + p { margin-top: 0; color: #6d6762 }
table { border-collapse: collapse; margin-top: .6em }
th, td { padding: .2em 1.2em .2em 0; text-align: left; border-bottom: 1px solid #e6e1dc }
th { font-weight: 500; color: #6d6762 }
.number { text-align: right; font-variant-numeric: tabular-nums }
img { max-width: 100% }
"""

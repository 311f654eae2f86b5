"""The written journal: journal.html and journal.md of all runs under a folder."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safelight.errors import SafelightError, shown
from safelight.files import put_text
from safelight.journal.charts import chart_together, draw_spark
from safelight.journal.records import Record
from safelight.journal.run_section import run_section
from safelight.journal.run_tree import (
    TreeRow,
    by_task,
    main_scores,
    origin,
    show_scores,
    show_steps,
    show_time,
    tree_rows,
)
from safelight.reports.pages import is_ours, render, stylesheet
from safelight.reports.text import Markdown, escape_markdown
from safelight.verdicts.test_split_log import SplitLog

STATES = ("finished", "running", "stopped", "failed")


def write_page(records: Sequence[Record], split_logs: Sequence[SplitLog], folder: Path, name: str) -> Path:
    """Write journal.html, journal.md and its files into the folder; returns the path of journal.html.

    The HTML is one file: no script runs, nothing is loaded, it is light or dark as the reader's system is. Raises
    SafelightError where files of these names are another's; OSError.
    """
    _check_place(folder)
    tree = tree_rows(records)
    sections = [run_section(row) for row in tree]
    values = {
        "title": f"Journal of {name}",
        "summary": summarize(records),
        "tasks": [_overview(title, rows) for title, rows in by_task(tree).items()],
        "rows": [_markdown_row(row) for row in tree],
        "splits": [{"said": log.said, "models": list(map(_evaluation, log.rows))} for log in split_logs],
        "sections": sections,
    }
    files = folder / "journal-files"
    files.mkdir(parents=True, exist_ok=True)
    for section in sections:
        for chart, svg in section.charts.items():
            (files / f"{section.record.name}-{chart}.svg").write_text(_standing_alone(svg), encoding="utf-8")
        if section.strip:
            (files / f"{section.record.name}.jpg").write_bytes(section.strip[0])
    put_text(folder / "journal.md", render("journal.md", values))
    put_text(folder / "journal.html", render("journal.html", values))
    return folder / "journal.html"


def _check_place(folder: Path) -> None:
    """Raises SafelightError where a page or a text would be replaced that is no journal."""
    for file in (folder / "journal.html", folder / "journal.md"):
        if file.exists() and not (file.is_file() and is_ours(file)):
            raise SafelightError(
                f"{shown(file)} is there and is no journal of safelight's; give another folder"
            )


def summarize(records: Sequence[Record]) -> str:
    """How many runs there are, and how they ended: "12 runs: 9 finished, 3 failed."."""
    counts = Counter(record.state for record in records)
    ordered = [state for state in STATES if state in counts] + sorted(set(counts) - set(STATES))
    total = f"{len(records)} run{'s' * (len(records) != 1)}"
    return f"{total}: {', '.join(f'{counts[state]} {state}' for state in ordered)}."


def _overview(title: str, rows: Sequence[TreeRow]) -> dict[str, Any]:
    """A table and a chart of one task: scores of different tasks are no scale for each other."""
    names = list(dict.fromkeys(name for row in rows for name in main_scores(row.record)))[:4]
    by_name = sorted((row.record for row in rows), key=lambda record: record.name)
    return {
        "title": title,
        "scores": names,
        "runs": list(map(_html_row, rows)),
        "chart": chart_together(by_name),
    }


def _html_row(row: TreeRow) -> dict[str, Any]:
    record = row.record
    curve = next((curve for name, curve in record.curves.items() if name.startswith("val/")), None)
    return {
        "branch": row.branch,
        "name": record.name,
        "state": record.state,
        "steps": show_steps(record),
        "time": show_time(record.seconds),
        "scores": main_scores(record),
        "spark": draw_spark(curve) if curve else "",
        "findings": record.findings,
        "origin": origin(record),
    }


def _markdown_row(row: TreeRow) -> tuple[str, ...]:
    record, indent = row.record, "&nbsp;" * 4 * (row.depth - 1) + "└ " if row.depth else ""
    anchor = "".join(
        letter for letter in record.name.lower() if letter.isalnum() or letter in "-_"
    )  # GitHub's
    link = Markdown(f"{indent}[{escape_markdown(record.name)}](#{anchor})")
    return (
        link,
        record.state,
        show_steps(record),
        show_time(record.seconds),
        show_scores(record),
        origin(record),
    )


def _evaluation(row: Mapping[str, object]) -> str:
    """Which model, and when, unless its name tells the day."""
    model, day = str(row.get("model", "?")), str(row.get("judged", ""))[:10]
    return model if model.startswith(day) else f"{model} on {day}"


def _standing_alone(svg: str) -> str:
    """A chart as a file of its own, with the style that it has on the page."""
    head, rest = str(svg).split(">", 1)
    return f"{head}><style>{stylesheet()}</style>{rest}"

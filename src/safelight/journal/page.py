"""The written journal: journal.html and journal.md of all runs under a folder."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from safelight.files import put_text
from safelight.journal.html_page import html_page
from safelight.journal.markdown_page import write_markdown
from safelight.journal.records import Record
from safelight.journal.run_section import run_section
from safelight.journal.run_tree import tree_rows
from safelight.verdicts.test_split_log import SplitLog

STATES = ("finished", "running", "stopped", "failed")


def write_page(records: Sequence[Record], split_logs: Sequence[SplitLog], folder: Path, name: str) -> Path:
    """Write journal.html, journal.md and its files into the folder; returns the path of journal.html."""
    folder.mkdir(parents=True, exist_ok=True)
    places = tree_rows(records)
    chapters = [run_section(place) for place in places]
    title, summary = f"Journal of {name}", summarize(records)
    page = folder / "journal.html"
    put_text(page, html_page(title, summary, places, chapters, split_logs))
    write_markdown(folder, title, summary, places, chapters, split_logs)
    return page


def summarize(records: Sequence[Record]) -> str:
    """How many runs there are, and how they ended: "12 runs: 9 finished, 3 failed."."""
    counts = Counter(record.state for record in records)
    ordered = [state for state in STATES if state in counts] + sorted(set(counts) - set(STATES))
    total = f"{len(records)} run{'s' * (len(records) != 1)}"
    return f"{total}: {', '.join(f'{counts[state]} {state}' for state in ordered)}."

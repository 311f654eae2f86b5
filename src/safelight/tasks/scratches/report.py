"""The report of a verdict on finders, for a person: plain words, tables by kind and width, pictures."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from safelight.evaluation.examples import Sheet
from safelight.files import put_text
from safelight.reports.text import format_number
from safelight.tasks.colorize.tables import MARKS, escape, table
from safelight.tasks.scratches.benchmark import PRINTS, VISIBLE
from safelight.tasks.scratches.damage import DIRT, PAPER
from safelight.tasks.scratches.scores import METRICS, PHOTO
from safelight.verdicts.verdict import Comparison, Verdict

LEAD = 3  # sentences that stand at the top as a paragraph
NOTES = f"""\
- Each picture is made a print ({PRINTS.grey:.0%} black and white, {PRINTS.toned:.0%} toned; up to {PRINTS.lookalikes}
  groups of strands, rods, lattices, letters, hems and spots drawn into it that are no damage), damaged by one kind
  at one range of widths in pixels (bright as paper, {PAPER.mean():.2f}, or dark as dirt, {DIRT.mean():.2f}), and
  scanned: faded, soft, noisy, JPEG.
- Truth is what the damage changed by more than {VISIBLE:g} of black to white, before the print was scanned.
- What is found within the tolerance of damage is right; damage within the tolerance of a find is seen. Pixels of
  all pictures count together. Intersection over union: damage seen, over all damage and false finds together.
  Average precision ranks pixels by likelihood; whole pixels within the tolerance of damage do not count.
- The ridge filter is told that squares are parts of photos of {PHOTO} pixels.
- Intervals: percentile bootstrap over pictures, 2000 resamples, each 95 % by itself."""


def write_scratches_report(verdict: Verdict, folder: Path, sheets: Sequence[Sheet] = ()) -> Path:
    """Write report.md, verdict.json and the sheets of pictures; returns the path of report.md."""
    folder.mkdir(parents=True, exist_ok=True)
    verdict.save(folder / "verdict.json")
    for sheet in sheets:
        sheet.save(folder)
    page = folder / "report.md"
    put_text(page, page_of(verdict, bool(sheets)))
    return page


def page_of(verdict: Verdict, pictures: bool) -> str:
    """The text of report.md."""
    parts = [
        f"# {escape(verdict.model)}: verdict on finding damage",
        escape(" ".join(verdict.sentences[:LEAD])),
        "\n".join(f"- {escape(sentence)}" for sentence in verdict.sentences[LEAD:]),
        "![best, median and worst pictures](pictures.png)" if pictures else "",
        "Green: found. Yellow: missed. Red: false." if pictures else "",
    ]
    for key, statistic in METRICS.items():
        better = {1: "higher is better", -1: "lower is better", 0: ""}[statistic.better]
        parts += [f"## {', '.join(filter(None, [statistic.title, statistic.unit, better]))}"]
        parts += [_values(verdict, key), _leads(verdict, key) if statistic.compared else ""]
    parts += [
        "## How this was judged",
        f"All finders looked at the same prints, sha256 `{verdict.questions}` (seed {verdict.seed}).",
        NOTES,
        f"Judged {verdict.judged}{f' with safelight {verdict.safelight}' if verdict.safelight else ''}.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _values(verdict: Verdict, key: str) -> str:
    """Every finder in every cell, with the model's interval; the best of each row is bold."""
    statistic, rows = METRICS[key], []
    for cell in verdict.cells:
        values = [verdict.curves[method][key][cell].value for method in verdict.methods]
        if all(math.isnan(value) for value in values):
            continue
        shown = [format_number(value, statistic.digits) for value in values]
        if statistic.better and not any(math.isnan(value) for value in values):
            best = int(np.argmax(np.array(values) * statistic.better))
            shown[best] = f"**{shown[best]}**"
        own = verdict.curves[verdict.model][key][cell]
        interval = (
            f"{format_number(own.low, statistic.digits)} to {format_number(own.high, statistic.digits)}"
        )
        rows.append([cell, shown[0], interval, *shown[1:]])
    return table(["damage, px", escape(verdict.model), "interval", *map(escape, verdict.methods[1:])], rows)


def _leads(verdict: Verdict, key: str) -> str:
    """The model's lead over each other finder, paired by picture, with intervals."""
    digits, rows = METRICS[key].digits, []
    for cell in verdict.cells:
        leads = [verdict.compared(method, key, cell) for method in verdict.methods[1:]]
        if any(leads):
            rows.append([cell, *("–" if lead is None else _lead(lead, digits) for lead in leads)])
    told = "The model's lead, paired by picture, with 95 % intervals (▼ it loses, ? it cannot be told):"
    return f"{told}\n\n" + table(["damage, px", *(f"over {escape(m)}" for m in verdict.methods[1:])], rows)


def _lead(found: Comparison, digits: int) -> str:
    lead = found.difference
    interval = f"{format_number(lead.low, digits)} to {format_number(lead.high, digits)}"
    return f"{format_number(lead.value, digits, signed=True)}{MARKS[found.standing]} ({interval})"

"""What a comparison says: in sentences for a terminal, and as a page with its pictures."""

from collections.abc import Sequence
from pathlib import Path

from safelight.evaluation.examples import Sheet
from safelight.evaluation.paired import Lead, Outcome, Pairing, most_changed
from safelight.files import put_text
from safelight.reports.pages import render
from safelight.reports.text import count_pictures, format_interval, format_number
from safelight.tasks.base import Measure
from safelight.verdicts.verdict import ENOUGH, FEWEST

VERBS: dict[Outcome, str] = {
    "better": "is better than",
    "worse": "is worse than",
    "cannot tell": "cannot be told from",
}


def headline(one: str, other: str, pairing: Pairing) -> str:
    """Better, worse or cannot tell, with the lead and its interval."""
    lead, measure = pairing.overall, pairing.measure
    mean = measure.mean.format(names=", ".join(pairing.columns), count=len(pairing.columns))
    over = ", ".join(filter(None, [mean, count_pictures(len(pairing.names))]))
    verb = VERBS[lead.outcome]
    return f"{other} {verb} {one}: {_span(lead, measure)}{measure.in_unit} of {measure.what}, {over}."


def caution(pairing: Pairing) -> str:
    """For how much the answer holds: too few pictures, one seed, or several."""
    if len(pairing.names) < FEWEST:
        are = "is" if len(pairing.names) == 1 else "are"
        return f"{count_pictures(len(pairing.names))} {are} too few to tell better from worse; judge {ENOUGH} or more."
    if min(pairing.seeds) < 2:
        return (
            "The interval is over pictures alone: one seed on a side, so that another seed may say otherwise. "
            "Train both again with --train.seed and compare all of them."
        )
    measure = pairing.measure
    spreads = " and ".join(format_number(spread, measure.digits) for spread in pairing.spread)
    return (
        f"{pairing.seeds[0]} and {pairing.seeds[1]} seeds; from seed to seed the {measure.what} varies by "
        f"{spreads}{measure.in_unit}."
    )


def changed(pairing: Pairing) -> list[str]:
    """The most improved and the most worsened pictures by name, a line each."""
    measure, lines = pairing.measure, []
    ranks = most_changed(pairing.changes)
    for rank in ("improved", "worsened"):
        names = [
            f"{pairing.names[place]} {format_number(float(pairing.changes[place]), measure.digits, signed=True)}"
            for found, place in ranks
            if found == rank
        ]
        if names:
            lines.append(f"most {rank}: {', '.join(names)}{measure.in_unit}")
    return lines


def lead_table(pairing: Pairing) -> list[tuple[str, str, str, str, str]]:
    """Rows: hints (or the kind of hole or damage), the one's value, the other's, the lead, the outcome."""
    measure = pairing.measure
    cells = measure.cells if len(pairing.columns) > 1 else ""
    rows = [(cells, "one", "other", ", ".join(filter(None, ["lead", measure.unit])), "")]
    for lead in pairing.leads if len(pairing.columns) > 1 else pairing.leads[:1]:
        one, other = (format_number(value, measure.digits) for value in (lead.one, lead.other))
        rows.append((lead.column or "all", one, other, _span(lead, measure), lead.outcome))
    return rows


def text_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines with their columns under each other."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(row[:-1], widths, strict=False)) + f"  {row[-1]}"
        for row in rows
    ]


def write_comparison(
    one: str,
    other: str,
    pairing: Pairing,
    differing: str,
    samples: str,
    folder: Path,
    sheets: Sequence[Sheet],
) -> Path:
    """Write compare.md and the sheets into the folder; returns the path of compare.md."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {
        "one": one,
        "other": other,
        "headline": headline(one, other, pairing),
        "differing": differing,
        "caution": caution(pairing),
        "rows": lead_table(pairing),
        "changed": changed(pairing),
        "samples": samples,
        "sheets": [(sheet.about, sheet.save(folder).name) for sheet in sheets],
    }
    put_text(folder / "compare.md", render("comparison.md", values))
    return folder / "compare.md"


def _span(lead: Lead, measure: Measure) -> str:
    return format_interval(lead.difference.numbers, measure.digits, signed=True)

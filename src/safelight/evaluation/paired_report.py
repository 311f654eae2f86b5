"""What a comparison says: in sentences for a terminal, and as a page with its pictures."""

import math
from collections.abc import Sequence
from pathlib import Path

from safelight.evaluation.examples import Sheet
from safelight.evaluation.paired import Lead, Outcome, Pairing, most_changed
from safelight.files import put_text
from safelight.journal.words import ENOUGH, FEWEST
from safelight.reports.text import count_pictures, format_number
from safelight.tasks.base import Measure

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
        told = [
            f"{pairing.names[place]} {format_number(float(pairing.changes[place]), measure.digits, signed=True)}"
            for own, place in ranks
            if own == rank
        ]
        if told:
            lines.append(f"most {rank}: {', '.join(told)}{measure.in_unit}")
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


def tell_table(rows: Sequence[Sequence[str]]) -> list[str]:
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
    asked: str,
    folder: Path,
    sheets: Sequence[Sheet],
) -> Path:
    """Write compare.md and the sheets into the folder; returns the path of compare.md."""
    folder.mkdir(parents=True, exist_ok=True)
    header, *rows = lead_table(pairing)
    parts = [
        f"# {other} against {one}",
        headline(one, other, pairing),
        differing,
        caution(pairing),
        "\n".join(
            [
                f"| {' | '.join(header)} |",
                "|---:|---:|---:|---:|---|",
                *(f"| {' | '.join(row)} |" for row in rows),
            ]
        ),
        "\n".join(f"- {line}" for line in changed(pairing)),
        f"One is {one}, other is {other}. Judged: {asked}. Intervals of 95 %, percentile bootstrap over pictures.",
    ]
    for sheet in sheets:
        drawn = sheet.save(folder)
        heading = f"With {sheet.about}" if sheet.about else "Most improved and worsened"
        parts += [f"## {heading}", f"![most improved, most worsened]({drawn.name})"]
    page = folder / "compare.md"
    put_text(page, "\n\n".join(part for part in parts if part) + "\n")
    return page


def _span(lead: Lead, measure: Measure) -> str:
    difference, digits = lead.difference, measure.digits
    if math.isnan(difference.low):
        return format_number(difference.value, digits, signed=True)
    low, high = (format_number(end, digits, signed=True) for end in (difference.low, difference.high))
    return f"{format_number(difference.value, digits, signed=True)} ({low} to {high})"

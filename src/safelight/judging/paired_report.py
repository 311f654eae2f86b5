"""What a comparison says: in sentences for a terminal, and as a page with its pictures."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from safelight.judging.examples import Example
from safelight.judging.paired import Lead, Outcome, Pairing
from safelight.judging.scores import number
from safelight.judging.sheet import draw_sheet

VERBS: dict[Outcome, str] = {
    "better": "is better than",
    "worse": "is worse than",
    "cannot tell": "cannot be told from",
}


def headline(one: str, other: str, pairing: Pairing) -> str:
    """Better, worse or cannot tell, with the lead and its interval."""
    lead = pairing.overall
    return (
        f"{other} {VERBS[lead.outcome]} {one}: {_span(lead)} dB of gain over grey, mean over "
        f"{', '.join(map(str, pairing.counts))} hints, {len(pairing.names)} pictures."
    )


def caution(pairing: Pairing) -> str:
    """For how much the answer holds: one seed, or several."""
    if min(pairing.seeds) < 2:
        return (
            "The interval is over pictures alone: one seed on a side, so that another seed may say otherwise. "
            "Train both again with --train.seed and compare all of them."
        )
    spreads = " and ".join(number(spread, 2) for spread in pairing.spread)
    return f"{pairing.seeds[0]} and {pairing.seeds[1]} seeds; from seed to seed the mean gain varies by {spreads} dB."


def lead_table(pairing: Pairing) -> list[tuple[str, str, str, str, str]]:
    """Rows: hints, the one's gain, the other's, the lead with its interval, the outcome."""
    rows = [("hints", "one", "other", "lead, dB", "")]
    for lead in pairing.leads:
        hints = "all" if lead.hints is None else str(lead.hints)
        rows.append((hints, number(lead.one, 2), number(lead.other, 2), _span(lead), lead.outcome))
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
    examples: Mapping[int, Sequence[Example]],
) -> Path:
    """Write compare.md and a sheet for each number of hints into the folder; returns the path of compare.md."""
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
        f"One is {one}, other is {other}. Judged: {asked}. Intervals of 95 %, percentile bootstrap over pictures.",
    ]
    for hints, shown in examples.items():
        title = (
            f"{'No' if hints == 0 else hints} hints, most improved and worsened: {one} (one), {other} (other)"
        )
        sheet = draw_sheet(title, shown, folder / f"pictures-{hints}-hints.png")
        parts += [
            f"## With {'no' if hints == 0 else hints} hints",
            f"![most improved, most worsened]({sheet.name})",
        ]
    page = folder / "compare.md"
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return page


def _span(lead: Lead) -> str:
    difference = lead.difference
    if math.isnan(difference.low):
        return number(difference.value, 2, signed=True)
    low, high = (number(end, 2, signed=True) for end in (difference.low, difference.high))
    return f"{number(difference.value, 2, signed=True)} ({low} to {high})"

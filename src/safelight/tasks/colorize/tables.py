"""Tables of a verdict, in Markdown."""

import math
import re
from collections.abc import Sequence

from safelight.reports.text import format_number
from safelight.tasks.colorize.scores import METRICS
from safelight.verdicts.verdict import Comparison, Estimate, Group, Verdict

MARKS = {"wins": "", "loses": " ▼", "cannot tell": " ?"}


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table: the first column is text, the others are numbers."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, rule, *rows])


def escape(text: str) -> str:
    """Names of models and datasets must not turn into Markdown."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)


def curve_table(verdict: Verdict, group: Group, key: str) -> str:
    """One statistic of every method at every number of hints; the best of each column is bold."""
    digits, better = METRICS[key].digits, METRICS[key].better
    rows = []
    for method, curves in group.curves.items():
        cells = [format_number(estimate.value, digits) for estimate in curves[key].values()]
        rows.append([escape(method), *cells])
    for column, cell in enumerate(verdict.cells, start=1) if better else ():
        values = [curves[key][cell].value * better for curves in group.curves.values()]
        best = rows[values.index(max(values))]
        if [row[column] for row in rows].count(best[column]) == 1:  # as far as the digits show
            best[column] = f"**{best[column]}**"
    return table(["hints", *verdict.cells], rows)


def comparison_table(verdict: Verdict, key: str) -> str:
    """The model's lead over each baseline: value and interval; ▼ it loses, ? cannot be told."""
    digits = METRICS[key].digits
    found = {(c.method, c.cell): c for c in verdict.comparisons if c.statistic == key}
    rows = []
    for baseline in dict.fromkeys(name for name, _ in found):
        cells = [_lead(found.get((baseline, cell)), digits) for cell in verdict.cells]
        rows.append([f"over {escape(baseline)}", *cells])
    return table(["hints", *verdict.cells], rows)


def _lead(comparison: Comparison | None, digits: int) -> str:
    if comparison is None:
        return "–"
    lead = comparison.difference
    interval = f"{format_number(lead.low, digits)} to {format_number(lead.high, digits)}"
    return f"{format_number(lead.value, digits, signed=True)}{MARKS[comparison.standing]}<br>({interval})"


def model_table(verdict: Verdict) -> str:
    """Every statistic of the model, with intervals."""
    curves = verdict.curves[verdict.model]
    rows = []
    for key, curve in curves.items():
        statistic = METRICS[key]
        title = statistic.title + (f", {statistic.unit}" if statistic.unit else "")
        rows.append([title, *(_with_interval(estimate, statistic.digits) for estimate in curve.values())])
    return table(["hints", *verdict.cells], rows)


def _with_interval(estimate: Estimate, digits: int) -> str:
    if math.isnan(estimate.value):
        return "–"
    value, low, high = (format_number(part, digits) for part in (estimate.value, estimate.low, estimate.high))
    return f"{value}<br>({low} to {high})"


def group_table(verdict: Verdict, key: str, kind: str) -> str:
    """The model's curve in every group of a kind ("source", "tag"), and where another method leads."""
    rows = []
    for group in verdict.groups:
        if group.name.startswith(f"{kind} "):
            rows.append(
                [
                    escape(group.name.removeprefix(f"{kind} ")),
                    f"{group.pictures:,}",
                    *_own(verdict, group, key),
                ]
            )
    return table([kind, "pictures", *verdict.cells], rows) if rows else ""


def _own(verdict: Verdict, group: Group, key: str) -> list[str]:
    """The model's values, marked where another method has more, as far as the digits show."""
    statistic, model = METRICS[key], group.curves[verdict.model][key]
    others = [curves[key] for method, curves in group.curves.items() if method != verdict.model]
    cells = []
    for cell, estimate in model.items():
        text = format_number(estimate.value, statistic.digits)
        leads = [(curve[cell].value - estimate.value) * statistic.better for curve in others]
        cells.append(f"{text} ▼" if max(leads, default=0) >= 10**-statistic.digits else text)
    return cells


def every_statistic(verdict: Verdict) -> list[tuple[str, str]]:
    """Title and table of each statistic, all methods beside one another."""
    return [
        (_title(key), curve_table(verdict, verdict.everything, key))
        for key in METRICS
        if key not in ("gain", "ciede2000")
    ]


def _title(key: str) -> str:
    statistic = METRICS[key]
    better = {1: "higher is better", -1: "lower is better", 0: ""}[statistic.better]
    notes = ", ".join(filter(None, [statistic.unit, better]))
    return f"{statistic.title} ({notes})" if notes else statistic.title

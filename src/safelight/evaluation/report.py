"""The report of a verdict, for a person: what was found in plain words, pictures, and a table of each metric."""

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from safelight.evaluation.metrics import Metric
from safelight.evaluation.summary import Layout
from safelight.files import put_text
from safelight.reports.pages import render
from safelight.reports.text import Markdown, format_interval, format_number, table
from safelight.verdicts.verdict import Comparison, Curves, Estimate, Standing, Verdict

MARKS: dict[Standing, str] = {"wins": "", "loses": " ▼", "cannot tell": " ?"}
BETTER = {1: "higher is better", -1: "lower is better", 0: ""}
EXAMPLES = "best, median and worst pictures"
LEADS = "The model's lead, paired by picture, with 95 % intervals (▼ it loses, ? it cannot be told):"


def write_report(verdict: Verdict, layout: Layout, folder: Path, files: Iterable[str] = ()) -> Path:
    """Write report.md, verdict.json and the charts into the folder; returns the path of report.md.

    files: pictures that lie there already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    verdict.save(folder / "verdict.json")
    for name, draw in layout.charts.items():
        draw(verdict, folder / name)
    put_text(folder / "report.md", page_of(verdict, layout, [*layout.charts, *files]))
    return folder / "report.md"


def page_of(verdict: Verdict, layout: Layout, files: Iterable[str]) -> str:
    """The text of report.md. files: the pictures that lie beside it."""
    values = {
        "verdict": verdict,
        "layout": layout,
        "pictures": [(name, layout.pictures.get(name, EXAMPLES)) for name in sorted(files)],
        "metrics": list(_metrics(verdict, layout)),
        "sections": [*_beside_clean(verdict, layout), *(layout.sections(verdict) if layout.sections else [])],
    }
    return render("verdict.md", values)


def value_table(verdict: Verdict, layout: Layout, metric: Metric, curves: Curves | None = None) -> Markdown:
    """A row a cell, a column a method, the model with its interval; the best of each row is bold.

    curves: of a group of pictures; else of all.
    """
    curves, rows = curves or verdict.curves, []
    for cell in verdict.cells:
        estimates = [statistics[metric.name][cell] for statistics in curves.values()]
        if not all(math.isnan(estimate.value) for estimate in estimates):
            rows.append([cell, *_values(estimates, metric)])
    model, *others = curves
    return table([layout.head, f"{model} (95 %)", *others], rows)


def _metrics(verdict: Verdict, layout: Layout) -> Iterator[tuple[str, list[Markdown]]]:
    """A title and tables for each metric; one table of all metrics where there is but one cell."""
    metrics = [
        metric for name, metric in layout.metrics.items() if name in verdict.curves[verdict.methods[0]]
    ]
    if len(verdict.cells) == 1:
        rows = [[_title(metric), *_with_intervals(verdict, metric)] for metric in metrics]
        yield "Every metric, with 95 % intervals", [table([layout.head, *verdict.methods], rows)]
        return
    for metric in metrics:
        leads = [Markdown(LEADS), _lead_table(verdict, layout, metric)] if metric.compared else []
        yield _title(metric), [value_table(verdict, layout, metric), *leads]


def _beside_clean(verdict: Verdict, layout: Layout) -> Iterator[str]:
    """Of a verdict on old prints, a table a metric: the model on prints, on the clean pictures, and what it loses."""
    if "clean" not in verdict.tables:
        return
    yield f"## {verdict.model} on simulated old prints, and on the same pictures, clean"
    for key, clean in verdict.tables["clean"].items():
        metric, lost = layout.metrics[key], verdict.tables["lost on prints"][key]
        curves = (verdict.of_model(key), clean, lost)
        rows = [
            [cell, *(format_interval(curve[cell].numbers, metric.digits) for curve in curves)]
            for cell in verdict.cells
            if not math.isnan(clean[cell].value)
        ]
        yield _title(metric)
        yield table([layout.head, "old prints", "clean", "lost on prints, paired"], rows)


def _title(metric: Metric) -> str:
    """ "PSNR, dB, higher is better" """
    return ", ".join(filter(None, (metric.title, metric.unit, BETTER[metric.better])))


def _with_intervals(verdict: Verdict, metric: Metric) -> Iterator[str]:
    """A cell a method: its value in the only cell; – where it has none."""
    for curves in verdict.curves.values():
        curve = curves.get(metric.name, {})
        yield next((format_interval(value.numbers, metric.digits) for value in curve.values()), "–")


def _values(estimates: Sequence[Estimate], metric: Metric) -> list[str]:
    shown = [format_number(estimate.value, metric.digits) for estimate in estimates]
    cells = [format_interval(estimates[0].numbers, metric.digits), *shown[1:]]
    values = [estimate.value * metric.better for estimate in estimates]
    if metric.better and not any(map(math.isnan, values)):
        best = values.index(max(values))
        if shown.count(shown[best]) == 1:  # as far as the digits show
            cells[best] = Markdown(f"**{shown[best]}**{cells[best].removeprefix(shown[best])}")
    return cells


def _lead_table(verdict: Verdict, layout: Layout, metric: Metric) -> Markdown:
    """The model's lead over each other method, paired by picture: a row a cell, a column a method."""
    leads = {
        method: [verdict.compared(method, metric.name, cell) for cell in verdict.cells]
        for method in verdict.others
    }
    leads = {method: found for method, found in leads.items() if any(found)}
    rows = [
        [cell, *(_lead(found, metric.digits) for found in row)]
        for cell, *row in zip(verdict.cells, *leads.values(), strict=True)
        if any(row)
    ]
    return table([layout.head, *(f"over {method}" for method in leads)], rows)


def _lead(found: Comparison | None, digits: int) -> str:
    if found is None:
        return "–"
    value, low, high = found.difference.numbers
    interval = f"({format_number(low, digits)} to {format_number(high, digits)})"
    return f"{format_number(value, digits, signed=True)}{MARKS[found.standing]} {interval}"

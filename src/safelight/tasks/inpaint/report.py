"""The report of a verdict on holes, for a person: plain words, tables by bin, pictures."""

from collections.abc import Sequence
from pathlib import Path

from safelight.evaluation.examples import Sheet
from safelight.files import put_text
from safelight.reports.text import format_number
from safelight.tasks.colorize.tables import MARKS, escape, table
from safelight.tasks.inpaint.scores import FEATURES, METRICS, RING
from safelight.verdicts.verdict import Verdict

NOTES = f"""\
- Every answer is laid into the known pixels and clipped to 0..1; known pixels are never scored as an error of
  a method. "b" marks bins whose holes may touch the picture's edge.
- PSNR is capped at 50 dB a hole. SSIM in the hole is the mean of the SSIM map over the hole's pixels.
- Boundary ring: mean absolute error within {RING} pixels of what is known, inside the hole.
- Perceptual distance: Zhang et al. 2018, equation 1, with equal weights, on the features of {FEATURES}, which
  is not LPIPS and must not be compared with it.
- Intervals: percentile bootstrap over pictures, 2000 resamples, each 95 % by itself."""
LEAD = 3  # sentences that stand at the top as a paragraph


def write_fill_report(verdict: Verdict, folder: Path, sheets: Sequence[Sheet] = ()) -> Path:
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
        f"# {escape(verdict.model)}: verdict on holes",
        escape(" ".join(verdict.sentences[:LEAD])),
        "\n".join(f"- {escape(sentence)}" for sentence in verdict.sentences[LEAD:]),
        "![best, median and worst pictures](pictures.png)" if pictures else "",
    ]
    for key in METRICS:
        parts += [f"## {_title(key)}", _values(verdict, key)]
        if METRICS[key].compared:
            parts += [
                "The model's lead, paired by picture, with 95 % intervals (▼ it loses, ? it cannot be told):"
            ]
            parts += [_leads(verdict, key)]
    parts += [
        "## How this was judged",
        f"All methods filled the same holes, sha256 `{verdict.questions}` (seed {verdict.seed}).",
        NOTES,
        f"Judged {verdict.judged}{f' with safelight {verdict.safelight}' if verdict.safelight else ''}.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _values(verdict: Verdict, key: str) -> str:
    """Every method in every bin; the best of each column is bold, the model's interval over all is given."""
    statistic = METRICS[key]
    rows = []
    for method, curves in verdict.curves.items():
        rows.append(
            [
                escape(method),
                *(format_number(curves[key][cell].value, statistic.digits) for cell in verdict.cells),
            ]
        )
    for column, cell in enumerate(verdict.cells, start=1) if statistic.better else ():
        values = [curves[key][cell].value * statistic.better for curves in verdict.curves.values()]
        best = values.index(max(values))
        rows[best][column] = f"**{rows[best][column]}**"
    own = verdict.curves[verdict.model][key]
    interval = [
        f"{format_number(own[c].low, statistic.digits)} to {format_number(own[c].high, statistic.digits)}"
        for c in verdict.cells
    ]
    rows.insert(1, ["interval", *interval])
    return table(["missing", *verdict.cells], rows)


def _leads(verdict: Verdict, key: str) -> str:
    digits = METRICS[key].digits
    rows = []
    for method in verdict.methods[1:]:
        cells = []
        for cell in verdict.cells:
            found = verdict.compared(method, key, cell)
            if found is None:
                cells.append("–")
                continue
            lead = found.difference
            interval = f"{format_number(lead.low, digits)} to {format_number(lead.high, digits)}"
            cells.append(
                f"{format_number(lead.value, digits, signed=True)}{MARKS[found.standing]}<br>({interval})"
            )
        rows.append([f"over {escape(method)}", *cells])
    return table(["missing", *verdict.cells], rows)


def _title(key: str) -> str:
    statistic = METRICS[key]
    better = {1: "higher is better", -1: "lower is better", 0: ""}[statistic.better]
    notes = ", ".join(filter(None, [statistic.unit, better]))
    return f"{statistic.title}, {notes}" if notes else statistic.title

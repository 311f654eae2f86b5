"""The journal as one HTML file: nothing is loaded, no script runs, light and dark as the reader's system is."""

import base64
import shlex
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files

from safelight.journal.charts import draw_spark
from safelight.journal.records import Record
from safelight.journal.run_charts import chart_together
from safelight.journal.run_section import RunSection
from safelight.journal.run_tree import TreeRow, by_task, main_scores, origin, show_steps, show_time
from safelight.verdicts.summary import VerdictSummary
from safelight.verdicts.test_split_log import SplitLog

STYLE = files("safelight.reports") / "templates" / "style.css"  # the package may be in a zip


def html_page(
    title: str,
    summary: str,
    places: Sequence[TreeRow],
    chapters: Sequence[RunSection],
    split_logs: Sequence[SplitLog],
) -> str:
    """The whole page."""
    parts = [
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>\n<style>\n{STYLE.read_text(encoding='utf-8')}</style>",
        f"<h1>{escape(title)}</h1>\n<p>{escape(summary)}</p>",
        *_overview(places),
        _split_logs(split_logs),
        *(_chapter(chapter) for chapter in chapters),
    ]
    return "\n".join(part for part in parts if part) + "\n</html>\n"


def _overview(places: Sequence[TreeRow]) -> list[str]:
    """A table and a chart a task: scores of different tasks are no scale for each other."""
    tasks = by_task(places)
    parts = []
    for title, own in tasks.items():
        parts += [f"<h3>{escape(title)}</h3>" if len(tasks) > 1 else "", _runs_table(own), _together(own)]
    return parts


def _runs_table(places: Sequence[TreeRow]) -> str:
    names = list(dict.fromkeys(name for place in places for name in main_scores(place.record)))[:4]
    heads = "".join(f'<th class="number">{escape(name)}</th>' for name in names)
    head = (
        f'<tr><th>run</th><th>state</th><th class="number">steps</th><th class="number">time</th>{heads}'
        "<th></th><th>doctor</th><th>from its parent</th></tr>"
    )
    rows = "\n".join(_run_row(place, names) for place in places)
    return f'<div class="scroll"><table class="runs">\n{head}\n{rows}\n</table></div>'


def _run_row(place: TreeRow, names: Sequence[str]) -> str:
    record = place.record
    scores = main_scores(record)
    numbers = "".join(
        f'<td class="number">{scores[name]:.2f}</td>' if name in scores else '<td class="number">–</td>'
        for name in names
    )
    curve = next((curve for name, curve in record.curves.items() if name.startswith("val/")), None)
    return (
        f'<tr><td><span class="branch">{escape(place.branch)}</span><a href="#{escape(record.name, True)}">'
        f'{escape(record.name)}</a></td><td>{_state(record)}</td><td class="number">{show_steps(record)}</td>'
        f'<td class="number">{show_time(record.seconds)}</td>{numbers}<td>{draw_spark(curve) if curve else ""}</td>'
        f'<td>{_doctor_word(record)}</td><td class="wide">{escape(origin(record))}</td></tr>'
    )


def _doctor_word(record: Record) -> str:
    if record.findings is None:
        return '<span class="branch">–</span>'
    if not record.findings:
        return '<span class="well">well</span>'
    return (
        f'<span class="symptom">{escape(", ".join(str(each.get("name")) for each in record.findings))}</span>'
    )


def _together(places: Sequence[TreeRow]) -> str:
    chart = chart_together(sorted((place.record for place in places), key=lambda record: record.name))
    return f'<div class="together">{chart}</div>' if chart else ""


def _split_logs(split_logs: Sequence[SplitLog]) -> str:
    if not split_logs:
        return ""
    lines = []
    for each in split_logs:
        models = ", ".join(map(_evaluation, each.rows))
        lines.append(
            f'<p class="note"><b>{escape(each.said[0].upper() + each.said[1:])}.</b> {escape(models)}</p>'
        )
    return "<h3>Looks at test splits</h3>\n" + "\n".join(lines)


def _evaluation(row: Mapping[str, object]) -> str:
    """Which model, and when, unless its name tells the day."""
    model, day = str(row.get("model", "?")), str(row.get("judged", ""))[:10]
    return model if model.startswith(day) else f"{model} on {day}"


def _chapter(chapter: RunSection) -> str:
    record = chapter.record
    side = [_facts("Run", chapter.facts), _changes(chapter.changes), _findings(chapter), _trips(chapter)]
    main = [_charts(chapter.charts), _strip(chapter), *map(_verdict, chapter.verdicts)]
    error = (
        f'<p class="note"><b class="symptom">Failed.</b> {escape(chapter.error)}</p>' if chapter.error else ""
    )
    return (
        f'<section class="run" id="{escape(chapter.anchor, True)}">\n<header><h2>{escape(record.name)}</h2>'
        f'{_state(record)}</header>\n<p class="from">{escape(origin(record))}</p>\n{error}'
        f'<div class="columns">\n<div class="side">{"".join(side)}</div>\n'
        f"<div>{''.join(main)}</div>\n</div>\n</section>"
    )


def _facts(title: str, facts: Mapping[str, str]) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    return f"<h3>{escape(title)}</h3>\n<dl>{rows}</dl>\n"


def _changes(changes: Mapping[str, tuple[str, str]]) -> str:
    if not changes:
        return ""
    return _facts(
        "Changed from its parent" if len(changes) == 1 else f"{len(changes)} changes from its parent",
        {name: f"{one} → {other}" for name, (one, other) in changes.items()},
    )


def _findings(chapter: RunSection) -> str:
    if chapter.findings is None:
        command = f"safelight doctor {shlex.quote(str(chapter.record.folder))}"
        return f'<h3>Doctor</h3>\n<p class="note">Not examined: <code>{escape(command)}</code></p>'
    if not chapter.findings:
        return '<h3>Doctor</h3>\n<p class="well">Nothing found.</p>'
    rows = "".join(
        f'<li><b class="symptom">{escape(str(each.get("name")))}</b>: {escape(str(each.get("evidence")))}'
        + (f"<br>try <code>{escape(str(each['try']))}</code>" if each.get("try") else "")
        + "</li>"
        for each in chapter.findings
    )
    return f'<h3>Doctor</h3>\n<ul class="plain">{rows}</ul>'


def _trips(chapter: RunSection) -> str:
    if not chapter.trips:
        return ""
    rows = "".join(f"<li>{escape(trip)}</li>" for trip in chapter.trips)
    return f'<h3>Guard: {len(chapter.trips)} trip{"s" * (len(chapter.trips) > 1)}</h3>\n<ul class="plain">{rows}</ul>'


def _charts(charts: Mapping[str, str]) -> str:
    return f'<div class="charts">{"".join(charts.values())}</div>\n' if charts else ""


def _strip(chapter: RunSection) -> str:
    if chapter.strip is None:
        return ""
    data, caption = chapter.strip
    source = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
    return (
        f'<h3>Pictures</h3>\n<figure><img class="strip" src="{source}" alt="{escape(caption, True)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>\n"
    )


def _verdict(verdict: VerdictSummary) -> str:
    heads = "".join(f'<th class="number">{escape(head)}</th>' for head in verdict.values)
    values = "".join(f'<td class="number">{figure.value:.2f}</td>' for figure in verdict.values.values())
    halves = "".join(f'<td class="number">±{figure.half:.2f}</td>' for figure in verdict.values.values())
    return (
        f"<h3>Verdict of {escape(verdict.judged[:10])}: {escape(verdict.samples)}</h3>\n"
        f'<p class="note">{escape(verdict.words)}</p>\n<div class="scroll"><table>'
        f"<tr><th>{verdict.cells}</th>{heads}</tr><tr><td>{verdict.title}</td>{values}</tr>"
        f"<tr><td></td>{halves}</tr></table></div>\n"
    )


def _state(record: Record) -> str:
    return f'<span class="state {escape(record.state, True)}">{escape(record.state)}</span>'

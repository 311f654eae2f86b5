"""The journal as Markdown, with its curves and pictures in files beside it."""

from collections.abc import Sequence
from pathlib import Path

from safelight.files import put_text
from safelight.journal.html_page import STYLE
from safelight.journal.run_section import RunSection
from safelight.journal.run_tree import TreeRow, origin, show_scores, show_steps, show_time
from safelight.verdicts.summary import VerdictSummary
from safelight.verdicts.test_split_log import SplitLog


def write_markdown(
    folder: Path,
    title: str,
    summary: str,
    places: Sequence[TreeRow],
    chapters: Sequence[RunSection],
    split_logs: Sequence[SplitLog],
) -> Path:
    """Write journal.md and journal-files/; returns the path of journal.md."""
    files = folder / "journal-files"
    files.mkdir(parents=True, exist_ok=True)
    parts = [f"# {_plain(title)}", _plain(summary), _table(places)]
    parts += [f"{_plain(each.said[0].upper() + each.said[1:])}." for each in split_logs]
    for chapter in chapters:
        parts += _chapter(chapter, files)
    page = folder / "journal.md"
    put_text(page, "\n\n".join(part for part in parts if part) + "\n")
    return page


def _table(places: Sequence[TreeRow]) -> str:
    rows = ["| run | state | steps | time | scores | from its parent |", "|---|---|---:|---:|---|---|"]
    for place in places:
        record = place.record
        indent = "&nbsp;" * 4 * (place.depth - 1) + "└ " if place.depth else ""
        cells = (
            record.state,
            show_steps(record),
            show_time(record.seconds),
            show_scores(record),
            origin(record),
        )
        rows.append(
            f"| {indent}[{record.name}](#{_anchor(record.name)}) | {' | '.join(map(_plain, cells))} |"
        )
    return "\n".join(rows)


def _chapter(chapter: RunSection, files: Path) -> list[str]:
    record = chapter.record
    parts = [
        f"## {record.name}",
        "\n".join(f"- {name}: {_plain(value)}" for name, value in chapter.facts.items()),
    ]
    if chapter.error:
        parts.append(f"Failed: {_plain(chapter.error)}")
    if chapter.changes:
        rows = [
            f"| `{name}` | {_plain(one)} | {_plain(other)} |"
            for name, (one, other) in chapter.changes.items()
        ]
        parts.append("\n".join(["| changed | parent | this run |", "|---|---|---|", *rows]))
    for name, svg in chapter.charts.items():
        path = files / f"{record.name}-{name}.svg"
        path.write_text(_standing_alone(svg), encoding="utf-8")
        parts.append(f"![{name}]({files.name}/{path.name})")
    if chapter.strip:
        path = files / f"{record.name}.jpg"
        path.write_bytes(chapter.strip[0])
        said = chapter.strip[1]
        parts += [f"![pictures]({files.name}/{path.name})", f"{_plain(said[:1].upper() + said[1:])}."]
    parts += _doctor(chapter)
    if chapter.trips:
        parts += [
            f"### Guard: {len(chapter.trips)}",
            "\n".join(f"- {_plain(trip)}" for trip in chapter.trips),
        ]
    for verdict in chapter.verdicts:
        parts += _verdict(verdict)
    return parts


def _doctor(chapter: RunSection) -> list[str]:
    if chapter.findings is None:
        return []
    rows = [
        f"- **{each.get('name')}**: {_plain(str(each.get('evidence')))}"
        + (f"; try `{each['try']}`" if each.get("try") else "")
        for each in chapter.findings
    ]
    return ["### Doctor", "\n".join(rows) or "Nothing found."]


def _verdict(verdict: VerdictSummary) -> list[str]:
    heads = " | ".join(map(_plain, verdict.values))
    values = " | ".join(f"{figure.value:.2f} ±{figure.half:.2f}" for figure in verdict.values.values())
    return [
        f"### Verdict of {verdict.judged[:10]}: {_plain(verdict.samples)}",
        _plain(verdict.words),
        f"| {verdict.cells} | {heads} |\n|---|{'---:|' * len(verdict.values)}\n| {verdict.title} | {values} |",
    ]


def _standing_alone(svg: str) -> str:
    """A chart as a file of its own, with the style that it has on the page."""
    style = STYLE.read_text(encoding="utf-8")
    return svg.replace(
        'xmlns="http://www.w3.org/2000/svg">', f'xmlns="http://www.w3.org/2000/svg"><style>{style}</style>', 1
    )


def _anchor(name: str) -> str:
    """GitHub's name of a heading's anchor."""
    return "".join(letter for letter in name.lower() if letter.isalnum() or letter in "-_")


def _plain(text: str) -> str:
    """Text that Markdown takes for nothing else."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())

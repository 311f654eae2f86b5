"""The journal's section on one run, before it is HTML or Markdown, with its validation samples over the steps."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from safelight.journal.charts import run_charts
from safelight.journal.records import Record, show_value
from safelight.journal.run_tree import TreeRow, origin, show_scores, show_steps, show_time
from safelight.shaped import UInt8
from safelight.tasks.base import SheetLayout
from safelight.tasks.registry import known_task
from safelight.verdicts.summary import VerdictSummary, newest_summaries

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class RunSection:
    """What the journal shows of one run.

    facts: label -> text. changes: setting -> (the parent's, its own). charts: SVG by name. strip: a JPEG and
    what it shows. findings: the doctor's (None: not examined). trips: guard events, in lines.
    """

    record: Record
    depth: int
    facts: Mapping[str, str]
    changes: Mapping[str, tuple[str, str]]
    charts: Mapping[str, Markup]
    strip: tuple[bytes, str] | None
    findings: list[dict[str, Any]] | None
    trips: tuple[str, ...]
    verdicts: tuple[VerdictSummary, ...]
    error: str

    @property
    def origin(self) -> str:
        """What it began from."""
        return origin(self.record)


def run_section(row: TreeRow) -> RunSection:
    """The section about one run."""
    record = row.record
    strip = filmstrip(record)
    return RunSection(
        record=record,
        depth=row.depth,
        facts=_facts(record),
        changes={
            name: (show_value(one), show_value(other)) for name, (one, other) in record.difference.items()
        },
        charts=run_charts(record),
        strip=(as_jpeg(strip[0]), strip[1]) if strip else None,
        findings=record.findings,
        trips=tuple(event_in_words(event) for event in record.guard_events),
        verdicts=newest_summaries(record.folder / "verdicts"),
        error=str(record.facts.get("error") or ""),
    )


def event_in_words(event: Mapping[str, Any]) -> str:
    """A line of guard.jsonl in words."""
    if event.get("told"):
        return str(event["told"])
    shown = {name: value for name, value in event.items() if isinstance(value, (str, int, float))}
    return ", ".join(f"{name} {show_value(value)}" for name, value in shown.items())


def _facts(record: Record) -> dict[str, str]:
    dataset = record.facts.get("dataset") or {}
    settings = record.settings
    facts = {
        "state": record.state,
        "steps": show_steps(record),
        "time": show_time(record.seconds),
        "from": record.parent or origin(record),
        "dataset": f"{Path(str(dataset.get('path', '?'))).name}, {dataset.get('train', 0):,} train, "
        f"{dataset.get('val', 0):,} held out",
        "batch": f"{settings.get('data.batch', '?')} of {settings.get('augment.size', '?')} px",
        "learning rate": f"{show_value(settings.get('optimizer.lr'))}, {settings.get('optimizer.schedule', '?')}",
    }
    if record.scores:
        facts["scores"] = show_scores(record)
    if began := record.facts.get("weights_from") or record.facts.get("began_from"):
        facts["weights of"] = str(began)
    if record.facts.get("resumed"):
        facts["resumed at"] = ", ".join(f"{step:,}" for step in record.facts["resumed"])
    return facts


Sheet = UInt8[np.ndarray, "h w 3"]

ROWS, STAGES = 4, 5  # validation samples, and steps of the run, at most
TILE, GAP = 96, 4  # pixels


def filmstrip(record: Record) -> "tuple[Image, str] | None":
    """A picture and what its columns are; None for a run without pictures."""
    stages = _spread(record.pictures, STAGES)
    sheets = {path: sheet for path in stages if (sheet := _open(path)) is not None}
    if not sheets:
        return None
    last = list(sheets.values())[-1]
    task, side = known_task(record.task), record.settings.get("augment.size")
    layout = task.sheet if task else SheetLayout()
    if not layout.columns or not isinstance(side, int) or last.shape[1] != len(layout.columns) * side:
        return _scaled(last), f"{layout.caption} at {_label(list(sheets)[-1])}"
    alike = {path: sheet for path, sheet in sheets.items() if sheet.shape == last.shape}
    columns, captions = [], []
    for number, name in enumerate(layout.columns):
        if number == layout.answer:
            columns += [_column(sheet, number, side) for sheet in alike.values()]
            captions.append(f"{name} at {', '.join(map(_label, alike))}")
        elif name not in layout.hidden:
            columns.append(_column(last, number, side))
            captions.append(name)
    return _join(columns), "; ".join(captions)


def as_jpeg(picture: "Image", quality: int = 86) -> bytes:
    """The picture as a JPEG file."""
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


def _open(path: Path) -> Sheet | None:
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except OSError:
        return None


def _column(sheet: Sheet, number: int, side: int) -> Sheet:
    return sheet[: ROWS * side, number * side : (number + 1) * side]


def _join(columns: list[Sheet]) -> "Image":
    """Columns of squares, apart by white gaps that a page's paper may replace."""
    from PIL import Image

    side = columns[0].shape[1]
    rows = columns[0].shape[0] // side
    step = TILE + GAP
    strip = Image.new("RGB", (len(columns) * step - GAP, rows * step - GAP), "#808080")
    for place, column in enumerate(columns):
        for row in range(rows):
            tile = Image.fromarray(np.ascontiguousarray(column[row * side : (row + 1) * side]))
            strip.paste(tile.resize((TILE, TILE), Image.Resampling.LANCZOS), (place * step, row * step))
    return strip


def _scaled(sheet: Sheet, most: int = 900) -> "Image":
    from PIL import Image

    picture = Image.fromarray(sheet)
    picture.thumbnail((most, most), Image.Resampling.LANCZOS)
    return picture


def _label(path: Path) -> str:
    digits = "".join(filter(str.isdigit, path.stem))
    return f"step {int(digits):,}" if digits else path.stem


def _spread(paths: list[Path], most: int) -> list[Path]:
    """At most so many, evenly apart, the last one among them."""
    if not paths:
        return []
    chosen = np.linspace(0, len(paths) - 1, min(most, len(paths))).round().astype(int)
    return [paths[number] for number in sorted(set(chosen.tolist()))]

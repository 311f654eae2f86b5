"""One run as a chapter of the journal: what is shown, before it is HTML or Markdown."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safelight.journal.family import Place, origin
from safelight.journal.filmstrip import as_jpeg, filmstrip
from safelight.journal.listing import show_scores, show_steps, show_time
from safelight.journal.records import Record
from safelight.journal.run_charts import run_charts
from safelight.journal.settings import show_value
from safelight.journal.told import Told, read_told


@dataclass(frozen=True)
class Chapter:
    """What the journal shows of one run.

    facts: label -> text. changes: setting -> (the parent's, its own). charts: SVG by name. strip: a JPEG and
    what it shows. findings: the doctor's (None: not examined). trips: what the guard did, in lines.
    """

    record: Record
    depth: int
    facts: Mapping[str, str]
    changes: Mapping[str, tuple[str, str]]
    charts: Mapping[str, str]
    strip: tuple[bytes, str] | None
    findings: list[dict[str, Any]] | None
    trips: tuple[str, ...]
    verdicts: tuple[Told, ...]
    error: str

    @property
    def anchor(self) -> str:
        return self.record.name


def write_chapter(place: Place) -> Chapter:
    """The chapter about one run."""
    record = place.record
    strip = filmstrip(record)
    return Chapter(
        record=record,
        depth=place.depth,
        facts=_facts(record),
        changes={
            name: (show_value(one), show_value(other)) for name, (one, other) in record.difference.items()
        },
        charts=run_charts(record),
        strip=(as_jpeg(strip[0]), strip[1]) if strip else None,
        findings=record.findings,
        trips=tuple(tell_trip(event) for event in record.guard_events),
        verdicts=read_told(record.folder / "verdicts"),
        error=str(record.facts.get("error") or ""),
    )


def tell_trip(event: Mapping[str, Any]) -> str:
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
    if record.facts.get("weights_from"):
        facts["weights of"] = str(record.facts["weights_from"])
    if record.facts.get("resumed"):
        facts["resumed at"] = ", ".join(f"{step:,}" for step in record.facts["resumed"])
    return facts

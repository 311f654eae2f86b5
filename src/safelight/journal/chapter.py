"""One run as a chapter of the journal: what is shown, before it is HTML or Markdown."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safelight.journal.charts import Line, draw_chart
from safelight.journal.curves import Curve, make_curve
from safelight.journal.doctor.steadiness import running_median
from safelight.journal.family import Place, origin
from safelight.journal.filmstrip import as_jpeg, filmstrip
from safelight.journal.listing import show_steps, show_time
from safelight.journal.records import Record
from safelight.journal.settings import show_value
from safelight.journal.verdicts import StoredVerdict

KINDS = "abcdef"  # colors of lines, in the style of the page
DENSE = 24  # points, from which on a curve is smoothed
FAMILIAR = "probe/train_"  # scores on training pictures
COLORS: tuple[str, ...] = ("probe/chroma", "probe/between", "probe/obeyed")


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
    verdicts: tuple[StoredVerdict, ...]
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
        charts={name: svg for name, svg in _charts(record).items() if svg},
        strip=(as_jpeg(strip[0]), strip[1]) if strip else None,
        findings=record.findings,
        trips=tuple(tell_trip(event) for event in record.guard_events),
        verdicts=tuple(record.verdicts),
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
    if record.facts.get("weights_from"):
        facts["weights of"] = str(record.facts["weights_from"])
    if record.facts.get("resumed"):
        facts["resumed at"] = ", ".join(f"{step:,}" for step in record.facts["resumed"])
    return facts


def _charts(record: Record) -> dict[str, str]:
    curves = record.curves
    marks = [int(event["step"]) for event in record.guard_events if isinstance(event.get("step"), int)]
    scores = {name: curve for name, curve in curves.items() if name.startswith("val/")}
    familiar = {name: curve for name, curve in curves.items() if name.startswith(FAMILIAR)}
    charts = {"loss": draw_chart("training loss", smoothed(curves.get("train/loss")), marks)}
    charts["scores"] = draw_chart("scores on held-out pictures", _lines(scores, "val/"), marks)
    charts["rate"] = (
        draw_chart("learning rate", _lines({"lr": curves["train/lr"]}, "")) if "train/lr" in curves else ""
    )
    told = {name: curves[name] for name in COLORS if name in curves}
    charts["colors"] = draw_chart("colors of the answers (1: as the truth)", _lines(told, "probe/"))
    first = next(iter(familiar), None)
    if first:
        twin = "val/" + first.removeprefix(FAMILIAR)
        both = {"held out": scores.get(twin), "training": familiar[first]}
        known = {name: curve for name, curve in both.items() if curve is not None}
        charts["fit"] = draw_chart(
            f"{twin.removeprefix('val/')}, training and held-out pictures", _lines(known, "")
        )
    return charts


def smoothed(curve: Curve | None) -> list[Line]:
    """A noisy curve as a faint line with its running median over it."""
    if curve is None or not len(curve.finite):
        return []
    curve = curve.finite
    if len(curve) < DENSE:
        return [Line("", curve, "a", dots=len(curve) < DENSE)]
    return [
        Line("", curve, "a", faint=True),
        Line("", make_curve(curve.steps, running_median(curve.values)), "a"),
    ]


def _lines(curves: Mapping[str, Curve], prefix: str) -> list[Line]:
    return [
        Line(name.removeprefix(prefix), curve, KINDS[number], dots=len(curve) < DENSE)
        for number, (name, curve) in enumerate(list(curves.items())[: len(KINDS)])
    ]

"""The charts of a run, and of all runs together."""

from collections import Counter
from collections.abc import Mapping, Sequence

from safelight.journal.charts import Line, draw_chart
from safelight.journal.doctor.steadiness import running_median
from safelight.journal.records import Curve, Record, make_curve
from safelight.journal.run_tree import main_scores

KINDS = "abcdef"  # colors of lines, in the style of the page
DENSE = 24  # points, from which on a curve is smoothed
FAMILIAR = "probe/train_"  # scores on training pictures
COLORS: tuple[str, ...] = ("probe/chroma", "probe/between", "probe/obeyed")
TOGETHER = (980, 220)  # size of the chart of all runs


def run_charts(record: Record) -> dict[str, str]:
    """SVG by name: loss, scores, rate, colors, fit; what was not measured is left out."""
    curves, until = record.curves, record.steps_planned
    marks = [int(event["step"]) for event in record.guard_events if isinstance(event.get("step"), int)]
    scores = {  # a single figure is no curve; it stands among the facts
        name.removeprefix("val/"): own
        for name, own in curves.items()
        if name.startswith("val/") and len(own) > 1
    }
    gains = {name: own for name, own in scores.items() if "gain" in name}
    levels = {name: own for name, own in scores.items() if name not in gains}
    rate = {"lr": curves["train/lr"]} if "train/lr" in curves else {}
    told = {name.removeprefix("probe/"): curves[name] for name in COLORS if name in curves}
    first = next(
        (name for name in (*main_scores(record), *scores) if name in scores and FAMILIAR + name in curves), ""
    )
    fit = {"held out": scores[first], "training": curves[FAMILIAR + first]} if first else {}
    charts = {
        "loss": draw_chart("training loss", smoothed(curves.get("train/loss")), marks, until),
        "scores": draw_chart("gains on held-out pictures, dB", lines_of(gains), marks, until),
        **{
            f"score-{name}": draw_chart(_spoken(name), lines_of({name: own}), marks, until)
            for name, own in levels.items()
        },
        "rate": draw_chart("learning rate", lines_of(rate), marks, until),
        "fit": draw_chart(f"{first}, both sides", lines_of(fit), (), until),
        "colors": draw_chart("share of the truth", lines_of(told), (), until),
    }
    return {name: svg for name, svg in charts.items() if svg}


def chart_together(records: Sequence[Record]) -> str:
    """The score that is told first, of the newest runs that have it, in one chart; "" for fewer than two."""
    first = [name for record in records for name in main_scores(record, 1)]
    if not first:
        return ""
    name = Counter(first).most_common(1)[0][0]
    measured = [(record, record.curves.get(f"val/{name}")) for record in records]
    chosen = [(record, curve) for record, curve in measured if curve is not None and len(curve) > 1][
        -len(KINDS) :
    ]
    if len(chosen) < 2:
        return ""
    lines = [
        Line(_short_name(record.name), curve, KINDS[number], dots=len(curve) < DENSE)
        for number, (record, curve) in enumerate(chosen)
    ]
    until = max(record.steps_planned for record, _ in chosen)
    return draw_chart(f"{name} of the newest runs", lines, until=until, size=TOGETHER)


def smoothed(curve: Curve | None) -> list[Line]:
    """A noisy curve as a faint line with its running median over it."""
    if curve is None or not len(curve.finite):
        return []
    curve = curve.finite
    if len(curve) < DENSE:
        return [Line("", curve, "a", dots=True)]
    middle = make_curve(curve.steps, running_median(curve.values))
    return [Line("", curve, "a", faint=True), Line("", middle, "a")]


def lines_of(curves: Mapping[str, Curve]) -> list[Line]:
    """A line a curve, each in its color."""
    return [
        Line(name, curve, KINDS[number], dots=len(curve) < DENSE)
        for number, (name, curve) in enumerate(list(curves.items())[: len(KINDS)])
    ]


def _spoken(name: str) -> str:
    """A score's name as a title."""
    return f"{name.replace('_', ' ')} on held-out pictures"


def _short_name(name: str) -> str:
    """A run's name without its year: "11-22 05h43 color"."""
    day, _, rest = name.partition("_")
    time, _, recipe = rest.partition("-")
    return f"{day[5:]} {time[:5]} {recipe}" if len(day) == 10 and recipe else name

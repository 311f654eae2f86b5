"""The journal on a terminal: a line a run."""

from collections.abc import Sequence

from safelight.journal.family import family_order, origin
from safelight.journal.looks import SplitLooks
from safelight.journal.records import Record

HEADER = ("run", "state", "steps", "time", "scores", "from its parent")
RIGHT = {2, 3}  # columns of numbers
SCORES = 2  # told of each run
FIRST: tuple[str, ...] = ("gain_0", "gain_10", "hole_psnr", "gain_over_telea", "psnr", "bits", "f1")


def list_runs(records: Sequence[Record], looks: Sequence[SplitLooks]) -> list[str]:
    """The lines: children under their parents, then the looks at test splits."""
    rows = [HEADER] + [
        (
            place.branch + place.record.name,
            place.record.state,
            show_steps(place.record),
            show_time(place.record.seconds),
            show_scores(place.record),
            origin(place.record),
        )
        for place in family_order(records)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = []
    for row in rows:
        cells = (
            cell.rjust(width) if column in RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    return [*lines, "", *(look.said for look in looks)] if looks else lines


def show_steps(record: Record) -> str:
    """Steps taken, and those planned where they are not the same."""
    planned = f"/{record.steps_planned:,}" if record.step != record.steps_planned else ""
    return f"{record.step:,}{planned}"


def show_time(seconds: float | None) -> str:
    """A duration: 48 s, 44 min, 2.3 h."""
    if seconds is None:
        return "–"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def show_scores(record: Record, most: int = SCORES) -> str:
    """Some scores in a line: "gain_0 2.51, gain_10 6.17"."""
    return ", ".join(f"{name} {value:.2f}" for name, value in main_scores(record, most).items()) or "–"


def main_scores(record: Record, most: int = SCORES) -> dict[str, float]:
    """The scores that are told first, of each task its own; else those that come first."""
    scores = {name.removeprefix("val/"): value for name, value in record.scores.items()}
    chosen = [name for name in FIRST if name in scores] or list(scores)
    return {name: scores[name] for name in chosen[:most]}

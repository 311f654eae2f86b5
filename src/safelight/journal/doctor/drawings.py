"""A picture for each finding: its curves, near-duplicates side by side, or what a task draws of its answers."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from safelight.data.finished import open_finished
from safelight.journal.doctor.case import Case, Finding
from safelight.journal.doctor.steadiness import FEWEST_ROWS, running_median
from safelight.journal.records import Record
from safelight.reports.sheets import Tile, contact_sheet
from safelight.reports.style import LINES, SOFT, new_figure, save_figure, style_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN_TWINS = 16


def draw_finding(record: Record, case: Case, finding: Finding, folder: Path) -> str:
    """Draw the finding's picture into the folder; its file name, "" where there is nothing to draw."""
    path = folder / f"{finding.name.replace(' ', '-')}.png"
    drawn = finding.draw is not None and finding.draw(record, case, finding, path)
    return path.name if drawn or _draw_curves(case, finding, path) else ""


def _draw_curves(case: Case, finding: Finding, path: Path) -> bool:
    """The measures that tell, each in a panel of its own, over the steps."""
    names = [name for name in finding.reading.curves if case.curve(name, 2) is not None]
    if not names:
        return False
    figure = new_figure(9.0, 2.3 * len(names) + 0.5)
    panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    for number, (axes, name) in enumerate(zip(panels, names, strict=True)):
        curve = case.curve(name)
        assert curve is not None
        color = LINES[0 if number == 0 else 1 + (number - 1) % (len(LINES) - 1)]
        dense = len(curve) > 2 * FEWEST_ROWS
        axes.plot(
            curve.steps, curve.values, color=color, lw=0.9 if dense else 1.8, marker=None if dense else "o", ms=4,
            alpha=0.45 if dense else 1.0,
        )  # fmt: skip
        if dense:
            axes.plot(curve.steps, running_median(curve.values), color=color, lw=2)
        _limit_view(axes, curve.values)
        for step in finding.reading.marks:
            axes.axvline(step, color=SOFT, lw=1, ls=":")
        style_axes(axes, name, "step" if axes is panels[-1] else "")
    save_figure(figure, path, headline(finding))
    return True


def headline(finding: Finding) -> str:
    """What stands over its picture."""
    return f"{finding.name}: {finding.reading.evidence}"


def draw_twins(record: Record, case: Case, finding: Finding, path: Path) -> bool:
    """Some held-out pictures, each beside the training picture that it resembles."""
    dataset = open_finished(Path(record.facts["dataset"]["path"]))
    if dataset is None or case.leaks is None:
        return False
    pixels = dataset.pixels()
    tiles = []
    for held_out, train in case.leaks.twins[:SHOWN_TWINS]:
        tiles += [
            Tile(pixels[held_out], f"held out, {held_out}"),
            Tile(pixels[train], f"train, {train}"),
        ]
    contact_sheet(tiles).save(path)
    return True


def _limit_view(axes: "Axes", values: np.ndarray) -> None:
    """Keep one wild value from flattening the rest; it then leaves the panel at the top."""
    low, high = np.percentile(values, (0, 99))
    if values.max() > high + 4 * (high - low) and high > low:
        axes.set_ylim(low - 0.1 * (high - low), high + (high - low))

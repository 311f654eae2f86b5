"""A picture for each finding: its curves, the colors of the answers beside the true ones, or twins."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from safelight.arrays import Ab
from safelight.data.finished import open_finished
from safelight.data.sheets import Cell, contact_sheet
from safelight.journal.doctor.case import Case, Finding
from safelight.journal.doctor.sheets import COLUMNS, read_sheet
from safelight.journal.doctor.steadiness import FEWEST_ROWS, running_median
from safelight.journal.records import Record
from safelight.pixels.color import lab_to_srgb

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, FAINT, PAPER, RED = "#22252a", "#6b7078", "#dfe2e6", "#ffffff", "#c8321f"
OTHERS = ("#3d63a8", "#2f8f83", "#7d4f9e")
REACH = 60  # of the ab planes drawn
SHOWN_TWINS, SHOWN_ROWS = 16, 3


def draw_finding(record: Record, case: Case, finding: Finding, folder: Path) -> str:
    """Draw the finding's picture into the folder; its file name, "" where there is nothing to draw."""
    path = folder / f"{finding.name.replace(' ', '-')}.png"
    drawn = False
    if finding.kind == "colors":
        drawn = _draw_colors(record, finding, path)
    elif finding.kind == "twins":
        drawn = _draw_twins(record, case, path)
    return path.name if drawn or _draw_curves(case, finding, path) else ""


def _draw_curves(case: Case, finding: Finding, path: Path) -> bool:
    """The measures that tell, each in a panel of its own, over the steps."""
    names = [name for name in finding.reading.curves if case.curve(name, 2) is not None]
    if not names:
        return False
    figure = _figure((9.0, 2.3 * len(names) + 0.5))
    panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    for number, (axes, name) in enumerate(zip(panels, names, strict=True)):
        curve = case.curve(name)
        assert curve is not None
        color = RED if number == 0 else OTHERS[(number - 1) % len(OTHERS)]
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
        _dress(axes, name)
    panels[-1].set_xlabel("step", color=SOFT)
    _save(figure, finding, path)
    return True


def _draw_colors(record: Record, finding: Finding, path: Path) -> bool:
    """Where answers and truths lie in the ab plane, and some of the pictures themselves."""
    side = record.settings.get("augment.size")
    sheet = record.pictures[-1] if record.pictures else None
    found = read_sheet(sheet, side) if sheet and isinstance(side, int) else None
    if sheet is None or found is None or not isinstance(side, int):
        return False
    from PIL import Image

    figure = _figure((10.5, 4.6))
    left, middle, right = figure.subplots(1, 3, width_ratios=[1, 1, 1.7])
    for axes, title, pictures in ((left, "answers", found[0]), (middle, "truth", found[1])):
        _draw_ab(axes, pictures)
        _dress(axes, title)
        axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
        axes.set_xlabel("a: green to red", color=SOFT)
    left.set_ylabel("b: blue to yellow", color=SOFT)
    with Image.open(sheet) as picture:
        rows = np.asarray(picture.convert("RGB"))[: SHOWN_ROWS * side]
    right.imshow(rows)
    _dress(right, f"{sheet.stem}: grey, hints, automatic, with hints, truth")
    right.set_xticks([])
    right.set_yticks([])
    assert rows.shape[1] == COLUMNS * side
    _save(figure, finding, path)
    return True


def _draw_ab(axes: "Axes", pictures: Sequence[Ab]) -> None:
    """How often each color occurs, as dots of that color, larger where there are more."""
    ab = np.concatenate([one.reshape(-1, 2) for one in pictures])
    edges = np.linspace(-REACH, REACH, 41)
    counts, _, _ = np.histogram2d(ab[:, 0], ab[:, 1], bins=(edges, edges))
    a, b = np.nonzero(counts)
    middles = (edges[1:] + edges[:-1]) / 2
    lab = np.stack([np.full(len(a), 62.0), middles[a], middles[b]], axis=1).astype(np.float32)
    size = 42 * (counts[a, b] / counts.max()) ** 0.35
    axes.scatter(middles[a], middles[b], s=size, c=lab_to_srgb(lab), linewidths=0)
    axes.axhline(0, color=FAINT, lw=0.8, zorder=0)
    axes.axvline(0, color=FAINT, lw=0.8, zorder=0)


def _draw_twins(record: Record, case: Case, path: Path) -> bool:
    """Some held-out pictures, each beside the training picture that it resembles."""
    dataset = open_finished(Path(record.facts["dataset"]["path"]))
    if dataset is None or case.leaks is None:
        return False
    pixels = dataset.pixels()
    cells = []
    for held_out, train in case.leaks.twins[:SHOWN_TWINS]:
        cells += [
            Cell(pixels[held_out], f"held out, {held_out}"),
            Cell(pixels[train], f"train, {train}"),
        ]
    contact_sheet(cells).save(path)
    return True


def _limit_view(axes: "Axes", values: np.ndarray) -> None:
    """Keep one wild value from flattening the rest; it then leaves the panel at the top."""
    low, high = np.percentile(values, (0, 99))
    if values.max() > high + 4 * (high - low) and high > low:
        axes.set_ylim(low - 0.1 * (high - low), high + (high - low))


def _figure(size: tuple[float, float]) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=110, facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: "Figure", finding: Finding, path: Path) -> None:
    title = f"{finding.name}: {finding.reading.says}"
    figure.suptitle(title, x=0.01, ha="left", color=INK, fontsize=10.5, fontweight="bold", wrap=True)
    figure.savefig(path, metadata={"Software": None})


def _dress(axes: "Axes", title: str) -> None:
    axes.set_title(title, loc="left", color=SOFT, fontsize=9)
    axes.grid(color=FAINT, lw=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(colors=SOFT, labelsize=8, length=0)
    for side in axes.spines.values():
        side.set_visible(False)

"""The report of a dataset: what is in it, what was left out and why, and how it looks."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from safelight.data.casts import report_casts
from safelight.data.charts import chroma_chart
from safelight.data.decide import REASONS, Decision
from safelight.data.finished import INDEX
from safelight.data.rows import Row
from safelight.data.scan import PIXELS
from safelight.data.settings import BuildSettings, Progress
from safelight.data.split import splits_of
from safelight.errors import PhotoError
from safelight.pixels.files import read_small
from safelight.reports.pages import Figure, Table, render
from safelight.reports.sheets import Tile, contact_sheet
from safelight.reports.style import save_figure

_SHOWN = 64  # pictures on a contact sheet at most


@dataclass(frozen=True)
class Draft:
    """What is reported: the draft of a dataset, and where it came from."""

    folder: Path
    source: Path
    sources: list[str]  # names, in the order of their numbers in the index
    decision: Decision
    settings: BuildSettings
    passed: tuple[str, ...] = ()  # what the walk over the folder did not take, a line for each reason


def write_report(draft: Draft, progress: Progress) -> None:
    """report.md, report.html and their PNGs, beside the dataset's files in the draft."""
    parts: list[Table | Figure] = [_splits(draft)]
    if draft.passed:
        parts.append(Table("Not taken from the folder", ("what",), [[line] for line in draft.passed]))
    steps = (_chroma, _casts, _kept, _groups, _refused)
    for done, step in enumerate(steps):
        progress(done, len(steps), "reporting")
        parts += step(draft)
    parts.append(_settings(draft.settings))
    page = {"title": f"Dataset of {draft.source.name}", "summary": _summary(draft), "parts": parts}
    for kind in ("md", "html"):
        path = draft.folder / f"report.{kind}"
        path.write_text(render(f"dataset.{kind}", page), encoding="utf-8", errors="replace")
    progress(len(steps), len(steps), "reporting")


def _summary(draft: Draft) -> str:
    kept, refused, size = len(draft.decision.kept), len(draft.decision.refused), draft.settings.size
    return f"{kept:,} pictures of {size} × {size} pixels kept, {refused:,} left out."


def _splits(draft: Draft) -> Table:
    index = np.load(draft.folder / INDEX)
    splits = splits_of(draft.settings)
    rows: list[list[str | int]] = []
    for number, name in enumerate(draft.sources):
        rows.append([name, *_count_splits(index[index["source"] == number], len(splits))])
    if len(rows) > 1:
        rows.append(["all", *_count_splits(index, len(splits))])
    return Table("Pictures by source and split", ("source", *splits, "all", "groups"), rows)


def _count_splits(index: np.ndarray, number: int) -> list[int]:
    counts = np.bincount(index["split"], minlength=number).tolist()
    return [*counts, len(index), len(np.unique(index["group"]))]


def _chroma(draft: Draft) -> list[Table | Figure]:
    index = np.load(draft.folder / INDEX)
    names = [draft.sources[number] for number in index["source"]]
    chart = chroma_chart(index["chroma"], names, draft.settings.min_chroma)
    save_figure(chart, draft.folder / "report_chroma.png")
    caption = "Left: how many pictures have how much color. Right: median and middle half of each source."
    return [Figure("Chroma", "report_chroma.png", caption)]


def _casts(draft: Draft) -> list[Table | Figure]:
    return report_casts(draft.folder, draft.decision, draft.settings)


def _kept(draft: Draft) -> list[Table | Figure]:
    """A sheet of pictures from the palest to the most colorful."""
    kept = draft.decision.kept
    order = sorted(range(len(kept)), key=lambda i: (kept[i][0].chroma, i))
    chosen = [order[i] for i in _spread(len(order), _SHOWN)]
    pixels = np.load(draft.folder / PIXELS, mmap_mode="r")
    cells = [
        Tile(
            pixels[i], Path(kept[i][0].file_name).name, f"chroma {kept[i][0].chroma:.0f}, {kept[i][1].split}"
        )
        for i in chosen
    ]
    contact_sheet(cells).save(draft.folder / "report_kept.png")
    return [Figure("Kept", "report_kept.png", "Evenly chosen from the palest to the most colorful.")]


def _groups(draft: Draft) -> list[Table | Figure]:
    """A sheet of pictures that were found to show one scene."""
    groups = defaultdict(list)
    for number, (_, place) in enumerate(draft.decision.kept):
        groups[place.group].append(number)
    several = [members for members in groups.values() if len(members) > 1]
    if not several:
        return []
    pixels = np.load(draft.folder / PIXELS, mmap_mode="r")
    cells = []
    for i in _spread(len(several), _SHOWN // 2):
        for member in several[i][:2]:
            facts, place = draft.decision.kept[member]
            cells.append(
                Tile(pixels[member], Path(facts.file_name).name, f"group {place.group[:6]}, {place.split}")
            )
    contact_sheet(cells).save(draft.folder / "report_groups.png")
    caption = f"{len(several):,} groups hold more than one picture; two of each are shown, side by side."
    return [Figure("Groups that stay together", "report_groups.png", caption)]


def _refused(draft: Draft) -> list[Table | Figure]:
    """How many were left out for which reason, and a sheet of them."""
    refused = draft.decision.refused
    if not refused:
        return []
    counts = Counter(str(row["reason"]) for row in refused)
    rows = [(reason, count, REASONS[reason]) for reason, count in counts.most_common()]
    shown = [row for row in refused if row["reason"] not in ("missing", "filtered")]
    parts: list[Table | Figure] = [Table("Left out", ("reason", "pictures", "meaning"), rows)]
    if shown:
        cells = [_refused_cell(draft, row) for row in _some_of_each(shown)]
        contact_sheet(cells).save(draft.folder / "report_refused.png")
        caption = "Some for each reason; refused.jsonl names all of them."
        parts.append(Figure("Pictures left out", "report_refused.png", caption))
    return parts


def _some_of_each(refused: list[Row]) -> Iterator[Row]:
    """Up to _SHOWN of them, as many for each reason as for the others."""
    reasons = sorted({str(row["reason"]) for row in refused})
    for reason in reasons:
        rows = [row for row in refused if row["reason"] == reason]
        yield from (rows[i] for i in _spread(len(rows), _SHOWN // len(reasons)))


def _refused_cell(draft: Draft, row: Row) -> Tile:
    pixels = None
    if row["reason"] != "unreadable":
        try:
            pixels = read_small(draft.source / row["file_name"], draft.settings.size)
        except (PhotoError, OSError):
            pixels = None  # it was readable when it was screened; the report can do without
    return Tile(pixels, f"{row['reason']}: {_base(row['file_name'])}", row["detail"])


def _settings(settings: BuildSettings) -> Table:
    rows = [(name, _shown(value)) for name, value in settings.to_json().items()]
    return Table("Settings", ("setting", "value"), rows)


def _shown(value: object) -> str:
    """A setting for people: several with commas, "none" for none of them."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_shown, value)) or "none"
    return "none" if value in (None, "") else str(value)


def _base(file_name: str) -> str:
    return file_name.rsplit("/", 1)[-1]


def _spread(count: int, most: int) -> list[int]:
    """At most `most` numbers below count, evenly apart."""
    return sorted(set(np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()))

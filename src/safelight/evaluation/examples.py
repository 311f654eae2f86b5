"""The pictures of a report: samples with the answers of several methods, a row each, picked by how well they went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from safelight.data.cache import open_dataset
from safelight.errors import DatasetError
from safelight.evaluation.base import EvaluationTask
from safelight.evaluation.paired import Pairing, most_changed
from safelight.evaluation.samples import Pictures, S
from safelight.reports.sheets import Tile, save_rows
from safelight.tasks.registry import task_named
from safelight.verdicts.verdict import Verdict

if TYPE_CHECKING:
    from safelight.journal.records import Record

P = TypeVar("P")


@dataclass(frozen=True)
class Example:
    """One row of a sheet. rank: "best", "improved", ...; name: the picture's; cell: what was answered."""

    rank: str
    name: str
    cell: str
    tiles: tuple[Tile, ...]

    @property
    def row(self) -> tuple[Tile, ...]:
        """The tiles, the first with rank and cell, the last with the picture's name."""
        first, *between, last = self.tiles
        title = f"{self.rank}, {self.cell}" if self.cell else self.rank
        return (replace(first, title=title), *between, replace(last, detail=self.name))


@dataclass(frozen=True)
class Sheet:
    """A sheet of examples: what is on it, its file, its title."""

    about: str
    file: str
    title: str
    examples: tuple[Example, ...]

    def save(self, folder: Path) -> Path:
        """Draw it into the folder; returns its path."""
        return save_rows(self.title, [example.row for example in self.examples], folder / self.file)


def report_sheets(
    task: EvaluationTask[S, P], verdict: Verdict, model: P, pictures: Pictures
) -> tuple[Sheet, ...]:
    """The samples where the model did best, middling and worst, beside the best baseline of each cell."""
    sheets = []
    for cells in task.sheets:
        examples = []
        for rank, index in _ranked(task.ranking(verdict, cells[0]), task.examples_a_rank):
            for cell in cells if cells[0] in verdict.cells else ():
                methods = {name: task.baseline(name) for name in task.baselines_beside(verdict, cell)}
                examples.append(
                    _example(task, rank, verdict, index, cell, {**methods, verdict.model: model}, pictures)
                )
        if examples:
            sheets.append(_sheet(task, cells, f"{verdict.model}: best, median, worst", examples))
    return tuple(sheets)


def comparison_sheets(
    one: "Record", other: "Record", pairing: Pairing, verdict: Verdict
) -> tuple[Sheet, ...]:
    """The samples that one run improved most over another, and those that it worsened; both answer them once more.

    Raises SafelightError where dataset or weights are not at hand.
    """
    path = Path(one.facts["dataset"]["path"])
    if verdict.dataset and path.name != verdict.dataset:
        raise DatasetError(
            f"the runs were judged on {verdict.dataset}, and trained on {path.name}; expected one dataset"
        )
    pictures = open_dataset(path, None if verdict.split in ("", "all") else verdict.split)
    opened, first = task_named(one.task).evaluation.open(
        str(one.folder), verdict.protocol, lambda split: open_dataset(path, split)
    )
    definition = opened.like(verdict)
    predictors = {"one": first, "other": definition.open_predictor(str(other.folder))}
    sheets = []
    for cells in definition.sheets:
        examples = [
            _example(definition, rank, verdict, pairing.indices[place], cell, predictors, pictures)
            for rank, place, cell in _most_changed(pairing, cells)
        ]
        if examples:
            title = f"{one.name} (one), {other.name} (other): most improved, most worsened"
            sheets.append(_sheet(definition, cells, title, examples))
    return tuple(sheets)


def _most_changed(pairing: Pairing, cells: Sequence[str]) -> list[tuple[str, int, str]]:
    """Rank, place and cell of the most changed samples: in a sheet's only cell, or each where it changed most."""
    if len(cells) == 1:
        if cells[0] not in pairing.columns:
            return []
        changes = pairing.differences[:, pairing.columns.index(cells[0])]
        return [(rank, place, cells[0]) for rank, place in most_changed(changes)]
    changed: list[tuple[str, int, str]] = []
    for rank, place in most_changed(pairing.changes):
        change = np.nan_to_num(pairing.differences[place])
        cell = int(np.argmax(change if rank == "improved" else -change))
        changed.append((rank, place, pairing.columns[cell]))
    return changed


def _ranked(values: Mapping[int, float], each: int) -> list[tuple[str, int]]:
    """Numbers of the best, the median and the worst pictures; none twice, however few there are."""
    ordered = sorted(values, key=lambda index: -values[index])
    each = max(1, min(each, len(ordered) // 3))
    middle = (len(ordered) - each) // 2
    ranks = {"best": ordered[:each], "median": ordered[middle : middle + each], "worst": ordered[-each:]}
    rank_of: dict[int, str] = {}
    for rank, indices in ranks.items():
        for index in indices:
            rank_of.setdefault(index, rank)
    return [(rank, index) for index, rank in rank_of.items()]


def _example(
    task: EvaluationTask[S, P],
    rank: str,
    verdict: Verdict,
    index: int,
    cell: str,
    predictors: Mapping[str, P],
    pictures: Pictures,
) -> Example:
    tiles = task.tiles(task.sample(pictures, index, verdict.seed), cell, predictors)
    name = str(pictures.rows(index).get("file_name", f"picture {index}"))
    return Example(rank, name, cell if len(verdict.cells) > 1 else "", tuple(tiles))


def _sheet(
    task: EvaluationTask[S, P], cells: Sequence[str], title: str, examples: Sequence[Example]
) -> Sheet:
    about, file = task.sheet_names(cells)
    return Sheet(about, file, f"{title} ({about})" if about else title, tuple(examples))

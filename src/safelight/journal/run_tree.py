"""The runs as a tree, each child below its parent, and as lines on a terminal, one a run."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from safelight.journal.records import Record, show_difference
from safelight.tasks.registry import known_task
from safelight.verdicts.test_split_log import SplitLog


@dataclass(frozen=True)
class TreeRow:
    """A run in the tree. depth: 0 for one without a parent here. branch: the lines that lead to it."""

    record: Record
    depth: int
    branch: str


def tree_rows(records: Sequence[Record]) -> list[TreeRow]:
    """Every run once: parents before their children, oldest first."""
    names = {record.name for record in records}
    children: defaultdict[str | None, list[Record]] = defaultdict(list)
    for record in records:
        children[record.parent if record.parent in names and record.parent != record.name else None].append(
            record
        )
    rows: list[TreeRow] = []

    def visit(record: Record, depth: int, branch: str, below: str) -> None:
        rows.append(TreeRow(record, depth, branch))
        successors = children.get(record.name, [])
        for number, child in enumerate(successors, start=1):
            last = number == len(successors)
            visit(child, depth + 1, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "))

    for record in children[None]:
        visit(record, 0, "", "")
    return rows + [TreeRow(record, 0, "") for record in records if record not in [row.record for row in rows]]


def by_task(rows: Sequence[TreeRow]) -> dict[str, list[TreeRow]]:
    """The runs of each task under its title, in their order."""
    found: defaultdict[str, list[TreeRow]] = defaultdict(list)
    for row in rows:
        task = known_task(row.record.task)
        found[task.title if task else row.record.task.capitalize()].append(row)
    return dict(found)


def origin(record: Record) -> str:
    """What the run started from, and what was changed, without names of runs."""
    facts = record.facts
    began = f", weights of {facts['began_from']}" if facts.get("began_from") else ""
    if record.parent is None:
        return f"recipe {facts.get('recipe', record.recipe.get('name', '?'))}{began}"
    changed = show_difference(record.difference) or "nothing changed"
    return f"{changed}, weights kept" if facts.get("weights_from") else f"{changed}{began}"


HEADER = ("run", "state", "steps", "time", "scores", "from its parent")
RIGHT = {2, 3}  # columns of numbers
SCORES = 2  # shown of each run


def list_runs(records: Sequence[Record], split_logs: Sequence[SplitLog]) -> list[str]:
    """The lines: children under their parents, then the evaluations on test splits."""
    rows = [HEADER] + [
        (
            row.branch + row.record.name,
            row.record.state,
            show_steps(row.record),
            show_time(row.record.seconds),
            show_scores(row.record),
            origin(row.record),
        )
        for row in tree_rows(records)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = []
    for row in rows:
        cells = (
            cell.rjust(width) if column in RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    return [*lines, "", *(log.said for log in split_logs)] if split_logs else lines


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
    """The scores that the task shows while a run goes on; else those that come first."""
    scores = {name.removeprefix("val/"): value for name, value in record.scores.items()}
    task = known_task(record.task)
    chosen = [name for name in task.progress if name in scores] if task else []
    chosen = chosen or list(scores)
    return {name: scores[name] for name in chosen[:most]}

"""Baseline scores, computed once for each question and kept, so that the next model is judged quickly."""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeAlias

from safelight.json_text import parsed
from safelight.tasks.colorize.baselines import BASELINES, VERSION
from safelight.tasks.colorize.benchmark import Question, Questions
from safelight.tasks.colorize.scores import COLUMNS, Row, score_question

FILE = f"baselines-v{VERSION}.jsonl"

Progress: TypeAlias = Callable[[str, int, int], None]  # what is being done, how much is done, of how much
Key: TypeAlias = tuple[str, str, tuple[int, ...]]  # question, baseline, counts


def score_baselines(
    questions: Questions,
    names: Sequence[str],
    folder: Path | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> dict[str, list[Row]]:
    """Scores of the named baselines, one row a question.

    folder: where scores are kept (one line of JSON each, added as soon as it is known); None keeps nothing.
    workers: processes; 1 computes here. They start afresh, so a script that asks for more needs the usual
    `if __name__ == "__main__":`.
    """
    counts = questions.protocol.counts
    kept = _read(folder)
    missing = []
    for question in questions:
        todo = tuple(name for name in names if (question.sha256, name, counts) not in kept)
        if todo:
            missing.append((question, todo, counts))
    for done, (key, rows) in enumerate(_compute(missing, workers), start=1):
        found = {(key, name, counts): row for name, row in rows.items()}
        kept.update(found)
        _add(folder, found)
        if progress:
            progress("baselines", done, len(missing))
    return {name: [kept[question.sha256, name, counts] for question in questions] for name in names}


_Task: TypeAlias = tuple[Question, tuple[str, ...], tuple[int, ...]]
_Found: TypeAlias = tuple[str, dict[str, Row]]


def _score(task: _Task) -> _Found:
    question, names, counts = task
    rows = {name: score_question(name, BASELINES[name](), question, counts) for name in names}
    return question.sha256, rows


def _compute(tasks: Sequence[_Task], workers: int) -> Iterator[_Found]:
    if workers <= 1 or len(tasks) < 2:
        yield from map(_score, tasks)
        return
    # Spawned, not forked: the caller may hold threads of torch or ONNX Runtime.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_score, tasks, chunksize=2)


def _read(folder: Path | None) -> dict[Key, Row]:
    """What is kept; a line that was cut short by a kill, or damaged, is computed again."""
    if folder is None or not (folder / FILE).exists():
        return {}
    kept: dict[Key, Row] = {}
    for line in (folder / FILE).read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = parsed(line)
            unknown = [None] * len(entry["counts"])  # in scores kept from before there was such a column
            row = {column: [_number(value) for value in entry.get(column, unknown)] for column in COLUMNS}
            kept[entry["question"], entry["baseline"], tuple(entry["counts"])] = row
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return kept


def _add(folder: Path | None, found: dict[Key, Row]) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for (question, baseline, counts), row in found.items():
        numbers = {column: [_short(value) for value in values] for column, values in row.items()}
        lines.append(json.dumps({"question": question, "baseline": baseline, "counts": counts, **numbers}))
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write("\n".join([*lines, ""]))


def _short(value: float) -> float | None:
    """Seven digits; null for nan, which JSON does not have."""
    return float(f"{value:.7g}") if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return float("nan") if value is None else value

"""Scores of the classical methods, computed once for each question and kept, for the next model."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeAlias

from safelight.json_text import parsed
from safelight.tasks.inpaint.benchmark import HoleQuestion, HoleQuestions
from safelight.tasks.inpaint.classical import CLASSICAL, VERSION
from safelight.tasks.inpaint.scores import COLUMNS, Row, score_question

FILE = f"fills-v{VERSION}.jsonl"

Progress: TypeAlias = Callable[[str, int, int], None]  # what is being done, how much is done, of how much
_Task: TypeAlias = tuple[HoleQuestion, tuple[str, ...]]


def score_classical(
    questions: HoleQuestions,
    names: Sequence[str],
    folder: Path | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> dict[str, list[Row]]:
    """Scores of the named methods of CLASSICAL, one row a question.

    folder: where scores are kept, a line of JSON each, added as soon as it is known; None keeps nothing.
    workers: processes; 1 computes here.
    """
    kept = _read(folder)
    missing: list[_Task] = []
    for question in questions:
        todo = tuple(name for name in names if (question.sha256, name) not in kept)
        if todo:
            missing.append((question, todo))
    for done, (key, rows) in enumerate(_compute(missing, workers), start=1):
        found = {(key, name): row for name, row in rows.items()}
        kept.update(found)
        _add(folder, found)
        if progress:
            progress("classical methods", done, len(missing))
    return {name: [kept[question.sha256, name] for question in questions] for name in names}


def _score(task: _Task) -> tuple[str, dict[str, Row]]:
    question, names = task
    return question.sha256, {name: score_question(name, CLASSICAL[name], question) for name in names}


def _compute(tasks: Sequence[_Task], workers: int) -> Iterator[tuple[str, dict[str, Row]]]:
    if workers <= 1 or len(tasks) < 2:
        yield from map(_score, tasks)
        return
    # Spawned, not forked: the caller may hold threads of torch or ONNX Runtime.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_score, tasks, chunksize=2)


def _read(folder: Path | None) -> dict[tuple[str, str], Row]:
    """What is kept; a line that was cut short by a kill, or damaged, is computed again."""
    if folder is None or not (folder / FILE).exists():
        return {}
    kept: dict[tuple[str, str], Row] = {}
    for line in (folder / FILE).read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = parsed(line)
            kept[entry["question"], entry["method"]] = {column: entry[column] for column in COLUMNS}
        except (ValueError, KeyError, TypeError):
            continue
    return kept


def _add(folder: Path | None, found: dict[tuple[str, str], Row]) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for (question, method), row in found.items():
        numbers = {column: [float(f"{value:.7g}") for value in values] for column, values in row.items()}
        lines.append(json.dumps({"question": question, "method": method, **numbers}))
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write("\n".join([*lines, ""]))

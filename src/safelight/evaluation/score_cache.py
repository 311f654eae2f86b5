"""Scores of baselines, computed once for each sample and cached, so that the next model is evaluated quickly."""

import json
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeAlias, TypeVar

from safelight.evaluation.base import EvaluationOptions, EvaluationTask, Row
from safelight.evaluation.samples import S, Samples
from safelight.json_text import parsed

P = TypeVar("P")
Key: TypeAlias = tuple[str, str]  # hash of the sample, name of the baseline


def cache_file(task: EvaluationTask[S, P], folder: Path) -> Path:
    """Where a dataset keeps the scores of a task's baselines: JSON, a line for each sample and baseline."""
    return folder / "judged" / f"{task.task}-baselines-v{task.version}.jsonl"


def score_baselines(
    task: EvaluationTask[S, P], samples: Samples[S], names: Sequence[str], options: EvaluationOptions
) -> dict[str, list[Row]]:
    """Scores of the named baselines, a row a sample; each is cached as soon as it is known."""
    if task.version is None:
        return {name: task.score_all(name, task.baseline(name), samples, options) for name in names}
    path = cache_file(task, options.folder) if options.folder else None
    cached = _read(path, task)
    missing = [
        (sample, names_left)
        for sample in samples
        if (names_left := [name for name in names if (sample.sha256, name) not in cached])
    ]
    for done, (sha256, rows) in enumerate(_compute(task, missing, options.workers), start=1):
        computed = {(sha256, name): row for name, row in rows.items()}
        cached.update(computed)
        _append(path, computed, task)
        options.progress("baselines", done, len(missing))
    return {name: [cached[sample.sha256, name] for sample in samples] for name in names}


def _score(task: EvaluationTask[S, P], missing: tuple[S, Sequence[str]]) -> tuple[str, dict[str, Row]]:
    sample, names = missing
    return sample.sha256, {name: task.score(name, task.baseline(name), sample) for name in names}


def _compute(
    task: EvaluationTask[S, P], missing: Sequence[tuple[S, Sequence[str]]], workers: int
) -> Iterator[tuple[str, dict[str, Row]]]:
    if workers <= 1 or len(missing) < 2:
        yield from map(partial(_score, task), missing)
        return
    # Spawned, not forked: the caller may hold threads of torch or ONNX Runtime.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(partial(_score, task), missing, chunksize=2)


def _read(path: Path | None, task: EvaluationTask[S, P]) -> dict[Key, Row]:
    """What is cached for these cells; a line that was cut short by a kill, or damaged, is computed again."""
    if path is None or not path.exists():
        return {}
    cached: dict[Key, Row] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = parsed(line)
            if tuple(entry["cells"]) == task.cells:
                row = {column: [_number(value) for value in entry[column]] for column in task.columns}
                cached[entry["sample"], entry["method"]] = row
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return cached


def _append(path: Path | None, rows: dict[Key, Row], task: EvaluationTask[S, P]) -> None:
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for (sha256, method), row in rows.items():
        numbers = {column: [_seven_digits(value) for value in values] for column, values in row.items()}
        lines.append(json.dumps({"sample": sha256, "method": method, "cells": task.cells, **numbers}))
    with path.open("a", encoding="utf-8") as file:
        file.write("\n".join([*lines, ""]))


def _seven_digits(value: float) -> float | None:
    """null for nan, which JSON does not have."""
    return float(f"{value:.7g}") if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.nan if value is None else value

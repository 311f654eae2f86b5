"""The examination of a run: its evidence, the checks of its task, and the findings when each cause is reported once."""

from pathlib import Path

import numpy as np

from safelight.data.finished import Finished, open_finished
from safelight.data.split import MOST_BITS, SPLITS, count_bits, near_duplicates
from safelight.errors import DatasetError
from safelight.journal.doctor.case import Case, Checklist, Examination, Finding, Leaks, Reading
from safelight.journal.doctor.learning import SEEN
from safelight.journal.doctor.remedies import LONGER, first_that_fits
from safelight.journal.doctor.steadiness import still_rising
from safelight.journal.doctor.symptoms import GENERAL
from safelight.journal.records import Record
from safelight.shaped import Int64, UInt64
from safelight.tasks.base import resolve
from safelight.tasks.registry import known_task

TRAIN = SPLITS.index("train")
_ROWS = 64  # held-out hashes compared with all others at a time


def checklist_of(task: str) -> Checklist:
    """What is checked of this task's runs."""
    known = known_task(task)
    checklist: Checklist = resolve(known.checklist) if known and known.checklist else GENERAL
    return checklist


def examine(case: Case) -> Examination:
    """What this case has, in the order of the table. A symptom that another one explains is not told.

    Of a young run only what may be told at any time: all others begin with most symptoms.
    """
    symptoms = checklist_of(case.task).symptoms
    readings: dict[str, Reading | None] = {
        symptom.name: symptom.measure(case) if symptom.at_once or not case.young else None
        for symptom in symptoms
    }
    sick = {name for name, reading in readings.items() if reading is not None and reading.sick}
    explained = {name for symptom in symptoms if symptom.name in sick for name in symptom.instead_of}
    findings, rising = [], still_rising(case)
    for symptom in symptoms:
        reading = readings[symptom.name]
        if reading is not None and symptom.name in sick - explained:
            # What still gets better by itself, or has seen little, is first given more time.
            unripe = rising or (symptom.of_answers and case.seen < SEEN)
            remedies = (
                (LONGER, *symptom.remedies) if LONGER in symptom.remedies and unripe else symptom.remedies
            )
            flags = first_that_fits(remedies, case.settings)
            findings.append(
                Finding(symptom.name, reading, symptom.cause, flags, symptom.advice, symptom.draw)
            )
    return Examination(tuple(findings), readings, case.young)


def case_of(record: Record, with_dataset: bool = True) -> Case:
    """A run's evidence. Where a run logged no probe/ measures they are taken from its pictures.

    with_dataset: look for near-duplicates across the splits too, which takes seconds.
    """
    curves = dict(record.curves)
    if not any(name.startswith("probe/chroma") for name in curves):
        curves |= checklist_of(record.task).evidence_from_pictures(record)
    leaks: Leaks | None = None
    path = (record.facts.get("dataset") or {}).get("path")
    if with_dataset and path:
        leaks = find_leaks(Path(path))
    return Case(
        settings=record.settings,
        curves=curves,
        step=record.step,
        guard=record.guard_events,
        error=str(record.facts.get("error") or ""),
        leaks=leaks,
    )


def find_leaks(folder: Path) -> Leaks | None:
    """Held-out pictures with a near-duplicate in train. None where there is no dataset that can tell."""
    try:
        dataset = open_finished(folder)
    except (DatasetError, OSError):
        return None
    fingerprints = _fingerprints(dataset) if dataset else None
    if dataset is None or fingerprints is None:
        return None
    hashes, thumbs = fingerprints
    splits = np.asarray(dataset.index()["split"])
    held_out, train = np.flatnonzero(splits != TRAIN), np.flatnonzero(splits == TRAIN)
    some = _candidates(hashes, held_out, train)
    pairs = some[near_duplicates(hashes[some], thumbs[some])] if len(some) else np.zeros((0, 2), np.int64)
    twins: dict[int, int] = {}
    for i, j in pairs:
        if (splits[i] == TRAIN) != (splits[j] == TRAIN):
            one, other = (j, i) if splits[i] == TRAIN else (i, j)
            twins.setdefault(int(one), int(other))
    return Leaks(len(held_out), tuple(sorted(twins.items())))


def _candidates(
    hashes: UInt64[np.ndarray, " n"], held_out: Int64[np.ndarray, " m"], train: Int64[np.ndarray, " k"]
) -> Int64[np.ndarray, " c"]:
    """The pictures whose hash is near one on the other side; the few that need a closer look."""
    chosen = [np.zeros(0, np.int64)]
    for start in range(0, len(held_out), _ROWS):
        own = held_out[start : start + _ROWS]
        distance = count_bits((hashes[own][:, None] ^ hashes[train][None]).ravel()).reshape(len(own), -1)
        rows, columns = np.nonzero(distance <= MOST_BITS)
        chosen += [own[rows], train[columns]]
    return np.unique(np.concatenate(chosen))


def _fingerprints(dataset: Finished) -> tuple[np.ndarray, np.ndarray] | None:
    """Perceptual hash (n,) and thumbnail (n, 256) of each picture; None if one is not known."""
    facts = {each.file_name: (each.phash, each.thumb) for each in dataset.facts() if each.phash}
    names = [row["file_name"] for row in dataset.rows()]
    if not names or any(name not in facts for name in names):
        return None
    hashes = np.array([int(facts[name][0], 16) for name in names], np.uint64)
    thumbs = np.stack([np.frombuffer(bytes.fromhex(facts[name][1]), np.uint8) for name in names])
    return hashes, thumbs

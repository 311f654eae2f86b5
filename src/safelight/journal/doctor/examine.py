"""The examination: every check on one case, and the symptoms that are left when causes are told once."""

from pathlib import Path

from safelight.journal.doctor.case import Case, Examination, Finding, Leaks, Reading
from safelight.journal.doctor.learning import SEEN
from safelight.journal.doctor.mends import first_that_fits
from safelight.journal.doctor.sheets import evidence_from_sheets
from safelight.journal.doctor.steadiness import still_rising
from safelight.journal.doctor.symptoms import LONGER, SYMPTOMS
from safelight.journal.doctor.twins import find_leaks
from safelight.journal.records import Record


def examine(case: Case) -> Examination:
    """What this case has, in the order of the table. A symptom that another one explains is not told.

    Of a young run only what may be told at any time: all others begin with most symptoms.
    """
    symptoms = [symptom for symptom in SYMPTOMS if case.task in symptom.tasks]
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
            unripe = rising or (symptom.picture == "colors" and case.seen < SEEN)
            mends = (LONGER, *symptom.mends) if LONGER in symptom.mends and unripe else symptom.mends
            flags = first_that_fits(mends, case.settings)
            findings.append(
                Finding(symptom.name, reading, symptom.cause, flags, symptom.advice, symptom.picture)
            )
    return Examination(tuple(findings), readings, case.young)


def case_of(record: Record, with_dataset: bool = True) -> Case:
    """A run's evidence. Where a run logged no probe/ measures they are taken from its pictures.

    with_dataset: look for near-duplicates across the splits too, which takes seconds.
    """
    curves = dict(record.curves)
    if not any(name.startswith("probe/chroma") for name in curves):
        curves |= evidence_from_sheets(record)
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

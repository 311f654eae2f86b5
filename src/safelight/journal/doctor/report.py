"""The doctor's report: doctor/report.md, findings.json and a picture a finding, inside the run folder."""

import json
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from safelight.files import put_text
from safelight.journal.doctor.case import Case, Examination, Finding, Reading
from safelight.journal.doctor.drawings import draw_finding
from safelight.journal.records import DOCTOR, Record
from safelight.reports.pages import render
from safelight.reports.text import Markdown
from safelight.tasks.registry import known_task

FORMAT, VERSION = "safelight-findings", 1


def write_report(record: Record, case: Case, examination: Examination) -> Path:
    """Write the report anew, in place of an older one; returns the path of report.md."""
    folder = record.folder / DOCTOR.parent
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    findings = [
        replace(finding, picture=draw_finding(record, case, finding, folder))
        for finding in examination.findings
    ]
    stored = {
        "format": FORMAT,
        "version": VERSION,
        "examined": datetime.now(UTC).isoformat(timespec="seconds"),
        "step": case.step,
        "findings": [finding.to_json() for finding in findings],
    }
    put_text(folder / DOCTOR.name, json.dumps(stored, ensure_ascii=False, indent=1) + "\n")
    page = folder / "report.md"
    put_text(page, _page(record, case, findings, examination))
    return page


def in_lines(record: Record, examination: Examination) -> list[str]:
    """The findings as lines for a terminal."""
    if examination.healthy:
        return [f"{record.name}: {_well(record, examination)}"]
    names = ", ".join(finding.name for finding in examination.findings)
    lines = [f"{record.name}: {names} ({_made(record, examination)})"]
    for finding in examination.findings:
        lines += ["", f"{finding.name}: {finding.reading.evidence}"]
        lines.append(f"  measured  {compared(finding.reading)}")
        lines.append(f"  because   {finding.cause}")
        if finding.flags:
            lines.append(f"  try       {finding.flags}")
        if finding.advice:
            lines.append(f"  {'or       ' if finding.flags else 'try      '} {finding.advice}")
    return lines


def _well(record: Record, examination: Examination) -> str:
    """Nothing was found: because all is well, because the run is young, or because nothing was measured."""
    if examination.young:
        done, planned = f"{record.step:,}", f"{max(record.steps_planned, 1):,}"
        return f"too short to tell ({done} of {planned} steps; most checks need a quarter to half of them)"
    if not any(examination.readings.values()):
        return "too little was measured to tell"
    return f"healthy: {_made(record, examination)}"


def _made(record: Record, examination: Examination) -> str:
    """How many of the checks of this task could be made."""
    made = sum(reading is not None for reading in examination.readings.values())
    task = known_task(record.task)
    checks = f"{len(examination.readings)} checks for {task.noun if task else 'such a run'}"
    return f"all {checks}" if made == len(examination.readings) else f"{made} of {checks} could be made"


def compared(reading: Reading) -> str:
    """The figure and its limit: "0.62 of the loss, limit 0.45"."""
    return f"{show_figure(reading.figure)} {reading.unit}, limit {show_figure(reading.limit)}"


def show_figure(value: float) -> str:
    """Three digits at most."""
    return f"{value:.3g}".replace("-", "−")


def _page(record: Record, case: Case, findings: list[Finding], examination: Examination) -> str:
    names = [finding.name for finding in findings]
    young = examination.young and not findings
    values = {
        "run": record.name,
        "found": _well(record, examination) if young else f"the doctor found {', '.join(names) or 'nothing'}",
        "state": record.state,
        "done": f"{case.step:,} of {case.planned:,} steps",
        "findings": findings,
        "compared": compared,
        "command": lambda finding: Markdown(_command(record, finding)),
        "checks": [
            [name, *_check(name, reading, names, examination.young)]
            for name, reading in examination.readings.items()
        ],
    }
    return render("doctor.md", values)


def _command(record: Record, finding: Finding) -> str:
    """What trains the run anew as the finding advises."""
    dataset = str((record.facts.get("dataset") or {}).get("path") or "DATASET")
    start = f"safelight train {shlex.quote(str(record.folder))} --data {shlex.quote(dataset)}"
    return f"{start} {finding.flags}"


def _check(name: str, reading: Reading | None, found: Sequence[str], young: bool) -> tuple[str, str, str]:
    """The figure, its limit, and what is said of it."""
    if reading is None:
        return "–", "–", "too early in this run" if young else "not measured in this run"
    limit = f"{'below' if reading.below else 'above'} {show_figure(reading.limit)} {reading.unit}"
    return show_figure(reading.figure), limit, _standing(name, reading, found)


def _standing(name: str, reading: Reading, found: Sequence[str]) -> str:
    if name in found:
        return "found"
    if reading.sick:
        return "explained by another"
    return f"well: beyond the limit, but {reading.but}" if reading.beyond and reading.but else "well"

"""The doctor's report: doctor/report.md, findings.json and a picture a finding, inside the run folder."""

import json
import shlex
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from safelight.files import put_text
from safelight.journal.doctor.case import Case, Examination, Finding, Reading
from safelight.journal.doctor.drawings import draw_finding
from safelight.journal.records import DOCTOR, Record

FORMAT, VERSION = "safelight-findings", 1
KINDS = {
    "colorize": "a colorizer",
    "fill": "an inpainting model",
    "scratches": "a scratch detector",
    "code": "an autoencoder",
}


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


def tell(record: Record, examination: Examination) -> list[str]:
    """The findings as lines for a terminal."""
    if examination.healthy:
        return [f"{record.name}: {_well(record, examination)}"]
    names = ", ".join(finding.name for finding in examination.findings)
    lines = [f"{record.name}: {names} ({_made(record, examination)})"]
    for finding in examination.findings:
        lines += ["", f"{finding.name}: {finding.reading.says}"]
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
    checks = f"{len(examination.readings)} checks for {KINDS.get(record.task, 'such a run')}"
    return f"all {checks}" if made == len(examination.readings) else f"{made} of {checks} could be made"


def compared(reading: Reading) -> str:
    """The figure and its limit: "0.62 of the loss, limit 0.45"."""
    return f"{show_figure(reading.figure)} {reading.unit}, limit {show_figure(reading.limit)}"


def _standing(name: str, reading: Reading, told: set[str]) -> str:
    """What is told of a check in the table."""
    if name in told:
        return "found"
    if reading.sick:
        return "explained by another"
    return f"well: beyond the limit, but {reading.but}" if reading.beyond and reading.but else "well"


def show_figure(value: float) -> str:
    """Three digits at most."""
    return f"{value:.3g}".replace("-", "−")


def _page(record: Record, case: Case, findings: list[Finding], examination: Examination) -> str:
    done = f"{case.step:,} of {case.planned:,} steps"
    names = ", ".join(finding.name for finding in findings) or "nothing"
    found = _well(record, examination) if examination.young and not findings else f"the doctor found {names}"
    parts = [
        f"# {record.name}: {found}",
        f"{record.state.capitalize()}, {done}. Each finding has its figure beside its limit, what it comes from "
        "as a rule, and the one setting to try next. Change one at a time.",
        *(_section(record, finding) for finding in findings),
        "## Every check",
        _checks(examination),
    ]
    return "\n\n".join(parts) + "\n"


def _section(record: Record, finding: Finding) -> str:
    lines = [
        f"## {finding.name.capitalize()}",
        f"{_sentence(finding.reading.says)} Measured: {compared(finding.reading)}.",
    ]
    if finding.picture:
        lines.append(f"![{finding.name}]({finding.picture})")
    lines.append(f"Likely cause: {finding.cause}.")
    if finding.flags:
        lines.append(
            f"Try next:\n\n```\nsafelight train {shlex.quote(str(record.folder))} --data "
            f"{shlex.quote(_dataset(record))} {finding.flags}\n```"
        )
    if finding.advice:
        lines.append(_sentence(finding.advice))
    return "\n\n".join(lines)


def _dataset(record: Record) -> str:
    return str((record.facts.get("dataset") or {}).get("path") or "DATASET")


def _checks(examination: Examination) -> str:
    told = {finding.name for finding in examination.findings}
    rows = ["| check | measured | found | |", "|---|---:|---:|---|"]
    for name, reading in examination.readings.items():
        if reading is None:
            why = "too early in this run" if examination.young else "not measured in this run"
            rows.append(f"| {name} | – | – | {why} |")
        else:
            figure, limit = show_figure(reading.figure), show_figure(reading.limit)
            side = "below" if reading.below else "above"
            standing = _standing(name, reading, told)
            rows.append(f"| {name} | {figure} | {side} {limit} {reading.unit} | {standing} |")
    return "\n".join(rows)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."

"""The doctor's report: doctor/report.md, findings.json and a picture a finding, inside the run folder."""

import json
import shlex
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from safelight.journal.doctor.case import Case, Examination, Finding, Reading
from safelight.journal.doctor.drawings import draw_finding
from safelight.journal.records import DOCTOR, Record

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
    (folder / DOCTOR.name).write_text(
        json.dumps(stored, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    page = folder / "report.md"
    page.write_text(_page(record, case, findings, examination), encoding="utf-8")
    return page


def tell(record: Record, examination: Examination) -> list[str]:
    """The findings as lines for a terminal."""
    measured = sum(reading is not None for reading in examination.readings.values())
    checks = f"{measured} of {len(examination.readings)} checks could be made"
    if not measured:
        return [f"{record.name}: too little was measured to say anything"]
    if examination.healthy:
        return [f"{record.name}: nothing found ({checks})"]
    lines = [f"{record.name}: {', '.join(finding.name for finding in examination.findings)} ({checks})"]
    for finding in examination.findings:
        lines += ["", f"{finding.name}: {finding.reading.says}"]
        lines.append(f"  measured  {compared(finding.reading)}")
        lines.append(f"  because   {finding.cause}")
        if finding.flags:
            lines.append(f"  try       {finding.flags}")
        if finding.advice:
            lines.append(f"  {'or       ' if finding.flags else 'try      '} {finding.advice}")
    return lines


def compared(reading: Reading) -> str:
    """The figure and its limit: "0.62 of the loss, limit 0.45"."""
    return f"{show_figure(reading.figure)} {reading.unit}, limit {show_figure(reading.limit)}"


def show_figure(value: float) -> str:
    """Three digits at most."""
    return f"{value:.3g}".replace("-", "−")


def _page(record: Record, case: Case, findings: list[Finding], examination: Examination) -> str:
    done = f"{case.step:,} of {case.planned:,} steps"
    names = ", ".join(finding.name for finding in findings) or "nothing"
    parts = [
        f"# {record.name}: the doctor found {names}",
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
    rows = ["| check | measured | limit | |", "|---|---:|---:|---|"]
    for name, reading in examination.readings.items():
        if reading is None:
            rows.append(f"| {name} | – | – | not measured in this run |")
        else:
            standing = "found" if name in told else "explained by another" if reading.sick else "well"
            figure, limit = show_figure(reading.figure), show_figure(reading.limit)
            rows.append(f"| {name} | {figure} | {limit} {reading.unit} | {standing} |")
    return "\n".join(rows)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."

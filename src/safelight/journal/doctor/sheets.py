"""The evidence of a colorizer's contact sheets, for runs that logged none."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from safelight.arrays import Ab
from safelight.journal.curves import Curve, make_curve
from safelight.journal.doctor.evidence import probe_evidence
from safelight.journal.records import Record
from safelight.pixels.color import srgb_to_lab

COLUMNS, AUTOMATIC, TRUTH = 5, 2, 4  # grey, hints, automatic answer, with hints, truth


def evidence_from_sheets(record: Record) -> dict[str, Curve]:
    """probe/ curves measured on the pictures of a run; empty for other tasks and other layouts."""
    side = record.settings.get("augment.size")
    if record.task != "colorize" or not isinstance(side, int):
        return {}
    rows: list[dict[str, float]] = []
    steps: list[int] = []
    for path in record.pictures:
        found = read_sheet(path, side)
        if found is not None:
            rows.append(probe_evidence(*found))
            steps.append(int("".join(filter(str.isdigit, path.stem)) or 0))
    return {
        f"probe/{name}": make_curve(steps, [row[name] for row in rows])
        for name in (rows[0] if rows else ())
        if name != "most_chroma"  # sheets are clipped to what can be shown
    }


def read_sheet(path: Path, side: int) -> tuple[list[Ab], list[Ab]] | None:
    """ab of the automatic answers and of the truths; None if the sheet is none of a colorizer's."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            sheet: UInt8[np.ndarray, "h w 3"] = np.asarray(picture.convert("RGB"))
    except OSError:
        return None
    height, width = sheet.shape[:2]
    if width != COLUMNS * side or height % side or height == 0:
        return None
    ab = srgb_to_lab(sheet)[..., 1:]
    rows = range(0, height, side)
    answers, truths = (
        [ab[top : top + side, column * side : (column + 1) * side] for top in rows]
        for column in (AUTOMATIC, TRUTH)
    )
    return answers, truths

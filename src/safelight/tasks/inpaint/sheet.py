"""Contact sheets of holes: a row a hole: what is known, the best classical method, the model, the truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from safelight.arrays import Srgb
from safelight.evaluation.metrics import psnr
from safelight.evaluation.samples import Pictures
from safelight.reports.style import FAINT, INK, PAPER, SOFT
from safelight.reports.text import format_number
from safelight.tasks.inpaint.benchmark import CELLS, draw_sample
from safelight.tasks.inpaint.classical import CLASSICAL, Fill
from safelight.tasks.inpaint.scores import composite
from safelight.verdicts.verdict import Verdict

TILE, GAP, MARGIN, CAPTION = 176, 8, 24, 22  # pixels
HOLE = np.array([0.93, 0.2, 0.55], np.float32)  # a color that no photo has much of
CELLS_SHOWN = (1, 3, 11)  # a small, a middle and a large hole


@dataclass(frozen=True)
class Shown:
    """One row: a title and pictures (h, w, 3), 0..1, by what is written above them."""

    title: str
    pictures: tuple[tuple[str, Srgb], ...]


def pick_fills(verdict: Verdict, fill: Fill, pictures: Pictures) -> list[Shown]:
    """The picture where the model leads most over the best classical methods, the median and the worst one."""
    ordered = sorted(verdict.leads, key=lambda index: -verdict.leads[index])
    ranks = {"best": ordered[0], "median": ordered[len(ordered) // 2], "worst": ordered[-1]}
    shown, seen = [], set()
    for rank, index in ranks.items():
        if index not in seen:
            seen.add(index)
            shown += [_row(rank, verdict, fill, pictures, index, cell) for cell in CELLS_SHOWN]
    return shown


def _row(rank: str, verdict: Verdict, fill: Fill, pictures: Pictures, index: int, cell: int) -> Shown:
    sample = draw_sample(pictures, index, verdict.size, verdict.seed)
    mask, given, truth = sample.masks[cell], sample.shown(cell), sample.truth
    best = verdict.best[CELLS[cell].name]
    answers = []
    for name, method in ((best, CLASSICAL[best]), (verdict.model, fill)):
        result = composite(name, method(given, mask), given, mask)
        answers.append((f"{name}, {format_number(psnr(result[mask], truth[mask]), 1)} dB", result))
    hole = np.where(mask[..., None], HOLE, given).astype(np.float32)
    return Shown(f"{rank}, {CELLS[cell].name}", (("", hole), *answers, ("truth", truth)))


def draw_fills(title: str, rows: Sequence[Shown], path: Path) -> Path:
    """Draw the rows; returns the path."""
    from matplotlib import get_data_path
    from PIL import Image, ImageDraw, ImageFont

    face = Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    large, small = ImageFont.truetype(face, 18), ImageFont.truetype(face, 13)
    columns = max(len(row.pictures) for row in rows)
    size = (2 * MARGIN + columns * (TILE + GAP), 3 * MARGIN + len(rows) * (TILE + CAPTION + GAP))
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN // 2), title, INK, large)
    for number_, row in enumerate(rows):
        top = 2 * MARGIN + number_ * (TILE + CAPTION + GAP)
        draw.line((MARGIN, top, size[0] - MARGIN, top), FAINT)
        for column, (caption, picture) in enumerate(row.pictures):
            left = MARGIN + column * (TILE + GAP)
            draw.text((left, top + 3), caption or row.title, SOFT if caption else INK, small)
            pixels = np.round(picture.clip(0, 1) * 255).astype(np.uint8)
            tile = Image.fromarray(pixels).resize((TILE, TILE), Image.Resampling.BICUBIC)
            sheet.paste(tile, (left, top + CAPTION))
    sheet.save(path)
    return path

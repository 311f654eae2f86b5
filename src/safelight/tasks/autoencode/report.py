"""The report on codes: a page, the verdict as JSON, and sheets to look at."""

from pathlib import Path

import numpy as np
from PIL import Image

from safelight.files import put_text
from safelight.tasks.autoencode.benchmark import MODEL, PCA, Pictures
from safelight.tasks.autoencode.evaluate import ReportPictures
from safelight.tasks.colorize.tables import escape, table
from safelight.verdicts.verdict import ALL, Curve, Estimate, Verdict

COLUMNS, SAMPLE_ROWS, GAP = 8, 8, 2
ERRORS = {"mse": 5, "psnr": 2, "ssim": 3}  # statistic: digits
SHEETS = {
    "reconstructions.png": "In each block: held-out pictures, the model's reconstructions, PCA's.",
    "samples.png": "Samples: {sources}, a block each.",
    "neighbors.png": "In each block: samples, and below each the training picture that is nearest to it.",
}


def write_code_report(verdict: Verdict, pictures: ReportPictures, folder: Path) -> Path:
    """Write report.md, verdict.json and three sheets into the folder; the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    shown = 2 * COLUMNS
    truth = pictures.truth
    _save(
        [truth[:shown], pictures.reconstructions[MODEL][:shown], pictures.reconstructions[PCA][:shown]],
        folder / "reconstructions.png",
    )
    samples = [drawn[: SAMPLE_ROWS * COLUMNS] for drawn in pictures.drawn.values()]
    Image.fromarray(np.vstack([_sheet([each]) for each in samples])).save(folder / "samples.png")
    _save([samples[0][:shown], pictures.neighbors[:shown]], folder / "neighbors.png")
    verdict.save(folder / "verdict.json")
    page = folder / "report.md"
    put_text(page, page_of(verdict, ", ".join(pictures.drawn)))
    return page


def page_of(verdict: Verdict, sources: str) -> str:
    """The text of report.md."""
    bounded: Curve = verdict.tables["bounds"]["model"]
    errors = table(
        ["held-out pictures", "squared error", "PSNR, dB", "SSIM"],
        [
            [method, *(_cell(own.get(key, {}).get(ALL), digits) for key, digits in ERRORS.items())]
            for method, own in verdict.curves.items()
        ],
    )
    bounds = table(
        ["bound", "value"],
        [
            [f"{name}, {'bits per dimension' if name == 'bits' else 'nats per picture'}", _cell(own, 3)]
            for name, own in bounded.items()
        ],
    )
    distances = table(
        ["from held-out pictures", "Fréchet", "kernel"],
        [
            [name, _cell(own["frechet"], 2), _cell(own["kernel"], 4)]
            for name, own in verdict.tables["distances"].items()
        ],
    )
    parts = [
        f"# {escape(verdict.model)}: what its codes are worth",
        "\n".join(f"- {sentence}" for sentence in verdict.sentences),
        f"## Reconstruction\n\n{errors}",
        f"## Likelihood\n\n{bounds}" if bounded else "",
        f"## Samples\n\nFeatures: {verdict.facts['features']}.\n\n{distances}",
        *(f"![]({name})\n\n{text.format(sources=sources)}" for name, text in SHEETS.items()),
        f"Judged {verdict.judged} by safelight {verdict.safelight}, seed {verdict.seed}; 95 % intervals.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _cell(estimate: Estimate | None, digits: int) -> str:
    if estimate is None:
        return "–"
    value, low, high = (f"{number:,.{digits}f}" for number in (estimate.value, estimate.low, estimate.high))
    return f"{value}<br>({low} to {high})"


def _save(blocks: list[Pictures], path: Path) -> None:
    Image.fromarray(_sheet(blocks)).save(path)


def _sheet(blocks: list[Pictures]) -> np.ndarray:
    """Row by row: COLUMNS pictures of the first block, the same of the second below them, and so on."""
    size = blocks[0].shape[-1] + GAP
    count = min(len(block) for block in blocks)
    rows = []
    for first in range(0, count, COLUMNS):
        for block in blocks:
            row = np.full((size, COLUMNS * size, 3), 255, np.uint8)
            for column, planes in enumerate(block[first : min(first + COLUMNS, count)]):
                picture = np.round(np.clip(np.moveaxis(planes, 0, 2), 0, 1) * 255)
                row[: size - GAP, column * size : (column + 1) * size - GAP] = picture
            rows.append(row)
        rows.append(np.full((2 * GAP, COLUMNS * size, 3), 255, np.uint8))
    return np.vstack(rows)

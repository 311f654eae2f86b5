"""What a verdict on an autoencoder says, and its report: sentences, tables, sheets to look at."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from safelight.evaluation.summary import Layout, cautions, setting
from safelight.reports.text import Numbers, format_interval, format_number, join_words, negated, table
from safelight.tasks.autoencode.benchmark import MODEL, PCA, Pictures
from safelight.tasks.autoencode.scores import METRICS
from safelight.verdicts.verdict import ALL, Verdict

if TYPE_CHECKING:
    from safelight.tasks.autoencode.evaluate import ReportPictures

COLUMNS, SAMPLE_ROWS, GAP = 8, 8, 2
FEWEST_FOR_FRECHET = 1000  # pictures


def summarize(verdict: Verdict) -> tuple[str, ...]:
    """The summary, most important first; where PCA is better, that is said."""
    beside = f"beside PCA on {verdict.facts['training']:,} training pictures; padding is left out"
    few = "Fréchet distances grow as pictures get fewer: compare them at this number of pictures only."
    return (
        setting(verdict, f" at {verdict.size} pixels, {beside}"),
        _against_pca(verdict),
        *_codes(verdict),
        *_likelihood(verdict),
        _samples(verdict),
        _memory(verdict),
        *([few] if verdict.pictures < FEWEST_FOR_FRECHET else []),
        *cautions(verdict),
    )


def _against_pca(verdict: Verdict) -> str:
    model, pca, mean = (verdict.estimate(method, "psnr", ALL) for method in verdict.methods)
    saved, standing = verdict.comparisons[0].difference, verdict.comparisons[0].standing
    components = min(verdict.facts["latent"], verdict.facts["training"] - 1)
    error = (
        f"its reconstructions have {format_interval(model.numbers, 2, 'dB')}, PCA's with "
        f"{components} components {format_interval(pca.numbers, 2, 'dB')}, the mean "
        f"picture {mean.value:.2f} dB"
    )
    if standing == "wins":
        return f"It beats PCA: its squared error is {_percent(saved.numbers)} lower; {error}."
    if standing == "loses":
        more = negated(saved.numbers)
        return f"PCA wins: the model's squared error is {_percent(more)} higher; {error}."
    return f"It cannot be told from PCA (share of PCA's squared error saved: {_percent(saved.numbers)}); {error}."


def _codes(verdict: Verdict) -> list[str]:
    facts = verdict.facts
    if facts["collapse"]:
        return [f"Its code is of no use: {facts['collapse']}."]
    return [f"{facts['active']} of the {facts['latent']} numbers of its code are active."]


def _likelihood(verdict: Verdict) -> list[str]:
    bounds, facts = verdict.tables["bounds"]["model"], verdict.facts
    if "elbo" not in bounds:
        return []
    elbo, weighted = bounds["elbo"], bounds["importance-weighted"]
    kl, bits = bounds["kl"], bounds.get("bits")
    text = (
        f"Under its likelihood ({facts['likelihood']}"
        + (f", sd {facts['sd']:.3g}" if facts["likelihood"] != "bernoulli" else "")
        + f") held-out pictures have an ELBO of {format_interval(elbo.numbers, 0, 'nats')}, of which the KL takes "
        f"{kl.value:.0f}; the importance-weighted bound is {format_interval(weighted.numbers, 0, 'nats')}"
    )
    if bits is None:
        return [
            f"{text}. Cross-entropy of shades is no log-likelihood: do not compare it with other models'."
        ]
    return [f"{text}, {bits.value:.3f} bits per dimension."]


def _samples(verdict: Verdict) -> str:
    kernels = {name: cells["kernel"] for name, cells in verdict.tables["distances"].items()}
    drawn = [name for name in kernels if name.startswith("samples")]
    best = min(drawn, key=lambda name: kernels[name].value)
    beside = join_words(f"{name} have {kernels[name].value:.3g}" for name in kernels if name != best)
    return (
        f"Kernel distance from held-out pictures (lower is nearer): {best} have {kernels[best].value:.3g} "
        f"({kernels[best].low:.3g} to {kernels[best].high:.3g}); {beside}."
    )


def _memory(verdict: Verdict) -> str:
    nearest, copied = verdict.tables["nearest_training_picture"], verdict.facts["copies"]
    samples, held_out = (nearest[name]["distance"] for name in ("samples", "held_out"))
    copies = (
        f"{100 * copied:.0f} % of the samples are nearer to one than even the nearest held-out picture is"
    )
    start = (
        f"To its nearest training picture a sample has {format_interval(samples.numbers, 3, 'rms')}, a held-out "
        f"picture {format_interval(held_out.numbers, 3, 'rms')}; {copies}"
    )
    if copied > 0.05:
        return f"{start}: look at neighbors.png for copies (samples that are smoother than photos are nearer too)."
    return f"{start}: it does not copy."


def _percent(numbers: Numbers) -> str:
    value, low, high = (format_number(100 * number, 1) for number in numbers)
    return f"{value} % ({low} to {high})"


def sections(verdict: Verdict) -> Iterator[str]:
    """Bounds on the likelihood, and distances between sets of pictures."""
    bounds = verdict.tables["bounds"]["model"]
    if bounds:
        units = {"bits": "bits per dimension"}
        rows = [
            [
                f"{name}, {units.get(name, 'nats per picture')}",
                format_interval(bound.numbers, 3 if name in units else 1),
            ]
            for name, bound in bounds.items()
        ]
        yield "## Likelihood"
        yield table(["bound", "value"], rows)
    rows = [
        [name, format_interval(row["frechet"].numbers, 2), format_interval(row["kernel"].numbers, 4)]
        for name, row in verdict.tables["distances"].items()
    ]
    yield "## Samples"
    yield f"Features: {verdict.facts['features']}."
    yield table(["from held-out pictures", "Fréchet", "kernel"], rows)


LAYOUT = Layout(
    title="autoencoding",
    metrics=METRICS,
    sentences=summarize,
    sections=sections,
    main=(),
    head="held-out pictures",
    pictures={
        "reconstructions.png": "in each block: held-out pictures, the model's reconstructions, PCA's",
        "samples.png": "samples, a block for each source of codes, in the order of the table of distances",
        "neighbors.png": "in each block: samples, and below each the training picture that is nearest to it",
    },
    samples="The model, PCA and the mean picture reconstructed the same framed pictures",
    notes=("Padding is left out of every error.",),
)


def save_sheets(pictures: "ReportPictures", folder: Path) -> list[str]:
    """Write the three sheets of the report into the folder; the names of their files."""
    shown = 2 * COLUMNS
    model, pca = (pictures.reconstructions[method][:shown] for method in (MODEL, PCA))
    drawn = [samples[: SAMPLE_ROWS * COLUMNS] for samples in pictures.drawn.values()]
    sheets = {
        "reconstructions.png": [[pictures.truth[:shown], model, pca]],
        "samples.png": [[samples] for samples in drawn],
        "neighbors.png": [[drawn[0][:shown], pictures.neighbors[:shown]]],
    }
    for name, parts in sheets.items():
        Image.fromarray(np.vstack([_sheet(blocks) for blocks in parts])).save(folder / name)
    return list(sheets)


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

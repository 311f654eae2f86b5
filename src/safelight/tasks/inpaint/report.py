"""What a verdict on inpainting says, and its report: sentences, tables by area of the hole, pictures."""

from safelight.evaluation.summary import (
    Layout,
    beside_clean,
    best_other,
    cautions,
    overall,
    setting,
    standings,
)
from safelight.reports.text import join_words
from safelight.tasks.inpaint.scores import FEATURES, METRICS, RING
from safelight.verdicts.verdict import ALL, Verdict

MAIN = ("hole_psnr", "perceptual")


def summarize(verdict: Verdict) -> tuple[str, ...]:
    """The summary, most important first. Every place where the model loses, or cannot be told, is said."""
    return (
        setting(verdict, f", squares of {verdict.size} pixels, {len(verdict.parts)} holes each"),
        *(overall(verdict, METRICS[key], ALL, "over all holes") for key in MAIN),
        *beside_clean(verdict, LAYOUT, "hole_psnr", ALL, "over all holes"),
        *standings(verdict, LAYOUT),
        _best(verdict),
        *cautions(verdict),
    )


def _best(verdict: Verdict) -> str:
    """Which other method is the best in which bin."""
    bins: dict[str, list[str]] = {}
    for cell in verdict.parts:
        method = best_other(verdict, METRICS["hole_psnr"], cell)
        bins.setdefault(method, []).append(cell)
    parts = [f"{method} {LAYOUT.where(cells, verdict.parts)}" for method, cells in bins.items()]
    return f"The best other method in PSNR in the hole is {join_words(parts)}."


LAYOUT = Layout(
    title="inpainting",
    metrics=METRICS,
    sentences=summarize,
    main=MAIN,
    cell=("in", "bin"),
    head="missing",
    samples="All methods filled the same holes",
    notes=(
        "Every answer is laid into the known pixels and clipped to 0..1; known pixels are never scored as an error "
        'of a method. "b" marks bins whose holes may touch the picture\'s edge.',
        "PSNR is capped at 50 dB a hole. SSIM in the hole is the mean of the SSIM map over the hole's pixels.",
        f"Boundary ring: mean absolute error within {RING} pixels of what is known, inside the hole.",
        f"Perceptual distance: Zhang et al. 2018, equation 1, with equal weights, on the features of {FEATURES}, "
        "which is not LPIPS and must not be compared with it.",
    ),
)

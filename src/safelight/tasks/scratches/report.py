"""What a verdict on scratch detection says, and its report: sentences, tables by kind and width, pictures."""

from safelight.evaluation.summary import Layout, beside_clean, cautions, overall, setting, standings
from safelight.prints.damage import DIRT, PAPER
from safelight.tasks.scratches.benchmark import PRINTS, VISIBLE, WHOLE
from safelight.tasks.scratches.scores import METRICS, PHOTO
from safelight.verdicts.verdict import ALL, Verdict

DRAWN = (
    "The damage was drawn, by the generator that networks here are trained on; how a detector does on real damage "
    "has to be looked at."
)


def summarize(verdict: Verdict) -> tuple[str, ...]:
    """The summary, most important first. Every place where the model loses, or cannot be told, is said."""
    prints = f"{len(verdict.parts)} prints each: whole, and with each kind of damage at each width"
    tolerance = f"{verdict.facts['tolerance']:g} pixels beside are right"
    return (
        setting(verdict, f", squares of {verdict.size} pixels, {prints}; {tolerance}"),
        overall(verdict, METRICS["f1"], ALL, "over all damage"),
        overall(verdict, METRICS["false"], WHOLE.name, "on whole prints"),
        *beside_clean(verdict, LAYOUT, "f1", ALL, "over all damage"),
        *standings(verdict, LAYOUT),
        DRAWN,
        *cautions(verdict, enlarged=" than the damage on them"),
    )


LAYOUT = Layout(
    title="scratch detection",
    metrics=METRICS,
    sentences=summarize,
    main=tuple(name for name, metric in METRICS.items() if metric.compared),
    head="damage, px",
    pictures={"pictures.png": "best, median and worst pictures: green found, yellow missed, red false"},
    samples="All detectors were given the same prints",
    notes=(
        f"Each picture is made a print ({PRINTS.grey:.0%} black and white, {PRINTS.toned:.0%} toned; up to "
        f"{PRINTS.lookalikes} groups of strands, rods, lattices, letters, hems and spots drawn into it that are no "
        f"damage), damaged by one kind at one range of widths in pixels (bright as paper, {PAPER.mean():.2f}, or "
        f"dark as dirt, {DIRT.mean():.2f}), and scanned: faded, soft, noisy, JPEG.",
        f"Truth is what the damage changed by more than {VISIBLE:g} of black to white, before the print was scanned.",
        "What is found within the tolerance of damage is right; damage within the tolerance of a find is seen. "
        "Pixels of all pictures count together. Intersection over union: damage seen, over all damage and false "
        "finds together. Average precision ranks pixels by likelihood; whole pixels within the tolerance of damage "
        "do not count.",
        f"The ridge filter is told that squares are parts of photos of {PHOTO} pixels.",
    ),
)

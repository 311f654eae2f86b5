"""The part of a dataset's report about casts and toning: how many, how strong, and which pictures."""

from pathlib import Path

import numpy as np

from safelight.data.build_state import Facts
from safelight.data.charts import cast_chart, tone_chart
from safelight.data.decide import Decision
from safelight.data.scan import PIXELS
from safelight.data.settings import BuildSettings
from safelight.pixels.color import srgb_to_lab
from safelight.reports.pages import Figure, Table
from safelight.reports.sheets import Tile, contact_sheet
from safelight.reports.style import save_figure

SHOWN = 32  # pictures with casts on the sheet at most
MEASURED = 3000  # pictures in the chart of mean colors at most


def report_casts(draft: Path, decision: Decision, settings: BuildSettings) -> list[Table | Figure]:
    """Counts, histograms, mean colors, and the pictures with the strongest casts."""
    return [
        _counts(decision, settings),
        _histograms(draft, decision, settings),
        _mean_colors(draft),
        *_strongest(draft, decision, settings),
    ]


def _counts(decision: Decision, settings: BuildSettings) -> Table:
    kept = [facts for facts, _ in decision.kept]
    leaves = settings.casts == "leave"
    cast = (
        sum(row["reason"] == "cast" for row in decision.refused)
        if leaves
        else sum(_shift(facts) > settings.max_cast for facts in kept)
    )
    beside = sum(facts.tone is not None and facts.tone.balance > 0 for facts in kept)
    toned = sum(row["reason"] == "toned" for row in decision.refused)
    fate = "left out" if leaves else "kept"
    return Table(
        "Casts and toning",
        ("found", "pictures", "meaning"),
        [
            (
                "toned",
                toned,
                f"one warm hue: at one lightness ab varies by less than {settings.min_spread:g}: left out",
            ),
            (
                "cast",
                cast,
                f"grey-world and white-patch agree on a shift beyond {settings.max_cast:g}: {fate}",
            ),
            (
                "beside grey",
                beside,
                "most of the picture has one color, and none is grey (Gasparini & Schettini 2004): kept",
            ),
        ],
    )


def _histograms(draft: Path, decision: Decision, settings: BuildSettings) -> Figure:
    tones = [facts.tone for facts in decision.facts if facts.tone]
    shifts, spreads = np.array([tone.shift for tone in tones]), np.array([tone.spread for tone in tones])
    chart = tone_chart(shifts, settings.max_cast, spreads, settings.min_spread)
    save_figure(chart, draft / "report_tone.png")
    caption = "Left: how far all colors of a picture are shifted. Right: how much ab varies at one lightness."
    return Figure("Strength", "report_tone.png", caption)


def _mean_colors(draft: Path) -> Figure:
    pixels = np.load(draft / PIXELS, mmap_mode="r")
    chosen = np.unique(np.linspace(0, len(pixels) - 1, min(len(pixels), MEASURED)).round().astype(int))
    means = [srgb_to_lab(pixels[i, ::4, ::4]).mean(axis=(0, 1), dtype=np.float32)[1:] for i in chosen]
    save_figure(cast_chart(np.stack(means)), draft / "report_casts.png")
    caption = f"The mean color of {len(chosen):,} pictures, one dot each."
    return Figure("Mean colors", "report_casts.png", caption)


def _strongest(draft: Path, decision: Decision, settings: BuildSettings) -> list[Figure]:
    """The kept pictures with the strongest casts."""
    kept = [(number, facts) for number, (facts, _) in enumerate(decision.kept)]
    worst = sorted(kept, key=lambda item: (-_shift(item[1]), item[0]))[:SHOWN]
    worst = [(number, facts) for number, facts in worst if _shift(facts) > settings.max_cast]
    if not worst:
        return []
    pixels = np.load(draft / PIXELS, mmap_mode="r")
    cells = [Tile(pixels[number], Path(facts.file_name).name, _direction(facts)) for number, facts in worst]
    contact_sheet(cells).save(draft / "report_cast_pictures.png")
    caption = (
        "Kept, the strongest first. Sunsets are among them; look before you leave them out with --no-casts."
    )
    return [Figure("Pictures with a cast", "report_cast_pictures.png", caption)]


def _shift(facts: Facts) -> float:
    return facts.tone.shift if facts.tone else 0.0


def _direction(facts: Facts) -> str:
    a, b = facts.tone.cast if facts.tone else (0.0, 0.0)
    return f"a {a:+.0f}, b {b:+.0f}"

"""What the doctor checks of a colorizer's run: its colors on fixed pictures, and whether hints are followed."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from safelight.arrays import Ab
from safelight.journal.doctor.case import Case, Checklist, Finding, Reading, Symptom
from safelight.journal.doctor.drawings import headline
from safelight.journal.doctor.remedies import CLIPPED, GUARDED, LONGER, WIDER, put, raise_weight, scale
from safelight.journal.doctor.symptoms import CURVES, DEAD_UNITS, LEAKING_SPLIT, OVERFITTING, UNDERFITTING
from safelight.journal.records import Record
from safelight.pixels.color import lab_to_srgb
from safelight.reports.style import new_figure, save_figure, style_axes
from safelight.tasks.colorize.color_statistics import COLUMNS, MOST_CHROMA, evidence_from_sheets, read_sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EARLY = 0.5  # of a run: before it every colorizer is brown
COLORED = 0.15  # of the true chroma; below it there is no hue to speak of
RED_GREEN, BEYOND_TRUTH = 0.8, 0.25  # share of ab's energy along a; above that of the truth
ONE_HUE, WARM = 0.9, (20.0, 110.0)  # concentration of hues; degrees, from red-orange to yellow
WASHED, HALFWAY = 0.35, 0.5  # share of the true chroma; of a run
TOO_VARIED = 4.0  # times the spread of the true colors; a few pixels thousands of units away
WRONG_HUE = 45.0  # degrees; 90 is chance
OBEYED, HINT_GAIN = 0.3, 0.3  # share of the way to the asked colors; dB from 0 to 10 hints
REACH = 60  # of the ab planes drawn
SHOWN_ROWS = 3
BINS = put({"model.head": "bins", "loss.bins": "1"})


def measure_out_of_range(case: Case) -> Reading | None:
    """Some colors are beyond all that a picture can show."""
    most = case.last("probe/most_chroma")
    if most is None:
        return _varies_too_much(case)
    evidence = f"the most colorful pixel of the answers has a chroma of {most:,.0f}; no color of sRGB has more than 134"
    return Reading(most, MOST_CHROMA, "units of ab", most > MOST_CHROMA, evidence, ("probe/most_chroma",))


def _varies_too_much(case: Case) -> Reading | None:
    """The same of runs whose largest chroma was not measured yet, by how much their colors vary."""
    spread = case.last("probe/spread")
    if spread is None:
        return None
    evidence = f"the colors of the answers vary {spread:.1f} times as much as the true ones"
    return Reading(spread, TOO_VARIED, "times the truth", spread > TOO_VARIED, evidence, ("probe/spread",))


def measure_red_green(case: Case) -> Reading | None:
    """Colors lie along a alone."""
    found = _values(case, EARLY, "red_green", "truth_red_green")
    if found is None:
        return None
    share, truth = found
    sick = share > RED_GREEN and share > truth + BEYOND_TRUTH and _colored(case)
    evidence = f"{share:.0%} of the color lies on the axis from green to red, where the truth has {truth:.0%}"
    but = f"the truth itself has {truth:.0%}, or there is hardly any color"
    curves = ("probe/red_green", "probe/truth_red_green")
    return Reading(share, RED_GREEN, "of the color", sick, evidence, curves, but=but)


def measure_sepia(case: Case) -> Reading | None:
    """All pictures have one warm hue."""
    found = _values(case, EARLY, "concentration", "truth_concentration", "hue")
    if found is None:
        return None
    together, truth, hue = found
    # Of what could vary, three quarters less varies than in the truth: a warm set is not sepia for being warm.
    one = together > ONE_HUE and 1 - together < 0.25 * (1 - truth)
    sick = one and WARM[0] <= hue <= WARM[1] and _colored(case)
    evidence = (
        f"nearly all its colors are one warm hue, at {hue:.0f}° (0° red, 90° yellow): hues keep together by "
        f"{together:.2f} (1 is a single hue), in the truth by {truth:.2f}"
    )
    but = f"the truth is nearly one hue too ({truth:.2f}), the hue is not warm ({hue:.0f}°), or color is hardly there"
    curves = ("probe/concentration", "probe/truth_concentration")
    return Reading(together, ONE_HUE, "of 1", sick, evidence, curves, but=but)


def measure_washed_out(case: Case) -> Reading | None:
    """The answers are far paler than the truths."""
    found = _values(case, HALFWAY, "chroma")
    if found is None:
        return None
    (share,) = found
    evidence = f"without hints the answers have {share:.0%} of the true chroma"
    return Reading(
        share, WASHED, "of the true chroma", share < WASHED, evidence, ("probe/chroma",), below=True
    )


def measure_implausible(case: Case) -> Reading | None:
    """Colorful, and wrong: green skies, blue grass."""
    found = _values(case, EARLY, "hue_error")
    if found is None:
        return None
    (error,) = found
    sick = error > WRONG_HUE and _colored(case)
    evidence = f"where both have color, the hue is {error:.0f}° from the true one (90° is chance)"
    but = "the answers have hardly any color, so that their hue says little"
    curves = ("probe/hue_error", "probe/hue_distance")
    return Reading(error, WRONG_HUE, "degrees", sick, evidence, curves, but=but)


def _values(case: Case, since: float, *names: str) -> list[float] | None:
    """The newest values of these probe measures; None before this share of the run, or where one is missing."""
    values = [case.last(f"probe/{name}") for name in names]
    known = [value for value in values if value is not None]
    return known if len(known) == len(names) and case.progress >= since else None


def _colored(case: Case) -> bool:
    chroma = case.last("probe/chroma")
    return chroma is not None and chroma > COLORED


def measure_hints_ignored(case: Case) -> Reading | None:
    """Hints change little: the network does not go where they ask, or they gain nothing."""
    if not case.number("hints.most", 0) or case.progress < 0.5:
        return None
    obeyed = case.last("probe/obeyed")
    if obeyed is not None:
        evidence = f"of the way to the colors asked at hints the network itself goes {obeyed:.0%}"
        return Reading(obeyed, OBEYED, "of the way", obeyed < OBEYED, evidence, ("probe/obeyed",), below=True)
    without, with_hints = case.last("val/gain_0"), case.last("val/gain_10")
    if without is None or with_hints is None:
        return None
    gained = with_hints - without
    evidence = f"ten hints gain {gained:.2f} dB"
    curves = ("val/gain_0", "val/gain_10")
    return Reading(gained, HINT_GAIN, "dB", gained < HINT_GAIN, evidence, curves, below=True)


def draw_answers(record: Record, case: Case, finding: Finding, path: Path) -> bool:
    """Where answers and truths lie in the ab plane, and some of the pictures themselves."""
    side = record.settings.get("augment.size")
    sheet = record.pictures[-1] if record.pictures else None
    found = read_sheet(sheet, side) if sheet and isinstance(side, int) else None
    if sheet is None or found is None or not isinstance(side, int):
        return False
    from PIL import Image

    figure = new_figure(10.5, 4.6)
    left, middle, right = figure.subplots(1, 3, width_ratios=[1, 1, 1.7])
    for axes, title, pictures in ((left, "answers", found[0]), (middle, "truth", found[1])):
        _draw_ab(axes, pictures)
        axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
        style_axes(axes, title, "a: green to red", "b: blue to yellow" if axes is left else "")
    with Image.open(sheet) as picture:
        rows = np.asarray(picture.convert("RGB"))[: SHOWN_ROWS * side]
    right.imshow(rows)
    style_axes(right, f"{sheet.stem}: grey, hints, automatic, with hints, truth")
    right.set_xticks([])
    right.set_yticks([])
    assert rows.shape[1] == COLUMNS * side
    save_figure(figure, path, headline(finding))
    return True


def _draw_ab(axes: "Axes", pictures: Sequence[Ab]) -> None:
    """How often each color occurs, as dots of that color, larger where there are more."""
    ab = np.concatenate([one.reshape(-1, 2) for one in pictures])
    edges = np.linspace(-REACH, REACH, 41)
    counts, _, _ = np.histogram2d(ab[:, 0], ab[:, 1], bins=(edges, edges))
    a, b = np.nonzero(counts)
    middles = (edges[1:] + edges[:-1]) / 2
    lab = np.stack([np.full(len(a), 62.0), middles[a], middles[b]], axis=1).astype(np.float32)
    size = 42 * (counts[a, b] / counts.max()) ** 0.35
    axes.scatter(middles[a], middles[b], s=size, c=lab_to_srgb(lab), linewidths=0)


CHECKLIST = Checklist(
    (
        *CURVES,
        OVERFITTING,
        UNDERFITTING,
        Symptom(
            "colors out of range",
            measure_out_of_range,
            "a term of the loss rewards colors that no picture can show (loss.diversity, an adversarial one), or a "
            "step was too large",
            (
                put({"loss.diversity": "0"}),
                put({"adversarial.weight": "0"}),
                GUARDED,
                CLIPPED,
                raise_weight("loss.huber", start=1.0),
            ),
            "leave out or lower the term of the loss that was added last",
            draw=draw_answers,
            of_answers=True,
            instead_of=(
                "sepia",
                "red and green only",
                "washed out",
                "implausible hue",
                "plateau",
                "no progress",
            ),
            at_once=True,
        ),
        Symptom(
            "red and green only",
            measure_red_green,
            "a loss that the safe middle satisfies: the colors keep to one axis",
            (BINS, LONGER),
            "look at the dataset too: report_casts.png shows a cast",
            draw=draw_answers,
            of_answers=True,
            instead_of=("implausible hue", "sepia"),
        ),
        Symptom(
            "sepia",
            measure_sepia,
            "the mean of all colors answers every picture: the loss on color is too weak, or the pictures are brown",
            (BINS, LONGER),
            "look at the dataset too: report_casts.png shows a cast",
            draw=draw_answers,
            of_answers=True,
            instead_of=("implausible hue", "washed out"),
        ),
        Symptom(
            "washed out",
            measure_washed_out,
            "colors that could be either are averaged to grey, or the run was too short to tell them apart",
            (raise_weight("loss.perceptual"), BINS, LONGER),
            "for a model that is only too careful: safelight colorize --vivid 1",
            draw=draw_answers,
            of_answers=True,
        ),
        Symptom(
            "implausible hue",
            measure_implausible,
            "the network does not know what it sees: it needs features that mean something",
            (
                put({"model.pretrained": "true"}),
                raise_weight("loss.perceptual"),
                put({"model.freeze": "false"}),
                LONGER,
                WIDER,
            ),
            "more pictures of what is colored wrong help most",
            draw=draw_answers,
            of_answers=True,
        ),
        Symptom(
            "hints ignored",
            measure_hints_ignored,
            "training seldom showed a hint that mattered, or the network has no way to carry it",
            (
                put({"hints.automatic": "0.15"}, lambda settings: settings["hints.automatic"] > 0.15),
                put({"preparation.propagate": "true"}),
                put({"model.base": "gated"}),
                put({"model.attention": "4"}, lambda settings: settings["model.attention"] == 0),
                scale("hints.most", 4.0, most=400),
                LONGER,
            ),
            "look at pictures/ in the run's folder: its second column shows the hints",
            of_answers=True,
        ),
        DEAD_UNITS,
        LEAKING_SPLIT,
    ),
    evidence_from_sheets,
)

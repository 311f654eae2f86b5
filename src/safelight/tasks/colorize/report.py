"""What a verdict on colorization says, and its report: sentences, curves, pictures, tables."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from safelight.evaluation.report import value_table
from safelight.evaluation.summary import (
    Layout,
    at_hints,
    beside_clean,
    best_other,
    cautions,
    few,
    guided,
    setting,
    standings,
    wins,
)
from safelight.reports.text import count_pictures, format_interval, format_number, negated, table
from safelight.tasks.colorize.baselines import BASELINES
from safelight.tasks.colorize.benchmark import PROTOCOLS
from safelight.tasks.colorize.plots import draw_curve
from safelight.tasks.colorize.scores import METRICS
from safelight.verdicts.verdict import Comparison, Group, Verdict

SPOKEN = "10"  # hints: where people stop clicking
MOST_CHROMA = 134.0  # of any color in sRGB (blue, in Lab D65): grey is never further off than that


def summarize(verdict: Verdict) -> tuple[str, ...]:
    """The summary, most important first. Every place where the model loses, or cannot be told, is said."""
    how = PROTOCOLS.get(verdict.protocol)
    size = f": {how.size}-px squares, hints of {how.patch}×{how.patch} pixels" if how else ""
    wild = _wild_cells(verdict)
    compared = [c for c in verdict.comparisons if not (_is_wild(c, wild) or _is_of_pale_baseline(c))]
    return (
        setting(verdict, f" under the protocol {verdict.protocol}{size}"),
        _automatic(verdict),
        *_with_hints(verdict),
        *(beside_clean(verdict, LAYOUT, "gain", "0", "without hints")),
        *_wild(verdict, wild),
        *standings(replace(verdict, comparisons=tuple(compared)), LAYOUT),
        *_hint_error(verdict),
        *_blotches(verdict),
        *_vivid(verdict),
        *cautions(
            verdict,
            "as good as grey (ab range under 5)",
            ": do not compare these numbers with those of other sets",
        ),
    )


def key_sentences(verdict: Verdict) -> tuple[str, ...]:
    """Those that the journal shows, made anew: old verdicts left kriging out, which their tables hold."""
    against = wins(verdict, LAYOUT) if standings(verdict, LAYOUT) else few(verdict.pictures)
    return (_automatic(verdict), *_with_hints(verdict), *against)


def _automatic(verdict: Verdict) -> str:
    gain = verdict.of_model("gain")["0"]
    if gain.above_zero:
        gained = format_interval(gain.numbers, 2, "dB")
        return f"Automatically, without hints, it gains {gained} over grey (0 dB: no better than grey)."
    verb = "loses to grey by" if gain.below_zero else "cannot be told from grey; the difference is"
    shown = negated(gain.numbers) if gain.below_zero else gain.numbers
    return f"Automatically, without hints, it {verb} {format_interval(shown, 2, 'dB')}."


def _with_hints(verdict: Verdict) -> list[str]:
    """The gain at a usual number of hints, beside the best other method there."""
    if SPOKEN not in verdict.cells:
        return []
    best = best_other(verdict, METRICS["psnr"], SPOKEN)
    against = verdict.compared(best, "psnr", SPOKEN)
    lead = against.difference.numbers if against and best != "grey" else None
    return [guided(verdict.of_model("gain")[SPOKEN].numbers, int(SPOKEN), best, lead)]


def _wild_cells(verdict: Verdict) -> list[str]:
    """Where the model's colors are beyond any scale."""
    return [cell for cell, error in verdict.of_model("rms_ab").items() if error.value > MOST_CHROMA]


def _is_wild(comparison: Comparison, cells: Sequence[str]) -> bool:
    return comparison.statistic == "rms_ab" and comparison.cell in cells


def _is_of_pale_baseline(comparison: Comparison) -> bool:
    """Few hints spread over a picture have few blotches, as they have few colors: to have more is no loss."""
    return comparison.statistic == "blotches" and comparison.method in BASELINES


def _blotches(verdict: Verdict) -> Iterator[str]:
    """Those of automatic color, beside the true colors' own level; nothing of an old verdict."""
    if "blotches" in verdict.tables:
        true = verdict.tables["blotches"]["truth"]["level"]
        yield (
            "Where neither lightness nor true colors change, automatic color changes by "
            f"{format_interval(verdict.of_model('blotches')['0'].numbers, 2, 'ΔE')} more than a person just sees "
            f"(blotches); the true colors do by {true.value:.2f}."
        )


def _wild(verdict: Verdict, cells: Sequence[str]) -> Iterator[str]:
    if cells:
        worst = max(verdict.of_model("rms_ab")[cell].value for cell in cells)
        yield (
            f"Some of its colors are far outside of what a picture can show, {at_hints(cells)}: see the worst "
            f"pictures (rms error of ab {worst:,.0f}, where the most colorful sRGB color has {MOST_CHROMA:.0f})."
        )


def _hint_error(verdict: Verdict) -> Iterator[str]:
    error = verdict.of_model("disobedience")
    parts = [f"{error[n].value:.1f} {at_hints([n])}" for n in ("1", SPOKEN) if n in verdict.cells]
    if parts:
        yield f"At the hints, the color shown differs from the color asked by ΔE {' and '.join(parts)}."


def _vivid(verdict: Verdict) -> Iterator[str]:
    if "vivid" in verdict.tables:
        vivid, cautious = (verdict.tables["vivid"][name] for name in ("vivid", "cautious"))
        yield (
            f"At vivid 1, automatic color is {format_interval(vivid['colorfulness'].numbers, 2)} times as colorful "
            f"as the truth (at vivid 0: {cautious['colorfulness'].value:.2f} times), and its gain over grey is "
            f"{format_interval(vivid['gain'].numbers, 2, 'dB', signed=True)}."
        )


def sections(verdict: Verdict) -> Iterator[str]:
    """Thirds by chroma with all methods, then categories, sources and tags with the model alone."""
    for group in (group for group in verdict.groups if group.name.startswith("chroma ")):
        yield f"## Third with {group.name.removeprefix('chroma ')} chroma, {count_pictures(group.pictures)}"
        for key in ("gain", "ciede2000"):
            yield f"{METRICS[key].title}, {METRICS[key].unit}"
            yield value_table(verdict, LAYOUT, METRICS[key], group.curves)
    for kind in ("category", "source", "folder", "tag"):
        rows = [
            [group.name.removeprefix(f"{kind} "), group.pictures, *_gains(verdict, group)]
            for group in verdict.groups
            if group.name.startswith(f"{kind} ")
        ]
        if rows:
            yield f"## By {kind}: gain over grey, dB"
            yield "▼ Another method has more."
            yield table([kind, "pictures", *verdict.cells], rows)
    protocol = PROTOCOLS.get(verdict.protocol)
    source = f"Protocol {protocol.name}: {protocol.source}. " if protocol else ""
    left_out = f"{verdict.left_out or 'none'} left out as good as grey (range of a plus range of b under 5)"
    if "blotches" in verdict.tables:
        level = format_interval(verdict.tables["blotches"]["truth"]["level"].numbers, 2)
        yield f"Blotches of the true colors, in the places that are looked at: {level}."
    yield f"{source}{count_pictures(verdict.pictures)} evaluated, {left_out}."
    if "vivid" in verdict.tables:
        colorful = {name: row["colorfulness"].value for name, row in verdict.tables["vivid"].items()}
        yield (
            f"Colorfulness at 0 hints as a share of the truth's {verdict.facts['true_colorfulness']:.1f}: "
            f"{colorful['cautious']:.2f} at vivid 0, {colorful['vivid']:.2f} at vivid 1."
        )


def _gains(verdict: Verdict, group: Group) -> Iterator[str]:
    """The model's gains, marked where another method has more, as far as the digits show."""
    model, *others = (curves["gain"] for curves in group.curves.values())
    digits = METRICS["gain"].digits
    for cell in verdict.cells:
        most = max((other[cell].value - model[cell].value for other in others), default=0)
        yield f"{format_number(model[cell].value, digits)}{' ▼' if most >= 10**-digits else ''}"


LAYOUT = Layout(
    title="colorization",
    metrics=METRICS,
    sentences=summarize,
    sections=sections,
    charts={"curve.png": draw_curve},
    main=("psnr", "ciede2000"),
    cell=("at", "number of hints"),
    at=at_hints,
    head="hints",
    pictures={
        "curve.png": "gain over grey and CIEDE2000 against the number of hints",
        "pictures-0-hints.png": "no hints: best, median, worst gains",
        "pictures-10-hints.png": "10 hints: best, median, worst gains",
    },
    samples="All methods were given the same pictures and hints",
    notes=(
        "Gain over grey: mean PSNR of the method less that of the grey picture.",
        "Every answer is joined to the photo's own L and clipped to sRGB. PSNR is capped at 50 dB a picture.",
        "Pooled rms ab error: root of the mean squared distance in ab, over all pixels of all pictures.",
        "Hint disobedience: CIEDE2000 between the color asked at a hint, at that pixel's own L, and the one shown.",
        "Colorfulness: Hasler & Süsstrunk 2003. ΔCF comes in both of the field's definitions.",
        "Blotches (ours): how much more than a person just sees, 2.3 units of ab, colors change across a sixteenth of "
        "the picture's side, on average over the places where neither lightness nor true colors change "
        "(tasks/colorize/blotches.py). Grey has none by nature, and is not compared. Older verdicts lack them.",
        "Hues: of the pixels that the truth shows as sky, skin or plants, by hue, chroma, lightness and place alone "
        "(tasks/colorize/scores.py), the share whose hue is off by 25° at most; an answer greyer than chroma 2 is "
        "wrong.",
        "Seconds are those of the machine that evaluated, one picture at a time.",
    ),
)

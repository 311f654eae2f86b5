"""A verdict in plain words. Every place where the model loses, or cannot be told from another method, is said."""

from collections.abc import Iterable, Sequence

from safelight.journal.words import FEWEST, Place, at_hints, few, guided, standing
from safelight.reports.text import count_pictures, format_interval, in_text, negated
from safelight.tasks.colorize.benchmark import PROTOCOLS
from safelight.tasks.colorize.scores import METRICS
from safelight.verdicts.test_split_log import times
from safelight.verdicts.verdict import Comparison, Verdict

SPOKEN = 10  # hints: where people stop clicking
MAIN = ("psnr", "ciede2000")
MOST_CHROMA = 134.0  # of any color in sRGB (blue, in Lab D65): grey is never further off than that


def summarize(verdict: Verdict) -> tuple[str, ...]:
    """The summary, most important first. Of too few pictures nothing is said of other methods but that."""
    too_few = verdict.pictures < FEWEST
    return (
        _setting(verdict),
        *_automatic(verdict),
        *_guided(verdict),
        *(few(verdict.pictures) if too_few else _wins(verdict)),
        *_losses(verdict),
        *(() if too_few else _unclear(verdict)),
        *_obedience(verdict),
        *_vivid(verdict),
        *(() if too_few else few(verdict.pictures)),
        *_cautions(verdict),
    )


def best_other(verdict: Verdict, hints: int) -> str:
    """The method beside the model with the highest mean PSNR there, of all that are shown."""
    rivals = verdict.others or verdict.methods
    return max(rivals, key=lambda method: verdict.estimate(method, "psnr", hints).value)


def key_sentences(verdict: Verdict) -> tuple[str, ...]:
    """Those that the journal shows, made anew: old verdicts left kriging out, which their tables hold."""
    wins = few(verdict.pictures) if verdict.pictures < FEWEST else _wins(verdict)
    return (*verdict.sentences[1:2], *_guided(verdict), *wins)


def _setting(verdict: Verdict) -> str:
    where = " of ".join(
        part for part in (f"the {verdict.split} split" if verdict.split else "", verdict.dataset) if part
    )
    how = PROTOCOLS.get(verdict.protocol)
    size = f": {how.size}-px squares, hints of {how.patch}×{how.patch} pixels" if how else ""
    return (
        f"{verdict.model} was judged on {count_pictures(verdict.pictures)}{f' of {where}' if where else ''}"
        f" under the protocol {verdict.protocol}{size}."
    )


def _automatic(verdict: Verdict) -> list[str]:
    gain = verdict.estimate(verdict.model, "gain", 0)
    if gain.above_zero:
        gained = format_interval(gain.numbers, 2, "dB")
        return [f"Automatically, without hints, it gains {gained} over grey (0 dB: no better than grey)."]
    word = "loses to grey by" if gain.below_zero else "cannot be told from grey; the difference is"
    shown = negated(gain.numbers) if gain.below_zero else gain.numbers
    return [f"Automatically, without hints, it {word} {format_interval(shown, 2, 'dB')}."]


def _guided(verdict: Verdict) -> list[str]:
    """The gain at a usual number of hints, beside the best other method there."""
    if str(SPOKEN) not in verdict.cells:
        return []
    best = best_other(verdict, SPOKEN)
    against = verdict.compared(best, "psnr", str(SPOKEN))
    lead = against.difference.numbers if against and best != "grey" else None
    return [guided(verdict.estimate(verdict.model, "gain", SPOKEN).numbers, SPOKEN, best, lead)]


def _wins(verdict: Verdict) -> list[str]:
    """At which numbers of hints it is above every method shown in both main statistics."""
    places = [
        Place(c.method, METRICS[c.statistic].title, c.cell, c.standing)
        for c in verdict.comparisons
        if c.statistic in MAIN
    ]
    return standing(places, verdict.cells)


def _losses(verdict: Verdict) -> list[str]:
    """One sentence a method and statistic; one for all methods where the model's colors are beyond any scale."""
    wild = [n for n in verdict.cells if verdict.estimate(verdict.model, "rms_ab", n).value > MOST_CHROMA]
    found = [c for c in verdict.losses() if not (c.statistic == "rms_ab" and c.cell in wild)]
    pairs = dict.fromkeys((c.method, c.statistic) for c in found)
    lost = [_lost([c for c in found if (c.method, c.statistic) == pair]) for pair in pairs]
    if not wild:
        return lost
    worst = max(verdict.estimate(verdict.model, "rms_ab", n).value for n in wild)
    return [
        f"Some of its colors are far outside of what a picture can show, {_at(wild)}: see the worst pictures "
        f"(rms error of ab {worst:,.0f}, where the most colorful sRGB color has {MOST_CHROMA:.0f}).",
        *lost,
    ]


def _unclear(verdict: Verdict) -> list[str]:
    """One sentence a method, for the main statistics."""
    found = [c for c in verdict.comparisons if c.standing == "cannot tell" and c.statistic in MAIN]
    sentences = []
    for method in dict.fromkeys(c.method for c in found):
        parts = []
        for key in MAIN:
            counts = [c.cell for c in found if (c.method, c.statistic) == (method, key)]
            if counts:
                parts.append(f"in {in_text(METRICS[key].title)} {_at(counts)}")
        sentences.append(f"It cannot be told from {method} {', nor '.join(parts)}.")
    return sentences


def _lost(places: Sequence[Comparison]) -> str:
    """At N hints by so much; from three places on, at which numbers of hints, and where it is worst."""
    statistic = METRICS[places[0].statistic]
    start = f"It loses to {places[0].method} in {in_text(statistic.title)}"
    if len(places) > 2:
        worst = max(places, key=lambda place: -place.difference.value)
        by = format_interval(negated(worst.difference.numbers), statistic.digits, statistic.unit)
        return f"{start} {_at(c.cell for c in places)}, most at {worst.cell}: by {by}."
    parts = [
        f"{_at([c.cell])} by {format_interval(negated(c.difference.numbers), statistic.digits, statistic.unit)}"
        for c in places
    ]
    return f"{start} {' and '.join(parts)}."


def _obedience(verdict: Verdict) -> list[str]:
    hints = [n for n in ("1", str(SPOKEN)) if n in verdict.cells]
    if not hints:
        return []
    parts = [f"{verdict.estimate(verdict.model, 'disobedience', n).value:.1f} {_at([n])}" for n in hints]
    return [f"At the hints, the color shown differs from the color asked by ΔE {' and '.join(parts)}."]


def _vivid(verdict: Verdict) -> list[str]:
    if "vivid" not in verdict.tables:
        return []
    vivid, cautious = (verdict.tables["vivid"][name] for name in ("vivid", "cautious"))
    share = format_interval(vivid["colorfulness"].numbers, 2, "")
    return [
        f"At vivid 1, automatic color is {share} times as colorful as the truth"
        f" (at vivid 0: {cautious['colorfulness'].value:.2f} times), and its gain over grey is"
        f" {format_interval(vivid['gain'].numbers, 2, 'dB', signed=True)}."
    ]


def _cautions(verdict: Verdict) -> list[str]:
    cautions = []
    if verdict.left_out:
        are = "was" if verdict.left_out == 1 else "were"
        cautions.append(
            f"{count_pictures(verdict.left_out)} {are} left out: as good as grey (ab range under 5)."
        )
    if verdict.enlarged:
        cautions.append(
            f"{count_pictures(verdict.enlarged)} had to be enlarged for this protocol, which makes them smoother:"
            " do not compare these numbers with those of other sets."
        )
    if verdict.evaluations is not None:
        cautions.append(
            f"This test split has been evaluated {times(verdict.evaluations)}, this time included."
        )
    return cautions


def _at(counts: Iterable[str]) -> str:
    return at_hints(counts)

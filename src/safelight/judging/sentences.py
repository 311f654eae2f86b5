"""A verdict in plain words. Every place where the model loses, or cannot be told from a baseline, is said."""

from collections.abc import Iterable, Sequence

from safelight.journal.looks import times
from safelight.judging.baselines import BASELINES
from safelight.judging.intervals import FEWEST, Estimate
from safelight.judging.protocols import PROTOCOLS
from safelight.judging.scores import STATISTICS, number
from safelight.judging.verdict import Comparison, Verdict

SPOKEN = 10  # hints: where people stop clicking
MAIN = ("psnr", "ciede2000")


def summarize(verdict: Verdict) -> tuple[str, ...]:
    """The summary, most important first."""
    return (
        _setting(verdict),
        *_automatic(verdict),
        *_guided(verdict),
        *_wins(verdict),
        *_losses(verdict),
        *_unclear(verdict),
        *_obedience(verdict),
        *_vivid(verdict),
        *_cautions(verdict),
    )


def _setting(verdict: Verdict) -> str:
    where = " of ".join(
        part for part in (f"the {verdict.split} split" if verdict.split else "", verdict.dataset) if part
    )
    how = PROTOCOLS.get(verdict.protocol)
    size = f": {how.size}-px squares, hints of {how.patch}×{how.patch} pixels" if how else ""
    return (
        f"{verdict.model} was judged on {_pictures(verdict.pictures)}{f' of {where}' if where else ''}"
        f" under the protocol {verdict.protocol}{size}."
    )


def _automatic(verdict: Verdict) -> list[str]:
    gain = verdict.estimate(verdict.model, "gain", 0)
    if gain.above_zero:
        return [f"Automatically, without hints, it gains {_interval(gain, 2, 'dB')} over grey."]
    word = "loses to grey by" if gain.below_zero else "cannot be told from grey; the difference is"
    shown = _turned(gain) if gain.below_zero else gain
    return [f"Automatically, without hints, it {word} {_interval(shown, 2, 'dB')}."]


def _guided(verdict: Verdict) -> list[str]:
    """The gain at a usual number of hints, beside the best baseline there."""
    if SPOKEN not in verdict.counts:
        return []
    best = verdict.best_baseline[SPOKEN]
    gain = verdict.estimate(verdict.model, "gain", SPOKEN)
    against = [c for c in verdict.comparisons if (c.baseline, c.statistic, c.hints) == (best, "psnr", SPOKEN)]
    text = f"With {SPOKEN} hints it gains {_interval(gain, 2, 'dB')} over grey"
    if not against or best == "grey":
        return [text + "."]
    difference = against[0].difference
    more = difference.value >= 0
    shown = _interval(difference if more else _turned(difference), 2, "dB")
    return [f"{text}, {shown} {'more' if more else 'less'} than the best baseline there, {best}."]


def _wins(verdict: Verdict) -> list[str]:
    """At which numbers of hints it is above every baseline in both main statistics."""
    main = [c for c in verdict.comparisons if c.statistic in MAIN and c.baseline in BASELINES]
    if not main:
        return []
    beaten = [n for n in verdict.counts if all(c.standing == "wins" for c in main if c.hints == n)]
    if not beaten:
        return ["At no number of hints is it clear of every baseline in both PSNR and CIEDE2000."]
    where = "at every number of hints" if len(beaten) == len(verdict.counts) else _at(beaten)
    return [f"It is clear of every baseline (95 % intervals), in PSNR and in CIEDE2000, {where}."]


def _losses(verdict: Verdict) -> list[str]:
    """One sentence a baseline and statistic."""
    found = verdict.losses()
    pairs = dict.fromkeys((c.baseline, c.statistic) for c in found)
    return [_lost([c for c in found if (c.baseline, c.statistic) == pair]) for pair in pairs]


def _unclear(verdict: Verdict) -> list[str]:
    """One sentence a baseline, for the main statistics."""
    found = [c for c in verdict.comparisons if c.standing == "cannot tell" and c.statistic in MAIN]
    sentences = []
    for baseline in dict.fromkeys(c.baseline for c in found):
        parts = []
        for key in MAIN:
            counts = [c.hints for c in found if (c.baseline, c.statistic) == (baseline, key)]
            if counts:
                parts.append(f"in {_in_text(STATISTICS[key].title)} {_at(counts)}")
        sentences.append(f"It cannot be told from {baseline} {', nor '.join(parts)}.")
    return sentences


def _lost(places: Sequence[Comparison]) -> str:
    """At N hints by so much; from three places on, at which numbers of hints, and where it is worst."""
    statistic = STATISTICS[places[0].statistic]
    start = f"It loses to {places[0].baseline} in {_in_text(statistic.title)}"
    if len(places) > 2:
        worst = max(places, key=lambda place: -place.difference.value)
        by = _interval(_turned(worst.difference), statistic.digits, statistic.unit)
        return f"{start} {_at(c.hints for c in places)}, most at {worst.hints}: by {by}."
    parts = [
        f"{_at([c.hints])} by {_interval(_turned(c.difference), statistic.digits, statistic.unit)}"
        for c in places
    ]
    return f"{start} {' and '.join(parts)}."


def _obedience(verdict: Verdict) -> list[str]:
    hints = [n for n in (1, SPOKEN) if n in verdict.counts]
    if not hints:
        return []
    parts = [f"{verdict.estimate(verdict.model, 'disobedience', n).value:.1f} {_at([n])}" for n in hints]
    return [f"At the hints, the color shown differs from the color asked by ΔE {' and '.join(parts)}."]


def _vivid(verdict: Verdict) -> list[str]:
    if verdict.vivid is None:
        return []
    vivid, cautious = verdict.vivid.vivid, verdict.vivid.cautious
    return [
        f"At vivid 1, automatic color is {_interval(vivid, 2, '')} times as colorful as the truth"
        f" (at vivid 0: {cautious.value:.2f} times), and its gain over grey is"
        f" {_interval(verdict.vivid.vivid_gain, 2, 'dB', signed=True)}."
    ]


def _cautions(verdict: Verdict) -> list[str]:
    cautions = []
    if verdict.pictures < FEWEST:
        cautions.append(f"{_pictures(verdict.pictures)} are too few to tell winners from losers; judge more.")
    if verdict.left_out:
        are = "was" if verdict.left_out == 1 else "were"
        cautions.append(f"{_pictures(verdict.left_out)} {are} left out: as good as grey (ab range under 5).")
    if verdict.enlarged:
        cautions.append(
            f"{_pictures(verdict.enlarged)} had to be enlarged for this protocol, which makes them smoother:"
            " do not compare these numbers with those of other sets."
        )
    if verdict.looks is not None:
        cautions.append(f"This test split has been looked at {times(verdict.looks)}, this time included.")
    return cautions


def _turned(estimate: Estimate) -> Estimate:
    return Estimate(-estimate.value, -estimate.high, -estimate.low)


def _interval(estimate: Estimate, digits: int, unit: str, signed: bool = False) -> str:
    value, low, high = (number(v, digits, signed) for v in (estimate.value, estimate.low, estimate.high))
    return f"{value}{f' {unit}' if unit else ''} ({low} to {high})"


def _at(counts: Iterable[int]) -> str:
    """ "without hints", "at 1 hint", "at 0, 1 and 5 hints" """
    numbers = [str(count) for count in counts]
    if numbers == ["0"]:
        return "without hints"
    together = " and ".join(filter(None, [", ".join(numbers[:-1]), numbers[-1]]))
    return f"at {together} hint{'' if numbers == ['1'] else 's'}"


def _in_text(title: str) -> str:
    """PSNR stays PSNR; other titles start small inside a sentence."""
    return title if title[:2].isupper() else title[0].lower() + title[1:]


def _pictures(count: int) -> str:
    return f"{count:,} picture{'' if count == 1 else 's'}"

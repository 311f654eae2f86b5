"""How verdicts speak: numbers with their intervals, pictures counted, and a model's place among all that is shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from safelight.reports.text import Numbers, count_pictures, format_interval, in_text, join_words, negated

FEWEST = 8  # pictures: under it an interval says nothing
ENOUGH = 50  # pictures: under it an interval is so wide that little can be told


@dataclass(frozen=True)
class Place:
    """How the model stands beside one other method, in one measure, at one number of hints (or kind of hole)."""

    other: str
    measure: str
    at: str
    standing: str  # "wins", "loses" or "cannot tell"


def few(count: int) -> list[str]:
    """A warning where so few pictures were judged that little or nothing can be told."""
    if count < FEWEST:
        are = "is" if count == 1 else "are"
        return [
            f"{count_pictures(count)} {are} too few to tell which method is better; judge {ENOUGH} or more."
        ]
    if count < ENOUGH:
        return [f"{count_pictures(count)} are few, so the intervals are wide; judge {ENOUGH} or more."]
    return []


def at_hints(counts: Iterable[str]) -> str:
    """ "without hints", "at 1 hint", "at 0, 1 and 5 hints" """
    numbers = list(counts)
    if numbers == ["0"]:
        return "without hints"
    return f"at {join_words(numbers)} hint{'' if numbers == ['1'] else 's'}"


def others(names: Sequence[str]) -> str:
    """ "grey (95 % interval)" alone, or "every other method (grey, kriging; 95 % intervals)" """
    if len(names) == 1:
        return f"{names[0]} (95 % interval)"
    return f"every other method ({', '.join(names)}; 95 % intervals)"


def standing(places: Sequence[Place], counts: Sequence[str]) -> list[str]:
    """At which numbers of hints the model is better than all methods that are shown, in all these measures."""
    if not places:
        return []
    rivals = others(list(dict.fromkeys(place.other for place in places)))
    measures = " and ".join(
        f"in {in_text(name)}" for name in dict.fromkeys(place.measure for place in places)
    )
    asked = [count for count in counts if any(place.at == count for place in places)]
    won = [count for count in asked if all(place.standing == "wins" for place in places if place.at == count)]
    if not won:
        return [f"At no number of hints is it better than {rivals} both {measures}."]
    where = at_hints(won) if len(won) < len(asked) else "at every number of hints"
    missed = [count for count in asked if count not in won]
    but = f", but not {at_hints(missed)}" if missed else ""
    return [f"It is better than {rivals}, {measures}, {where}{but}."]


def guided(gain: Numbers, hints: int, best: str, lead: Numbers | None) -> str:
    """The gain at this number of hints, and the lead over the best other method there (None: that is grey)."""
    text = f"With {hints} hints it gains {format_interval(gain, 2, 'dB')} over grey"
    if lead is None:
        return f"{text}."
    more = lead[0] >= 0
    shown = format_interval(lead if more else negated(lead), 2, "dB")
    return f"{text}, {shown} {'more' if more else 'less'} than the best other method there, {best}."

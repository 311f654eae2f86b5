"""How verdicts speak: numbers with their intervals, pictures counted, and a model's place among all that is shown."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

FEWEST = 8  # pictures: under it an interval says nothing
ENOUGH = 50  # pictures: under it an interval is so wide that little can be told

Numbers = tuple[float, float, float]  # a value and both ends of its 95 % interval


@dataclass(frozen=True)
class Place:
    """How the model stands beside one other method, in one measure, at one number of hints (or kind of hole)."""

    other: str
    measure: str
    at: str
    standing: str  # "wins", "loses" or "cannot tell"


def number(value: float, digits: int, signed: bool = False) -> str:
    """A number for people, with a true minus sign and no minus before zero; – where there is none."""
    if math.isnan(value):
        return "–"
    text = f"{value:{'+' if signed else ''}.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def interval(numbers: Numbers, digits: int, unit: str, signed: bool = False) -> str:
    """ "2.30 dB (1.96 to 2.64)" """
    value, low, high = (number(part, digits, signed) for part in numbers)
    return f"{value}{f' {unit}' if unit else ''} ({low} to {high})"


def turned(numbers: Numbers) -> Numbers:
    """A lead as a lag."""
    value, low, high = numbers
    return -value, -high, -low


def pictures(count: int) -> str:
    """ "1 picture", "1,738 pictures" """
    return f"{count:,} picture{'' if count == 1 else 's'}"


def together(words: Iterable[str]) -> str:
    """ "a", "a and b", "a, b and c" """
    *most, last = list(words)
    return f"{', '.join(most)} and {last}" if most else last


def in_text(title: str) -> str:
    """PSNR and F1 stay as they are; other titles start small inside a sentence."""
    return title if title[:2].isupper() or title[1:2].isdigit() else title[0].lower() + title[1:]


def few(count: int) -> list[str]:
    """A warning where so few pictures were judged that little or nothing can be told."""
    if count < FEWEST:
        are = "is" if count == 1 else "are"
        return [f"{pictures(count)} {are} too few to tell which method is better; judge {ENOUGH} or more."]
    if count < ENOUGH:
        return [f"{pictures(count)} are few, so the intervals are wide; judge {ENOUGH} or more."]
    return []


def at_hints(counts: Iterable[str]) -> str:
    """ "without hints", "at 1 hint", "at 0, 1 and 5 hints" """
    numbers = list(counts)
    if numbers == ["0"]:
        return "without hints"
    return f"at {together(numbers)} hint{'' if numbers == ['1'] else 's'}"


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
    text = f"With {hints} hints it gains {interval(gain, 2, 'dB')} over grey"
    if lead is None:
        return f"{text}."
    more = lead[0] >= 0
    shown = interval(lead if more else turned(lead), 2, "dB")
    return f"{text}, {shown} {'more' if more else 'less'} than the best other method there, {best}."

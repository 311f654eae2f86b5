"""Numbers, lists and Markdown for people: every report, table and sentence formats them here."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Numbers: TypeAlias = tuple[float, float, float]  # a value and both ends of its 95 % interval

SPECIAL = re.compile(r"([\\`*\[\]|]|(?<![^\W_])_|_(?![^\W_]))")  # an underscore inside a word is none
ALIGN = {"l": "---", "r": "---:"}


class Markdown(str):
    """Text that is Markdown already: it is not escaped again."""

    __slots__ = ()


def format_number(value: float, digits: int, signed: bool = False) -> str:
    """A number with a true minus sign, no minus before zero, thousands apart; – where there is none."""
    if math.isnan(value):
        return "–"
    text = f"{value:{'+' if signed else ''},.{digits}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")


def format_interval(numbers: Numbers, digits: int, unit: str = "", signed: bool = False) -> str:
    """ "2.30 dB (1.96 to 2.64)"; the value alone where its interval is not known."""
    value, low, high = (format_number(part, digits, signed) for part in numbers)
    text = f"{value} {unit}" if unit else value
    return text if math.isnan(numbers[1]) else f"{text} ({low} to {high})"


def negated(numbers: Numbers) -> Numbers:
    """A lead as a lag."""
    value, low, high = numbers
    return -value, -high, -low


def count_pictures(count: int) -> str:
    """ "1 picture", "1,738 pictures" """
    return f"{count:,} picture{'' if count == 1 else 's'}"


def count(number: int, noun: str) -> str:
    """A number and its noun: "1 photo", "12 photos"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def join_words(words: Iterable[str]) -> str:
    """ "a", "a and b", "a, b and c" """
    *most, last = list(words)
    return f"{', '.join(most)} and {last}" if most else last


def in_text(title: str) -> str:
    """A title inside a sentence: PSNR and F1 stay as they are, others start small."""
    return title if title[:2].isupper() or title[1:2].isdigit() else title[0].lower() + title[1:]


def sentence(text: str) -> str:
    """A clause as a sentence: its first letter large, with a full stop."""
    return text[:1].upper() + text[1:] + "."


def escape_markdown(value: object) -> Markdown:
    """Text on one line that Markdown and HTML take for nothing else; numbers with thousands apart."""
    if isinstance(value, Markdown):
        return value
    if isinstance(value, int):
        return Markdown(f"{value:,}")
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return Markdown(SPECIAL.sub(r"\\\1", " ".join(text.split())).replace("<", "&lt;"))


def code(text: object) -> Markdown:
    """A span of code, fenced by more backticks than it holds."""
    line = " ".join(str(text).split())
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    return Markdown(f"{fence}{line}{fence}" if len(fence) == 1 else f"{fence} {line} {fence}")


def table(header: Sequence[object], rows: Iterable[Sequence[object]], align: str = "") -> Markdown:
    """A Markdown table; every cell is escaped. align: "l" or "r" for each column; else the first is left."""
    rule = [Markdown(ALIGN[side]) for side in align or "l" + "r" * (len(header) - 1)]
    lines = [header, rule, *rows]
    return Markdown("\n".join(f"| {' | '.join(map(escape_markdown, line))} |" for line in lines))


def image(caption: object, file: str) -> Markdown:
    """A picture that lies beside the page."""
    return Markdown(f"![{escape_markdown(caption)}]({file})")

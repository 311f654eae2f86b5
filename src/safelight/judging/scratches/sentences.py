"""A verdict on finders in plain words: who wins where. Every place where the model loses is said."""

from collections.abc import Sequence

from safelight.journal.looks import times
from safelight.judging.cells import ALL
from safelight.judging.intervals import FEWEST, Estimate
from safelight.judging.scores import number
from safelight.judging.scratches.questions import WHOLE
from safelight.judging.scratches.scores import CLASSICAL, COMPARED, STATISTICS
from safelight.judging.scratches.verdict import ScratchVerdict

DRAWN = (
    "The damage was drawn, by the generator that networks here are trained on; how a finder does on real damage "
    "has to be looked at."
)


def summarize(verdict: ScratchVerdict) -> tuple[str, ...]:
    """The summary, most important first."""
    return (
        _setting(verdict),
        _overall(verdict, "f1", ALL),
        _overall(verdict, "false", WHOLE.name),
        *(_against(verdict, method, key) for method in verdict.methods[1:] for key in COMPARED),
        DRAWN,
        *_cautions(verdict),
    )


def _setting(verdict: ScratchVerdict) -> str:
    split = f"the {verdict.split} split" if verdict.split else ""
    where = " of ".join(filter(None, (split, verdict.dataset)))
    return (
        f"{verdict.model} was judged on {verdict.pictures:,} pictures{f' of {where}' if where else ''}, squares of "
        f"{verdict.size} pixels, {len(verdict.cells) - 1} prints each: whole, and with each kind of damage at each "
        f"width; {verdict.tolerance:g} pixels beside are right."
    )


def _overall(verdict: ScratchVerdict, key: str, cell: str) -> str:
    """The model's mean, beside the best ridge filter's."""
    statistic = STATISTICS[key]
    others = [method for method in verdict.methods[1:] if method in CLASSICAL]
    best = max(others, key=lambda method: statistic.better * verdict.curves[method][key][cell].value)
    own, other = verdict.curves[verdict.model][key][cell], verdict.curves[best][key][cell]
    where = "over all damage" if cell == ALL else "on whole prints"
    return (
        f"{statistic.title} {where}: {_interval(own, statistic.digits, statistic.unit)}; {best} has "
        f"{number(other.value, statistic.digits)}."
    )


def _against(verdict: ScratchVerdict, method: str, key: str) -> str:
    """In which cells it is clear of the other finder, behind it, or cannot be told."""
    found = [c for c in verdict.comparisons if (c.method, c.statistic) == (method, key) and c.cell != ALL]
    parts = []
    for standing, words in (
        ("wins", f"beats {method} in"),
        ("loses", f"loses to {method} in"),
        ("cannot tell", f"cannot be told from {method} in"),
    ):
        cells = [c.cell for c in found if c.standing == standing]
        if cells:
            parts.append(f"{words} {_list(cells, len(found))}")
    title = STATISTICS[key].title
    title = title if title.isupper() or title == "F1" else title[0].lower() + title[1:]
    return f"In {title} it {', '.join(parts)}."


def _cautions(verdict: ScratchVerdict) -> list[str]:
    cautions = []
    if verdict.pictures < FEWEST:
        cautions.append(f"{verdict.pictures} pictures are too few to tell winners from losers; judge more.")
    if verdict.enlarged:
        pictures = "1 picture" if verdict.enlarged == 1 else f"{verdict.enlarged:,} pictures"
        cautions.append(f"{pictures} had to be enlarged, which makes them smoother than the damage on them.")
    if verdict.looks is not None:
        cautions.append(f"This test split has been looked at {times(verdict.looks)}, this time included.")
    return cautions


def _list(cells: Sequence[str], everything: int) -> str:
    if len(cells) == everything:
        return "every cell"
    return " and ".join(filter(None, [", ".join(cells[:-1]), cells[-1]]))


def _interval(estimate: Estimate, digits: int, unit: str) -> str:
    value, low, high = (number(part, digits) for part in (estimate.value, estimate.low, estimate.high))
    return f"{value}{f' {unit}' if unit else ''} ({low} to {high})"

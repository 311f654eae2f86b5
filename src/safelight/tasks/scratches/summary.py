"""A verdict on finders in plain words: who wins where. Every place where the model loses is said."""

from collections.abc import Sequence

from safelight.journal.words import few
from safelight.reports.text import count_pictures, format_interval, format_number, in_text, join_words
from safelight.tasks.scratches.benchmark import WHOLE
from safelight.tasks.scratches.scores import METRICS
from safelight.verdicts.test_split_log import times
from safelight.verdicts.verdict import ALL, Verdict

DRAWN = (
    "The damage was drawn, by the generator that networks here are trained on; how a finder does on real damage "
    "has to be looked at."
)


COMPARED = [key for key, metric in METRICS.items() if metric.compared]


def summarize(verdict: Verdict) -> tuple[str, ...]:
    """The summary, most important first."""
    return (
        _setting(verdict),
        _overall(verdict, "f1", ALL),
        _overall(verdict, "false", WHOLE.name),
        *(
            _against(verdict, method, key)
            for method in verdict.methods[1:]
            for key, metric in METRICS.items()
            if metric.compared
        ),
        DRAWN,
        *_cautions(verdict),
    )


def _setting(verdict: Verdict) -> str:
    split = f"the {verdict.split} split" if verdict.split else ""
    where = " of ".join(filter(None, (split, verdict.dataset)))
    return (
        f"{verdict.model} was judged on {count_pictures(verdict.pictures)}{f' of {where}' if where else ''}, "
        f"squares of {verdict.size} pixels, {len(verdict.parts)} prints each: whole, and with each kind of damage "
        f"at each width; {verdict.facts['tolerance']:g} pixels beside are right."
    )


def _overall(verdict: Verdict, key: str, cell: str) -> str:
    """The model's mean, beside that of the best other finder."""
    statistic = METRICS[key]
    best = max(
        verdict.methods[1:], key=lambda method: statistic.better * verdict.curves[method][key][cell].value
    )
    own, other = verdict.curves[verdict.model][key][cell], verdict.curves[best][key][cell]
    where = "over all damage" if cell == ALL else "on whole prints"
    return (
        f"{statistic.title} {where}: {format_interval(own.numbers, statistic.digits, statistic.unit)}; {best} has "
        f"{format_number(other.value, statistic.digits)}."
    )


def _against(verdict: Verdict, method: str, key: str) -> str:
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
    return f"In {in_text(METRICS[key].title)} it {', '.join(parts)}."


def _cautions(verdict: Verdict) -> list[str]:
    cautions = few(verdict.pictures)
    if verdict.enlarged:
        cautions.append(
            f"{count_pictures(verdict.enlarged)} had to be enlarged, which makes them smoother than the damage on them."
        )
    if verdict.evaluations is not None:
        cautions.append(
            f"This test split has been evaluated {times(verdict.evaluations)}, this time included."
        )
    return cautions


def _list(cells: Sequence[str], everything: int) -> str:
    if len(cells) == everything:
        return "every cell"
    return join_words(cells)

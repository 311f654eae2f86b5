"""A verdict on holes in plain words: who wins where. Every place where the model loses is said."""

from collections.abc import Sequence

from safelight.journal.words import few, others
from safelight.reports.text import (
    count_pictures,
    format_interval,
    format_number,
    in_text,
    join_words,
    negated,
)
from safelight.tasks.inpaint.scores import METRICS
from safelight.verdicts.test_split_log import times
from safelight.verdicts.verdict import ALL, Verdict

MAIN = ("hole_psnr", "perceptual")


def summarize(verdict: Verdict) -> tuple[str, ...]:
    """The summary, most important first."""
    return (
        _setting(verdict),
        *(_overall(verdict, key) for key in MAIN),
        *(_against_all(verdict, key) for key in MAIN),
        *_losses(verdict),
        _best(verdict),
        *_cautions(verdict),
    )


def _setting(verdict: Verdict) -> str:
    where = " of ".join(
        filter(None, (f"the {verdict.split} split" if verdict.split else "", verdict.dataset))
    )
    return (
        f"{verdict.model} was judged on {count_pictures(verdict.pictures)}{f' of {where}' if where else ''}, "
        f"squares of {verdict.size} pixels, {len(verdict.parts)} holes each."
    )


def _overall(verdict: Verdict, key: str) -> str:
    """Mean over all holes, beside the best other method over all."""
    statistic, best = METRICS[key], _best_at(verdict, key, ALL)
    own, other = verdict.curves[verdict.model][key][ALL], verdict.curves[best][key][ALL]
    return (
        f"{statistic.title}, over all holes: {format_interval(own.numbers, statistic.digits, statistic.unit)}; the "
        f"best other method there, {best}, has {format_number(other.value, statistic.digits)}."
    )


def _against_all(verdict: Verdict, key: str) -> str:
    """In which bins it is better than every method shown, behind one, or cannot be told."""
    cells = [cell for cell in verdict.cells if cell != ALL]
    against = {
        cell: [c.standing for c in verdict.comparisons if (c.statistic, c.cell) == (key, cell)]
        for cell in cells
    }
    wins = [cell for cell in cells if set(against[cell]) == {"wins"}]
    loses = [cell for cell in cells if "loses" in against[cell]]
    open_ = [cell for cell in cells if cell not in wins and cell not in loses]
    rivals = others(verdict.methods[1:])
    parts = [
        f"is better than {rivals} in {_list(wins, cells)}" if wins else "",
        f"loses to one or more in {_list(loses, cells)}" if loses else "",
        f"cannot be told from the best in {_list(open_, cells)}" if open_ else "",
    ]
    return f"In {in_text(METRICS[key].title)} it {', '.join(filter(None, parts))}."


def _losses(verdict: Verdict) -> list[str]:
    """One sentence a method and main statistic."""
    pairs = [(method, key) for method in verdict.methods[1:] for key in MAIN]
    return [sentence for method, key in pairs if (sentence := _lost(verdict, method, key))]


def _lost(verdict: Verdict, method: str, key: str) -> str:
    """Where it loses to this method, and most where; nothing if nowhere."""
    statistic = METRICS[key]
    found = [c for c in verdict.comparisons if (c.method, c.statistic, c.standing) == (method, key, "loses")]
    found = [comparison for comparison in found if comparison.cell != ALL]
    if not found:
        return ""
    where = _list([comparison.cell for comparison in found], verdict.parts)
    worst = min(found, key=lambda comparison: comparison.difference.value)
    by = format_interval(negated(worst.difference.numbers), statistic.digits, statistic.unit)
    return f"It loses to {method} in {in_text(statistic.title)} in {where}, most in {worst.cell}: by {by}."


def _best(verdict: Verdict) -> str:
    """Which other method is the bar in which bin."""
    bars: dict[str, list[str]] = {}
    for cell in verdict.parts:
        bars.setdefault(_best_at(verdict, "hole_psnr", cell), []).append(cell)
    parts = [f"{method} in {_list(cells, verdict.parts)}" for method, cells in bars.items()]
    return f"The best other method in PSNR in the hole is {', '.join(parts)}."


def _cautions(verdict: Verdict) -> list[str]:
    cautions = few(verdict.pictures)
    if verdict.enlarged:
        cautions.append(f"{count_pictures(verdict.enlarged)} had to be enlarged, which makes them smoother.")
    if verdict.evaluations is not None:
        cautions.append(
            f"This test split has been evaluated {times(verdict.evaluations)}, this time included."
        )
    return cautions


def _best_at(verdict: Verdict, key: str, cell: str) -> str:
    """The best of all methods beside the model."""
    return max(
        verdict.methods[1:],
        key=lambda method: METRICS[key].better * verdict.curves[method][key][cell].value,
    )


def _list(cells: Sequence[str], everything: Sequence[str]) -> str:
    if len(cells) == len(everything):
        return "every bin"
    return join_words(cells)

"""A verdict in plain words, the same for every task: where the model wins, loses or cannot be told."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from safelight.evaluation.metrics import Metric
from safelight.reports.text import (
    Numbers,
    count_pictures,
    format_interval,
    format_number,
    in_text,
    join_words,
    negated,
)
from safelight.verdicts.test_split_log import times
from safelight.verdicts.verdict import ALL, ENOUGH, FEWEST, Comparison, Standing, Verdict


def in_cells(cells: Sequence[str]) -> str:
    """ "in folds and cracks" """
    return f"in {join_words(cells)}"


def at_hints(cells: Sequence[str]) -> str:
    """ "without hints", "at 1 hint", "at 0, 1 and 5 hints" """
    if list(cells) == ["0"]:
        return "without hints"
    return f"at {join_words(cells)} hint{'' if list(cells) == ['1'] else 's'}"


@dataclass(frozen=True)
class Layout:
    """What one task brings to the sentences and the report of its verdicts.

    title: what a verdict is about. metrics: its table. main: the metrics whose wins are said; losses are said in all
    that are compared. sentences: the summary, if it has more to say than that of all tasks. sections: what only this
    task tells, as Markdown. charts: what draws files beside the report; pictures: what each file there shows.
    cell: one of the verdict's cells with its preposition; at: some of them; head: of their column.
    samples: a sentence on what all methods were given. notes: how the metrics are to be read.
    """

    title: str
    metrics: Mapping[str, Metric]
    main: tuple[str, ...]
    sentences: Callable[[Verdict], tuple[str, ...]] | None = None
    sections: Callable[[Verdict], Iterable[str]] | None = None
    charts: Mapping[str, Callable[[Verdict, Path], object]] = field(default_factory=dict)
    head: str = "cell"
    pictures: Mapping[str, str] = field(default_factory=dict)
    samples: str = "All methods were given the same samples"
    notes: tuple[str, ...] = ()
    cell: tuple[str, str] = ("in", "cell")
    at: Callable[[Sequence[str]], str] = in_cells

    @property
    def compared(self) -> list[str]:
        """The metrics that a model can win and lose in."""
        return [key for key, metric in self.metrics.items() if metric.compared]

    def where(self, cells: Sequence[str], among: Sequence[str]) -> str:
        """Some of the cells that were compared, or "in every cell"."""
        return f"{self.cell[0]} every {self.cell[1]}" if len(cells) == len(among) > 1 else self.at(cells)


def summarize(verdict: Verdict, layout: Layout) -> tuple[str, ...]:
    """The sentences about a verdict, most important first: the task's own, or those that suit any task."""
    if layout.sentences:
        return layout.sentences(verdict)
    cell = ALL if ALL in verdict.cells else verdict.cells[0]
    return (
        setting(verdict, ""),
        *(overall(verdict, layout.metrics[key], cell, f"({cell})") for key in layout.main),
        *standings(verdict, layout),
        *cautions(verdict),
    )


def setting(verdict: Verdict, how: str) -> str:
    """Which model was evaluated on which pictures, and how."""
    split = f"the {verdict.split} split" if verdict.split else ""
    pictures = " of ".join(filter(None, (count_pictures(verdict.pictures), split, verdict.dataset)))
    return f"{verdict.model} was evaluated on {pictures}{how}."


def standings(verdict: Verdict, layout: Layout) -> list[str]:
    """Wins, then every loss, then what cannot be told; nothing of too few pictures."""
    if verdict.pictures < FEWEST:
        return []
    return [*wins(verdict, layout), *_losses(verdict, layout), *_unclear(verdict, layout)]


def wins(verdict: Verdict, layout: Layout) -> list[str]:
    """In which cells the model is better than all methods; metrics with the same cells share a sentence."""
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for key in layout.main:
        standing = _standing_by_cell(verdict, key)
        won = tuple(cell for cell, found in standing.items() if found == {"wins"})
        if standing:
            groups.setdefault((tuple(standing), won), []).append(key)
    methods = name_methods(list(dict.fromkeys(c.method for c in verdict.comparisons)))
    sentences = []
    for (compared, won), keys in groups.items():
        metrics = " and ".join(f"in {in_text(layout.metrics[key].title)}" for key in keys)
        missed = [cell for cell in compared if cell not in won]
        if won:
            but = f", but not {layout.at(missed)}" if missed else ""
            sentences.append(f"It is better than {methods}, {metrics}, {layout.where(won, compared)}{but}.")
        else:
            nowhere = f"{layout.cell[0].capitalize()} no {layout.cell[1]}"
            sentences.append(f"{nowhere} is it better than {methods}, {metrics}.")
    return sentences


def cautions(verdict: Verdict, left_out: str = "", enlarged: str = "") -> list[str]:
    """What a reader must know before using the numbers. left_out, enlarged: why, and what follows for this task."""
    found = few(verdict.pictures)
    if verdict.left_out:
        are = "was" if verdict.left_out == 1 else "were"
        found.append(f"{count_pictures(verdict.left_out)} {are} left out: {left_out}.")
    if verdict.enlarged:
        found.append(
            f"{count_pictures(verdict.enlarged)} had to be enlarged, which makes them smoother{enlarged}."
        )
    if verdict.evaluations is not None:
        found.append(
            f"This {verdict.split} split has been evaluated {times(verdict.evaluations)}, this time included."
        )
    return found


def beside_clean(verdict: Verdict, layout: Layout, key: str, cell: str, where: str) -> list[str]:
    """What the model loses on old prints in this metric, of a verdict on these; else nothing."""
    if "clean" not in verdict.tables:
        return []
    metric = layout.metrics[key]
    clean = format_number(verdict.tables["clean"][key][cell].value, metric.digits)
    lost = format_interval(verdict.tables["lost on prints"][key][cell].numbers, metric.digits, metric.unit)
    said = f"its {in_text(metric.title)} {where} is {clean}: lost on prints {lost}"
    return [f"These are simulated old prints; on the same pictures, clean, {said}."]


def best_other(verdict: Verdict, metric: Metric, cell: str) -> str:
    """The best of the methods beside the model, by its value."""
    rivals = verdict.others or verdict.methods
    return max(rivals, key=lambda method: metric.better * verdict.curves[method][metric.name][cell].value)


def overall(verdict: Verdict, metric: Metric, cell: str, where: str) -> str:
    """The model's value in a cell, beside that of the best other method there."""
    best = best_other(verdict, metric, cell)
    other = format_number(verdict.curves[best][metric.name][cell].value, metric.digits)
    own = format_interval(verdict.of_model(metric.name)[cell].numbers, metric.digits, metric.unit)
    return f"{metric.title} {where}: {own}; the best other method there, {best}, has {other}."


def few(count: int) -> list[str]:
    """A warning where so few pictures were evaluated that little or nothing can be told."""
    if count < FEWEST:
        are = "is" if count == 1 else "are"
        return [
            f"{count_pictures(count)} {are} too few to tell which method is better; judge {ENOUGH} or more."
        ]
    if count < ENOUGH:
        return [f"{count_pictures(count)} are few, so the intervals are wide; judge {ENOUGH} or more."]
    return []


def name_methods(names: Sequence[str]) -> str:
    """ "grey (95 % interval)" alone, or "every other method (grey, kriging; 95 % intervals)" """
    if len(names) == 1:
        return f"{names[0]} (95 % interval)"
    return f"every other method ({', '.join(names)}; 95 % intervals)"


def guided(gain: Numbers, hints: int, best: str, lead: Numbers | None) -> str:
    """The gain at this number of hints, and the lead over the best other method there (None: that is grey)."""
    text = f"With {hints} hints it gains {format_interval(gain, 2, 'dB')} over grey"
    if lead is None:
        return f"{text}."
    more = lead[0] >= 0
    shown = format_interval(lead if more else negated(lead), 2, "dB")
    return f"{text}, {shown} {'more' if more else 'less'} than the best other method there, {best}."


def _losses(verdict: Verdict, layout: Layout) -> list[str]:
    """One sentence a method and statistic: by how much; from three cells on, where it is worst."""
    sentences = []
    for (method, key), lost in _by_pair(verdict, layout.compared, "loses").items():
        metric = layout.metrics[key]
        if len(lost) > 2:
            worst = min(lost, key=lambda comparison: comparison.difference.value)
            cells = layout.where([c.cell for c in lost], list(_standing_by_cell(verdict, key)))
            how = f"{cells}, most {layout.at([worst.cell])}: by {_lag(worst, metric)}"
        else:
            how = " and ".join(f"{layout.at([c.cell])} by {_lag(c, metric)}" for c in lost)
        sentences.append(f"It loses to {method} in {in_text(metric.title)} {how}.")
    return sentences


def _lag(comparison: Comparison, metric: Metric) -> str:
    return format_interval(negated(comparison.difference.numbers), metric.digits, metric.unit)


def _unclear(verdict: Verdict, layout: Layout) -> list[str]:
    """One sentence a method; methods of which the same is said share it."""
    parts: dict[str, list[str]] = {}
    for (method, key), unclear in _by_pair(verdict, layout.main, "cannot tell").items():
        cells = layout.where([c.cell for c in unclear], list(_standing_by_cell(verdict, key)))
        parts.setdefault(method, []).append(f"in {in_text(layout.metrics[key].title)} {cells}")
    methods: dict[str, list[str]] = {}
    for method, each in parts.items():
        methods.setdefault(", nor ".join(each), []).append(method)
    return [f"It cannot be told from {' or from '.join(names)} {where}." for where, names in methods.items()]


def _standing_by_cell(verdict: Verdict, key: str) -> dict[str, set[Standing]]:
    """The cells that this statistic is compared in, with all standings there."""
    found: dict[str, set[Standing]] = {}
    for comparison in _in_parts(verdict, [key]):
        found.setdefault(comparison.cell, set()).add(comparison.standing)
    return {cell: found[cell] for cell in verdict.parts if cell in found}


def _by_pair(
    verdict: Verdict, keys: Iterable[str], standing: Standing
) -> dict[tuple[str, str], list[Comparison]]:
    """The comparisons that ended so, by method and statistic."""
    pairs: dict[tuple[str, str], list[Comparison]] = {}
    for comparison in _in_parts(verdict, keys):
        if comparison.standing == standing:
            pairs.setdefault((comparison.method, comparison.statistic), []).append(comparison)
    return pairs


def _in_parts(verdict: Verdict, keys: Iterable[str]) -> list[Comparison]:
    """The comparisons in these statistics, method by method, without those of means over cells."""
    order = {key: place for place, key in enumerate(keys)}
    methods = list(dict.fromkeys(comparison.method for comparison in verdict.comparisons))
    found = [c for c in verdict.comparisons if c.statistic in order and c.cell in verdict.parts]
    return sorted(found, key=lambda c: (methods.index(c.method), order[c.statistic]))

"""A verdict in short, for the journal, comparisons and cards: a few sentences, and a row of values with intervals."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from safelight.errors import SafelightError
from safelight.reports.text import count_pictures
from safelight.tasks.base import resolve
from safelight.tasks.registry import task_named
from safelight.verdicts.measure import measure_of
from safelight.verdicts.verdict import ALL, Estimate, Verdict, load_verdicts

FOREIGN = "foreign"  # the split of sources that nothing is trained or tuned on
SENTENCES = slice(1, 4)  # those after what was judged


@dataclass(frozen=True)
class VerdictSummary:
    """What the journal says of one verdict.

    samples: what it is on, in words. title: of the values; cells: of what they are by, in order.
    """

    judged: str
    samples: str
    title: str
    cells: str
    values: Mapping[str, Estimate]
    sentences: tuple[str, ...]
    evaluations: int | None

    @property
    def words(self) -> str:
        """The sentences, and which evaluation on the test split this was."""
        count = (
            (f"Evaluation {self.evaluations} on this test split.",) if self.evaluations is not None else ()
        )
        return " ".join((*self.sentences, *count))


def samples_in_words(verdict: Verdict) -> str:
    """ "400 pictures of photos/test, protocol compact" """
    facts = {**vars(verdict), **verdict.facts}
    protocol = measure_of(verdict).protocol.format_map(facts)
    return f"{count_pictures(verdict.pictures)} of {verdict.dataset}/{verdict.split}, {protocol}"


def summary_of(verdict: Verdict) -> VerdictSummary:
    """The verdict in short. Raises KeyError for one that lacks the statistic of its task."""
    measure = measure_of(verdict)
    return VerdictSummary(
        judged=verdict.judged,
        samples=samples_in_words(verdict),
        title=measure.title,
        cells=measure.cells,
        values=values_of(verdict, measure.statistic),
        sentences=_sentences(verdict),
        evaluations=verdict.evaluations,
    )


def newest_summaries(folder: Path) -> tuple[VerdictSummary, ...]:
    """The newest verdict on each set of samples in a run's folder, oldest first; what cannot be read is left out."""
    newest: dict[tuple[str, str], VerdictSummary] = {}
    for verdict in load_verdicts(folder):
        try:
            summary = summary_of(verdict)
        except (KeyError, SafelightError):
            continue
        newest.pop(key := (summary.samples, verdict.questions), None)
        newest[key] = summary
    return tuple(newest.values())


def values_of(verdict: Verdict, statistic: str) -> dict[str, Estimate]:
    """The model's values by cell, without those that summaries leave out; by method where there is one cell."""
    if verdict.cells == (ALL,):
        return {method: curves[statistic][ALL] for method, curves in verdict.curves.items()}
    curve, hidden = verdict.of_model(statistic), measure_of(verdict).hidden
    shown = {cell: curve[cell] for cell in verdict.cells if not cell.endswith(hidden)}
    return {cell: estimate for cell, estimate in shown.items() if not math.isnan(estimate.value)}


def newest_card_scores(folder: Path) -> dict[str, object]:
    """What a model's card says of the verdicts in its run's folder: {} without any."""
    return card_scores(load_verdicts(folder))


def card_scores(verdicts: Sequence[Verdict]) -> dict[str, object]:
    """What a model's card says of verdicts on it, oldest first: the samples, and values by name.

    Of the newest one, and of the newest one on foreign sources, whose names begin with "foreign: ".
    """
    scores: dict[str, object] = {}
    for is_foreign in (False, True):
        for verdict in reversed([each for each in verdicts if (each.split == FOREIGN) is is_foreign]):
            try:
                found = _card_scores(verdict)
            except (KeyError, SafelightError):
                continue
            scores |= {f"foreign: {name}" if is_foreign else name: value for name, value in found.items()}
            break
    return scores


def _card_scores(verdict: Verdict) -> dict[str, object]:
    measure = measure_of(verdict)
    scores: dict[str, object] = {"judged": samples_in_words(verdict)}
    for statistic, title in {measure.statistic: measure.title, **measure.on_card}.items():
        for cell, estimate in values_of(verdict, statistic).items():
            scores[f"{title}, {measure.cell.format(cell)}"] = estimate.value
    return scores


def _sentences(verdict: Verdict) -> tuple[str, ...]:
    key_sentences = task_named(verdict.task).key_sentences
    if key_sentences and verdict.comparisons:
        return tuple(resolve(key_sentences)(verdict))
    return verdict.sentences[SENTENCES]

"""What a model's weights have learned from: the sets of the run's own dataset, and those of what it began with."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from safelight.data.cache import PictureSet
from safelight.journal.run import Run
from safelight.runtime.card import ModelCard, TrainingSet


def training_sets(pictures: PictureSet) -> tuple[TrainingSet, ...]:
    """Source, license and number of the pictures, the largest first."""
    rows = (pictures.rows(number) for number in range(len(pictures)))
    counts = Counter((str(row.get("source", "")), str(row.get("licence") or "unknown")) for row in rows)
    return tuple(TrainingSet(source, license, count) for (source, license), count in counts.most_common())


def together(*learned: Iterable[TrainingSet]) -> tuple[TrainingSet, ...]:
    """The sets of several runs, the largest first: of each, as many pictures as the run that saw most of it."""
    most: dict[tuple[str, str], int] = {}
    for each in (one for sets in learned for one in sets):
        key = (each.name, each.license)
        most[key] = max(most.get(key, 0), each.pictures)
    return tuple(TrainingSet(*key, count) for key, count in sorted(most.items(), key=lambda row: -row[1]))


def facts_of_learning(
    pictures: PictureSet, parent: Run | None = None, card: ModelCard | None = None
) -> dict[str, Any]:
    """For a run's facts: all sets that its weights will have learned from, and how the model came that it begins with.

    parent: the run whose weights it begins with; card: the model's. At most one of them.
    """
    before = sets_in(parent.facts) if parent else card.data if card else ()
    sets = [[each.name, each.license, each.pictures] for each in together(training_sets(pictures), before)]
    return {"learned": sets, **({"made_before": card.command} if card else {})}


def sets_in(facts: dict[str, Any]) -> tuple[TrainingSet, ...]:
    """The sets that a run's facts name; none of runs that older versions began."""
    return tuple(TrainingSet(*row) for row in facts.get("learned", ()))

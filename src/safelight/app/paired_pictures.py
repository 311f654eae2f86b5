"""The pictures of a comparison: those that one run improved most over another, and those that it worsened."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from safelight.journal.records import Record
    from safelight.journal.verdicts import StoredVerdict
    from safelight.judging.baselines import Predict
    from safelight.judging.examples import Example
    from safelight.judging.paired import Pairing
    from safelight.judging.questions import Pictures

SHOWN = (0, 10)  # numbers of hints
EACH = 4  # pictures a rank


def paired_examples(
    one: "Record", other: "Record", pairing: "Pairing", verdict: "StoredVerdict"
) -> "dict[int, list[Example]]":
    """Both runs answer these few once more. Raises SafelightError where dataset or weights are not at hand."""
    from safelight.data.cache import open_dataset

    pictures = open_dataset(Path(one.facts["dataset"]["path"]), verdict.split or None)
    answers = {"one": _network(one), "other": _network(other)}
    return {
        hints: _examples(hints, pairing, verdict, pictures, answers)
        for hints in SHOWN
        if hints in pairing.counts
    }


def most_changed(pairing: "Pairing", hints: int, each: int = EACH) -> list[tuple[str, int]]:
    """(rank, place of the picture): the most improved, then the most worsened; none twice, none unchanged."""
    change = pairing.differences[:, pairing.counts.index(hints)]
    order = np.argsort(-change, kind="stable")
    improved = [("improved", int(place)) for place in order[:each] if change[place] > 0]
    worsened = [("worsened", int(place)) for place in order[::-1][:each] if change[place] < 0]
    return [*improved, *worsened]


def _examples(
    hints: int,
    pairing: "Pairing",
    verdict: "StoredVerdict",
    pictures: "Pictures",
    answers: "Mapping[str, Predict]",
) -> "list[Example]":
    from safelight.judging.examples import Example
    from safelight.judging.metrics import psnr
    from safelight.judging.protocols import protocol_named
    from safelight.judging.questions import question_about
    from safelight.judging.scores import show

    examples = []
    for rank, place in most_changed(pairing, hints):
        question = question_about(
            pictures, pairing.indices[place], protocol_named(verdict.protocol), verdict.seed
        )
        points, L = question.points.first(hints), question.L
        given = {title: predict(L, points) for title, predict in answers.items()}
        grey = psnr(show(L, np.zeros((*L.shape, 2), np.float32)), question.truth)
        gains = {title: psnr(show(L, ab), question.truth) - grey for title, ab in given.items()}
        examples.append(Example(rank, pairing.names[place], question.pixels, L, points, given, gains))
    return examples


def _network(record: "Record") -> "Predict":
    from safelight.journal.run import Run
    from safelight.training.color.predict import NetworkPredict
    from safelight.training.fit import trained_network

    network, recipe = trained_network(Run.open(record.folder))
    return NetworkPredict(network, recipe.preparation)

"""The pictures of a comparison: those that one run improved most over another, and those that it worsened."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from safelight.data.cache import PictureSet
    from safelight.evaluation.paired import Pairing
    from safelight.evaluation.paired_report import Sheet
    from safelight.journal.records import Record
    from safelight.tasks.colorize.baselines import Predict
    from safelight.tasks.colorize.examples import Example
    from safelight.verdicts.verdict import Verdict

    Sheets: TypeAlias = Callable[[Record, Record, Pairing, Verdict, PictureSet], list[Sheet]]

SHOWN = (0, 10)  # numbers of hints


def paired_sheets(one: "Record", other: "Record", pairing: "Pairing", verdict: "Verdict") -> "list[Sheet]":
    """Both runs answer these few once more. Raises SafelightError where dataset or weights are not at hand."""
    from safelight.tasks.base import resolve
    from safelight.tasks.registry import task_named

    sheets: Sheets = resolve(task_named(one.task).comparison_sheets)
    return sheets(one, other, pairing, verdict, _judged(one, verdict))


def _judged(record: "Record", verdict: "Verdict") -> "PictureSet":
    """The pictures that the verdict is on. Raises SafelightError."""
    from safelight.data.cache import open_dataset
    from safelight.errors import DatasetError

    path = Path(record.facts["dataset"]["path"])
    if verdict.dataset and path.name != verdict.dataset:
        raise DatasetError(
            f"the runs were judged on {verdict.dataset}, and trained on {path.name}; expected one dataset"
        )
    return open_dataset(path, None if verdict.split in ("", "all") else verdict.split)


def color_sheets(
    one: "Record", other: "Record", pairing: "Pairing", verdict: "Verdict", pictures: "PictureSet"
) -> "list[Sheet]":
    """A sheet for each number of hints shown."""
    from safelight.evaluation.paired_report import Sheet
    from safelight.tasks.colorize.sheet import draw_sheet

    answers = {"one": _network(one), "other": _network(other)}
    sheets = []
    for hints in SHOWN:
        examples = (
            _examples(hints, pairing, verdict, pictures, answers) if str(hints) in pairing.columns else []
        )
        if examples:
            given = "no" if hints == 0 else str(hints)
            title = f"{given.capitalize()} hints, most improved and worsened: {one.name} (one), {other.name} (other)"
            draw = partial(draw_sheet, title, examples)
            sheets.append(Sheet(f"With {given} hints", f"pictures-{hints}-hints.png", draw))
    return sheets


def _examples(
    hints: int,
    pairing: "Pairing",
    verdict: "Verdict",
    pictures: "PictureSet",
    answers: "dict[str, Predict]",
) -> "list[Example]":
    from safelight.evaluation.metrics import psnr
    from safelight.evaluation.paired import most_changed
    from safelight.tasks.colorize.benchmark import draw_sample, protocol_named
    from safelight.tasks.colorize.examples import Example
    from safelight.tasks.colorize.scores import show

    examples = []
    for rank, place in most_changed(pairing.differences[:, pairing.columns.index(str(hints))]):
        sample = draw_sample(pictures, pairing.indices[place], protocol_named(verdict.protocol), verdict.seed)
        points, L = sample.points.first(hints), sample.L
        given = {title: predict(L, points) for title, predict in answers.items()}
        grey = psnr(show(L, np.zeros((*L.shape, 2), np.float32)), sample.truth)
        gains = {title: psnr(show(L, ab), sample.truth) - grey for title, ab in given.items()}
        examples.append(Example(rank, pairing.names[place], sample.pixels, L, points, given, gains))
    return examples


def _network(record: "Record") -> "Predict":
    from safelight.journal.run import Run
    from safelight.tasks.colorize.validation import NetworkPredict
    from safelight.training.fit import trained_network

    network, recipe = trained_network(Run.open(record.folder))
    return NetworkPredict(network, recipe.preparation)

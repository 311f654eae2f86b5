"""The pictures of a comparison of fillers, finders and autoencoders: a row a picture, both answers, the truth."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from safelight.arrays import Srgb

if TYPE_CHECKING:
    from safelight.data.cache import PictureSet
    from safelight.evaluation.paired import Pairing
    from safelight.evaluation.paired_report import Sheet
    from safelight.journal.records import Record
    from safelight.tasks.autoencode.validation import NetworkCodes
    from safelight.verdicts.verdict import Verdict

Square: TypeAlias = tuple[str, Srgb]  # what is written above it, and the picture
NAME, SHORT = 22, 12  # letters of a file name that fit over a square, and after a rank


def fill_sheets(
    one: "Record", other: "Record", pairing: "Pairing", verdict: "Verdict", pictures: "PictureSet"
) -> "list[Sheet]":
    """Of each picture the hole that changed most."""
    from safelight.evaluation.metrics import psnr
    from safelight.reports.text import format_number
    from safelight.tasks.inpaint.benchmark import draw_sample
    from safelight.tasks.inpaint.evaluate import InpaintEvaluation
    from safelight.tasks.inpaint.scores import composite
    from safelight.tasks.inpaint.sheet import HOLE

    evaluation = InpaintEvaluation(verdict.size)
    methods = {
        title: evaluation.open_predictor(str(run.folder)) for title, run in (("one", one), ("other", other))
    }

    def squares(index: int, cell: int) -> list[Square]:
        sample = draw_sample(pictures, index, verdict.size, verdict.seed)
        mask, shown, truth = sample.masks[cell], sample.shown(cell), sample.truth
        answers = {title: composite(title, fill(shown, mask), shown, mask) for title, fill in methods.items()}
        told = [
            (f"{title}, {format_number(psnr(answer[mask], truth[mask]), 1)} dB", answer)
            for title, answer in answers.items()
        ]
        return [("", np.where(mask[..., None], HOLE, shown).astype(np.float32)), *told, ("", truth)]

    return _sheets(pairing, squares)


def scratch_sheets(
    one: "Record", other: "Record", pairing: "Pairing", verdict: "Verdict", pictures: "PictureSet"
) -> "list[Sheet]":
    """Of each picture the print that changed most; found is green, missed yellow, false red."""
    from safelight.tasks.scratches.benchmark import CELLS, draw_sample
    from safelight.tasks.scratches.evaluate import ScratchesEvaluation
    from safelight.tasks.scratches.report import paint

    evaluation = ScratchesEvaluation(verdict.size)
    finders = {
        title: evaluation.open_predictor(str(run.folder)) for title, run in (("one", one), ("other", other))
    }
    places = [cell.name for cell in CELLS]

    def squares(index: int, cell: int) -> list[Square]:
        sample = draw_sample(pictures, index, verdict.size, verdict.seed)
        scan, mask = sample.print(places.index(pairing.columns[cell]))
        told = [(title, paint(scan, find(scan).mask > 0, mask)) for title, find in finders.items()]
        return [("", scan), *told, ("", paint(scan, mask, mask))]

    return _sheets(pairing, squares)


def code_sheets(
    one: "Record", other: "Record", pairing: "Pairing", verdict: "Verdict", pictures: "PictureSet"
) -> "list[Sheet]":
    """The picture as it is framed, and both reconstructions of it."""
    from safelight.evaluation.metrics import psnr
    from safelight.pixels.geometry import inside
    from safelight.reports.text import format_number
    from safelight.tasks.autoencode.prepare import frame, unframe

    subjects = {"one": _codes(one), "other": _codes(other)}

    def squares(index: int, cell: int) -> list[Square]:
        photo = inside(pictures[index], pictures.rows(index).get("box"))
        framed = frame(photo, verdict.size, subjects["one"].preparation)
        truth, told = unframe(framed.planes, framed.box), []
        for title, subject in subjects.items():
            answer = subject.decode(subject.encode(framed.planes[None])[0])[0]
            away = psnr(unframe(answer, framed.box), truth)
            told.append((f"{title}, {format_number(away, 1)} dB", np.moveaxis(answer, 0, 2)))
        return [("", np.moveaxis(framed.planes, 0, 2)), *told]

    return _sheets(pairing, squares)


def _sheets(pairing: "Pairing", squares: Callable[[int, int], list[Square]]) -> "list[Sheet]":
    """One sheet of the most changed pictures; squares: of a picture's number and the column to show."""
    from safelight.evaluation.paired import most_changed
    from safelight.evaluation.paired_report import Sheet
    from safelight.tasks.inpaint.sheet import Shown, draw_fills

    rows: list[Shown] = []
    for rank, place in most_changed(pairing.changes):
        change = np.nan_to_num(pairing.differences[place])
        cell = int(np.argmax(change if rank == "improved" else -change))
        name = pairing.names[place]
        first, *between, (caption, last) = squares(pairing.indices[place], cell)
        where = pairing.columns[cell] if len(pairing.columns) > 1 else _end(name, SHORT)
        rows.append(Shown(f"{rank}, {where}", (first, *between, (caption or _end(name, NAME), last))))
    if not rows:
        return []
    title = "Most improved and worsened"
    return [Sheet(title, "pictures.png", partial(draw_fills, title, rows))]


def _end(name: str, letters: int) -> str:
    """The end of a name, as much as fits."""
    return name if len(name) <= letters else f"…{name[-letters:]}"


def _codes(record: "Record") -> "NetworkCodes":
    from safelight.journal.run import Run
    from safelight.tasks.autoencode.validation import NetworkCodes
    from safelight.training.fit import trained_network

    network, recipe = trained_network(Run.open(record.folder))
    return NetworkCodes(network, recipe.preparation)

"""safelight judge --task fill: a model and the classical methods fill the same holes."""

from pathlib import Path
from typing import TYPE_CHECKING

from safelight.app.sitting import Sitting, task_of, trained_for

if TYPE_CHECKING:
    from safelight.tasks.fills import Fill


def is_filler(model: str) -> bool:
    """Whether that name, file or run fills holes."""
    from safelight.runtime.fill import MODEL
    from safelight.tasks.fills import CLASSICAL

    return model == MODEL or model in CLASSICAL or task_of(model, ("fill",)) == "fill"


def judge_filler(sitting: Sitting) -> None:
    """Judge, write the report, and say what was found."""
    from safelight.app.progress import Bars
    from safelight.judging.holes.judge import judge_fill
    from safelight.judging.holes.report import write_fill_report
    from safelight.judging.holes.sheet import pick_fills

    fill, others = open_fill(sitting.model), sitting.others(open_fill)
    with Bars() as bars:
        pictures = sitting.open(bars)
        verdict = judge_fill(
            fill,
            sitting.labels[0],
            pictures,
            limit=sitting.limit,
            seed=sitting.seed,
            beside=others,
            dataset=sitting.data.name,
            split=sitting.split,
            folder=pictures.dataset.folder,
            workers=sitting.workers,
            progress=bars.show,
        )
    sitting.keep(verdict)
    page = write_fill_report(verdict, sitting.out, pick_fills(verdict, fill, pictures))
    sitting.tell(verdict.sentences, page)


def open_fill(model: str) -> "Fill":
    """What fills holes: a classical method by name, a run, or a model. Raises SafelightError."""
    from safelight.runtime.fill import load_filler
    from safelight.tasks.fills import CLASSICAL

    if model in CLASSICAL:
        return CLASSICAL[model]
    if not Path(model).is_dir():
        return load_filler(model).predict
    from safelight.training.fill.predict import NetworkFill

    network, recipe = trained_for(model, "fill")
    return NetworkFill(network, recipe.preparation)

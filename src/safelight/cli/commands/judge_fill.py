"""safelight judge --task fill: a model and the classical methods fill the same holes."""

from pathlib import Path
from typing import TYPE_CHECKING

from safelight.cli.sitting import Sitting, task_of, trained_for

if TYPE_CHECKING:
    from safelight.tasks.inpaint.classical import Fill


def is_filler(model: str) -> bool:
    """Whether that name, file or run fills holes."""
    from safelight.tasks.inpaint.classical import CLASSICAL
    from safelight.tasks.inpaint.restore import MODEL

    return model == MODEL or model in CLASSICAL or task_of(model, ("fill",)) == "inpaint"


def judge_filler(sitting: Sitting) -> None:
    """Judge, write the report, and say what was found."""
    from safelight.tasks.inpaint.evaluate import judge_fill
    from safelight.tasks.inpaint.report import write_fill_report
    from safelight.tasks.inpaint.sheet import pick_fills
    from safelight.terminal import Bars

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
    from safelight.tasks.inpaint.classical import CLASSICAL
    from safelight.tasks.inpaint.restore import load_filler

    if model in CLASSICAL:
        return CLASSICAL[model]
    if not Path(model).is_dir():
        return load_filler(model).predict
    from safelight.tasks.inpaint.validation import NetworkFill

    network, recipe = trained_for(model, "inpaint")
    return NetworkFill(network, recipe.preparation)

"""safelight judge --task fill: a model and the classical methods fill the same holes."""

from pathlib import Path
from typing import TYPE_CHECKING

from safelight.app.sitting import Sitting

if TYPE_CHECKING:
    from safelight.tasks.fills import Fill


def is_filler(model: str) -> bool:
    """Whether that name, file or run fills holes; False for what cannot be opened: the judge will say why."""
    from safelight.errors import SafelightError
    from safelight.runtime.fill import MODEL
    from safelight.tasks.fills import CLASSICAL

    if model == MODEL or model in CLASSICAL:
        return True
    try:
        return _task(model) == "fill"
    except SafelightError:
        return False


def judge_filler(sitting: Sitting) -> None:
    """Judge, write the report, and say what was found."""
    from safelight.app.progress import Bars
    from safelight.judging.holes.judge import judge_fill
    from safelight.judging.holes.report import write_fill_report
    from safelight.judging.holes.sheet import pick_fills

    name, *others = sitting.labels
    fill = open_fill(sitting.model)
    with Bars() as bars:
        pictures = sitting.open(bars)
        verdict = judge_fill(
            fill,
            name,
            pictures,
            limit=sitting.limit,
            seed=sitting.seed,
            beside={each: open_fill(other) for each, other in zip(others, sitting.beside, strict=True)},
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
    from safelight.journal.run import Run
    from safelight.training.fill.predict import NetworkFill
    from safelight.training.fit import trained_network

    network, recipe = trained_network(Run.open(model))
    return NetworkFill(network, recipe.preparation)


def _task(model: str) -> str:
    """The task of a run or of a model's card."""
    if Path(model).is_dir():
        from safelight.journal.run import Run
        from safelight.training.crafts import from_json

        return str(from_json(Run.open(model).recipe_json).task)
    from safelight.runtime.modelfile import find_model

    return find_model(model, ("colorize", "fill")).card.task
